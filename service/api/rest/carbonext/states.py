"""Carbonext's single status of an order: its payment status, unless the order was cancelled or has failed."""

from enum import StrEnum

from service.domain.order import OrderStatus, PaymentStatus

CALLED_OFF = frozenset({OrderStatus.CANCELLED, OrderStatus.FAILED})
"""States of orders that ended without delivery. They cannot be cancelled; only their payment is left."""


class Status(StrEnum):
    """Status of an order in Carbonext's words, sorted by the course of an order."""

    ISSUED = "Issued"
    BILLED = "Billed"
    PAID = "Paid"
    CANCELLED = "Cancelled"
    REFUNDED = "Refunded"


_BY_PAYMENT = {
    PaymentStatus.ISSUED: Status.ISSUED,
    PaymentStatus.BILLED: Status.BILLED,
    PaymentStatus.PAID: Status.PAID,
    PaymentStatus.REFUNDED: Status.REFUNDED,
}


def status_of(status: OrderStatus, payment_status: PaymentStatus) -> Status:
    """Return the Carbonext status. A cancelled order is Refunded if it had been paid, otherwise Cancelled; a failed
    order is Cancelled.
    """
    if status is OrderStatus.FAILED or (status in CALLED_OFF and payment_status is not PaymentStatus.REFUNDED):
        return Status.CANCELLED
    return _BY_PAYMENT[payment_status]


def status_pairs_of(wanted: frozenset[Status]) -> frozenset[tuple[OrderStatus, PaymentStatus]]:
    """Return the pairs of order and payment status that are shown as one of these."""
    return frozenset(
        (status, payment) for status in OrderStatus for payment in PaymentStatus if status_of(status, payment) in wanted
    )
