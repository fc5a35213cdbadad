"""A step that several operations share: credit notes for sales that were undone after they were billed.

Expects the heads to be locked by `lock_for_credits`, and the orders to be locked and written. Locks the other orders of
unpaid invoices, and the counters of the sellers' credit notes, which come before balances and batches.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service.domain.billing import Invoice, InvoiceStatus, PaidInvoice, pay_invoice_from_balance
from service.domain.credit_notes import CREDIT_REASONS, Credit, CreditNote, CreditReason, UndoneSale, applied, credit
from service.domain.events import EventRecorder, EventType
from service.domain.listing import OrderRef
from service.domain.numbering import DocumentKind
from service.domain.order import Order, PaymentStatus
from service.operations.resources import Resources
from service.operations.steps.change_invoice import invoice_members, invoices_of, lock_orders, write_invoice
from service.operations.steps.lock_payer import LockedPayer, lock_order, lock_payer
from service.storage import ledger, money, numbers, orders
from service.storage.database import Statements
from service.storage.failures import CONFLICT, DatabaseUnavailable, Doing


async def lock_for_credits(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> LockedPayer:
    """Lock the heads of the account, its payer, and every account whose orders a credit of these orders may pay.
    Refuses `NOT_FOUND`.
    """
    also = await money.accounts_billed_with(statements, account_id, order_ids) if order_ids else set()
    return await lock_payer(statements, account_id, also)


async def lock_credited_order(statements: Statements, account_id: UUID, ref: OrderRef) -> tuple[LockedPayer, Order]:
    """Lock what a credit of the account's order changes, and return it with the order. Refuses `NOT_FOUND`."""
    found = await orders.find(statements, account_id, ref)
    locked = await lock_for_credits(statements, account_id, [found.id] if found else [])
    return locked, await lock_order(statements, account_id, ref)


async def issue_credit_notes(
    resources: Resources,
    statements: Statements,
    recorder: EventRecorder,
    locked: LockedPayer,
    sales: Sequence[UndoneSale],
    now: datetime,
) -> list[ledger.Booking]:
    """Issue one credit note for each invoice and each reason, tell each order, and return the bookings of the tax and
    of what pays the rest of the invoices. Sales on no invoice, or on one of an earlier release, have none.
    """
    found = await invoices_of(statements, locked.payer_id, [sale.order for sale in sales])
    groups: dict[UUID, dict[CreditReason, list[UndoneSale]]] = defaultdict(lambda: defaultdict(list))
    for sale in sales:
        if sale.order.id in found and sale.net_minor:
            groups[found[sale.order.id].id][CREDIT_REASONS[sale.journal.verb]].append(sale)
    invoices = {invoice.id: invoice for invoice in found.values()}
    bookings: list[ledger.Booking] = []
    # Counters of several sellers are locked in one order, whatever the order of the invoices.
    for invoice_id in sorted(groups, key=lambda each: (invoices[each].seller_id or each, each)):
        invoice = before = invoices[invoice_id]
        credits_now: list[Credit] = []
        for _, undone in sorted(groups[invoice_id].items()):
            credits_now.append(credit(invoice, undone, note_id=resources.new_id(), now=now))
            invoice = credits_now[-1].invoice
        paid = await _pay_rest(statements, locked, invoice, credits_now)
        applied_minor = sum(-each.journal.balance_change_minor for each in paid.orders) + (
            paid.invoice.tax_paid_minor - invoice.tax_paid_minor
        )
        for each, note in zip(credits_now, applied(credits_now, applied_minor), strict=True):
            await _issue(statements, recorder, locked, before, each, note)
        for paid_order in paid.orders:
            if paid_order.order.payment_status is PaymentStatus.PAID:
                recorder.record_order(paid_order.order, EventType.ORDER_PAID, **invoice_members(before))
        await write_invoice(statements, recorder, before, paid.invoice, now=now)
        journals = [(None, each.journal) for each in credits_now] + [(None, journal) for journal in paid.journals]
        for order, journal in [*journals, *((each.order, each.journal) for each in paid.orders)]:
            of_invoice = invoice_id if order is None else None
            bookings.append(
                ledger.Booking(locked.payer_id, resources.new_id(), order, journal, now, invoice_id=of_invoice)
            )
    return bookings


async def _pay_rest(
    statements: Statements, locked: LockedPayer, invoice: Invoice, credits_now: Sequence[Credit]
) -> PaidInvoice:
    """Pay what the invoice still owes after the credits with what they would return, and write the orders it pays."""
    freed_minor = sum(each.note.returned_minor for each in credits_now)
    if not freed_minor or invoice.status is InvoiceStatus.PAID:
        return PaidInvoice(invoice, (), ())
    lines = await money.lines_of(statements, invoice.account_id, [invoice.id])
    if not {line.order_account_id for line in lines} <= set(locked.heads):
        # The orders were billed after the accounts were looked up; the next try finds them.
        raise DatabaseUnavailable(CONFLICT, Doing.CHANGING)
    paid = pay_invoice_from_balance(invoice, lines, await lock_orders(statements, lines), freed_minor)
    for each in paid.orders:
        await orders.change(statements, each.order, ("paid_minor", "payment_status"))
    return paid


async def _issue(
    statements: Statements,
    recorder: EventRecorder,
    locked: LockedPayer,
    invoice: Invoice,
    credited: Credit,
    note: CreditNote,
) -> None:
    """Write the credit note under the next number of its seller."""
    mode = locked.heads[locked.payer_id].account.mode
    number = await numbers.next_number(statements, note.seller_id, mode, DocumentKind.CREDIT_NOTE, note.created_at.year)
    if await money.CREDIT_NOTES.insert(statements, [replace(note, number=number)]) != 1:
        raise RuntimeError("a credit note's number was taken under its counter's lock")
    await money.CREDIT_NOTE_LINES.insert(statements, credited.lines)
    for order, line in zip(credited.orders, credited.lines, strict=True):
        recorder.record_order(
            order,
            EventType.ORDER_CREDITED,
            **invoice_members(invoice),
            credit_note_id=str(note.id),
            credit_note_number=number,
            credited_minor=line.net_minor,
        )
