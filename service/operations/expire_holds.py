"""Expire holds: credits that were held for an unused quote become available again. Runs by the database's clock.

Locks: the account's head, then batches by vintage and id. The quote is used or released by one conditional update each,
so that an order from it and its expiry never both win. Promises: P3, P7.
"""

from collections import Counter
from uuid import UUID

from service.operations.resources import Resources
from service.storage import accounts, batches, quotes
from service.storage.database import Statements

QUOTES_AT_ONCE = 50


async def expire_holds(resources: Resources) -> int:
    """Release the expired holds of at most a page of quotes, and return the number of quotes."""
    expired = await quotes.expired_holds(resources.database.reader, QUOTES_AT_ONCE)
    return sum([await _expire(resources, account_id, quote_id) for account_id, quote_id in expired])


async def _expire(resources: Resources, account_id: UUID, quote_id: UUID) -> bool:
    async def work(statements: Statements) -> bool:
        await accounts.lock_heads(statements, [account_id])
        held_g: Counter[UUID] = Counter()
        for hold in await quotes.release(statements, account_id, quote_id):
            held_g[hold.batch_id] += hold.mass_g
        await batches.lock(statements, held_g)
        await batches.let_go(statements, held_g)
        return bool(held_g)

    return await resources.transact(work)
