"""Match backorders: credits that came in go to the earliest waiting line that may take from their batch, whichever
bundle it was ordered through.

Runs whenever stock may have grown. It depends only on the stored queue and stock, so an extra run is harmless. Locks:
account heads by id, then batches by vintage and id. Promises: P3, P24.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from service.domain.accounts import Head
from service.domain.allocation import BatchStock
from service.domain.catalogue import Mode
from service.domain.matching import Filled, competing, match, supply
from service.domain.order import Backorder, Order
from service.domain.worker_failures import ItemKey, WorkerStep
from service.errors import Refused
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.operations.steps.isolate import do_item, failed_before, forget
from service.storage import accounts, backorders, batches, orders, stock_locks
from service.storage.database import Statements
from service.storage.events import EVENTS

LINES_A_TRANSACTION = 50
ACTOR = "worker:match"
STEP = WorkerStep.MATCH_BACKORDERS


async def match_backorders(resources: Resources) -> int:
    """Give stock to waiting lines until no line is left that could be served, except failed ones. Return how many lines
    got credits; a line that got some twice counts twice.
    """
    before = await failed_before(resources, STEP)
    served: Counter[ItemKey] = Counter()
    # Read again after every round, because a bundle that is sold out takes no part in the next one.
    while found := [key for mode in Mode for key in await _match_mode(resources, mode)]:
        served.update(found)
    await forget(resources, STEP, before, served)
    if before:
        await resources.transact(backorders.forget_gone)
    return served.total()


async def _match_mode(resources: Resources, mode: Mode) -> list[ItemKey]:
    """Run one bounded transaction for each group of bundles that compete for stock; return the lines served."""
    now = resources.clock()
    stocked = await backorders.matchable(resources.database.reader, mode, today=utc_date(now), now=now)
    served: list[ItemKey] = []
    unavailable: Refused | None = None
    for bundle_ids in competing(stocked):
        try:
            served += await _match_isolated(resources, mode, bundle_ids)
        except Refused as refusal:  # such as batches that stay locked, for which the other groups need not wait
            unavailable = refusal
    if unavailable is not None and not served:
        raise unavailable
    return served


async def _match_isolated(resources: Resources, mode: Mode, bundle_ids: Collection[UUID]) -> list[ItemKey]:
    """Serve the first lines together; if that fails, serve each alone."""
    waiting = await _waiting(resources, mode, bundle_ids, LINES_A_TRANSACTION)
    try:
        return await _match_bundles(resources, mode, bundle_ids, waiting)
    except Refused:
        raise
    except Exception:  # noqa: BLE001, S110 - one of the lines is the cause: each is tried by itself
        pass
    served: list[ItemKey] = []
    for _ in waiting:
        first = await _waiting(resources, mode, bundle_ids, 1)
        if not first:
            break

        async def serve(first: Sequence[Backorder] = first) -> int:
            found = await _match_bundles(resources, mode, bundle_ids, first)
            served.extend(found)
            return len(found)

        await do_item(resources, STEP, _key(first[0]), serve)
    return served


async def _waiting(resources: Resources, mode: Mode, bundle_ids: Collection[UUID], limit: int) -> list[Backorder]:
    return await backorders.first_in_line(resources.database.reader, mode, bundle_ids, limit, now=resources.clock())


async def _match_bundles(
    resources: Resources, mode: Mode, bundle_ids: Collection[UUID], waiting: Sequence[Backorder]
) -> list[ItemKey]:
    """Give the available stock to the waiting lines in one transaction; return the lines that got any."""
    if not waiting:
        return []
    account_ids = {each.account_id for each in waiting}
    wanted_g = Counter(dict.fromkeys(bundle_ids, 0))
    for each in waiting:
        wanted_g[each.bundle_id] += each.waiting_g

    async def work(statements: Statements) -> list[ItemKey]:
        heads = await accounts.lock_heads(statements, account_ids)
        if absent := account_ids - heads.keys():
            raise LookupError(f"lines wait of accounts that there are not: {sorted(absent)}")
        now = resources.clock()
        locked = await stock_locks.lock_stock(statements, mode, wanted_g, today=utc_date(now), awaited_at=None)
        stock = locked.batches
        queue = await _queue_for(statements, mode, stock, len(waiting), now)
        # A line that has become the first may belong to an account or a bundle that is not locked here. Nobody behind
        # it is served before the next transaction, which serves it first.
        ours = next(
            (
                index
                for index, each in enumerate(queue)
                if each.account_id not in heads or each.bundle_id not in bundle_ids
            ),
            len(queue),
        )
        filled = match(queue[:ours], stock)
        if filled:
            await deliver(resources, statements, heads, filled, actor=ACTOR)
        return [_key(each.backorder) for each in filled]

    return await resources.transact(work)


def _key(waiting: Backorder) -> ItemKey:
    return ItemKey(waiting.account_id, waiting.order_id, waiting.position)


async def _queue_for(
    statements: Statements, mode: Mode, stock: Mapping[UUID, Sequence[BatchStock]], limit: int, now: datetime
) -> list[Backorder]:
    """Return the first lines that may take from the locked stock, read after the batches are locked, so that every line
    that waits for them is committed.
    """
    project_ids = {batch.project_id for bundle_stock in stock.values() for batch in bundle_stock}
    bundle_ids = await backorders.bundles_waiting_for(statements, mode, project_ids, now=now)
    return await backorders.first_in_line(statements, mode, bundle_ids, limit, now=now)


async def deliver(
    resources: Resources, statements: Statements, heads: Mapping[UUID, Head], filled: Sequence[Filled], *, actor: str
) -> None:
    """Give the lines their credits. The heads of their accounts and the batches must be locked."""
    waiting: dict[UUID, Order] = {}
    for account_id in sorted({each.backorder.account_id for each in filled}):
        order_ids = {each.backorder.order_id for each in filled if each.backorder.account_id == account_id}
        waiting |= await orders.lock(statements, account_id, order_ids)
    supplies = supply(
        filled,
        waiting,
        {account_id: head.event_seq for account_id, head in heads.items()},
        actor=actor,
        now=resources.clock(),
        new_id=resources.new_id,
    )
    for order in supplies.orders:
        await orders.change(statements, order, ("fulfilled_g", "status"))
    for each in filled:
        served = each.backorder
        await orders.fill_line(statements, served.account_id, served.order_id, served.position, each.mass_g)
        await backorders.serve(statements, served, each.waiting_g)
    await orders.ENTRIES.insert(statements, supplies.entries)
    await EVENTS.insert(statements, supplies.events)
    await batches.take(statements, supplies.taken_g)
    await accounts.raise_heads(statements, supplies.event_seqs)
