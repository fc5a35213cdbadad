"""Webhook endpoints and deliveries: formats, states, and the times at which a delivery is tried again."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from service.domain.event_types import EventType
from service.domain.order import Order

SECRET_BYTES = 32
ENDPOINTS_MAX = 20
"""Maximum number of endpoints of an account."""
BATCH_MAX = 100
"""Maximum number of events in a request of the format LUNE."""
LOG_MAX = 20
"""Number of attempts that the log of a delivery keeps, the latest ones."""
OVERLAP = timedelta(hours=24)
"""Time for which requests are signed under the previous secret as well."""
CALLBACK_CURRENCY = "SAR"
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Due time of a delivery that is not sent before an earlier one of its account."""
RETRIED_FOR = timedelta(hours=76)
CALLBACK_RETRIED_FOR = timedelta(hours=24)
FAILING_AFTER = 3
"""Failures in a row after which an endpoint is called by one request at a time."""

LUNE_TYPES = frozenset(
    {
        EventType.ORDER_PLACED,
        EventType.ORDER_PAID,
        EventType.ORDER_RETIRING,
        EventType.ORDER_CANCELLED,
        EventType.ORDER_FAILED,
        EventType.ORDER_COMPLETED,
    }
)
"""Types of events that the format LUNE has names for."""

_DELAYS_S = (5, 30, 120, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
_ORDERED_DELAYS_S = (5, 30, 120, 300, 900, 1_800, 3_600)
"""Delays between attempts, in seconds. They are short, because all later events of the account wait for the first
one.
"""
_JITTER = 0.2
_RETRY_AFTER_MAX_S = 86_400


class WebhookFormat(StrEnum):
    """Formats of requests. `CALLBACK` is used for the callback URLs of single orders; it has no secret and belongs to
    no endpoint.
    """

    STANDARD = "STANDARD"
    LUNE = "LUNE"
    CALLBACK = "CALLBACK"

    @property
    def is_ordered(self) -> bool:
        """Return True if each account's events are sent in turn, several in one request."""
        return self is WebhookFormat.LUNE

    @property
    def timeout_s(self) -> int:
        """Return the time limit for a receiver's answer, in seconds."""
        return 30 if self is WebhookFormat.LUNE else 15


class DeliveryStatus(StrEnum):
    """States of a delivery. A failed one is not tried again unless somebody asks for it."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class DisabledReason(StrEnum):
    """Reasons why an endpoint is disabled: its account asked for it, or its receiver answered 410."""

    REQUESTED = "REQUESTED"
    GONE = "GONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL that events are sent to. Empty `event_types` stand for all types; `account_ids` of None stands for the
    account and all its client accounts. Secrets are encrypted.
    """

    account_id: UUID
    id: UUID
    url: str
    format: WebhookFormat
    event_types: list[str]
    account_ids: list[str] | None
    secret: bytes | None
    previous_secret: bytes | None
    previous_until: datetime | None
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None
    failures: int
    created_at: datetime
    deleted_at: datetime | None

    def wants(self, event_type: EventType) -> bool:
        """Return True if the endpoint is sent events of the type. Test events are sent to the one endpoint for which
        they were requested.
        """
        if event_type is EventType.WEBHOOK_TEST or (self.format is WebhookFormat.LUNE and event_type not in LUNE_TYPES):
            return False
        return not self.event_types or event_type.value in self.event_types


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The number of the last event of an account that was queued for an endpoint."""

    account_id: UUID
    endpoint_id: UUID
    owner_id: UUID
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to an endpoint. While it is being sent `lease_id` is set, and `due_at` is the time at which
    another worker may take it over.
    """

    account_id: UUID
    id: UUID
    owner_id: UUID
    endpoint_id: UUID
    seq: int
    event_type: EventType
    status: DeliveryStatus
    attempts: int
    due_at: datetime
    give_up_at: datetime
    lease_id: UUID | None
    log: list[dict[str, Any]]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request: `status` is the HTTP status or None, `error` the reason why there is none."""

    at: datetime
    status: int | None
    latency_ms: int
    error: str | None
    excerpt: str | None
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        """Return True for a status of 200 to 299; a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Return True for the status 410, by which a receiver ends the deliveries for good."""
        return self.status == 410

    def logged(self) -> dict[str, Any]:
        """Return the attempt as an entry of the delivery's log."""
        return {
            "at": self.at.isoformat(),
            "status": self.status,
            "latency_ms": self.latency_ms,
            "error": self.error,
            "excerpt": self.excerpt,
        }


def is_called_back(order: Order) -> bool:
    """Return True if changes of the order are sent to its callback URL. Callback URLs of orders in other
    currencies are ignored, because the messages are in the form of carbon-engine, whose orders are in SAR.
    """
    return order.callback_url is not None and order.currency == CALLBACK_CURRENCY


def next_due(
    format: WebhookFormat,  # noqa: A002 - as in the endpoint
    attempts: int,
    attempt: Attempt,
    give_up_at: datetime,
    random: Callable[[], float],
) -> datetime | None:
    """Return the time of the next attempt after `attempts` failed ones, or None if the delivery is given up.

    The pauses grow and have up to a fifth of jitter, and are at least as long as a `Retry-After` header of the statuses
    429 and 503, up to a day. The last attempt is at `give_up_at`.
    """
    if attempt.at >= give_up_at:
        return None
    delays = _ORDERED_DELAYS_S if format.is_ordered else _DELAYS_S
    pause_s = delays[min(attempts, len(delays)) - 1] * (1 + _JITTER * random())
    if attempt.status in {429, 503}:
        pause_s = max(pause_s, min(retry_after_s(attempt.retry_after, attempt.at), _RETRY_AFTER_MAX_S))
    return min(attempt.at + timedelta(seconds=pause_s), give_up_at)


def retry_after_s(text: str | None, now: datetime) -> int:
    """Return the seconds of a `Retry-After` header; 0 without one or if it cannot be parsed."""
    if text is None:
        return 0
    if text.strip().isascii() and text.strip().isdigit():
        return int(text.strip()[:9])
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(0, math.ceil((until - now).total_seconds()))
