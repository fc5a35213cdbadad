"""Matching waiting order lines with stock, decided in memory: first come, first served, until the grams are used up.

A credit goes to the earliest waiting line that may take from its batch, whichever bundle the line was ordered through.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.domain.allocation import BatchStock, Take, plan_allocation
from service.domain.events import Event, EventType
from service.domain.order import Backorder, CreditEntry, EntryKind, Order, OrderStatus, amounts_of


@dataclass(frozen=True, slots=True)
class Filled:
    """Grams that one waiting order line gets now; `waiting_g` are the grams that it still waits for."""

    backorder: Backorder
    takes: tuple[Take, ...]
    waiting_g: int

    @property
    def mass_g(self) -> int:
        return self.backorder.waiting_g - self.waiting_g


@dataclass(frozen=True, slots=True)
class Supplies:
    """Changes made by serving the lines: their orders, the entries with their credits, the events, and the grams of the
    batches.
    """

    orders: tuple[Order, ...]
    entries: tuple[CreditEntry, ...]
    events: tuple[Event, ...]
    taken_g: Mapping[UUID, int]
    event_seqs: Mapping[UUID, int]


def place_in_queue(backorder: Backorder) -> tuple[datetime, UUID, int]:
    """Return the sort key of a waiting line: when its order was placed, then order id, then line."""
    return (backorder.created_at, backorder.order_id, backorder.position)


def competing(stocked: Iterable[tuple[UUID, UUID]]) -> list[set[UUID]]:
    """Return the bundles in groups: two bundles that have a project in common are in one group, so that the lines that
    compete for a batch are matched together. `stocked` are bundles, each with a project that has stock.
    """
    groups: list[tuple[set[UUID], set[UUID]]] = []
    for bundle_id, project_id in stocked:
        bundles, projects = {bundle_id}, {project_id}
        apart = []
        for group in groups:
            if bundle_id in group[0] or project_id in group[1]:
                bundles |= group[0]
                projects |= group[1]
            else:
                apart.append(group)
        groups = [*apart, (bundles, projects)]
    return [bundles for bundles, _ in groups]


def match(queue: Sequence[Backorder], stock: Mapping[UUID, Sequence[BatchStock]]) -> list[Filled]:
    """Return the lines that get credits, in the order of the queue. `stock` holds the batches of each line's bundle.

    A line that stays short has taken all that its bundle has, so that no later line takes from the same projects.
    """
    available_g = {batch.batch_id: batch.available_g for bundle_stock in stock.values() for batch in bundle_stock}
    filled: list[Filled] = []
    for backorder in queue:
        plan = plan_allocation([(backorder.bundle_id, backorder.waiting_g)], stock, available_g)
        if plan.takes:
            filled.append(Filled(backorder, plan.takes, plan.short_g[0]))
        for take in plan.takes:
            available_g[take.batch_id] -= take.mass_g
    return filled


def supply(
    filled: Sequence[Filled],
    waiting: Mapping[UUID, Order],
    event_seqs: Mapping[UUID, int],
    *,
    actor: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> Supplies:
    """Return the orders with the credits of their lines, one event for each line; `waiting` are the orders before."""
    orders, seqs = dict(waiting), dict(event_seqs)
    entries: list[CreditEntry] = []
    events: list[Event] = []
    taken_g: Counter[UUID] = Counter()
    for each in filled:
        order = _with_more(orders[each.backorder.order_id], each.mass_g)
        orders[order.id] = order
        seqs[order.account_id] += 1
        fulfilled = order.status is OrderStatus.FULFILLED
        events.append(
            Event(
                account_id=order.account_id,
                seq=seqs[order.account_id],
                id=new_id(),
                event_type=EventType.ORDER_FULFILLED if fulfilled else EventType.ORDER_SUPPLIED,
                order_id=order.id,
                actor=actor,
                payload=amounts_of(order),
                created_at=now,
            )
        )
        for take in each.takes:
            taken_g[take.batch_id] += take.mass_g
            entries.append(
                CreditEntry(
                    account_id=order.account_id,
                    id=new_id(),
                    order_id=order.id,
                    position=each.backorder.position,
                    batch_id=take.batch_id,
                    kind=EntryKind.GIVEN,
                    mass_g=take.mass_g,
                    created_at=now,
                )
            )
    return Supplies(tuple(orders.values()), tuple(entries), tuple(events), taken_g, seqs)


def _with_more(order: Order, more_g: int) -> Order:
    if order.status is not OrderStatus.PLACED:
        raise ValueError(f"a line of an order that is {order.status} waits for credits")
    fulfilled_g = order.fulfilled_g + more_g
    status = OrderStatus.FULFILLED if fulfilled_g == order.mass_g else OrderStatus.PLACED
    return replace(order, fulfilled_g=fulfilled_g, status=status)
