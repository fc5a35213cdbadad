"""A step that operations share: an event becomes a delivery of a webhook endpoint."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from service.domain.events import Event
from service.domain.webhooks import (
    CALLBACK_RETRIED_FOR,
    NEVER,
    RETRIED_FOR,
    Delivery,
    DeliveryStatus,
    Endpoint,
    WebhookFormat,
)
from service.operations.resources import Resources
from service.storage import webhook_deliveries
from service.storage.database import Statements


async def queue(
    resources: Resources,
    statements: Statements,
    endpoint: Endpoint,
    events: Sequence[Event],
    now: datetime,
) -> None:
    """Write a delivery for each event, due now. In the format LUNE only the first delivery of an account is due; the
    others wait for it.
    """
    if not events:
        return
    due_at = NEVER if endpoint.format.is_ordered else now
    await webhook_deliveries.DELIVERIES.insert(
        statements,
        [
            Delivery(
                account_id=event.account_id,
                id=resources.new_id(),
                owner_id=endpoint.account_id,
                endpoint_id=endpoint.id,
                seq=event.seq,
                event_type=event.event_type,
                status=DeliveryStatus.PENDING,
                attempts=0,
                due_at=due_at,
                give_up_at=now + retried_for(endpoint.format, resources.webhooks.kept),
                lease_id=None,
                log=[],
                created_at=now,
            )
            for event in events
        ],
    )
    if endpoint.format.is_ordered:
        for account_id in sorted({event.account_id for event in events}):
            await webhook_deliveries.release_first(statements, account_id, endpoint.id, now)


def retried_for(format: WebhookFormat, kept: timedelta) -> timedelta:  # noqa: A002 - as in the endpoint
    """Return the time for which a delivery is retried: in the format LUNE as long as it is kept, because later ones
    wait for it.
    """
    if format.is_ordered:
        return kept
    return CALLBACK_RETRIED_FOR if format is WebhookFormat.CALLBACK else RETRIED_FOR
