"""The one status of an order that Carbonext knows, told by its money unless the order was called off."""

from enum import StrEnum

from service.domain.order import OrderStatus, PaymentStatus

CALLED_OFF = frozenset({OrderStatus.CANCELLED, OrderStatus.FAILED})
"""What is left of such an order is money; there is nothing to cancel."""


class Status(StrEnum):
    """Where an order stands, in Carbonext's words, in the order of its life."""

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
    """An order that was called off is Refunded if it had been paid, else Cancelled; a failed one is Cancelled."""
    if status is OrderStatus.FAILED or (status in CALLED_OFF and payment_status is not PaymentStatus.REFUNDED):
        return Status.CANCELLED
    return _BY_PAYMENT[payment_status]


def status_pairs_of(wanted: frozenset[Status]) -> frozenset[tuple[OrderStatus, PaymentStatus]]:
    """The states of orders that are shown as one of these."""
    return frozenset(
        (status, payment) for status in OrderStatus for payment in PaymentStatus if status_of(status, payment) in wanted
    )
