"""Settle an invoice: record that its whole debt was paid. An operator's verb.

Locks: the heads of the payer and of every account whose orders are on it, the orders, then balances. Promise: P4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.billing import BilledOrder, Invoice, InvoiceLine, InvoiceStatus, owed_minor, settle
from service.domain.events import EventRecorder, EventType
from service.domain.ledger import LedgerAccount, invoice_settled
from service.domain.order import Order
from service.operations.resources import Resources
from service.operations.steps.change_invoice import (
    find_invoice,
    invoice_members,
    lock_orders,
    record_settled,
    write_invoice,
)
from service.operations.steps.lock_payer import find_payer, lock_payer, write_events
from service.storage import ledger, money, orders
from service.storage.database import Statements


async def settle_invoice(resources: Resources, caller: Caller, account_id: UUID, invoice_id: UUID) -> Invoice:
    """Mark the account's invoice PAID, unless it already is: book the payment of the amounts that its orders and its
    tax still owe.

    An invoice of an earlier release is paid in the amount that was billed: parts that were paid, reduced or cancelled
    since go to the balance.

    Refuses `NOT_FOUND`.
    """
    caller.require(Scope.OPERATOR)

    async def work(statements: Statements) -> Invoice:
        payer_id = await find_payer(statements, account_id)
        # Lines never change, so they are read before the locks; they determine which orders to lock.
        lines = await money.lines_of(statements, payer_id, [invoice_id])
        locked = await lock_payer(statements, account_id, {line.order_account_id for line in lines})
        invoice = await find_invoice(statements, locked.payer_id, invoice_id)
        if invoice.status is InvoiceStatus.PAID:
            return invoice
        now = resources.clock()
        existing = await lock_orders(statements, lines)
        recorder = locked.recorder(resources, caller)
        settled = _settled(recorder, invoice, lines, existing)
        for each in settled:
            if each.order != existing[each.order.id]:
                await orders.change(statements, each.order, ("paid_minor", "payment_status"))
        bookings = [_booking(resources, invoice, each, now) for each in settled]
        if not invoice.is_former:
            journal = invoice_settled(invoice.currency, invoice.tax_owed_minor, invoice.tax_owed_minor)
            bookings.append(
                ledger.Booking(invoice.account_id, resources.new_id(), None, journal, now, invoice_id=invoice.id)
            )
        paid = await _mark_paid(statements, recorder, invoice, bookings, now)
        await ledger.book(statements, bookings)
        await write_events(statements, recorder)
        return paid

    return await resources.transact(work)


def _settled(
    recorder: EventRecorder, invoice: Invoice, lines: Sequence[InvoiceLine], existing: Mapping[UUID, Order]
) -> list[BilledOrder]:
    """Return the orders after the settlement of their lines, and record those that it paid."""
    settled: list[BilledOrder] = []
    for line in lines:
        order = existing[line.order_id]
        settled.append(settle(order, line.billed_minor if invoice.is_former else owed_minor(order)))
        if settled[-1].order.payment_status is not order.payment_status:
            recorder.record_order(settled[-1].order, EventType.ORDER_PAID, **invoice_members(invoice))
    return settled


def _booking(resources: Resources, invoice: Invoice, settled: BilledOrder, now: datetime) -> ledger.Booking:
    invoice_id = None if invoice.is_former else invoice.id
    return ledger.Booking(
        invoice.account_id, resources.new_id(), settled.order, settled.journal, now, invoice_id=invoice_id
    )


async def _mark_paid(
    statements: Statements,
    recorder: EventRecorder,
    invoice: Invoice,
    bookings: Sequence[ledger.Booking],
    now: datetime,
) -> Invoice:
    if invoice.is_former:
        paid = replace(invoice, status=InvoiceStatus.PAID, paid_at=now)
        record_settled(recorder, paid)
        await money.change(statements, invoice, paid)
        return paid
    cash_minor = sum(booking.journal.change_of(LedgerAccount.CASH) for booking in bookings)
    paid = replace(invoice, tax_paid_minor=invoice.tax_paid_minor + invoice.tax_owed_minor)
    return await write_invoice(statements, recorder, invoice, paid, now=now, settled_minor=cash_minor)
