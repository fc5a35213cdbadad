"""Read money: balances, ledger, invoices and credit notes, for a client account those of its parent.

A client account's own key is refused `FORBIDDEN`; a parent's key that acts for the client reads the parent's data.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.accounts import Caller, payer_of
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.billing import Invoice, InvoiceLine, InvoiceStatus, Payment
from service.domain.credit import PayerFunds
from service.domain.credit_notes import CreditNote, CreditNoteLine
from service.domain.ledger import Journal, Posting
from service.domain.listing import EVERY_JOURNAL, LedgerFilter, MoneyFilter
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.storage import balances, ledger, money
from service.storage.database import Statements

EVERYTHING = MoneyFilter()


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """A journal as it is stored, and the order and the invoice that it concerns, if any. `account_id` is the payer."""

    account_id: UUID
    id: UUID
    journal: Journal
    order_account_id: UUID | None
    order_id: UUID | None
    invoice_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LineInCurrency:
    """A line of an invoice, and the currency of the invoice."""

    line: InvoiceLine
    currency: str


async def list_balances(resources: Resources, caller: Caller) -> list[Money]:
    """Return the caller's balance in each currency, by currency. A used-up balance is listed as zero."""
    payer_id = _payer(caller)
    rows = await balances.of_accounts(resources.database.reader, [payer_id])
    return [Money(row.amount_minor, row.currency) for row in rows[payer_id] if row.is_funded]


async def list_funds(resources: Resources, caller: Caller) -> dict[str, PayerFunds]:
    """Return the balance, debt and limit of the caller's payer, by currency, for every currency that it ever used."""
    payer_id = _payer(caller)
    return await balances.funds_of(resources.database.reader, payer_id)


async def list_invoices(
    resources: Resources, caller: Caller, request: PageRequest, wanted: MoneyFilter = EVERYTHING
) -> Slice[Invoice]:
    """Return one page of the caller's invoices that the filter selects, newest first."""
    payer_id = _payer(caller)

    async def read(statements: Statements) -> list[Invoice]:
        return await money.invoices(statements, payer_id, request, wanted)

    return slice_of(await resources.read_own(payer_id, read, with_clients=True), request)


async def invoices_of_ids(resources: Resources, caller: Caller, invoice_ids: Collection[UUID]) -> dict[UUID, Invoice]:
    """Return the invoices with these ids, by id; only the caller's."""
    payer_id = _payer(caller)
    return await money.of_ids(resources.database.reader, money.INVOICES, payer_id, invoice_ids)


async def invoices_of_orders(resources: Resources, caller: Caller, order_ids: Collection[UUID]) -> list[Invoice | None]:
    """Return the invoice of each of the caller's orders; None for an order that is not billed."""
    payer_id = _payer(caller)
    found = await money.invoices_of_orders(resources.database.reader, payer_id, caller.account.id, order_ids)
    return [found.get(order_id) for order_id in order_ids]


async def payments_of_orders(
    resources: Resources, caller: Caller, order_ids: Collection[UUID]
) -> list[tuple[Payment, ...]]:
    """Return the payments for each of the caller's orders, oldest first."""
    payer_id, payments = _payer(caller), defaultdict[UUID | None, list[Payment]](list)
    for each in await money.payments_of_orders(resources.database.reader, payer_id, caller.account.id, order_ids):
        payments[each.order_id].append(each)
    return [tuple(payments[order_id]) for order_id in order_ids]


async def lines_of_invoices(
    resources: Resources, caller: Caller, invoices: Sequence[Invoice], request: PageRequest
) -> list[Slice[InvoiceLine]]:
    """Return one page of each invoice's lines, in order. The caller must have been given the invoices."""
    caller.require(Scope.ORDERS_READ)
    reader = resources.database.reader
    lines: dict[UUID, list[InvoiceLine]] = defaultdict(list)
    for line in await money.pages_of_lines(reader, money.INVOICE_LINES, *_keys(invoices), request):
        lines[line.invoice_id].append(line)
    return [slice_of(lines[invoice.id], request) for invoice in invoices]


async def owed_on_invoices(resources: Resources, caller: Caller, invoices: Sequence[Invoice]) -> list[int]:
    """Return the amount still owed on each invoice, in minor units: that of its orders and its tax. A pending invoice
    of an earlier release owes its total. The caller must have been given the invoices.
    """
    caller.require(Scope.ORDERS_READ)
    pending = [invoice for invoice in invoices if invoice.status is InvoiceStatus.PENDING and not invoice.is_former]
    net = await money.net_owed_of(resources.database.reader, *_keys(pending)) if pending else {}
    return [
        0
        if invoice.status is InvoiceStatus.PAID
        else invoice.total_minor
        if invoice.is_former
        else net.get(invoice.id, 0) + invoice.tax_owed_minor
        for invoice in invoices
    ]


async def credit_notes_of_invoices(
    resources: Resources, caller: Caller, invoices: Sequence[Invoice], request: PageRequest
) -> list[Slice[CreditNote]]:
    """Return one page of each invoice's credit notes, oldest first. The caller must have been given the invoices."""
    caller.require(Scope.ORDERS_READ)
    notes: dict[UUID, list[CreditNote]] = defaultdict(list)
    for note in await money.pages_of_credit_notes(resources.database.reader, *_keys(invoices), request):
        notes[note.invoice_id].append(note)
    return [slice_of(notes[invoice.id], request) for invoice in invoices]


