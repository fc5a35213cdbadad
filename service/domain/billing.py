"""Rules of debt, payment, billing, settlement and refund of orders.

Uses orders and journals; does not know tables or owners of balances.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.domain import ledger
from service.domain.ledger import Journal
from service.domain.order import BalanceUse, Order, OrderStatus, PaymentStatus, Source
from service.domain.parties import TaxCategory
from service.domain.tax import share_of
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment for an order, an invoice or the balance; `account_id` is the account whose balance it is."""

    account_id: UUID
    id: UUID
    reference: str
    fingerprint: str
    order_account_id: UUID | None
    order_id: UUID | None
    currency: str
    amount_minor: int
    created_at: datetime
    invoice_id: UUID | None = None


class InvoiceStatus(StrEnum):
    """State of an invoice: pending or paid."""

    PENDING = "PENDING"
    PAID = "PAID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice, with the full prices of its orders when it was issued (`total_minor`, the net amount), the tax on
    them, and what was paid of them before (`prepaid_minor`). Later changes of the orders do not change these. `parties`
    is JSON of seller and payer as they were.

    The last four members are sums of later events; `settled_minor` is the cash of a settlement, None until the invoice
    is paid. Invoices of earlier releases have no rate: they bill what was owed, and have neither tax nor credit notes.
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
    tax_category: TaxCategory | None = None
    tax_rate_hundredths: int | None = None
    tax_reason: str | None = None
    tax_reason_code: str | None = None
    tax_minor: int = 0
    prepaid_minor: int = 0
    credited_minor: int = 0
    tax_credited_minor: int = 0
    tax_paid_minor: int = 0
    settled_minor: int | None = None

    @property
    def is_former(self) -> bool:
        """Return True for an invoice of an earlier release."""
        return self.tax_rate_hundredths is None

    @property
    def gross_minor(self) -> int:
        """Return net and tax together."""
        return self.total_minor + self.tax_minor

    @property
    def due_minor(self) -> int:
        """Return the amount that was to be paid when the invoice was issued."""
        return self.gross_minor - self.prepaid_minor

    @property
    def tax_owed_minor(self) -> int:
        """Return the tax that is neither paid nor credited."""
        return self.tax_minor - self.tax_credited_minor - self.tax_paid_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLine:
    """One order on an invoice, with its full price, its mass and what was paid of it at that time. A line of an earlier
    release has the debt instead of the price.
    """

    account_id: UUID
    invoice_id: UUID
    position: int
    order_account_id: UUID
    order_id: UUID
    billed_minor: int
    mass_g: int
    prepaid_minor: int = 0

    @property
    def id(self) -> UUID:
        """Return the id of the line's order. An order is on one invoice at most, so it identifies the line."""
        return self.order_id


@dataclass(frozen=True, slots=True)
class InvoiceNet:
    """Sums over the orders of an invoice whose sale stands: the net amount still owed, and the net amount paid since
    the invoice was issued.
    """

    owed_minor: int
    paid_minor: int

    @classmethod
    def of(cls, lines: Sequence[InvoiceLine], orders: Mapping[UUID, Order]) -> "InvoiceNet":
        """Return the net amounts of the orders, by id, on these lines of an invoice."""
        standing = [(line, orders[line.order_id]) for line in lines if stands(orders[line.order_id])]
        return cls(
            owed_minor=sum(owed_minor(order) for _, order in standing),
            paid_minor=sum(max(0, order.paid_minor - line.prepaid_minor) for line, order in standing),
        )


@dataclass(frozen=True, slots=True)
class BilledOrder:
    """An order with the journal that changed it."""

    order: Order
    journal: Journal


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """An invoice after a payment, with the orders that the payment paid wholly or in part, and the journals that name
    no order.
    """

    invoice: Invoice
    orders: tuple[BilledOrder, ...]
    journals: tuple[Journal, ...]


def stands(order: Order) -> bool:
    """Return True unless the sale was undone by a cancellation, a failure or a refund."""
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
    """Pay the order from the balance by an amount that is at most what the order owes."""
    journal = ledger.balance_applied(order.currency, amount_minor)
    return BilledOrder(after(order, journal), journal)


