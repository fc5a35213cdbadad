"""Retirement of an order's credits, decided in memory: which grams of which batch, and the changed order.

Does not know certificates (certificate.py) or the delay before an order is retired.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.domain.events import EventType
from service.domain.order import CreditEntry, Order, OrderStatus, PaymentStatus, refuse_unless_allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """The grams [start_g, end_g) of a batch, retired for one line of an order. A gram is retired once."""

    account_id: UUID
    order_id: UUID
    position: int
    batch_id: UUID
    start_g: int
    end_g: int
    retired_at: datetime

    @property
    def mass_g(self) -> int:
        return self.end_g - self.start_g


@dataclass(frozen=True, slots=True)
class Share:
    """Grams of a batch that an order's line holds and that are not retired yet."""

    position: int
    batch_id: UUID
    mass_g: int


@dataclass(frozen=True, slots=True)
class Retired:
    """Changes made by a step of an order's retirement; `events` are the transitions in their sequence."""

    order: Order
    retirements: tuple[Retirement, ...]
    events: tuple[EventType, ...]


def may_retire(order: Order, *, unpaid: bool) -> bool:
    """Return True if the order's credits may be retired now: it has all of them, and they are paid for or `unpaid`
    allows a debt. A refunded order is never retired; a retirement that has started always goes on.
    """
    if order.status is OrderStatus.RETIRING:
        return True
    owed = order.payment_status in {PaymentStatus.ISSUED, PaymentStatus.BILLED}
    return order.status is OrderStatus.FULFILLED and (order.payment_status is PaymentStatus.PAID or (unpaid and owed))


def shares_of(entries: Sequence[CreditEntry], retirements: Sequence[Retirement]) -> tuple[Share, ...]:
    """Return the grams an order still has to retire, line by line: those it was given, less those returned or
    retired.
    """
    held_g: Counter[tuple[int, UUID]] = Counter()
    for entry in entries:
        held_g[entry.position, entry.batch_id] += entry.mass_g
    for retirement in retirements:
        held_g[retirement.position, retirement.batch_id] -= retirement.mass_g
    return tuple(Share(position, batch_id, mass_g) for (position, batch_id), mass_g in sorted(held_g.items()) if mass_g)


def retire(order: Order, shares: Sequence[Share], next_g: dict[UUID, int], *, now: datetime) -> Retired:
    """Return the order with these shares retired. `next_g` is the first gram of each batch that is not retired; it is
    advanced past the grams of this order. Refuses `ORDER_STATE` unless the order may be retiring.
    """
    if order.status is not OrderStatus.RETIRING:
        refuse_unless_allowed(order.status, OrderStatus.RETIRING)
    retirements = []
    for share in shares:
        start_g = next_g[share.batch_id]
        next_g[share.batch_id] = end_g = start_g + share.mass_g
        retirements.append(
            Retirement(
                account_id=order.account_id,
                order_id=order.id,
                position=share.position,
                batch_id=share.batch_id,
                start_g=start_g,
                end_g=end_g,
                retired_at=now,
            )
        )
    retired_g = order.retired_g + sum(share.mass_g for share in shares)
    is_whole = retired_g == order.mass_g
    events = (EventType.ORDER_RETIRING,) if order.status is OrderStatus.FULFILLED else ()
    return Retired(
        replace(order, retired_g=retired_g, status=OrderStatus.COMPLETE if is_whole else OrderStatus.RETIRING),
        tuple(retirements),
        (*events, EventType.ORDER_COMPLETED) if is_whole else events,
    )
