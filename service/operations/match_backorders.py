"""Match backorders: credits that came in go to the earliest waiting line that may take from their batch, whichever
bundle it was ordered through.

Runs whenever stock may have grown; what it finds in the queue and in stock is all it needs to know, so running it once
too often does nothing. Locks: account heads by id, then batches by vintage and id. Promises: P3, P24.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from service.domain.accounts import Head
from service.domain.catalogue import Mode
from service.domain.matching import Filled, competing, match, supply
from service.domain.order import Backorder, Order
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.storage import accounts, backorders, batches, orders
from service.storage.database import Statements
from service.storage.events import EVENTS

LINES_A_TRANSACTION = 50
ACTOR = "worker:match"


async def match_backorders(resources: Resources) -> int:
    """Give the stock to the lines that wait, until no line waits that could have any of it. Return how many lines got
    credits; a line that got some twice counts twice.
    """
    filled = 0
    # Looked up anew after every round: a bundle whose stock is gone takes no part in the next one.
    while served := sum([await _match_mode(resources, mode) for mode in Mode]):
        filled += served
    return filled


async def _match_mode(resources: Resources, mode: Mode) -> int:
    """Match one bounded transaction for each group of bundles that compete for stock."""
    today = utc_date(resources.clock())
    stocked = await backorders.matchable(resources.database.reader, mode, today=today)
    return sum([await _match_bundles(resources, mode, bundle_ids) for bundle_ids in competing(stocked)])


async def _match_bundles(resources: Resources, mode: Mode, bundle_ids: Collection[UUID]) -> int:
    """Give the first lines that wait for any of the bundles what there is, in one bounded transaction."""
    waiting = await backorders.first_in_line(resources.database.reader, mode, bundle_ids, LINES_A_TRANSACTION)
    if not waiting:
        return 0
    account_ids = {each.account_id for each in waiting}

    async def work(statements: Statements) -> int:
        heads = await accounts.lock_heads(statements, account_ids)
        stock = await batches.lock_stock(statements, mode, bundle_ids, today=utc_date(resources.clock()))
        queue = await _queue_for(statements, mode, stock)
        # Whoever is in front by now may be of an account that is not locked, or wait for a bundle whose batches are
        # not: the next transaction serves it, and this one nobody behind it.
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
        return len(filled)

    return await resources.transact(work)


async def _queue_for(statements: Statements, mode: Mode, stock: batches.BundleStock) -> list[Backorder]:
    """Return the first lines that may take from the locked stock, read after the lock: a line that began to wait for
    these batches has committed by then.
    """
    project_ids = {batch.project_id for bundle_stock in stock.values() for batch in bundle_stock}
    bundle_ids = await backorders.bundles_waiting_for(statements, mode, project_ids)
    return await backorders.first_in_line(statements, mode, bundle_ids, LINES_A_TRANSACTION)


async def deliver(
    resources: Resources, statements: Statements, heads: Mapping[UUID, Head], filled: Sequence[Filled], *, actor: str
) -> None:
    """Give the lines their credits; their accounts' heads and the batches are locked."""
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
