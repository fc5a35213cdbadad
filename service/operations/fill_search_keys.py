"""Fill in the search keys of rows that are older than the keys, so that searches find them too. Safe to run at any time
and to stop.

Locks: the rows of one table by (account, id); locked rows are skipped until the next run.
"""

from collections.abc import Sequence
from functools import partial

from service.domain.worker_failures import ItemKey, WorkerStep
from service.errors import Refused
from service.operations.resources import Resources
from service.operations.steps.isolate import do_item, failed_before, forget
from service.storage import search_keys
from service.storage.database import Statements
from service.storage.search_keys import SEARCHED, Searched

ROWS_AT_ONCE = 1_000
STEP = WorkerStep.FILL_SEARCH_KEYS


async def fill_search_keys(resources: Resources) -> int:
    """Write the keys of a batch of orders and of accounts that lack them; return how many were written. Failed ones are
    not counted.
    """
    before, now = await failed_before(resources, STEP), resources.clock()
    filled, tried, is_all = 0, set[ItemKey](), True
    for searched in SEARCHED:
        due = await search_keys.lacking(resources.database.reader, searched, ROWS_AT_ONCE, now=now)
        filled += await _fill_isolated(resources, searched, due) if due else 0
        tried.update(due)
        is_all = is_all and len(due) < ROWS_AT_ONCE
    await forget(resources, STEP, before, tried, all_due_at=now if is_all else None)
    return filled


async def _fill_isolated(resources: Resources, searched: Searched, due: Sequence[ItemKey]) -> int:
    """Write the keys together; if that fails, write each alone."""

    async def fill(rows: Sequence[ItemKey]) -> int:
        async def work(statements: Statements) -> int:
            return await search_keys.fill(statements, searched, rows)

        return await resources.transact(work)

    try:
        return await fill(due)
    except Refused:
        raise
    except Exception:  # noqa: BLE001 - one of the rows is the cause: each is tried by itself
        return sum([await do_item(resources, STEP, key, partial(fill, [key])) for key in due])
