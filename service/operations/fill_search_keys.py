"""Fill search keys, so that rows from before the keys were stored are found like new ones. Safe to run at any time and
to stop.

Locks: orders by (account, id), and then accounts by id; those that are locked already are left to the next turn.
"""

from service.operations.resources import Resources
from service.storage import search_keys
from service.storage.database import Statements

ROWS_AT_ONCE = 1_000


async def fill_search_keys(resources: Resources) -> int:
    """Write the keys of a batch of orders and of accounts that lack them; return how many were written."""
    if not await search_keys.any_lacking(resources.database.reader):
        return 0

    async def work(statements: Statements) -> int:
        filled = await search_keys.fill_orders(statements, ROWS_AT_ONCE)
        return filled + await search_keys.fill_accounts(statements, ROWS_AT_ONCE)

    return await resources.transact(work)
