"""Cancelling a whole order, decided in memory: what it becomes, which grams and which money go back."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.domain import ledger
from service.domain.ledger import Journal
from service.domain.order import CreditEntry, EntryKind, Order, OrderStatus, PaymentStatus, refuse_unless_allowed


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A cancelled order, the entries that return its grams, and the journal that undoes its sale."""

    order: Order
    returns: tuple[CreditEntry, ...]
    journal: Journal | None


def cancel(
    order: Order, entries: Sequence[CreditEntry], *, now: datetime, new_id: Callable[[], UUID]
) -> Cancellation | None:
    """What cancelling does, or nothing to do for an order that is cancelled already. Refuses `ORDER_STATE` once
    retirement has started or the order has failed.
    """
    if order.status is OrderStatus.CANCELLED:
        return None
    refuse_unless_allowed(order.status, OrderStatus.CANCELLED)
    refunded_before = order.payment_status is PaymentStatus.REFUNDED
    journal = (
        None
        if refunded_before
        else ledger.order_cancelled(order.currency, order.offset_cost_minor, order.commission_minor, order.paid_minor)
    )
    cancelled = replace(
        order,
        status=OrderStatus.CANCELLED,
        payment_status=PaymentStatus.REFUNDED if order.paid_minor else order.payment_status,
        fulfilled_g=0,
        paid_minor=0,
    )
    return Cancellation(cancelled, _returns(entries, now=now, new_id=new_id), journal)


def _returns(entries: Sequence[CreditEntry], *, now: datetime, new_id: Callable[[], UUID]) -> tuple[CreditEntry, ...]:
    """One entry for each line and batch that takes back exactly what was given and not returned yet."""
    held_g: dict[tuple[int, UUID], int] = defaultdict(int)
    for entry in entries:
        held_g[entry.position, entry.batch_id] += entry.mass_g
    return tuple(
        CreditEntry(
            account_id=entries[0].account_id,
            id=new_id(),
            order_id=entries[0].order_id,
            position=position,
            batch_id=batch_id,
            kind=EntryKind.RETURNED,
            mass_g=-mass_g,
            created_at=now,
        )
        for (position, batch_id), mass_g in held_g.items()
        if mass_g
    )
