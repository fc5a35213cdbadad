"""Errors of the real drivers become our own: unavailable, with or without a retry, or a defect.

Seen to fail when: a driver's exception leaves storage; a code is missing from the lists; a failed read says that a
change may have been made.
"""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs
from tortoise.exceptions import IntegrityError, OperationalError

from service.errors import Code
from service.storage import models
from service.storage.database import Database
from service.storage.failures import (
    BARRED,
    BROKEN,
    CONFLICT,
    CROWDED,
    DAMAGED,
    DRIVER_ERRORS,
    FULL,
    LOCKED,
    LOST,
    READ_ONLY,
    SILENT,
    SLOW,
    DatabaseDefect,
    DatabaseUnavailable,
    Doing,
    own_error,
)

MAY_HAVE_BEEN_MADE = "may have been made"


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
    (error,) = [result for result in results if result is not None]
    assert isinstance(error, DatabaseUnavailable)
    assert isinstance(error.__cause__, asyncpg.DeadlockDetectedError)
    assert (error.failure, error.may_run_again, error.is_uncertain) == (CONFLICT, True, False)


async def test_a_serialization_failure_is_run_again(postgresql: Database):
    async def collide() -> None:
        async with postgresql.transaction() as statements:
            await statements.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await statements.fetch("SELECT counter FROM scratch")
            async with postgresql.transaction() as other:
                await other.execute("UPDATE scratch SET counter = counter + 1 WHERE number = 1")
            await statements.execute("UPDATE scratch SET counter = counter + 1 WHERE number = 1")

    with pytest.raises(DatabaseUnavailable) as caught:
        await collide()
    assert caught.value.failure is CONFLICT


async def test_a_killed_backend_is_unavailable_and_run_again_on_a_new_connection(postgresql: Database):
    async def die() -> None:
        async with postgresql.transaction() as statements:
            await statements.execute("UPDATE scratch SET counter = 9 WHERE number = 1")
            (row,) = await statements.fetch("SELECT pg_backend_pid() AS pid")
            await postgresql.reader.fetch("SELECT pg_terminate_backend($1)", row["pid"])
            await asyncio.sleep(0.05)
            await statements.execute("UPDATE scratch SET counter = 9 WHERE number = 1")

    for _ in range(20):  # more often than the pool has connections
        with pytest.raises(DatabaseUnavailable) as caught:
            await die()
        assert (caught.value.failure, caught.value.may_run_again) == (LOST, True), repr(caught.value.__cause__)
        assert MAY_HAVE_BEEN_MADE not in caught.value.message
    async with postgresql.transaction() as statements:
        assert await statements.fetch("SELECT number FROM scratch WHERE counter = 9") == []


@pytest.mark.parametrize("inside", [True, False])
async def test_a_connection_that_is_cut_between_the_steps_of_a_statement_was_lost(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch, inside: bool
):
    prepare = asyncpg.Connection._get_statement

    async def cut_once_prepared(self: Any, *arguments: Any, **options: Any) -> Any:
        statement = await prepare(self, *arguments, **options)
        self.terminate()  # as the watch does it when the server does not answer
        return statement

    async def ask() -> None:
        if not inside:
            await postgresql.reader.fetch("SELECT number FROM scratch")
            return
        async with postgresql.transaction() as statements:
            await statements.fetch("SELECT number FROM scratch")

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_get_statement", cut_once_prepared)
        with pytest.raises(DatabaseUnavailable) as caught:
            await ask()
    assert caught.value.failure is LOST
    await ask()


async def test_a_session_that_stands_still_in_a_transaction_is_ended_and_its_locks_with_it(postgresql_url: str):
    still, other = await Database.open(postgresql_url, idle_transaction_ms=200), await Database.open(postgresql_url)
    async with other.transaction() as statements:
        await statements.execute("CREATE TABLE scratch (number INTEGER PRIMARY KEY)")
        await statements.execute("INSERT INTO scratch VALUES (1)")

    async def stand_still() -> None:
        async with still.transaction() as statements:
            await statements.execute("UPDATE scratch SET number = 2")
            async with other.transaction(lock_timeout_ms=60_000) as others:
                await others.execute("UPDATE scratch SET number = 3")
            await statements.execute("UPDATE scratch SET number = 4")

    with pytest.raises(DatabaseUnavailable) as caught:
        await stand_still()
    assert (caught.value.failure, caught.value.may_run_again, caught.value.is_uncertain) == (LOST, True, False)
    assert [row["number"] for row in await still.reader.fetch("SELECT number FROM scratch")] == [3]
    for database in (still, other):
        await database.close()


