"""The ledger, as rows; the table refuses updates and deletes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.ledger import Journal, LedgerAccount, Verb
from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One posting of a journal; debits are positive."""

    account_id: UUID
    journal_id: UUID
    ledger_account: LedgerAccount
    verb: Verb
    currency: str
    amount_minor: int
    order_id: UUID | None
    created_at: datetime


LEDGER = Table(models.LedgerEntry, LedgerEntry)


@dataclass(frozen=True, slots=True)
class Booking:
    """A journal of one account, about one order or none."""

    account_id: UUID
    journal_id: UUID
    order_id: UUID | None
    journal: Journal
    created_at: datetime


async def book(statements: Statements, bookings: Iterable[Booking]) -> None:
    """The journals are in the ledger, each whole."""
    await LEDGER.insert(
        statements,
        [
            LedgerEntry(
                account_id=booking.account_id,
                journal_id=booking.journal_id,
                ledger_account=posting.account,
                verb=booking.journal.verb,
                currency=booking.journal.currency,
                amount_minor=posting.amount_minor,
                order_id=booking.order_id,
                created_at=booking.created_at,
            )
            for booking in bookings
            for posting in booking.journal.postings
        ],
    )
