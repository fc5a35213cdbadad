"""What the drivers really raise is told apart: run again, answer that the database is away, or a fault of ours."""

import asyncio
import sqlite3

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from service.storage import models
from service.storage.database import Database
from service.storage.failures import is_outage, may_retry


def verdict(error: BaseException) -> tuple[bool, bool]:
    return may_retry(error), is_outage(error)


@pytest.fixture
async def postgresql(postgresql_url: str):
    database = await Database.open(postgresql_url)
    async with database.transaction() as statements:
        await statements.execute(
            "CREATE TABLE scratch (number INTEGER PRIMARY KEY, counter INTEGER NOT NULL DEFAULT 0)"
        )
        await statements.execute("INSERT INTO scratch (number) VALUES (1), (2)")
    yield database
    await database.close()


async def test_a_deadlock_is_run_again(postgresql: Database):
    both_hold_one = asyncio.Barrier(2)

    async def take(first: int, second: int) -> None:
        async with postgresql.transaction() as statements:
            await statements.execute("UPDATE scratch SET counter = 1 WHERE number = $1", first)
            await both_hold_one.wait()
            await statements.execute("UPDATE scratch SET counter = 1 WHERE number = $1", second)

    results = await asyncio.gather(take(1, 2), take(2, 1), return_exceptions=True)
    (failure,) = [result for result in results if result is not None]
    assert isinstance(failure, asyncpg.DeadlockDetectedError)
    assert verdict(failure) == (True, False)


async def test_a_serialization_failure_is_run_again(postgresql: Database):
    async def collide() -> None:
        async with postgresql.transaction() as statements:
            await statements.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await statements.fetch("SELECT counter FROM scratch")
            async with postgresql.transaction() as other:
                await other.execute("UPDATE scratch SET counter = counter + 1 WHERE number = 1")
            await statements.execute("UPDATE scratch SET counter = counter + 1 WHERE number = 1")

    with pytest.raises(asyncpg.SerializationError) as failure:
        await collide()
    assert verdict(failure.value) == (True, False)


async def test_a_killed_backend_is_an_outage_and_run_again_on_a_new_connection(postgresql: Database):
    async def die() -> None:
        async with postgresql.transaction() as statements:
            await statements.execute("UPDATE scratch SET counter = 9 WHERE number = 1")
            (row,) = await statements.fetch("SELECT pg_backend_pid() AS pid")
            await postgresql.reader.fetch("SELECT pg_terminate_backend($1)", row["pid"])
            await asyncio.sleep(0.05)
            await statements.execute("UPDATE scratch SET counter = 9 WHERE number = 1")

    for _ in range(10):  # more often than the pool has connections
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)) as failure:
            await die()
        assert verdict(failure.value) == (True, True), repr(failure.value)
    async with postgresql.transaction() as statements:
        assert await statements.fetch("SELECT number FROM scratch WHERE counter = 9") == []


async def test_no_server_is_an_outage(tmp_path):
    with pytest.raises(OSError) as failure:  # noqa: PT011 - whichever the system gives
        await Database.open(f"postgresql://postgres@/x?host={tmp_path}")
    assert is_outage(failure.value)


async def test_a_full_file_is_an_outage_that_passes(sqlite_url: str):
    database = await Database.open(sqlite_url)
    async with database.transaction() as statements:
        await statements.execute("CREATE TABLE scratch (number INTEGER PRIMARY KEY, filling BLOB)")
        (row,) = await statements.fetch("PRAGMA page_count")
    await database.reader.fetch("SELECT 1")

    async def write() -> None:
        async with database.transaction() as statements:
            await statements.execute("INSERT INTO scratch (filling) VALUES (zeroblob(1000000))")

    async with database.transaction() as statements:
        await statements.fetch(f"PRAGMA max_page_count = {row['page_count'] + 2}")
    with pytest.raises(sqlite3.OperationalError) as failure:
        await write()
    assert verdict(failure.value) == (False, True)
    async with database.transaction() as statements:
        await statements.fetch("PRAGMA max_page_count = 1000000")
    await write()
    assert (await database.reader.fetch("SELECT count(*) AS n FROM scratch"))[0]["n"] == 1
    await database.close()


async def test_our_own_faults_are_neither(database: Database):
    for sql in ("SELECT absent FROM organisations", "INSERT INTO organisations (name) VALUES ('no id')"):
        with pytest.raises((sqlite3.Error, asyncpg.PostgresError)) as failure:
            await database.reader.fetch(sql) if sql.startswith("SELECT") else await insert(database, sql)
        assert verdict(failure.value) == (False, False)
    with pytest.raises((sqlite3.Error, asyncpg.InterfaceError)) as failure:
        await database.reader.fetch("SELECT $1", 1, 2)
    assert verdict(failure.value) == (False, False)
    assert verdict(ValueError("x")) == (False, False)


async def insert(database: Database, sql: str) -> None:
    async with database.transaction() as statements:
        await statements.execute(sql)


async def test_what_tortoise_wraps_is_seen_through(sqlite_url: str):
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    assert verdict(OperationalError(busy)) == (True, False)
    assert verdict(IntegrityError(sqlite3.IntegrityError("UNIQUE"))) == (False, False)
    database, other = await Database.open(sqlite_url, lock_timeout_ms=50), await Database.open(sqlite_url)
    async with other.transaction():
        with pytest.raises(sqlite3.OperationalError) as failure:
            async with database.transaction() as statements:
                await models.Organisation.filter(name="x").using_db(statements.client).delete()
    assert verdict(failure.value) == (True, False)
    await database.close()
    await other.close()