async def test_a_read_whose_connection_is_lost_says_nothing_of_a_change(postgresql: Database):
    for ask in (postgresql.reader.fetch, postgresql.reader.fetch_cells):
        with pytest.raises(DatabaseUnavailable) as caught:
            await ask("SELECT pg_terminate_backend(pg_backend_pid())")
        assert caught.value.failure is LOST
        assert caught.value.message == "The database cannot be reached or is too busy; try again."


async def test_a_commit_whose_answer_is_lost_says_that_the_change_may_have_been_made(postgresql: Database):
    async def commit_unheard() -> None:
        async with postgresql.transaction() as statements:
            await statements.execute("UPDATE scratch SET counter = 5 WHERE number = 1")
            # A trigger that runs in COMMIT ends the session there.
            await statements.execute("INSERT INTO scratch (number) VALUES (3)")

    async with postgresql.transaction() as statements:
        await statements.execute(
            "CREATE FUNCTION pg_temp.die() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'"
        )
        await statements.execute(
            "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON scratch DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.die()"
        )
    with pytest.raises(DatabaseUnavailable) as caught:
        await commit_unheard()
    assert (caught.value.failure, caught.value.is_uncertain) == (LOST, True)
    assert MAY_HAVE_BEEN_MADE in caught.value.message


async def test_no_server_is_unavailable(tmp_path: Path):
    with pytest.raises(DatabaseUnavailable) as caught:
        await Database.open(f"postgresql://postgres@/x?host={tmp_path}")
    assert (caught.value.failure, caught.value.code) == (LOST, Code.UNAVAILABLE)


async def test_a_database_that_does_not_admit_the_user_is_unavailable(postgresql_url: str):
    with pytest.raises(DatabaseUnavailable) as caught:
        await Database.open(postgresql_url.replace("/shared", "/absent"))
    assert caught.value.failure is BARRED
    assert "absent" in caught.value.detail


async def test_a_full_file_is_unavailable_until_there_is_space(sqlite_url: str):
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
    with pytest.raises(DatabaseUnavailable) as caught:
        await write()
    assert (caught.value.failure, caught.value.may_run_again, caught.value.is_uncertain) == (FULL, False, False)
    async with database.transaction() as statements:
        await statements.fetch("PRAGMA max_page_count = 1000000")
    await write()
    assert (await database.reader.fetch("SELECT count(*) AS n FROM scratch"))[0]["n"] == 1
    await database.close()


async def test_a_file_that_another_process_holds_is_waited_for_once(sqlite_url: str):
    database = await Database.open(sqlite_url, lock_timeout_ms=50)
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite://"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable) as caught:
        async with database.transaction() as statements:
            await models.Organisation.filter(name="x").using_db(statements.client).delete()
    assert (caught.value.failure, caught.value.may_run_again) == (LOCKED, False)
    holder.close()
    await database.close()


@pytest.mark.parametrize("damage", ["its head", "a page"])
async def test_damaged_data_are_unavailable_for_good_and_critical(sqlite_url: str, damage: str):
    damage_file(Path(sqlite_url.removeprefix("sqlite://")), head=damage == "its head")

    async def look() -> None:
        database = await Database.open(sqlite_url)
        try:
            await database.reader.fetch("SELECT * FROM organisations")
        finally:
            await database.close()

    with capture_logs() as logs, pytest.raises(DatabaseUnavailable) as caught:
        await look()
    assert (caught.value.failure, caught.value.may_retry, caught.value.retry_after_s) == (DAMAGED, False, None)
    assert ("critical", "database_damaged") in [(line["log_level"], line["event"]) for line in logs]