def balance_share(use: BalanceUse, total_minor: int, available_minor: int, currency: str) -> int:
    """Return the part of the available balance that an order of this total takes.

    Refuses `INSUFFICIENT_BALANCE` if the balance must pay for all of the order and is too small.
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


def tax_covered(invoice: Invoice, net: InvoiceNet, amount_minor: int) -> int:
    """Return the part of a payment of the invoice that pays tax: in proportion to what is due, net and tax, over all
    payments since it was issued. The amount is at most what the invoice owes.
    """
    paid_minor = net.paid_minor + invoice.tax_paid_minor + amount_minor
    tax_minor = invoice.tax_minor - invoice.tax_credited_minor
    covered = share_of(tax_minor, paid_minor, net.owed_minor + net.paid_minor + tax_minor) - invoice.tax_paid_minor
    return min(invoice.tax_owed_minor, amount_minor, max(0, amount_minor - net.owed_minor, covered))


def pay_invoice(
    invoice: Invoice, lines: Sequence[InvoiceLine], orders: Mapping[UUID, Order], amount_minor: int
) -> PaidInvoice:
    """Book a payment of the invoice, of which these are all lines and their orders by id. The part that is not owed
    stays in the balance.
    """
    paid = pay_invoice_from_balance(invoice, lines, orders, amount_minor)
    received = ledger.invoice_payment_recorded(invoice.currency, amount_minor)
    return replace(paid, journals=(received, *paid.journals))


def pay_invoice_from_balance(
    invoice: Invoice, lines: Sequence[InvoiceLine], orders: Mapping[UUID, Order], amount_minor: int
) -> PaidInvoice:
    """Pay what the invoice owes, at most this amount of the balance, where these are all its lines and their orders by
    id: net and tax in proportion, the net of the first orders first.
    """
    net = InvoiceNet.of(lines, orders)
    owed_amount_minor = min(amount_minor, net.owed_minor + invoice.tax_owed_minor)
    tax_minor = tax_covered(invoice, net, owed_amount_minor)
    left_minor = owed_amount_minor - tax_minor
    paid: list[BilledOrder] = []
    for line in lines:
        order = orders[line.order_id]
        if part_minor := min(left_minor, owed_minor(order)):
            paid.append(apply_balance(order, part_minor))
            left_minor -= part_minor
    return PaidInvoice(
        replace(invoice, tax_paid_minor=invoice.tax_paid_minor + tax_minor),
        tuple(paid),
        (ledger.tax_paid(invoice.currency, tax_minor),),
    )


def pay_order_of(invoice: Invoice, order: Order, amount_minor: int) -> PaidInvoice:
    """Book a payment for an order on the invoice: it pays what the order owes, then the tax that the invoice owes. The
    rest is added to the balance.
    """
    tax_minor = min(invoice.tax_owed_minor, max(0, amount_minor - owed_minor(order)))
    return PaidInvoice(
        replace(invoice, tax_paid_minor=invoice.tax_paid_minor + tax_minor),
        (pay(order, amount_minor),),
        (ledger.tax_paid(invoice.currency, tax_minor),),
    )


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
    """Put the order, which is on no invoice, on one: it is BILLED unless it is paid. Refuses `PAYMENT_STATE` unless its
    sale stands and has a price, and for imported history that was paid elsewhere.
    """
    if not stands(order) or order.payment_status is PaymentStatus.BILLED or not is_invoiced_here(order):
        raise Refused(
            Code.PAYMENT_STATE,
            f"An order that is {order.status} and {order.payment_status} cannot be billed.",
            payment_status=order.payment_status.value,
        )
    return order if order.payment_status is PaymentStatus.PAID else replace(order, payment_status=PaymentStatus.BILLED)


def is_invoiced_here(order: Order) -> bool:
    """Return False for an order without a price, and for imported history that was paid elsewhere."""
    is_paid_elsewhere = order.source is Source.IMPORT and order.payment_status is PaymentStatus.PAID
    return order.total_cost_minor > 0 and not is_paid_elsewhere


def has_receipt(order: Order) -> bool:
    """Return True for an order whose whole price was paid here."""
    return order.payment_status is PaymentStatus.PAID and order.paid_minor > 0 and is_invoiced_here(order)


def invoice_lines(invoice_id: UUID, payer_id: UUID, orders: Sequence[Order]) -> tuple[InvoiceLine, ...]:
    """Return one line for each order, in the same order, with its full price and what is paid of it."""
    return tuple(
        InvoiceLine(
            account_id=payer_id,
            invoice_id=invoice_id,
            position=position,
            order_account_id=order.account_id,
            order_id=order.id,
            billed_minor=order.total_cost_minor,
            mass_g=order.mass_g,
            prepaid_minor=order.paid_minor,
        )
        for position, order in enumerate(orders)
    )
