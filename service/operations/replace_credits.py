"""Replace credits of an order that have become unusable: their batch was withdrawn, or they may not be retired. An
operator's verb, which also helps an order whose retirement has started and that can no longer be cancelled.

Mass, price and payments stay, so no money moves and no credit note is due. Locks: the heads of the account and its
payer, the order, then the batches by vintage and id, including those that are given back. Promises: P3, P24.
"""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.allocation import Stock, plan_allocation
from service.domain.api_keys import Scope
from service.domain.catalogue import CreditBatch, Mode
from service.domain.events import EventType
from service.domain.listing import OrderRef
from service.domain.order import Order
from service.domain.replacing import Replacement, entries_of, replacement
from service.domain.retirement import shares_of
from service.errors import Code, Refused
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.operations.steps.lock_payer import LockedPayer, lock_order, lock_payer, write_events
from service.operations.steps.make_up_credits import add_used, lock_test_stock
from service.storage import batches, orders, retirements, stock_locks
from service.storage.database import Statements


async def replace_credits(resources: Resources, caller: Caller, account_id: UUID, ref: OrderRef) -> Order:
    """Return the unusable credits of the account's order to their batches, and give it the same mass of the same
    bundles from other batches; replace all or none. Retired credits are not touched. An order without unusable credits
    is returned unchanged, so a retry changes nothing.

    Does not take credits for which lines of earlier orders wait. Refuses `NOT_FOUND`, `ORDER_STATE` for an order that
    was cancelled or failed, and `INSUFFICIENT_CREDITS`.
    """
    caller.require(Scope.OPERATOR)

    async def work(statements: Statements) -> Order:
        locked = await lock_payer(statements, account_id)
        order = await lock_order(statements, account_id, ref)
        lines = await orders.lines(statements, account_id, [order.id])
        shares = shares_of(
            await orders.entries(statements, account_id, [order.id]),
            await retirements.of_orders(statements, account_id, [order.id]),
        )
        today = utc_date(resources.clock())
        held = {share.batch_id for share in shares}
        replaced = replacement(order, lines, shares, await batches.not_sellable(statements, held, today=today))
        if replaced is None:
            return order
        stock, made = await _lock_stock(resources, statements, locked, order, replaced)
        plan = plan_allocation(replaced.wanted, stock.batches, {}, stock.awaited)
        if not plan.is_full:
            raise Refused(
                Code.INSUFFICIENT_CREDITS,
                "Too few credits are in stock to replace those of the order. Receive a batch of its bundles first.",
                ("order",),
                available_g=replaced.mass_g - sum(plan.short_g),
            )
        taken_g = _sums((take.batch_id, take.mass_g) for take in plan.takes)
        await add_used(statements, made, taken_g)
        now = resources.clock()
        await orders.ENTRIES.insert(
            statements, entries_of(order, replaced, lines, plan.takes, now=now, new_id=resources.new_id)
        )
        await batches.give_back(statements, _sums((share.batch_id, share.mass_g) for share in replaced.shares))
        await batches.take(statements, taken_g)
        recorder = locked.recorder(resources, caller)
        recorder.record_order(order, EventType.ORDER_RESUPPLIED, replaced_g=replaced.mass_g)
        await write_events(statements, recorder)
        return order

    return await resources.transact(work)


async def _lock_stock(
    resources: Resources, statements: Statements, locked: LockedPayer, order: Order, replaced: Replacement
) -> tuple[Stock, list[CreditBatch]]:
    """Lock the batches that are given back, and the stock to take from; return the stock, and those of its batches that
    are new, in test mode only. If a withdrawn batch is put on sale again before it is locked here, it is still
    replaced.
    """
    wanted_g, given_back = _sums(replaced.wanted), {share.batch_id for share in replaced.shares}
    mode = locked.heads[order.account_id].account.mode
    if mode is Mode.TEST:
        return await lock_test_stock(resources, statements, wanted_g, given_back)
    now = resources.clock()
    stock = await stock_locks.lock_stock(
        statements,
        mode,
        wanted_g,
        given_back,
        today=utc_date(now),
        awaited_at=now,
        before=order.created_at,
    )
    return stock, []


def _sums(grams: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """Return the sum of the grams of each batch or bundle that has any."""
    sums: Counter[UUID] = Counter()
    for key, mass_g in grams:
        sums[key] += mass_g
    return dict(+sums)
