"""What is owed of an order, and what paying, billing, settling and refunding make of it.

Knows orders and journals, and neither tables nor whose balance it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.domain import ledger
from service.domain.ledger import Journal
from service.domain.order import BalanceUse, Order, OrderStatus, PaymentStatus
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that came in, towards an order or for the balance; `account_id` is whose balance it is."""

    account_id: UUID
    id: UUID
    reference: str
    fingerprint: str
    order_account_id: UUID | None
    order_id: UUID | None
    currency: str
    amount_minor: int
    created_at: datetime


class InvoiceStatus(StrEnum):
    """Whether an invoice was paid."""

    PENDING = "PENDING"
    PAID = "PAID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """What some orders owed when it was issued; whatever happens to them, its amounts stand."""

    account_id: UUID
    id: UUID
    number: str
    reference: str
    fingerprint: str
    currency: str
    status: InvoiceStatus
    total_minor: int
    mass_g: int
    created_at: datetime
    due_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One order on an invoice: what it owed, and its mass, at that time."""

    account_id: UUID
    invoice_id: UUID
    position: int
    order_account_id: UUID
    order_id: UUID
    billed_minor: int
    mass_g: int


@dataclass(frozen=True, slots=True)
class BilledOrder:
    """An order as a journal has left it."""

    order: Order
    journal: Journal


def stands(order: Order) -> bool:
    """Whether the sale stands: it was not undone by a cancel, a failure or a refund."""
    undone = order.status in {OrderStatus.CANCELLED, OrderStatus.FAILED}
    return not undone and order.payment_status is not PaymentStatus.REFUNDED


def owed_minor(order: Order) -> int:
    """What is still to be paid of the order: nothing once its sale is undone."""
    return order.total_cost_minor - order.paid_minor if stands(order) else 0


def after(order: Order, journal: Journal) -> Order:
    """The order with what the journal paid of it, or took back; PAID when nothing is owed any more."""
    paid_minor = order.paid_minor + journal.paid_change_minor
    is_paid = stands(order) and paid_minor == order.total_cost_minor
    return replace(order, paid_minor=paid_minor, payment_status=PaymentStatus.PAID if is_paid else order.payment_status)


def pay(order: Order, amount_minor: int) -> BilledOrder:
    """Money came in for the order; what it does not owe goes to the balance."""
    journal = ledger.payment_recorded(order.currency, amount_minor, owed_minor(order))
    return BilledOrder(after(order, journal), journal)


def apply_balance(order: Order, amount_minor: int) -> BilledOrder:
    """So much of the balance pays for the order, which owes that much at least."""
    journal = ledger.balance_applied(order.currency, amount_minor)
    return BilledOrder(after(order, journal), journal)


def balance_share(use: BalanceUse, total_minor: int, available_minor: int, currency: str) -> int:
    """How much of the available balance an order of this total takes.

    Refuses `INSUFFICIENT_BALANCE` when it is to pay for all of the order and cannot.
    """
    if use is BalanceUse.NONE:
        return 0
    if use is BalanceUse.WHOLE and available_minor < total_minor:
        raise Refused(
            Code.INSUFFICIENT_BALANCE,
            "The balance is below the order's total.",
            ("pay_with_balance",),
            available_minor=available_minor,
            currency=currency,
        )
    return min(total_minor, available_minor)


def settle(order: Order, billed_minor: int) -> BilledOrder:
    """The order's line of an invoice was paid as billed; what the order does not owe any more goes to the balance."""
    journal = ledger.invoice_settled(order.currency, billed_minor, owed_minor(order))
    return BilledOrder(after(order, journal), journal)


def refund(order: Order) -> BilledOrder | None:
    """What was paid goes to the balance and the order keeps its credits; nothing to do for one refunded before.

    Refuses `PAYMENT_STATE` when nothing was paid of it: what was never paid is cancelled, not refunded.
    """
    if order.payment_status is PaymentStatus.REFUNDED:
        return None
    if order.paid_minor == 0:
        raise Refused(Code.PAYMENT_STATE, "Nothing was paid of this order.", payment_status=order.payment_status.value)
    journal = ledger.order_refunded(order.currency, order.offset_cost_minor, order.commission_minor, order.paid_minor)
    return BilledOrder(replace(order, paid_minor=0, payment_status=PaymentStatus.REFUNDED), journal)


def billed(order: Order) -> Order:
    """The order on an invoice. Refuses `PAYMENT_STATE` unless it is owed and on no invoice yet."""
    if not stands(order) or order.payment_status is not PaymentStatus.ISSUED:
        raise Refused(
            Code.PAYMENT_STATE,
            f"An order that is {order.status} and {order.payment_status} is not billed.",
            payment_status=order.payment_status.value,
        )
    return replace(order, payment_status=PaymentStatus.BILLED)


def invoice_lines(invoice_id: UUID, payer_id: UUID, orders: Sequence[Order]) -> tuple[InvoiceLine, ...]:
    """One line an order, in this order, with what each owes."""
    return tuple(
        InvoiceLine(
            account_id=payer_id,
            invoice_id=invoice_id,
            position=position,
            order_account_id=order.account_id,
            order_id=order.id,
            billed_minor=owed_minor(order),
            mass_g=order.mass_g,
        )
        for position, order in enumerate(orders)
    )
