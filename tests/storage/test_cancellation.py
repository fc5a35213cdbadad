"""A task may be cancelled at any await of a transaction: the next one works, and the row is there or it is not."""

import asyncio
import random
import subprocess
import sys
import types
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from typing import Any

import pytest

from service.storage.database import Database
from tests.waiting import HANGS_S, PATIENT, median_s, until_writers_wait

POOL_SIZE = 3
BATCH = 8
CANCELLED = 500
INSERT = "INSERT INTO scratch (number) VALUES ($1)"


@pytest.fixture
async def scratch(database_url: str):
    database = await Database.open(database_url, pool_size_max=POOL_SIZE, **PATIENT)
    async with database.transaction() as statements:
        await statements.execute("CREATE TABLE scratch (number INTEGER PRIMARY KEY)")
    yield database
    await database.close()


@dataclass(frozen=True)
class Blow:
    """Cancels the task at its n-th suspension: before what it waits for begins to run, or just after; once, or at every
    later suspension too, as a shutdown does that will not wait.
    """

    at_once: bool
    again: bool


BLOWS = [Blow(at_once, again) for at_once in (True, False) for again in (True, False)]


@types.coroutine
def struck(work: Coroutine[Any, Any, None], suspension: int, blow: Blow) -> Generator[Any, Any, bool]:
    """Runs `work` under the blow; True if it got as far as that suspension."""
    task = asyncio.current_task()
    assert task is not None
    reached = 0
    answer: Any = None
    failure: BaseException | None = None
    while True:
        try:
            waits_for = work.throw(failure) if failure is not None else work.send(answer)
        except StopIteration:
            return reached >= suspension
        reached += 1
        if reached == suspension or (blow.again and reached > suspension):
            if blow.at_once:
                task.cancel()
            else:
                asyncio.get_running_loop().call_soon(task.cancel)
        failure = None
        try:
            answer = yield waits_for
        except BaseException as error:  # noqa: BLE001 - handed on to the work
            failure = error


async def write(database: Database, number: int) -> None:
    async with database.transaction() as statements:
        await statements.execute(INSERT, number)
        await statements.fetch("SELECT number FROM scratch WHERE number = $1", number)


async def numbers_in(database: Database) -> set[int]:
    return {row["number"] for row in await database.reader.fetch("SELECT number FROM scratch")}


async def probe(database: Database, first: int) -> None:
    """As many transactions at once as there are connections succeed: what has leaked would be waited for in vain."""
    numbers = range(first, first + POOL_SIZE)
    async with asyncio.timeout(HANGS_S):
        await asyncio.gather(*(write(database, number) for number in numbers))
    assert set(numbers) <= await numbers_in(database)


async def strike(work: Coroutine[Any, Any, None], suspension: int, blow: Blow) -> bool:
    """True if the work was cancelled at that suspension, False if it ended before; it never hangs."""

    async def attempt() -> bool:
        return await struck(work, suspension, blow)

    task = asyncio.create_task(attempt())
    await asyncio.wait((task,), timeout=HANGS_S)
    assert task.done(), f"hangs when cancelled at suspension {suspension}"
    if task.cancelled():
        return True
    assert task.result() is False, f"suspension {suspension} swallowed its cancellation"
    return False


@pytest.mark.parametrize("blow", BLOWS, ids=str)
async def test_a_transaction_may_be_cancelled_at_every_await(scratch: Database, blow: Blow):
    outcomes: list[bool] = []
    for suspension in range(1, 200):
        number = suspension * 100
        if not await strike(write(scratch, number), suspension, blow):
            break
        written = number in await numbers_in(scratch)
        await probe(scratch, number + 1)
        assert (number in await numbers_in(scratch)) is written, "the outcome was not settled when the caller went on"
        outcomes.append(written)
    assert number in await numbers_in(scratch)  # the last one ran to its end
    assert len(outcomes) >= 4  # begin, two statements, commit
    assert outcomes == sorted(outcomes)  # nothing until COMMIT, everything from then on
    assert outcomes[0] is False
    assert outcomes[-1] is True


@pytest.mark.parametrize("blow", BLOWS, ids=str)
async def test_the_reader_may_be_cancelled_at_every_await(scratch: Database, blow: Blow):
    async def read() -> None:
        await scratch.reader.fetch("SELECT number FROM scratch")

    suspension = 1
    while await strike(read(), suspension, blow):
        await probe(scratch, suspension * 100)
        suspension += 1
        assert suspension < 50


async def test_hundreds_of_random_cancellations_leave_everything_usable(scratch: Database):
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    dice = random.Random(seed)
    numbers = count()
    committed: set[int] = set()
    cancelled: set[int] = set()
    escaped: set[int] = set()

    async def work(number: int) -> None:
        await write(scratch, number)
        committed.add(number)

    async with asyncio.timeout(5 * HANGS_S):
        while len(cancelled) < CANCELLED:
            # Measured again for each batch: what else the machine does changes how long a write takes.
            write_s = await median_s([partial(work, next(numbers)) for _ in range(3)])
            batch = {number: asyncio.create_task(work(number)) for number in islice(numbers, BATCH)}
            for task in batch.values():
                asyncio.get_running_loop().call_later(dice.uniform(0, BATCH * write_s), task.cancel)
            await asyncio.wait(batch.values(), timeout=HANGS_S)
            assert all(task.done() for task in batch.values())
            failures = [task.exception() for task in batch.values() if not task.cancelled()]
            assert [failure for failure in failures if failure is not None] == []
            cancelled |= {each for each, task in batch.items() if task.cancelled()}
            escaped |= batch.keys() - cancelled
    assert escaped, "cancellations came too early to meet a commit"
    assert committed <= await numbers_in(scratch) <= committed | cancelled
    await probe(scratch, 1_000_000)


async def test_a_cancelled_wait_for_a_writer_leaves_the_queue_whole(scratch: Database):
    async with scratch.transaction() as statements:
        await statements.execute(INSERT, 1)
        waiting = [asyncio.create_task(write(scratch, 1)) for _ in range(POOL_SIZE - 1)]
        await until_writers_wait(scratch, len(waiting))
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=HANGS_S)
    assert all(task.cancelled() for task in waiting)
    await probe(scratch, 100)


INCREMENT = """
import asyncio, sys
from service.storage.database import Database
from tests.waiting import HANGS_S, PATIENT, median_s, until_writers_wait

async def main():
    database = await Database.open(sys.argv[1], lock_timeout_ms=30_000)
    for _ in range(100):
        async with database.transaction() as statements:
            (row,) = await statements.fetch("SELECT number FROM counters")
            await statements.execute("UPDATE counters SET number = $1", row["number"] + 1)
    await database.close()

asyncio.run(main())
"""


async def test_two_processes_share_one_file(sqlite_url: str):
    database = await Database.open(sqlite_url)
    async with database.transaction() as statements:
        await statements.execute("CREATE TABLE counters (number INTEGER)")
        await statements.execute("INSERT INTO counters VALUES (0)")
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", INCREMENT, sqlite_url, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in processes:
        async with asyncio.timeout(HANGS_S):
            _, said = await process.communicate()
        assert (process.returncode, said) == (0, b"")
    assert (await database.reader.fetch("SELECT number FROM counters"))[0]["number"] == 200
    await database.close()