def damage_file(file: Path, *, head: bool) -> None:
    """Overwrite what tells that the file is a database, or else the list of its tables."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = delete")
    connection.close()
    content = bytearray(file.read_bytes())
    content[slice(0, 16) if head else slice(100, 4_096)] = b"\xff" * (16 if head else 3_996)
    file.write_bytes(content)


async def test_our_own_faults_are_defects(database: Database):
    with pytest.raises(DatabaseDefect):
        await database.reader.fetch("SELECT absent FROM organisations")
    with pytest.raises(DatabaseDefect) as caught:
        await insert(database, "INSERT INTO organisations (name) VALUES ('no id')")
    assert caught.value.code == {"sqlite": "SQLITE_CONSTRAINT_NOTNULL", "postgresql": "23502"}[database.dialect]
    with pytest.raises(DatabaseDefect):
        await database.reader.fetch("SELECT $1", 1, 2)
    with pytest.raises(DatabaseDefect):
        await insert(database, "no SQL at all")


async def insert(database: Database, sql: str) -> None:
    async with database.transaction() as statements:
        await statements.execute(sql)


async def test_what_a_transaction_raises_by_itself_is_left_alone(database: Database):
    for error in (ValueError("x"), OSError("a file of the operation's own"), TimeoutError()):
        with pytest.raises(type(error)) as caught:
            async with database.transaction():
                raise error
        assert caught.value is error


async def test_what_tortoise_wraps_is_seen_through():
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    seen = own_error(OperationalError(busy), Doing.CHANGING)
    assert isinstance(seen, DatabaseUnavailable)
    assert (seen.failure, seen.__cause__) == (LOCKED, busy)
    assert isinstance(own_error(IntegrityError(sqlite3.IntegrityError("UNIQUE")), Doing.CHANGING), DatabaseDefect)


STATES = {
    "08000": LOST, "08006": LOST, "08P01": LOST, "25006": READ_ONLY, "25P03": LOST, "28000": BARRED, "28P01": BARRED,
    "3D000": BARRED, "40001": CONFLICT, "40P01": CONFLICT, "53100": FULL, "53200": BROKEN, "53300": CROWDED,
    "55P03": CONFLICT, "57014": SLOW, "57P01": LOST, "57P02": LOST, "57P03": LOST, "58000": BROKEN, "58030": BROKEN,
    "XX001": DAMAGED, "XX002": DAMAGED,
    "22012": None, "23505": None, "25P02": None, "42601": None, "42P01": None, "XX000": None,
}  # fmt: skip
CODES = {
    "SQLITE_BUSY_RECOVERY": LOCKED, "SQLITE_LOCKED": CONFLICT, "SQLITE_FULL": FULL, "SQLITE_IOERR_FSYNC": BROKEN,
    "SQLITE_READONLY_DBMOVED": READ_ONLY, "SQLITE_CANTOPEN": BROKEN, "SQLITE_PROTOCOL": BROKEN,
    "SQLITE_INTERRUPT": SLOW, "SQLITE_CORRUPT_INDEX": DAMAGED, "SQLITE_NOTADB": DAMAGED,
    "SQLITE_ERROR": None, "SQLITE_CONSTRAINT_CHECK": None, "SQLITE_MISUSE": None, "SQLITE_TOOBIG": None,
}  # fmt: skip


def test_each_sqlstate_means_what_the_list_says():
    told = {}
    for state in STATES:
        error = asyncpg.PostgresError.new({"C": state, "M": "planted", "S": "ERROR"})
        own = own_error(error, Doing.COMMITTING)
        told[state] = own.failure if isinstance(own, DatabaseUnavailable) else None
    assert told == STATES


def test_each_code_of_sqlite_means_what_the_list_says():
    told = {}
    for name in CODES:
        error = sqlite3.OperationalError("planted")
        error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, name), name
        own = own_error(error, Doing.READING)
        told[name] = own.failure if isinstance(own, DatabaseUnavailable) else None
    assert told == CODES


def test_a_connection_in_a_wrong_state_is_lost_and_a_wrong_argument_a_defect():
    def of(error: Exception) -> object:
        own = own_error(error, Doing.READING)
        return own.failure if isinstance(own, DatabaseUnavailable) else type(own)

    assert of(asyncpg.InterfaceError("connection is closed")) is LOST
    assert of(asyncpg.InterfaceError("cannot perform operation: another operation is in progress")) is LOST
    assert of(asyncpg.InterfaceError("the server expects 1 argument for this query, 2 were passed")) is DatabaseDefect
    switching = "cannot switch to state 15; "
    assert of(asyncpg.InternalClientError(switching + "another operation (2) is in progress")) is LOST
    assert of(asyncpg.InternalClientError(switching + 'protocol is in the "failed" state')) is LOST
    assert of(asyncpg.InternalClientError("planted")) is DatabaseDefect
    assert of(ConnectionResetError("planted")) is LOST
    assert of(TimeoutError()) is SILENT
    assert of(asyncpg.InvalidCachedStatementError("planted")) is CONFLICT
    own = ValueError("no driver's")
    assert own_error(own, Doing.READING) is own


def test_no_exception_class_of_a_driver_is_forgotten():
    classes = [each for each in vars(asyncpg.exceptions).values() if isinstance(each, type)]
    errors = [each for each in classes if issubclass(each, Exception) and not issubclass(each, Warning)]
    assert len(errors) > 200
    assert [each for each in errors if not issubclass(each, DRIVER_ERRORS)] == []
