"""A step that several operations share: changes of an invoice by payments and credit notes; it is PAID once nothing is
owed.

Expects the head of the invoice's account to be locked, so that changes of one payer's invoices happen one after
another, and the orders on the invoice to be written.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service.domain.billing import Invoice, InvoiceLine, InvoiceStatus
from service.domain.events import EventRecorder, EventType
from service.domain.order import Order, PaymentStatus
from service.errors import Code, Refused
from service.storage import money, orders
from service.storage.database import Statements


async def invoices_of(statements: Statements, payer_id: UUID, sold: Sequence[Order]) -> dict[UUID, Invoice]:
    """Return the invoice of each of the payer's orders that is on one, by order. Those of earlier releases are left
    out: only a settlement changes them.
    """
    order_ids = {order.id for order in sold if order.payment_status is not PaymentStatus.ISSUED}
    if not order_ids:
        return {}
    lines = await money.lines_of_orders(statements, payer_id, order_ids)
    found = await money.of_ids(statements, money.INVOICES, payer_id, {line.invoice_id for line in lines})
    return {line.order_id: found[line.invoice_id] for line in lines if not found[line.invoice_id].is_former}


async def find_invoice(statements: Statements, payer_id: UUID, invoice_id: UUID) -> Invoice:
    """Return the payer's invoice. Refuses `NOT_FOUND`."""
    found = await money.of_ids(statements, money.INVOICES, payer_id, [invoice_id])
    if invoice_id not in found:
        raise Refused(Code.NOT_FOUND, "There is no such invoice in this account.", ("invoice_id",))
    return found[invoice_id]


async def lock_orders(statements: Statements, lines: Sequence[InvoiceLine]) -> dict[UUID, Order]:
    """Lock and return the orders of the lines, whose accounts' heads are locked."""
    locked: dict[UUID, Order] = {}
    for account_id in sorted({line.order_account_id for line in lines}):
        order_ids = [line.order_id for line in lines if line.order_account_id == account_id]
        locked |= await orders.lock(statements, account_id, order_ids)
    return locked


async def write_invoice(
    statements: Statements,
    recorder: EventRecorder,
    before: Invoice,
    invoice: Invoice,
    *,
    now: datetime,
    settled_minor: int = 0,
) -> Invoice:
    """Write the invoice, given its former state; it becomes PAID if neither net nor tax is owed. `settled_minor` is the
    cash of a settlement.
    """
    is_pending = invoice.status is InvoiceStatus.PENDING
    if is_pending and not invoice.tax_owed_minor and not await money.net_owed(statements, invoice):
        invoice = replace(invoice, status=InvoiceStatus.PAID, paid_at=now, settled_minor=settled_minor)
        record_settled(recorder, invoice)
    await money.change(statements, before, invoice)
    return invoice


def invoice_members(invoice: Invoice) -> dict[str, Any]:
    """Return the members that identify the invoice in events."""
    return {"invoice_id": str(invoice.id), "invoice_number": invoice.number}


def record_settled(recorder: EventRecorder, invoice: Invoice) -> None:
    """Record the event that the invoice is paid."""
    recorder.record(
        invoice.account_id,
        EventType.INVOICE_SETTLED,
        **invoice_members(invoice),
        currency=invoice.currency,
        total_minor=invoice.total_minor,
    )