async def credit_notes_of_ids(
    resources: Resources, caller: Caller, credit_note_ids: Collection[UUID]
) -> dict[UUID, CreditNote]:
    """Return the credit notes with these ids, by id; only the caller's."""
    payer_id = _payer(caller)
    return await money.of_ids(resources.database.reader, money.CREDIT_NOTES, payer_id, credit_note_ids)


async def lines_of_credit_notes(
    resources: Resources, caller: Caller, notes: Sequence[CreditNote], request: PageRequest
) -> list[Slice[CreditNoteLine]]:
    """Return one page of each credit note's lines, in order. The caller must have been given the credit notes."""
    caller.require(Scope.ORDERS_READ)
    reader = resources.database.reader
    lines: dict[UUID, list[CreditNoteLine]] = defaultdict(list)
    for line in await money.pages_of_lines(reader, money.CREDIT_NOTE_LINES, *_keys(notes), request):
        lines[line.credit_note_id].append(line)
    return [slice_of(lines[note.id], request) for note in notes]


async def invoices_of_credit_notes(
    resources: Resources, caller: Caller, notes: Sequence[CreditNote]
) -> dict[UUID, Invoice]:
    """Return the invoices of the credit notes, by id. The caller must have been given the credit notes."""
    caller.require(Scope.ORDERS_READ)
    return await _invoices(resources, {(note.account_id, note.invoice_id) for note in notes})


async def invoices_of_entries(
    resources: Resources, caller: Caller, entries: Sequence[Payment] | Sequence[LedgerPage]
) -> dict[UUID, Invoice]:
    """Return the invoices that the payments or journals concern, by id. The caller must have been given the payments or
    journals.
    """
    caller.require(Scope.ORDERS_READ)
    return await _invoices(resources, {(each.account_id, each.invoice_id) for each in entries if each.invoice_id})


async def _invoices(resources: Resources, named: Collection[tuple[UUID, UUID]]) -> dict[UUID, Invoice]:
    account_ids, ids = {account_id for account_id, _ in named}, {invoice_id for _, invoice_id in named}
    return await money.of_accounts(resources.database.reader, money.INVOICES, account_ids, ids)


def _keys(documents: Sequence[Invoice] | Sequence[CreditNote]) -> tuple[set[UUID], list[UUID]]:
    """Return the accounts and the ids of the documents."""
    return {document.account_id for document in documents}, [document.id for document in documents]


def _payer(caller: Caller) -> UUID:
    """Return the caller's payer. Refuses `FORBIDDEN` to a caller who may not read its money."""
    caller.require(Scope.ORDERS_READ)
    caller.require_money()
    return payer_of(caller.account)


async def invoice_lines_of_ids(
    resources: Resources, caller: Caller, order_ids: Collection[UUID]
) -> dict[UUID, LineInCurrency]:
    """Return the invoice lines of the orders with these ids, by order id; only the caller's."""
    payer_id = _payer(caller)
    found = await money.lines_with_currency(resources.database.reader, payer_id, order_ids)
    return {line.order_id: LineInCurrency(line, currency) for line, currency in found}


async def list_payments(
    resources: Resources, caller: Caller, request: PageRequest, wanted: MoneyFilter = EVERYTHING
) -> Slice[Payment]:
    """Return one page of the caller's payments that the filter selects, newest first."""
    payer_id = _payer(caller)

    async def read(statements: Statements) -> list[Payment]:
        return await money.payments(statements, payer_id, request, wanted)

    return slice_of(await resources.read_own(payer_id, read, with_clients=True), request)


async def payments_of_ids(resources: Resources, caller: Caller, payment_ids: Collection[UUID]) -> dict[UUID, Payment]:
    """Return the payments with these ids, by id; only the caller's."""
    payer_id = _payer(caller)
    return await money.of_ids(resources.database.reader, money.PAYMENTS, payer_id, payment_ids)


async def list_journals(
    resources: Resources, caller: Caller, request: PageRequest, wanted: LedgerFilter = EVERY_JOURNAL
) -> Slice[LedgerPage]:
    """Return one page of the journals of the caller's ledger that the filter selects, newest first, each with all of
    its postings.
    """
    payer_id = _payer(caller)

    async def read(statements: Statements) -> list[LedgerPage]:
        journal_ids = await ledger.page(statements, payer_id, request, wanted)
        found = _journals(await ledger.entries_of(statements, payer_id, journal_ids))
        return [found[journal_id] for journal_id in journal_ids]

    return slice_of(await resources.read_own(payer_id, read, with_clients=True), request)


async def journals_of_ids(
    resources: Resources, caller: Caller, journal_ids: Collection[UUID]
) -> dict[UUID, LedgerPage]:
    """Return the journals with these ids, by id; only the caller's."""
    payer_id = _payer(caller)
    return _journals(await ledger.entries_of(resources.database.reader, payer_id, journal_ids))


def _journals(entries: Sequence[ledger.LedgerEntry]) -> dict[UUID, LedgerPage]:
    postings: dict[UUID, list[ledger.LedgerEntry]] = defaultdict(list)
    for entry in entries:
        postings[entry.journal_id].append(entry)
    return {journal_id: _ledger_page(own) for journal_id, own in postings.items()}


def _ledger_page(entries: Sequence[ledger.LedgerEntry]) -> LedgerPage:
    first = entries[0]
    of_other = first.order_account_id or first.account_id
    return LedgerPage(
        account_id=first.account_id,
        id=first.journal_id,
        journal=Journal(
            first.verb,
            first.currency,
            tuple(Posting(entry.ledger_account, entry.amount_minor) for entry in entries),
        ),
        order_account_id=None if first.order_id is None else of_other,
        order_id=first.order_id,
        invoice_id=first.invoice_id,
        created_at=first.created_at,
    )
