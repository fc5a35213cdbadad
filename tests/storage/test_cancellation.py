"""A task may be cancelled at any await of a transaction: the next one works, and the row is there or it is not."""

import asyncio
import random
import subprocess
import sys
import types
from collections.abc import Coroutine, Generator
from typing import Any

import pytest

from service.storage.database import Database

POOL_SIZE = 3
PROBE_TIMEOUT_S = 1.0
INSERT = "INSERT INTO scratch (number) VALUES ($1)"


@pytest.fixture
async def scratch(database_url: str):
    database = await Database.open(database_url, pool_size_max=POOL_SIZE)
    async with database.transaction() as statements:
        await statements.execute("CREATE TABLE scratch (number INTEGER PRIMARY KEY)")
    yield database
    await database.close()


@types.coroutine
def cancelled_at(work: Coroutine[Any, Any, None], suspension: int, *, at_once: bool) -> Generator[Any, Any, bool]:
    """Runs `work` and cancels the task at its n-th suspension: before what it waits for begins to run, or just after.
    True if it got so far.
    """
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
        if reached == suspension:
            if at_once:
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
    """As many transactions at once as there are connections succeed within a second."""
    async with asyncio.timeout(PROBE_TIMEOUT_S):
        await asyncio.gather(*(write(database, first + index) for index in range(POOL_SIZE)))
    assert set(range(first, first + POOL_SIZE)) <= await numbers_in(database)


async def sweep(database: Database, at_once: bool) -> tuple[int, int]:
    """Cancels a transaction at its 1st, 2nd … suspension until one runs to its end: how many; how many wrote."""
    written = 0
    for suspension in range(1, 200):
        number = suspension * 100

        async def attempt(number: int = number, suspension: int = suspension) -> bool:
            return await cancelled_at(write(database, number), suspension, at_once=at_once)

        task = asyncio.create_task(attempt())
        await asyncio.wait((task,), timeout=PROBE_TIMEOUT_S)
        assert task.done(), f"hangs when cancelled at suspension {suspension}"
        if not task.cancelled():
            assert task.result() is False, f"suspension {suspension} swallowed its cancellation"
            assert number in await numbers_in(database)
            return suspension - 1, written
        await probe(database, number + 1)
        written += number in await numbers_in(database)
    raise AssertionError("the transaction never ends")


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_transaction_may_be_cancelled_at_every_await(scratch: Database, at_once: bool):
    suspensions, written = await sweep(scratch, at_once)
    assert suspensions >= 4  # begin, two statements, commit
    assert 0 < written < suspensions  # early cancellations left nothing; one during COMMIT left all


async def test_the_reader_may_be_cancelled_at_every_await(scratch: Database):
    async def read() -> None:
        await scratch.reader.fetch("SELECT number FROM scratch")

    for suspension in range(1, 50):

        async def attempt(suspension: int = suspension) -> bool:
            return await cancelled_at(read(), suspension, at_once=False)

        task = asyncio.create_task(attempt())
        await asyncio.wait((task,), timeout=PROBE_TIMEOUT_S)
        assert task.done()
        if not task.cancelled():
            break
        await probe(scratch, suspension * 100)
    assert 1 < suspension < 49


async def test_hundreds_of_random_cancellations_leave_everything_usable(scratch: Database):
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    dice = random.Random(seed)
    committed: set[int] = set()
    cancelled: set[int] = set()

    async def work(number: int) -> None:
        await write(scratch, number)
        committed.add(number)

    number = 0
    while len(cancelled) < 500:
        assert number < 5_000, "cancellations come too late to hit anything"
        batch = {number + index: asyncio.create_task(work(number + index)) for index in range(8)}
        number += 8
        for task in batch.values():
            asyncio.get_running_loop().call_later(dice.uniform(0, 0.012), task.cancel)
        await asyncio.wait(batch.values(), timeout=10)
        assert all(task.done() for task in batch.values())
        failures = [task.exception() for task in batch.values() if not task.cancelled()]
        assert [failure for failure in failures if failure is not None] == []
        cancelled |= {each for each, task in batch.items() if task.cancelled()}
    assert committed <= await numbers_in(scratch) <= committed | cancelled
    await probe(scratch, 1_000_000)


async def test_a_cancelled_wait_for_a_writer_leaves_the_queue_whole(scratch: Database):
    async with scratch.transaction() as statements:
        await statements.execute(INSERT, 1)
        waiting = [asyncio.create_task(write(scratch, 1)) for _ in range(POOL_SIZE - 1)]
        await asyncio.sleep(0.05)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=3)
    assert all(task.cancelled() for task in waiting)
    await probe(scratch, 100)


INCREMENT = """
import asyncio, sys
from service.storage.database import Database

async def main():
    database = await Database.open(sys.argv[1])
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
        async with asyncio.timeout(60):
            _, said = await process.communicate()
        assert (process.returncode, said) == (0, b"")
    assert (await database.reader.fetch("SELECT number FROM counters"))[0]["number"] == 200
    await database.close()
