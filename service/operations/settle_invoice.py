"""Settle an invoice: it and its orders are paid as billed. An operator's verb.

Locks: the heads of the payer and of every account whose orders are on it, the orders, then balances. Promise: P4.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.billing import BilledOrder, Invoice, InvoiceLine, InvoiceStatus, settle
from service.domain.events import EventType
from service.domain.order import Order
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.lock_payer import LockedPayer, find_payer, lock_payer, write_events
from service.storage import ledger, money, orders
from service.storage.database import Statements


async def settle_invoice(resources: Resources, caller: Caller, account_id: UUID, invoice_id: UUID) -> Invoice:
    """Mark the account's invoice PAID, if it was not before. Each of its orders gets the amount it still owes; amounts
    that were paid, reduced or cancelled since it was billed go to the balance, because the whole invoice was paid.

    Refuses `NOT_FOUND`.
    """
    caller.require(Scope.OPERATOR)

    async def work(statements: Statements) -> Invoice:
        payer_id = await find_payer(statements, account_id)
        # Lines never change, so they may be read before anything is locked, and say what has to be.
        lines = await money.lines_of(statements, payer_id, [invoice_id])
        locked = await lock_payer(statements, account_id, {line.order_account_id for line in lines})
        invoice = (await money.of_ids(statements, money.INVOICES, locked.payer_id, [invoice_id])).get(invoice_id)
        if invoice is None:
            raise Refused(Code.NOT_FOUND, "There is no such invoice in this account.", ("invoice_id",))
        if invoice.status is InvoiceStatus.PAID:
            return invoice
        paid = replace(invoice, status=InvoiceStatus.PAID, paid_at=resources.clock())
        await _settle(resources, statements, caller, locked, paid, lines)
        return paid

    return await resources.transact(work)


async def _settle(
    resources: Resources,
    statements: Statements,
    caller: Caller,
    locked: LockedPayer,
    invoice: Invoice,
    lines: Sequence[InvoiceLine],
) -> None:
    now = resources.clock()
    settled: list[BilledOrder] = []
    recorder = locked.recorder(resources, caller)
    told: dict[str, Any] = {"invoice_id": str(invoice.id), "invoice_number": invoice.number}
    recorder.record(
        invoice.account_id,
        EventType.INVOICE_SETTLED,
        **told,
        currency=invoice.currency,
        total_minor=invoice.total_minor,
    )
    existing = await _lock_orders(statements, lines)
    for line in lines:
        order = existing[line.order_id]
        settled.append(settle(order, line.billed_minor))
        if settled[-1].order.payment_status is not order.payment_status:
            recorder.record_order(settled[-1].order, EventType.ORDER_PAID, **told)
    for each in settled:
        if each.order != existing[each.order.id]:
            await orders.change(statements, each.order, ("paid_minor", "payment_status"))
    await ledger.book(
        statements,
        [ledger.Booking(invoice.account_id, resources.new_id(), each.order, each.journal, now) for each in settled],
    )
    await money.mark_paid(statements, invoice)
    await write_events(statements, recorder)


async def _lock_orders(statements: Statements, lines: Sequence[InvoiceLine]) -> dict[UUID, Order]:
    locked: dict[UUID, Order] = {}
    for account_id in sorted({line.order_account_id for line in lines}):
        order_ids = [line.order_id for line in lines if line.order_account_id == account_id]
        locked |= await orders.lock(statements, account_id, order_ids)
    return locked
