"""Waiting for what happens instead of for time to pass, so that tests hold on a slow machine and on a fast one.

A bound here is met by what hangs, and by nothing else.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable

import asyncpg

from service.storage.database import Database

HANGS_S = 60
"""Longer than anything takes that does not hang, on a machine that is busy with other things."""

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

PATIENT = {
    "lock_timeout_ms": 30_000,
    "statement_timeout_ms": 30_000,
    "pool_wait_ms": 30_000,
    "idle_transaction_ms": 30_000,
}
"""Options of `Database.open` for tests that are not about these limits."""


async def until(happened: Callable[[], object]) -> None:
    """Return once the condition holds; TimeoutError if it never does."""
    async with asyncio.timeout(HANGS_S):
        while not happened():  # noqa: ASYNC110 - for what sets no event
            await asyncio.sleep(0.002)


async def until_writers_wait(database: Database, count: int) -> None:
    """Return once so many transactions of this database wait for a lock that another one holds."""
    if database.dialect == "sqlite":  # they wait in this process, for its one connection that writes
        lock = database._writer._lock
        await until(lambda: sum(not waiter.done() for waiter in lock._waiters or ()) >= count)
        return
    onlooker = await asyncpg.connect(database._writer.url)  # all of the pool's may be taken
    try:
        async with asyncio.timeout(HANGS_S):
            while await onlooker.fetchval(WAITING) < count:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.002)
    finally:
        await onlooker.close()


async def turns(count: int) -> None:
    """Let everything that is ready run, so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def median_s(attempts: Iterable[Callable[[], Awaitable[object]]]) -> float:
    """Run the attempts one after the other and return the median of their seconds."""
    taken_s = []
    for attempt in attempts:
        began_s = time.perf_counter()
        await attempt()
        taken_s.append(time.perf_counter() - began_s)
    return statistics.median(taken_s)
