"""Count the webhook deliveries and mails that wait or failed."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain.mail import MailStatus
from service.domain.webhooks import DeliveryStatus
from service.operations.resources import Resources
from service.storage import mails, webhook_deliveries
from service.storage.outbound import COUNTED_MAX, count_unsent

__all__ = ["COUNTED_MAX", "MAIL", "WEBHOOKS", "Outbound", "count_outbound"]

WEBHOOKS, MAIL = "webhooks", "mail"


@dataclass(frozen=True, slots=True)
class Outbound:
    """The backlog of webhooks or of mail: counts up to `COUNTED_MAX`, and the age of the oldest item that waits."""

    waiting: int
    failed: int
    oldest_s: float


async def count_outbound(resources: Resources) -> Mapping[str, Outbound]:
    """Return the present backlog of each channel."""
    now, found = resources.clock(), {}
    for channel, table, sent in (
        (WEBHOOKS, webhook_deliveries.DELIVERIES.name, DeliveryStatus.DELIVERED),
        (MAIL, mails.MAILS.name, MailStatus.SENT),
    ):
        waiting, failed, oldest = await count_unsent(resources.database.reader, table, sent)
        oldest_s = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
        found[channel] = Outbound(waiting, failed, oldest_s)
    return found
