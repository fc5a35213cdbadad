"""Match backorders: give new credits to the orders that wait for them, first come, first served.

Runs whenever a bundle's stock may have grown; it reads everything from the queue and the stock, so running it once too
often does nothing. Locks: account heads by id, then batches by id. Promises: P3, P24.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from service.domain.accounts import Head
from service.domain.catalogue import Mode
from service.domain.matching import Filled, match, supply
from service.domain.order import Order
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.storage import accounts, backorders, batches, orders
from service.storage.database import Statements
from service.storage.events import EVENTS

LINES_A_TRANSACTION = 50
ACTOR = "worker:match"


async def match_backorders(resources: Resources) -> int:
    """Match all bundles that have both a queue and stock for the first in it. Return the number of order lines that got
    credits.
    """
    filled = 0
    for mode, bundle_id in await backorders.matchable(resources.database.reader):
        while served := await _match_bundle(resources, mode, bundle_id):
            filled += served
    return filled


async def _match_bundle(resources: Resources, mode: Mode, bundle_id: UUID) -> int:
    """Give the available stock to the first in the queue, in one transaction of limited size."""
    waiting = await backorders.first_in_line(resources.database.reader, mode, bundle_id, LINES_A_TRANSACTION)
    if not waiting:
        return 0
    account_ids = {each.account_id for each in waiting}

    async def work(statements: Statements) -> int:
        heads = await accounts.lock_heads(statements, account_ids)
        today = utc_date(resources.clock())
        bundle_stock = (await batches.lock_stock(statements, mode, [bundle_id], today=today))[bundle_id]
        # Read again under the locks. The first in the queue may belong to an account that is not locked: the next
        # transaction serves it, and this one serves no line behind it.
        queue = await backorders.first_in_line(statements, mode, bundle_id, LINES_A_TRANSACTION)
        ours = next((index for index, each in enumerate(queue) if each.account_id not in heads), len(queue))
        filled = match(queue[:ours], bundle_stock)
        if filled:
            await deliver(resources, statements, heads, filled, actor=ACTOR)
        return len(filled)

    return await resources.transact(work)


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
