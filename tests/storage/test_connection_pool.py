"""The list of PostgreSQL connections: bounded, waited for a bounded time, and whole again after whatever happened."""

import asyncio

import pytest

from service.errors import Code, Refused
from service.storage.database import CONNECTIONS_AT_START, Database
from tests.api.graphql_api import open_graphql_api
from tests.shop import open_shop

SIZE = 2
PATIENCE_MS = 800


@pytest.fixture
async def database(postgresql_url: str):
    database = await Database.open(postgresql_url, pool_size_max=SIZE, pool_wait_ms=PATIENCE_MS)
    yield database
    await database.close()


async def backends(database: Database) -> set[int]:
    """The server's processes behind as many statements as there may be connections, all at once."""
    asked = [database.reader.fetch("SELECT pg_backend_pid() AS pid, pg_sleep(0.05)") for _ in range(SIZE)]
    return {rows[0]["pid"] for rows in await asyncio.gather(*asked)}


async def test_connections_are_used_again(database: Database):
    first = await backends(database)
    assert len(first) == SIZE
    assert await backends(database) == first


async def test_one_too_many_waits_and_is_refused(database: Database):
    holding = [asyncio.ensure_future(database.reader.fetch("SELECT pg_sleep(2)")) for _ in range(SIZE)]
    await asyncio.sleep(0.1)
    with pytest.raises(Refused) as refused:
        await database.reader.fetch("SELECT 1")
    assert refused.value.code is Code.UNAVAILABLE
    await asyncio.gather(*holding)
    assert len(await backends(database)) == SIZE


async def test_one_that_waits_gets_what_is_given_back(database: Database):
    holding = [asyncio.ensure_future(database.reader.fetch("SELECT pg_sleep(0.15)")) for _ in range(SIZE)]
    await asyncio.sleep(0.05)
    rows = await database.reader.fetch("SELECT 7 AS number")
    assert rows[0]["number"] == 7
    await asyncio.gather(*holding)


async def test_a_statement_that_was_cancelled_gives_its_answer_to_nobody(database: Database):
    before = await backends(database)
    asked = asyncio.ensure_future(database.reader.fetch("SELECT 'a secret' AS answer, pg_sleep(1)"))
    await asyncio.sleep(0.05)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    answers = await asyncio.gather(*(database.reader.fetch("SELECT 'mine' AS answer") for _ in range(20)))
    assert {rows[0]["answer"] for rows in answers} == {"mine"}
    # Its connection was cut, and another one takes the place.
    after = await backends(database)
    assert len(after) == SIZE
    assert len(after & before) == SIZE - 1


async def test_one_who_waits_and_leaves_takes_no_connection_along(database: Database):
    for _ in range(20):
        holding = [asyncio.ensure_future(database.reader.fetch("SELECT pg_sleep(0.01)")) for _ in range(SIZE)]
        await asyncio.sleep(0)
        waiting = [asyncio.ensure_future(database.reader.fetch("SELECT 1")) for _ in range(3)]
        await asyncio.sleep(0.01)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*holding, *waiting, return_exceptions=True)
    assert len(await backends(database)) == SIZE


async def test_connections_that_the_server_closed_are_replaced(database: Database):
    before = await backends(database)
    (pid, *_) = before
    await asyncio.gather(
        database.reader.fetch(f"SELECT pg_terminate_backend({pid}), pg_sleep(0.1)"),
        return_exceptions=True,
    )
    await asyncio.sleep(0.1)
    for _ in range(3):
        rows = await database.reader.fetch("SELECT 1 AS number")
        assert rows[0]["number"] == 1
    after = await backends(database)
    assert len(after) == SIZE
    assert pid not in after


async def test_connections_are_opened_before_they_are_needed_as_far_as_there_are_places(database: Database):
    pool = database.pool
    assert pool is not None
    assert (len(pool._open), pool.in_use) == (1, 0)

    await pool.warm(SIZE + 1)
    assert (len(pool._open), pool.in_use, pool._places) == (SIZE, 0, 0)

    await pool.warm(SIZE)
    assert len(await backends(database)) == len(pool._open) == SIZE


async def test_a_connection_that_cannot_be_opened_yet_keeps_its_place(database: Database):
    pool = database.pool
    assert pool is not None
    connect = pool._connect

    async def refused():
        raise OSError("too many clients")

    pool._connect = refused
    await pool.warm(SIZE)
    pool._connect = connect

    assert (len(pool._open), pool._places) == (1, SIZE - 1)
    assert len(await backends(database)) == SIZE


async def test_a_service_on_postgresql_has_open_connections_when_it_starts_to_answer(postgresql_url: str):
    database = await Database.open(postgresql_url)
    async with open_graphql_api(await open_shop(database), postgresql_url, workers_embedded=False):
        sessions = "SELECT count(*) AS number FROM pg_stat_activity WHERE datname = current_database()"
        (row,) = await database.reader.fetch(sessions)
        own = len(database.pool._open)  # type: ignore[union-attr]
    await database.close()

    assert row["number"] - own >= CONNECTIONS_AT_START
