"""A step that several operations share: credit notes for sales that were undone after they were billed.

Expects the heads of the account and its payer and the orders to be locked, and the orders to be written. Locks the
counters of the sellers' credit notes, which comes before balances and batches.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service.domain.billing import Invoice
from service.domain.credit_notes import CREDIT_REASONS, Credit, CreditReason, UndoneSale, credit
from service.domain.events import EventRecorder, EventType
from service.domain.numbering import DocumentKind
from service.operations.resources import Resources
from service.operations.steps.change_invoice import invoice_members, invoices_of, write_invoice
from service.operations.steps.lock_payer import LockedPayer
from service.storage import ledger, money, numbers
from service.storage.database import Statements


async def issue_credit_notes(
    resources: Resources,
    statements: Statements,
    recorder: EventRecorder,
    locked: LockedPayer,
    sales: Sequence[UndoneSale],
    now: datetime,
) -> list[ledger.Booking]:
    """Issue one credit note for each invoice and each reason, record it in the events of each order, and return the
    bookings of the tax. Sales that are not on an invoice, or on one of an earlier release, get none.
    """
    found = await invoices_of(statements, locked.payer_id, [sale.order for sale in sales])
    groups: dict[tuple[UUID, CreditReason], list[UndoneSale]] = defaultdict(list)
    for sale in sales:
        if sale.order.id in found and sale.net_minor:
            groups[found[sale.order.id].id, CREDIT_REASONS[sale.journal.verb]].append(sale)
    invoices = {invoice.id: invoice for invoice in found.values()}
    bookings: list[ledger.Booking] = []
    # Sorted, so that the counters of several sellers are always locked in the same order.
    for (invoice_id, _), undone in sorted(
        groups.items(), key=lambda each: (invoices[each[0][0]].seller_id or each[0][0], each[0])
    ):
        before = invoices[invoice_id]
        credited = credit(before, undone, note_id=resources.new_id(), now=now)
        invoices[invoice_id] = await _issue(statements, recorder, locked, before, credited)
        bookings.append(
            ledger.Booking(locked.payer_id, resources.new_id(), None, credited.journal, now, invoice_id=invoice_id)
        )
    return bookings


async def _issue(
    statements: Statements, recorder: EventRecorder, locked: LockedPayer, before: Invoice, credited: Credit
) -> Invoice:
    """Write the credit note under the next number of its seller, and the invoice; return the invoice."""
    note = credited.note
    mode = locked.heads[locked.payer_id].account.mode
    number = await numbers.next_number(statements, note.seller_id, mode, DocumentKind.CREDIT_NOTE, note.created_at.year)
    note = replace(note, number=number)
    if await money.CREDIT_NOTES.insert(statements, [note]) != 1:
        raise RuntimeError("a credit note's number was taken under its counter's lock")
    await money.CREDIT_NOTE_LINES.insert(statements, credited.lines)
    for order, line in zip(credited.orders, credited.lines, strict=True):
        recorder.record_order(
            order,
            EventType.ORDER_CREDITED,
            **invoice_members(before),
            credit_note_id=str(note.id),
            credit_note_number=number,
            credited_minor=line.net_minor,
        )
    return await write_invoice(statements, recorder, before, credited.invoice, now=note.created_at)
