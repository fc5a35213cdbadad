"""A database is spoken to in one way on both dialects; what a transaction says is there whole or not at all."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, StrEnum
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from service.errors import Code, Refused
from service.storage import models
from service.storage.database import Database, placeholders
from service.storage.engines.sqlite import SqliteClient
from service.storage.failures import (
    BROKEN,
    CONFLICT,
    LOCKED,
    READ_ONLY,
    SLOW,
    DatabaseDefect,
    DatabaseUnavailable,
)


@pytest.fixture
async def scratch(database: Database) -> Database:
    async with database.transaction() as statements:
        await statements.execute(
            "CREATE TABLE scratch (number INTEGER PRIMARY KEY, counter INTEGER NOT NULL DEFAULT 0)"
        )
    return database


async def numbers_in(database: Database) -> list[int]:
    return [row["number"] for row in await database.reader.fetch("SELECT number FROM scratch ORDER BY number")]


async def test_a_transaction_commits_what_was_said_inside(scratch: Database):
    async with scratch.transaction() as statements:
        assert await statements.execute("INSERT INTO scratch (number) VALUES ($1), ($2)", 1, 2) == 2
        assert await statements.execute("UPDATE scratch SET counter = 5 WHERE number = $1", 2) == 1
        assert await statements.execute("DELETE FROM scratch WHERE number = $1", 3) == 0
    assert await numbers_in(scratch) == [1, 2]


async def test_an_exception_rolls_everything_back(scratch: Database):

    async def fail() -> None:
        async with scratch.transaction() as statements:
            await statements.execute("INSERT INTO scratch (number) VALUES ($1)", 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await numbers_in(scratch) == []


async def test_a_failed_statement_whose_error_was_swallowed_never_commits_half_a_transaction(postgresql_url: str):
    database = await Database.open(postgresql_url)
    async with database.transaction() as statements:
        await statements.execute("CREATE TABLE scratch (number INTEGER PRIMARY KEY)")

    async def swallow() -> None:
        async with database.transaction() as statements:
            await statements.execute("INSERT INTO scratch (number) VALUES (1)")
            with pytest.raises(DatabaseDefect):
                await statements.execute("INSERT INTO scratch (number) VALUES (1)")

    with pytest.raises(DatabaseDefect, match="failed before its commit"):
        await swallow()
    assert await numbers_in(database) == []
    await database.close()


async def test_a_returning_clause_gives_its_rows(scratch: Database):
    async with scratch.transaction() as statements:
        rows = await statements.fetch("INSERT INTO scratch (number) VALUES (7), (8) RETURNING number, counter")
    assert [dict(row) for row in rows] == [{"number": 7, "counter": 0}, {"number": 8, "counter": 0}]


async def test_placeholders_are_numbered_not_ordered(scratch: Database):
    rows = await scratch.reader.fetch("SELECT 'costs $1' AS literal, $2 || '-' || $1 || '-' || $2 AS joined", "a", "b")
    assert dict(rows[0]) == {"literal": "costs $1", "joined": "b-a-b"}
    assert placeholders(3, 3) == "$3, $4, $5"


async def test_a_statement_takes_32766_parameters(scratch: Database, database_url: str):
    numbers = range(32_766)
    patient = await Database.open(database_url, statement_timeout_ms=60_000)  # SQLite takes a second to number so many
    async with patient.transaction() as statements:
        values = ", ".join(f"({placeholders(1 + number, 1)})" for number in numbers)
        assert await statements.execute(f"INSERT INTO scratch (number) VALUES {values}", *numbers) == 32_766
    await patient.close()
    assert len(await numbers_in(scratch)) == 32_766


class Colour(Enum):
    GREEN = "green"


class Mode(StrEnum):
    LIVE = "live"


async def test_every_kind_of_parameter_comes_back_as_it_was(database: Database):
    created_at = datetime(2026, 3, 1, 1, 30, 0, tzinfo=timezone(timedelta(hours=3)))
    row_id = uuid4()
    async with database.transaction() as statements:
        kinds = ("CHAR(36)", "TEXT", "TEXT") if database.dialect == "sqlite" else ("UUID", "TIMESTAMPTZ", "JSONB")
        await statements.execute(
            "CREATE TABLE kinds (id {} PRIMARY KEY, created_at {}, metadata {}, scopes {}, name TEXT, mode TEXT,"
            " mass_g BIGINT, digest {}, expires_at {})".format(
                *kinds, kinds[2], "BLOB" if database.dialect == "sqlite" else "BYTEA", kinds[1]
            )
        )
        await statements.execute(
            f"INSERT INTO kinds VALUES ({placeholders(1, 9)})",
            row_id,
            created_at,
            {"ключ": "ünï", "list": [1, None]},
            ["read"],
            Colour.GREEN,
            Mode.LIVE,
            2**62,
            b"\x00\xff",
            None,
        )
    row = (await database.reader.fetch("SELECT * FROM kinds WHERE id = $1 AND created_at = $2", row_id, created_at))[0]
    assert dict(row) == {
        "id": row_id,
        "created_at": datetime(2026, 2, 28, 22, 30, tzinfo=UTC),
        "metadata": {"ключ": "ünï", "list": [1, None]},
        "scopes": ["read"],
        "name": "green",
        "mode": "live",
        "mass_g": 2**62,
        "digest": b"\x00\xff",
        "expires_at": None,
    }
    assert isinstance(row["id"], UUID)
    assert row["created_at"].utcoffset() == timedelta(0)


async def test_a_naive_datetime_is_refused(database: Database):
    naive = datetime(2026, 3, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="naive"):
        await database.reader.fetch("SELECT $1 AS created_at", naive)


async def test_texts_of_times_sort_as_times_on_sqlite(sqlite_url: str):
    database = await Database.open(sqlite_url)
    whole_second = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
    row = (
        await database.reader.fetch("SELECT $1 < $2 AS sorted", whole_second, whole_second + timedelta(microseconds=1))
    )[0]
    assert row["sorted"] == 1
    await database.close()


async def test_models_work_on_the_connection_they_are_told(database: Database):
    created_at = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
    async with database.transaction() as statements:
        organisation = await models.Organisation.create(
            using_db=statements.client, id=uuid4(), name="Acme", created_at=created_at
        )
        inside = await models.Organisation.filter(name="Acme").using_db(statements.client)
        await models.Organisation.bulk_create(
            [models.Organisation(id=uuid4(), name="Other", created_at=created_at)], using_db=statements.client
        )
    assert [each.id for each in inside] == [organisation.id]
    found = await models.Organisation.filter(created_at=created_at).order_by("name").using_db(database.reader.client)
    assert [(each.name, each.created_at) for each in found] == [("Acme", created_at), ("Other", created_at)]
    rows = await database.reader.fetch(
        "SELECT id FROM organisations WHERE created_at = $1 AND name = 'Acme'", created_at
    )
    assert [row["id"] for row in rows] == [organisation.id]


async def test_a_model_query_that_names_no_database_fails(database: Database):
    with pytest.raises(RuntimeError, match="using_db"):
        await models.Organisation.all()


async def test_a_client_kept_past_its_transaction_fails(scratch: Database):
    async with scratch.transaction() as statements:
        pass
    with pytest.raises((AttributeError, RuntimeError)):
        await statements.execute("INSERT INTO scratch (number) VALUES (1)")
    assert await numbers_in(scratch) == []


async def test_a_database_opened_in_one_task_serves_another(database_url: str):
    opened: asyncio.Future[Database] = asyncio.get_running_loop().create_future()
    stopping = asyncio.Event()

    async def lifespan() -> None:
        database = await Database.open(database_url)
        opened.set_result(database)
        await stopping.wait()
        await database.close()

    async def request(database: Database) -> int:
        return await models.Organisation.filter(name="nobody").using_db(database.reader.client).count()

    lifespan_task = asyncio.create_task(lifespan())
    assert await asyncio.create_task(request(await opened)) == 0
    stopping.set()
    await lifespan_task


async def test_two_databases_are_open_side_by_side(database: Database, database_url: str):
    twin = await Database.open(database_url)
    async with twin.transaction() as statements:
        await statements.execute("CREATE TABLE scratch (number INTEGER PRIMARY KEY)")
    await twin.close()
    assert await numbers_in(database) == []


async def test_a_second_dialect_is_refused_while_the_first_is_open(sqlite_url: str, postgresql_url: str):
    database = await Database.open(sqlite_url)
    with pytest.raises(RuntimeError, match="one dialect"):
        await Database.open(postgresql_url)
    await database.close()
    other = await Database.open(postgresql_url)
    await other.close()


async def test_a_reader_never_waits_for_a_writer(scratch: Database):
    async with scratch.transaction() as statements:
        await statements.execute("INSERT INTO scratch (number) VALUES (1)")
        started = time.monotonic()
        assert await numbers_in(scratch) == []
        assert time.monotonic() - started < 2, "as long as a lock is waited for"
    assert await numbers_in(scratch) == [1]


async def test_the_reader_of_a_file_does_not_write(sqlite_url: str):
    database = await Database.open(sqlite_url)
    with pytest.raises(DatabaseUnavailable) as refusal:
        await database.reader.execute("CREATE TABLE scratch (number INTEGER)")
    assert refusal.value.failure is READ_ONLY
    await database.close()


async def test_a_lock_is_waited_for_as_long_as_the_transaction_allows(scratch: Database, database_url: str):
    other = await Database.open(database_url)  # as another process would
    async with scratch.transaction() as statements:
        await statements.execute("INSERT INTO scratch (number, counter) VALUES (1, 0)")
    for holder, waiter in ((scratch, other), (scratch, scratch)):
        async with holder.transaction() as held:
            await held.execute("UPDATE scratch SET counter = counter + 1 WHERE number = 1")
            started = time.monotonic()
            with pytest.raises(DatabaseUnavailable) as refusal:
                async with waiter.transaction(lock_timeout_ms=150) as statements:
                    await statements.execute("UPDATE scratch SET counter = counter + 1 WHERE number = 1")
            assert 0.1 < time.monotonic() - started < 2, "as long as every other transaction waits"
        assert refusal.value.failure is (LOCKED if scratch.dialect == "sqlite" else CONFLICT)
    assert (await other.reader.fetch("SELECT counter FROM scratch"))[0]["counter"] == 2
    await other.close()


async def test_a_statement_that_takes_too_long_is_ended(database_url: str):
    database = await Database.open(database_url, statement_timeout_ms=200)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n"
    started = time.monotonic()
    with pytest.raises(DatabaseUnavailable) as refusal:
        await database.reader.fetch(endless)
    assert time.monotonic() - started < 5, "as long as every other statement may take"
    assert refusal.value.failure is SLOW
    assert await database.reader.fetch("SELECT 1 AS one")
    await database.close()


async def test_a_full_pool_is_refused_after_its_wait(postgresql_url: str):
    database = await Database.open(postgresql_url, pool_size_max=1, pool_wait_ms=150)
    async with database.transaction():
        started = time.monotonic()
        with pytest.raises(Refused) as refusal:
            await database.reader.fetch("SELECT 1")
        assert 0.1 < time.monotonic() - started < 1
    assert refusal.value.code is Code.UNAVAILABLE
    assert await database.reader.fetch("SELECT 1")
    await database.close()


async def test_a_server_that_may_lose_commits_is_refused(postgres, postgresql_copy_url: str):
    name = postgresql_copy_url.partition("?")[0].rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(RuntimeError, match="synchronous_commit = off"):
        await Database.open(postgresql_copy_url)


async def test_a_file_that_was_never_migrated_is_not_created(tmp_path: Path):
    file = tmp_path / "absent.sqlite3"
    with pytest.raises(DatabaseUnavailable) as refusal:
        await Database.open(f"sqlite://{file}")
    assert refusal.value.failure is BROKEN
    assert not file.exists()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite://:memory:", "sqlite://a?mode=ro", "orders.db"])
async def test_a_url_of_another_kind_is_refused(url: str):
    with pytest.raises(ValueError, match="database URL"):
        await Database.open(url)


async def test_a_proxied_postgresql_gets_its_timeouts_with_begin(postgresql_url: str):
    database = await Database.open(postgresql_url, statement_cache_size=0, lock_timeout_ms=321)
    async with database.transaction() as statements:
        rows = await statements.fetch(
            "SELECT current_setting('lock_timeout') AS l, current_setting('statement_timeout') AS s"
        )
    assert dict(rows[0]) == {"l": "321ms", "s": "5s"}
    await database.close()


def test_many_that_open_a_new_file_at_once_wait_for_each_other(tmp_path: Path):
    def opened(path: Path) -> None:
        SqliteClient(str(path), create=True).connect().close()

    with ThreadPoolExecutor(8) as threads:
        for number in range(100):
            list(threads.map(opened, [tmp_path / f"{number}.sqlite3"] * 8))
