"""Replacement of credits that are assigned to an order and have become unusable, decided in memory."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.allocation import Take
from service.domain.order import CreditEntry, EntryKind, Order, OrderLine, OrderStatus
from service.domain.retirement import Share
from service.errors import Code, Refused

_HOLDING = {OrderStatus.PLACED, OrderStatus.FULFILLED, OrderStatus.RETIRING, OrderStatus.COMPLETE}


@dataclass(frozen=True, slots=True)
class Replacement:
    """Shares that an order returns, and for each of its lines the bundle and the grams that it takes instead."""

    shares: tuple[Share, ...]
    wanted: tuple[tuple[UUID, int], ...]

    @property
    def mass_g(self) -> int:
        return sum(share.mass_g for share in self.shares)


def replacement(
    order: Order, lines: Sequence[OrderLine], shares: Sequence[Share], unusable: Collection[UUID]
) -> Replacement | None:
    """Return the replacement for the order's grams of `unusable` batches that are not retired yet; None if there are
    none. Refuses `ORDER_STATE` for an order that was cancelled or failed, which holds no credits.
    """
    if order.status not in _HOLDING:
        message = f"An order that is {order.status} holds no credits."
        raise Refused(Code.ORDER_STATE, message, ("order",), status=order.status.value)
    given_back = tuple(share for share in shares if share.batch_id in unusable)
    if not given_back:
        return None
    grams: Counter[int] = Counter()
    for share in given_back:
        grams[share.position] += share.mass_g
    return Replacement(given_back, tuple((line.bundle_id, grams[line.position]) for line in lines))


def entries_of(
    order: Order,
    replaced: Replacement,
    lines: Sequence[OrderLine],
    takes: Sequence[Take],
    *,
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[CreditEntry]:
    """Return the entries that return the grams of the shares and those that assign the grams taken instead."""
    moved = [
        *((EntryKind.RETURNED, share.position, share.batch_id, -share.mass_g) for share in replaced.shares),
        *((EntryKind.GIVEN, lines[take.line].position, take.batch_id, take.mass_g) for take in takes),
    ]
    return [
        CreditEntry(
            account_id=order.account_id,
            id=new_id(),
            order_id=order.id,
            position=position,
            batch_id=batch_id,
            kind=kind,
            mass_g=mass_g,
            created_at=now,
        )
        for kind, position, batch_id, mass_g in moved
    ]
