"""Mail to contacts: its kinds and states, and the times at which a mail is tried again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

RETRIED_FOR = timedelta(hours=72)
QUEUED_WITHIN = timedelta(hours=24)
"""Age up to which an event becomes mail: nobody gets old news when mail is switched on, or after a long outage."""
ERROR_LENGTH_MAX = 500

_DELAYS_S = (60, 300, 900, 1_800, 3_600, 7_200, 14_400)
_JITTER = 0.2


class MailKind(StrEnum):
    """Kinds of mail, each with its subject matter. Each kind has texts in every language file, and an event type."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        self = str.__new__(cls, value)
        self._value_ = value
        self.meaning = meaning
        return self

    ORDER_CONFIRMED = "order_confirmed", "An order was accepted and priced."
    CERTIFICATE_READY = "certificate_ready", "The certificate of an order is ready."
    RETIREMENT_RECORDED = (
        "retirement_recorded",
        "Registries show the retirement of all credits of an order, and its retirement certificate is ready.",
    )
    INVOICE_ISSUED = "invoice_issued", "An invoice for orders was issued."
    INVOICE_DUE = "invoice_due", "An invoice that is not paid is due, or will be due soon."
    INVOICE_PAID = "invoice_paid", "An invoice was paid in full."


class MailStatus(StrEnum):
    """States of a mail. Only a pending mail is sent."""

    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailCursor:
    """The number of the last event of an account that was queued as mail."""

    account_id: UUID
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The event `seq` of an account on its way to one recipient. While it is being sent `lease_id` is set, and `due_at`
    is the time at which another worker may take it over. `error` is the answer to the last attempt that failed.
    """

    account_id: UUID
    id: UUID
    seq: int
    kind: MailKind
    email: str
    name: str
    status: MailStatus
    attempts: int
    due_at: datetime
    give_up_at: datetime
    lease_id: UUID | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceReminder:
    """Record that the payer was reminded of an invoice."""

    account_id: UUID
    invoice_id: UUID
    created_at: datetime


def next_due(attempts: int, now: datetime, give_up_at: datetime, random: Callable[[], float]) -> datetime | None:
    """Return the time of the next attempt after `attempts` failed ones, or None if the mail is given up. The pauses
    grow to four hours and have up to a fifth of jitter; the last attempt is at `give_up_at`.
    """
    if now >= give_up_at:
        return None
    pause_s = _DELAYS_S[min(attempts, len(_DELAYS_S)) - 1] * (1 + _JITTER * random())
    return min(now + timedelta(seconds=pause_s), give_up_at)
