"""Cancel orders, or the part of them that waits for credits: credits and money go back, exactly once.

Locks: the heads of the account, its payer and every account whose orders are on the invoices of these, the orders by
id, then as reversal.py says. Promises: P3, P4, P6.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from service.domain.accounts import Caller, refuse_if_suspended
from service.domain.api_keys import Scope
from service.domain.cancelling import Reversal, cancel, cancel_unfulfilled, refuse_imported
from service.domain.catalogue import PriceTier, Tariff
from service.domain.listing import OrderRef
from service.domain.order import Order, PaymentStatus
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.credit_notes import lock_for_credits
from service.operations.steps.reversal import entries_by_order, lines_by_order, reverse_orders
from service.storage import catalogue, orders
from service.storage.database import Statements

ORDERS_AT_ONCE_MAX = 100


async def cancel_orders(
    resources: Resources,
    caller: Caller,
    refs: Sequence[OrderRef],
    *,
    all_or_nothing: bool = True,
    only_unfulfilled: bool = False,
    while_issued: bool = False,
) -> list[Order | Refused]:
    """Cancel each order, and return it or its refusal; an order cancelled before is returned again. With
    `all_or_nothing` one refusal leaves all orders unchanged. Credits go back to their batches, payments to the rest of
    the order's invoice and to the balance.

    With `only_unfulfilled` an order keeps the credits that it has; the amount by which it costs less is no longer owed,
    or goes to the balance. Its unit prices rise to those of the smaller mass, at most as far as the old total allows;
    with the scope `OPERATOR` they stay, since the seller reduces what it cannot deliver. An order without credits is
    cancelled; one that does not wait stays as it is. Imported history is refused `ORDER_STATE` to callers without the
    scope `OPERATOR`. With `while_issued` an order that is on an invoice, or paid, is refused `ORDER_STATE`.
    """
    caller.require(Scope.ORDERS_WRITE)
    if not 0 < len(refs) <= ORDERS_AT_ONCE_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give 1 to {ORDERS_AT_ONCE_MAX} orders.", ("orders",))

    async def work(statements: Statements) -> list[Order | Refused]:
        account_id = caller.account.id
        order_ids = await _ids_of(statements, caller, refs)
        locked = await lock_for_credits(statements, account_id, {each for each in order_ids if each is not None})
        refuse_if_suspended(locked.heads[account_id].account)
        if None in order_ids:  # an order that was being placed is there by now
            order_ids = await _ids_of(statements, caller, refs)
        found = await orders.lock(statements, caller.account.id, {each for each in order_ids if each is not None})
        answers: dict[UUID | None, Order | Refused] = {order_id: _absent() for order_id in order_ids}
        answers.update(found.items())
        tariffs = None
        if only_unfulfilled and Scope.OPERATOR not in caller.scopes:
            tariffs = await _tariffs(statements, found)
        decided = await _decide(resources, statements, found, only_unfulfilled=only_unfulfilled, tariffs=tariffs)
        if Scope.OPERATOR not in caller.scopes:
            decided |= {order_id: _customers(each) for order_id, each in decided.items()}
        if while_issued:
            billed = [order for order in found.values() if order.id in decided and not _issued(order)]
            decided |= {order.id: _billed(order) for order in billed}
        answers.update((order_id, each) for order_id, each in decided.items() if isinstance(each, Refused))
        refused = any(isinstance(answers[order_id], Refused) for order_id in order_ids)
        if not (refused and all_or_nothing):
            reversals = [each for each in decided.values() if isinstance(each, Reversal)]
            await reverse_orders(resources, statements, caller, locked, account_id, reversals)
            answers.update((each.order.id, each.order) for each in reversals)
        return [answers[order_id] for order_id in order_ids]

    return await resources.transact(work)


async def _ids_of(statements: Statements, caller: Caller, refs: Sequence[OrderRef]) -> list[UUID | None]:
    """Return the order id of each reference: a given id unchecked, otherwise None if there is no such order."""
    ids: list[UUID | None] = []
    for ref in refs:
        order = None if ref.id is not None else await orders.find(statements, caller.account.id, ref)
        ids.append(ref.id if order is None else order.id)
    return ids


def _customers(decided: Reversal | Refused) -> Reversal | Refused:
    """Return the decision for a customer's request: a refusal if only the seller may undo the order."""
    if isinstance(decided, Reversal):
        try:
            refuse_imported(decided.order)
        except Refused as refusal:
            return refusal
    return decided


def _issued(order: Order) -> bool:
    return order.payment_status is PaymentStatus.ISSUED


def _billed(order: Order) -> Refused:
    message = f"The order can no longer be cancelled, because it is {order.payment_status}."
    return Refused(Code.ORDER_STATE, message, status=order.status.value)


def _absent() -> Refused:
    return Refused(Code.NOT_FOUND, "There is no such order in this account.")


async def _tariffs(statements: Statements, found: Mapping[UUID, Order]) -> dict[str, Tariff]:
    """Return the price list of the orders' bundles by currency, also of bundles that are no longer sold."""
    tariffs: dict[str, Tariff] = {}
    for currency in {order.currency for order in found.values()}:
        order_ids = [order.id for order in found.values() if order.currency == currency]
        lines = await orders.lines(statements, next(iter(found.values())).account_id, order_ids)
        tiers: dict[UUID, list[PriceTier]] = defaultdict(list)
        for price in await catalogue.prices_of(statements, {line.bundle_id for line in lines}, currency):
            tiers[price.bundle_id].append(PriceTier(price.minimum_mass_g, price.unit_price_micros))
        tariffs[currency] = tiers
    return tariffs


async def _decide(
    resources: Resources,
    statements: Statements,
    found: Mapping[UUID, Order],
    *,
    only_unfulfilled: bool,
    tariffs: Mapping[str, Tariff] | None,
) -> dict[UUID, Reversal | Refused]:
    """Return the reversal or the refusal of each order. Orders that need no change are left out."""
    if not found:
        return {}
    account_id = next(iter(found.values())).account_id
    entries = await entries_by_order(statements, account_id, found)
    lines = await lines_by_order(statements, account_id, found if only_unfulfilled else ())
    now, new_id = resources.clock(), resources.new_id
    decided: dict[UUID, Reversal | Refused] = {}
    for order in found.values():
        given = entries.get(order.id, ())
        try:
            reversal = (
                cancel_unfulfilled(
                    order,
                    lines.get(order.id, ()),
                    given,
                    now=now,
                    new_id=new_id,
                    tariff=None if tariffs is None else tariffs[order.currency],
                )
                if only_unfulfilled
                else cancel(order, given, now=now, new_id=new_id)
            )
        except Refused as refusal:
            decided[order.id] = refusal
        else:
            if reversal is not None:
                decided[order.id] = reversal
    return decided
