"""Rules of debt, payment, billing, settlement and refund of orders.

Knows orders and journals, and neither tables nor owners of balances.
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
    """A payment for an order or for the balance; `account_id` is the account whose balance it is."""

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
    """State of an invoice: pending or paid."""

    PENDING = "PENDING"
    PAID = "PAID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice, with the amounts that its orders owed when it was issued. Later changes of the orders do not change
    it. `parties` is JSON of seller and payer as they were. Invoices of earlier releases have neither it nor a seller.
    """

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
    seller_id: UUID | None = None
    parties: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One order on an invoice, with its debt and its mass at that time."""

    account_id: UUID
    invoice_id: UUID
    position: int
    order_account_id: UUID
    order_id: UUID
    billed_minor: int
    mass_g: int

    @property
    def id(self) -> UUID:
        """Return the id of its order, which is on one invoice."""
        return self.order_id


@dataclass(frozen=True, slots=True)
class BilledOrder:
    """An order after a journal."""

    order: Order
    journal: Journal


def stands(order: Order) -> bool:
    """Return True if the sale stands: it was not undone by a cancel, a failure or a refund."""
    undone = order.status in {OrderStatus.CANCELLED, OrderStatus.FAILED}
    return not undone and order.payment_status is not PaymentStatus.REFUNDED


def owed_minor(order: Order) -> int:
    """Return the amount still to be paid for the order: nothing once its sale is undone."""
    return order.total_cost_minor - order.paid_minor if stands(order) else 0


def after(order: Order, journal: Journal) -> Order:
    """Return the order with the payment or repayment of the journal; PAID when nothing is owed any more."""
    paid_minor = order.paid_minor + journal.paid_change_minor
    is_paid = stands(order) and paid_minor == order.total_cost_minor
    return replace(order, paid_minor=paid_minor, payment_status=PaymentStatus.PAID if is_paid else order.payment_status)


def pay(order: Order, amount_minor: int) -> BilledOrder:
    """Book a payment for the order; the part that it does not owe goes to the balance."""
    journal = ledger.payment_recorded(order.currency, amount_minor, owed_minor(order))
    return BilledOrder(after(order, journal), journal)


def apply_balance(order: Order, amount_minor: int) -> BilledOrder:
    """Pay the order from the balance by an amount that the order owes at least."""
    journal = ledger.balance_applied(order.currency, amount_minor)
    return BilledOrder(after(order, journal), journal)


def balance_share(use: BalanceUse, total_minor: int, available_minor: int, currency: str) -> int:
    """Return the part of the available balance that an order of this total takes.

    Refuses `INSUFFICIENT_BALANCE` when it is to pay for all of the order and cannot.
    """
    if use is BalanceUse.NONE:
        return 0
    if use is BalanceUse.WHOLE and available_minor < total_minor:
        raise Refused(
            Code.INSUFFICIENT_BALANCE,
            "The balance is lower than the order's total. Order less, or pay without the balance.",
            ("pay_with_balance",),
            available_minor=available_minor,
            currency=currency,
        )
    return min(total_minor, available_minor)


def settle(order: Order, billed_minor: int) -> BilledOrder:
    """Book the order's line of an invoice as paid; the part that the order does not owe any more goes to the
    balance.
    """
    journal = ledger.invoice_settled(order.currency, billed_minor, owed_minor(order))
    return BilledOrder(after(order, journal), journal)


def refund(order: Order) -> BilledOrder | None:
    """Return the paid amount to the balance; the order keeps its credits. None for an order refunded before.

    Refuses `PAYMENT_STATE` when nothing was paid of it: such an order is cancelled, not refunded.
    """
    if order.payment_status is PaymentStatus.REFUNDED:
        return None
    if order.paid_minor == 0:
        raise Refused(
            Code.PAYMENT_STATE,
            "Nothing was paid for this order, so there is nothing to refund.",
            payment_status=order.payment_status.value,
        )
    journal = ledger.order_refunded(order.currency, order.offset_cost_minor, order.commission_minor, order.paid_minor)
    return BilledOrder(replace(order, paid_minor=0, payment_status=PaymentStatus.REFUNDED), journal)


def billed(order: Order) -> Order:
    """Put the order on an invoice. Refuses `PAYMENT_STATE` unless it owes money and is on no invoice."""
    if not stands(order) or order.payment_status is not PaymentStatus.ISSUED:
        raise Refused(
            Code.PAYMENT_STATE,
            f"An order that is {order.status} and {order.payment_status} cannot be billed.",
            payment_status=order.payment_status.value,
        )
    return replace(order, payment_status=PaymentStatus.BILLED)


def invoice_lines(invoice_id: UUID, payer_id: UUID, orders: Sequence[Order]) -> tuple[InvoiceLine, ...]:
    """Return one line for each order, in the same order, with its debt."""
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
