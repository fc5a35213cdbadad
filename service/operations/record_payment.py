"""Record a payment that was received for an order, an invoice or the balance. An operator's verb.

Locks: the heads of the account, its payer and every account whose orders are on the invoice, the orders, then the
balance. Promises: P2, P4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.billing import Invoice, InvoiceLine, PaidInvoice, Payment, pay, pay_invoice, pay_order_of
from service.domain.currencies import rescaling_factor
from service.domain.events import EventRecorder, EventType
from service.domain.ledger import balance_topped_up
from service.domain.listing import OrderRef
from service.domain.order import Order
from service.domain.texts import IDEMPOTENCY_KEY_LENGTH_MAX, kept_reference
from service.errors import Code, Refused
from service.kit.canonical_json import fingerprint
from service.operations.resources import Resources
from service.operations.steps.change_invoice import (
    find_invoice,
    invoice_members,
    invoices_of,
    lock_orders,
    write_invoice,
)
from service.operations.steps.lock_payer import find_payer, lock_order, lock_payer, reused, write_events
from service.storage import ledger, money, orders
from service.storage.database import Statements


@dataclass(frozen=True, slots=True)
class Recorded:
    """A payment with its order or invoice in their present state; `replayed` is True if it was recorded before."""

    payment: Payment
    order: Order | None
    replayed: bool
    invoice: Invoice | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    """The locked order or invoice that a payment is for; neither for a payment to the balance. `invoice` is set for an
    order on an invoice too. `lines` and `on_invoice`, the orders by id, are set if the payment names an invoice.
    """

    order: Order | None
    invoice: Invoice | None
    lines: Sequence[InvoiceLine]
    on_invoice: Mapping[UUID, Order]


async def record_payment(
    resources: Resources,
    caller: Caller,
    account_id: UUID,
    reference: str,
    amount: Money,
    ref: OrderRef | None = None,
    *,
    invoice_id: UUID | None = None,
) -> Recorded:
    """Record the payment in the ledger, once for its reference (blanks around it are ignored).

    A payment for an order pays what the order owes, then the tax that its invoice owes. A payment for an invoice pays
    net and tax in proportion, and the orders in the sequence of the lines. A surplus, and a payment for neither, is
    added to the balance. Orders and invoices that owe nothing become PAID.

    Refuses `IDEMPOTENCY_KEY_REUSED` for a reference of another payment, `NOT_FOUND`, `PAYMENT_STATE` for an invoice of
    an earlier release, which is settled as a whole, and `BAD_USER_INPUT` for an amount that is not positive or not in
    the currency of the order or the invoice, and for both of them.
    """
    caller.require(Scope.OPERATOR)
    reference, given = kept_reference(reference, IDEMPOTENCY_KEY_LENGTH_MAX, "reference"), reference
    if amount.minor_units <= 0:
        raise Refused(Code.BAD_USER_INPUT, "Give an amount above zero.", ("amount", "amount"))
    if ref is not None and invoice_id is not None:
        raise Refused(Code.BAD_USER_INPUT, "Give either an order or an invoice, not both.", ("invoice_id",))
    payment_id = resources.new_id()

    async def work(statements: Statements) -> Recorded:
        lines: list[InvoiceLine] = []
        if invoice_id is not None:
            # Lines never change, so they are read before the locks; they determine which orders to lock.
            lines = await money.lines_of(statements, await find_payer(statements, account_id), [invoice_id])
        locked = await lock_payer(statements, account_id, {line.order_account_id for line in lines})
        order = None if ref is None else await lock_order(statements, account_id, ref)
        invoice = None if invoice_id is None else await find_invoice(statements, locked.payer_id, invoice_id)
        payment = Payment(
            account_id=locked.payer_id,
            id=payment_id,
            reference=reference,
            fingerprint=_fingerprints(account_id, amount, order, invoice_id)[0],
            order_account_id=None if order is None else order.account_id,
            order_id=None if order is None else order.id,
            currency=amount.currency,
            amount_minor=amount.minor_units,
            created_at=resources.clock(),
            invoice_id=invoice_id,
        )
        recorded = await money.of_reference(statements, money.PAYMENTS, locked.payer_id, {reference, given})
        if recorded is not None:
            if recorded.fingerprint not in _fingerprints(account_id, amount, order, invoice_id):
                raise reused()
            # A payment with this id was written by an earlier attempt whose answer was lost; to the caller it is new.
            return Recorded(recorded, order, recorded.id != payment_id, invoice)
        _check(order, invoice, amount)
        on_invoice = await lock_orders(statements, lines)
        if order is not None:
            invoice = (await invoices_of(statements, locked.payer_id, [order])).get(order.id)
        recorder = locked.recorder(resources, caller)
        target = _Target(order, invoice, lines, on_invoice)
        recorded_now = await _record(resources, statements, recorder, payment, target)
        await write_events(statements, recorder)
        return recorded_now

    return await resources.transact(work)


def _fingerprints(account_id: UUID, amount: Money, order: Order | None, invoice_id: UUID | None) -> list[str]:
    """Return the fingerprints of which a repetition of the reference must match one: today's, which is stored, and the
    one with the former decimals of the amount's currency, unless the amount has more decimals, which was refused then.
    References never expire, so no name here may change. A missing order is null, and a missing invoice is left out.
    """
    forms = [amount.wire_form()]
    if amount.minor_units % rescaling_factor(amount.currency) == 0:
        forms.append(amount.wire_form(former=True))
    named = {"account_id": account_id, "order_id": None if order is None else order.id}
    if invoice_id is not None:
        named["invoice_id"] = invoice_id
    return [fingerprint({**named, "amount": form}) for form in forms]


def _check(order: Order | None, invoice: Invoice | None, amount: Money) -> None:
    """Refuse an amount in another currency than that of the order or the invoice, and an invoice without a tax rate."""
    for noun, wanted in (("order", order), ("invoice", invoice)):
        if wanted is not None and wanted.currency != amount.currency:
            message = f"Give the amount in {wanted.currency}, the currency of the {noun}."
            raise Refused(Code.BAD_USER_INPUT, message, ("amount", "currency"))
    if invoice is not None and invoice.is_former:
        message = "An invoice of an earlier release is paid as a whole. Settle it, or name an order of it."
        raise Refused(Code.PAYMENT_STATE, message, ("invoice_id",), payment_status=invoice.status.value)


async def _record(
    resources: Resources, statements: Statements, recorder: EventRecorder, payment: Payment, target: _Target
) -> Recorded:
    """Write the payment, its effects on orders, invoice and balance, and its events."""
    if await money.PAYMENTS.insert(statements, [payment]) != 1:
        raise RuntimeError("a payment's reference was taken under its account's lock")
    order, invoice, amount_minor = target.order, target.invoice, payment.amount_minor
    now = payment.created_at
    paid: PaidInvoice | None = None
    if invoice is not None:
        paid = (
            pay_invoice(invoice, target.lines, target.on_invoice, amount_minor)
            if order is None
            else pay_order_of(invoice, order, amount_minor)
        )
    if paid is not None:
        paid_orders, journals = paid.orders, paid.journals
    elif order is not None:
        paid_orders, journals = (pay(order, amount_minor),), ()
    else:
        paid_orders, journals = (), (balance_topped_up(payment.currency, amount_minor),)
    for each in paid_orders:
        await orders.change(statements, each.order, ("paid_minor", "payment_status"))
    of_invoice = None if invoice is None else invoice.id
    bookings = [
        ledger.Booking(payment.account_id, resources.new_id(), None, journal, now, invoice_id=of_invoice)
        for journal in journals
    ]
    bookings += [
        ledger.Booking(payment.account_id, resources.new_id(), each.order, each.journal, now) for each in paid_orders
    ]
    paid_order = None if order is None else paid_orders[0].order
    recorder.record_payment(payment, order, paid_order)
    if order is None and invoice is not None:
        for each in paid_orders:
            if each.order.payment_status is not target.on_invoice[each.order.id].payment_status:
                recorder.record_order(each.order, EventType.ORDER_PAID, **invoice_members(invoice))
    if invoice is not None and paid is not None:
        invoice = await write_invoice(statements, recorder, invoice, paid.invoice, now=now)
    await ledger.book(statements, bookings)
    return Recorded(payment, paid_order, replayed=False, invoice=invoice if order is None else None)
