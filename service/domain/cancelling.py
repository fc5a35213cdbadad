"""Reversal of an order, of its part that waits for credits, or of its supply, decided in memory: the changed order, and
the grams and money that are returned.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.domain import ledger
from service.domain.billing import after, stands
from service.domain.catalogue import Mode, Tariff
from service.domain.events import EventType
from service.domain.ledger import Journal
from service.domain.order import (
    OUT_OF_LINE,
    Backorder,
    CreditEntry,
    EntryKind,
    Order,
    OrderLine,
    OrderStatus,
    PaymentStatus,
    Source,
    refuse_unless_allowed,
)
from service.domain.pricing import PricedLine, Terms, reprice
from service.domain.repricing import reprice_remaining
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True)
class Reversal:
    """An order after its reversal: the entries that return its grams, the journal that undoes its sale or a part of it,
    and its events. `lines` are the lines that remain after a partial reversal; `undone_g` is the mass whose sale is
    undone.
    """

    order: Order
    returns: tuple[CreditEntry, ...]
    journal: Journal | None
    event_types: tuple[EventType, ...]
    lines: tuple[OrderLine, ...] = ()
    undone_g: int = 0


def refuse_imported(order: Order) -> None:
    """Refuse `ORDER_STATE` for imported history, because its payments were not received by this service. The seller
    settles such orders outside the service.
    """
    if order.source is Source.IMPORT:
        message = "The order was imported from another system; only the seller can undo it."
        raise Refused(Code.ORDER_STATE, message, status=order.status.value)


def cancel(
    order: Order, entries: Sequence[CreditEntry], *, now: datetime, new_id: Callable[[], UUID]
) -> Reversal | None:
    """Cancel the order; return None if it is cancelled already. Refuses `ORDER_STATE` once retirement has started or
    the order has failed.
    """
    if order.status is OrderStatus.CANCELLED:
        return None
    refuse_unless_allowed(order.status, OrderStatus.CANCELLED)
    journal = ledger.order_cancelled(order.currency, order.offset_cost_minor, order.commission_minor, order.paid_minor)
    returns = _returns(entries, now=now, new_id=new_id)
    return _undone(order, OrderStatus.CANCELLED, EventType.ORDER_CANCELLED, journal, returns)


def fail(order: Order, entries: Sequence[CreditEntry], *, now: datetime, new_id: Callable[[], UUID]) -> Reversal | None:
    """Mark the order as failed because the seller cannot deliver; return None if it has failed already. Refuses as
    `cancel`.
    """
    if order.status is OrderStatus.FAILED:
        return None
    refuse_unless_allowed(order.status, OrderStatus.FAILED)
    journal = ledger.order_failed(order.currency, order.offset_cost_minor, order.commission_minor, order.paid_minor)
    returns = _returns(entries, now=now, new_id=new_id)
    return _undone(order, OrderStatus.FAILED, EventType.ORDER_FAILED, journal, returns)


def cancel_unfulfilled(
    order: Order,
    lines: Sequence[OrderLine],
    entries: Sequence[CreditEntry],
    *,
    now: datetime,
    new_id: Callable[[], UUID],
    tariff: Tariff | None,
) -> Reversal | None:
    """Cancel the part that waits for credits. The remaining part is fulfilled. Its price is that of
    `reprice_remaining`, or without a tariff follows from the unit prices frozen in the lines, and is never above the
    former total. If nothing remains, the whole order is cancelled. Returns None if nothing waits. Refuses as `cancel`.
    """
    if order.status in {OrderStatus.FULFILLED, OrderStatus.CANCELLED}:
        return None
    refuse_unless_allowed(order.status, OrderStatus.CANCELLED)
    if order.fulfilled_g == 0:
        return cancel(order, entries, now=now, new_id=new_id)
    terms = Terms(currency=order.currency, commission_hundredths=order.commission_hundredths)
    priced_lines, masses_g = [_priced(line) for line in lines], [line.fulfilled_g for line in lines]
    if tariff is None:
        rest = reprice(priced_lines, masses_g, terms)
    else:
        rest = reprice_remaining(
            priced_lines,
            masses_g,
            ordered_g=order.mass_g if order.requested_mass_g is None else order.requested_mass_g,
            tariff=tariff,
            terms=terms,
        )
    if rest.total_cost_minor > order.total_cost_minor:
        # Orders of older releases, and those whose currency had fewer decimals, may have cost less than their exact
        # price. The remaining part then costs no more than the whole order did.
        rest = replace(
            rest,
            offset_cost_minor=order.offset_cost_minor,
            commission_minor=order.commission_minor,
            total_cost_minor=order.total_cost_minor,
        )
    reduced = replace(
        order,
        status=OrderStatus.FULFILLED,
        mass_g=rest.mass_g,
        offset_cost_minor=rest.offset_cost_minor,
        commission_minor=rest.commission_minor,
        total_cost_minor=rest.total_cost_minor,
    )
    journal = None
    if stands(order):
        before = (order.offset_cost_minor, order.commission_minor)
        costs = (rest.offset_cost_minor, rest.commission_minor)
        journal = ledger.order_reduced(order.currency, before, costs, order.paid_minor)
        reduced = after(reduced, journal)
    event_types = [EventType.ORDER_REDUCED, EventType.ORDER_FULFILLED]
    if reduced.payment_status is not order.payment_status:
        event_types.append(EventType.ORDER_PAID)
    remaining = tuple(
        replace(
            line,
            mass_g=priced.mass_g,
            unit_price_micros=priced.unit_price_micros,
            gross_unit_price_micros=priced.gross_unit_price_micros,
            offset_cost_minor=priced.offset_cost_minor,
        )
        for line, priced in zip(lines, rest.lines, strict=True)
    )
    return Reversal(reduced, (), journal, tuple(event_types), remaining, order.mass_g - reduced.mass_g)


def run_short(
    order: Order, entries: Sequence[CreditEntry], *, now: datetime, new_id: Callable[[], UUID]
) -> Reversal | None:
    """Take all credits from a test order, so that it waits again; price and payment stay. Returns None for an order
    that waits already. Refuses `ORDER_STATE` in any other state.

    Live orders never lose their credits, so this move is not in `MOVES`.
    """
    if order.status is OrderStatus.PLACED:
        return None
    if order.status is not OrderStatus.FULFILLED:
        message = f"An order that is {order.status} does not wait for credits any more."
        raise Refused(Code.ORDER_STATE, message, status=order.status.value)
    short = replace(order, status=OrderStatus.PLACED, fulfilled_g=0)
    return Reversal(short, _returns(entries, now=now, new_id=new_id), None, (EventType.ORDER_SHORT,))


def waits_out_of_line(lines: Sequence[OrderLine], mode: Mode) -> tuple[Backorder, ...]:
    """Return backorders of the lines with the place `OUT_OF_LINE`: no stock is delivered to them, and no other account
    waits behind them.

    A line whose share was rounded down to 0 g gets none.
    """
    return tuple(
        Backorder(
            bundle_id=line.bundle_id,
            mode=mode,
            account_id=line.account_id,
            order_id=line.order_id,
            position=line.position,
            waiting_g=line.mass_g,
            created_at=OUT_OF_LINE,
        )
        for line in lines
        if line.mass_g
    )


def _undone(
    order: Order, status: OrderStatus, event_type: EventType, journal: Journal, returns: tuple[CreditEntry, ...]
) -> Reversal:
    undone = replace(
        order,
        status=status,
        payment_status=PaymentStatus.REFUNDED if order.paid_minor else order.payment_status,
        fulfilled_g=0,
        paid_minor=0,
    )
    # A refund has already undone the sale, so no journal is left to reverse.
    journal_left = journal if stands(order) else None
    return Reversal(undone, returns, journal_left, (event_type,), undone_g=order.mass_g)


def _priced(line: OrderLine) -> PricedLine:
    return PricedLine(
        bundle_id=line.bundle_id,
        mass_g=line.mass_g,
        unit_price_micros=line.unit_price_micros,
        gross_unit_price_micros=line.gross_unit_price_micros,
        offset_cost_minor=line.offset_cost_minor,
    )


def _returns(entries: Sequence[CreditEntry], *, now: datetime, new_id: Callable[[], UUID]) -> tuple[CreditEntry, ...]:
    """Return the entries that take back the grams given and not yet returned: one for each line and batch."""
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
