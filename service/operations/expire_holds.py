"""Expire holds: credits that were held for an unused quote become available again. Runs by the database's clock.

Locks: the account's head, then batches by vintage and id. A conditional update marks the quote as used or as released,
so that only one of order and expiry succeeds. Promises: P3, P7.
"""

from collections import Counter
from functools import partial
from uuid import UUID

from service.domain.worker_failures import ItemKey, WorkerStep
from service.operations.resources import Resources
from service.operations.steps.isolate import do_item, failed_before, forget
from service.storage import accounts, batches, quotes
from service.storage.database import Statements

QUOTES_AT_ONCE = 50
STEP = WorkerStep.EXPIRE_HOLDS


async def expire_holds(resources: Resources) -> int:
    """Release the credits of a page of quotes whose hold has expired. Return the number released; those that failed
    are not counted.
    """
    before, now = await failed_before(resources, STEP), resources.clock()
    expired = await quotes.expired_holds(resources.database.reader, QUOTES_AT_ONCE, now=now)
    keys = [ItemKey(account_id, quote_id) for account_id, quote_id in expired]
    released = sum([await do_item(resources, STEP, key, partial(_expire, resources, key)) for key in keys])
    await forget(resources, STEP, before, keys, all_due_at=now if len(keys) < QUOTES_AT_ONCE else None)
    return released


async def _expire(resources: Resources, key: ItemKey) -> int:
    async def work(statements: Statements) -> int:
        await accounts.lock_heads(statements, [key.account_id])
        held_g: Counter[UUID] = Counter()
        for hold in await quotes.release(statements, key.account_id, key.item_id):
            held_g[hold.batch_id] += hold.mass_g
        await batches.lock(statements, held_g)
        await batches.let_go(statements, held_g)
        return 1 if held_g else 0

    return await resources.transact(work)
