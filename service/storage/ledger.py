"""Rows of the ledger; the table refuses updates and deletes. Every journal changes the balances in the same
transaction.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.ledger import Journal, LedgerAccount, Verb
from service.domain.listing import EVERY_JOURNAL, LedgerFilter
from service.domain.order import Order
from service.kit.keyset import PageRequest
from service.storage import balances, models
from service.storage.database import Statements
from service.storage.tables import Table, given


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One posting of a journal; debits are positive. `order_account_id` is the client account whose order it concerns,
    if it is not the account's own; `invoice_id` the invoice whose tax or payment it is.
    """

    account_id: UUID
    journal_id: UUID
    ledger_account: LedgerAccount
    verb: Verb
    currency: str
    amount_minor: int
    order_account_id: UUID | None
    order_id: UUID | None
    created_at: datetime
    invoice_id: UUID | None = None


LEDGER = Table(models.LedgerEntry, LedgerEntry)


@dataclass(frozen=True, slots=True)
class Booking:
    """A journal of the account that owns the balance, with its order and the invoice whose tax or payment it is, each
    None if there is none.
    """

    account_id: UUID
    journal_id: UUID
    order: Order | None
    journal: Journal
    created_at: datetime
    invoice_id: UUID | None = None


async def book(statements: Statements, bookings: Iterable[Booking], *, within_limits: bool = False) -> None:
    """Write all postings of the journals, and change the payers' balances and debts by their amounts.

    With `within_limits`, for new orders whose balances were locked and limits checked, it refuses `UNAVAILABLE` if a
    credit limit would be exceeded.
    """
    entries: list[LedgerEntry] = []
    changes: Counter[balances.PayerBalance] = Counter()
    owed: Counter[balances.PayerBalance] = Counter()
    for booking in bookings:
        payer_balance = booking.account_id, booking.journal.currency
        changes[payer_balance] += booking.journal.balance_change_minor
        owed[payer_balance] += booking.journal.change_of(LedgerAccount.RECEIVABLE)
        entries += _entries_of(booking)
    await LEDGER.insert(statements, entries)
    await balances.move(statements, changes)
    await balances.owe(statements, owed, within_limits=within_limits)


def _entries_of(booking: Booking) -> list[LedgerEntry]:
    order = booking.order
    return [
        LedgerEntry(
            account_id=booking.account_id,
            journal_id=booking.journal_id,
            ledger_account=posting.account,
            verb=booking.journal.verb,
            currency=booking.journal.currency,
            amount_minor=posting.amount_minor,
            order_account_id=order.account_id if order and order.account_id != booking.account_id else None,
            order_id=order.id if order else None,
            created_at=booking.created_at,
            invoice_id=booking.invoice_id,
        )
        for posting in booking.journal.postings
    ]


async def page(
    statements: Statements, account_id: UUID, request: PageRequest, wanted: LedgerFilter = EVERY_JOURNAL
) -> list[UUID]:
    """Return the ids of one journal more than the page holds, newest first: an id begins with its time of creation, so
    that the key of the table serves as the index. The postings of a journal meet the filter all together or not at all.
    """
    conditions = given(
        currency__in=wanted.currencies,
        verb__in=wanted.verbs,
        created_at__gte=wanted.created_from,
        created_at__lt=wanted.created_until,
        journal_id__lt=request.after and request.after.id,
        journal_id__gt=request.before and request.before.id,
    )
    query = models.LedgerEntry.filter(conditions, account_id=account_id)
    query = query.order_by("journal_id" if request.backward else "-journal_id").limit(request.limit + 1)
    return [row["journal_id"] for row in await query.distinct().using_db(statements.client).values("journal_id")]


async def entries_of(statements: Statements, account_id: UUID, journal_ids: Collection[UUID]) -> Sequence[LedgerEntry]:
    """Return the postings of those journals that are the account's."""
    query = models.LedgerEntry.filter(account_id=account_id, journal_id__in=journal_ids)
    return await LEDGER.read(statements, query.order_by("journal_id", "ledger_account"))


async def entries_of_order(statements: Statements, account_id: UUID, order_id: UUID) -> Sequence[LedgerEntry]:
    """Return the postings of the account's journals about the order, oldest journal first."""
    query = models.LedgerEntry.filter(account_id=account_id, order_id=order_id)
    return await LEDGER.read(statements, query.order_by("journal_id", "ledger_account"))
