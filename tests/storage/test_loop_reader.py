"""SQLite read on the loop's own thread: what is short is answered there, what is long is handed to a thread."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.storage.database import Database
from service.storage.engines.loop_reader import LoopReader
from service.storage.failures import READ_ONLY, DatabaseUnavailable
from tests.waiting import PATIENT

LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT count(*) AS found FROM n"


@asynccontextmanager
async def opened(url: str, **limits: int) -> AsyncIterator[Database]:
    """The database, closed at the end whatever happens: one left open would fail the tests of the other dialect."""
    database = await Database.open(url, **limits)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
def reader(tmp_path: Path):
    reader = LoopReader(lambda: sqlite3.connect(tmp_path / "scratch.sqlite3"), budget_ms=5)
    yield reader
    reader.close()


def test_a_short_statement_is_answered(reader: LoopReader):
    assert reader.read(LONG, [10]) == ([(10,)], ("found",))


def test_a_long_statement_is_broken_off_and_not_tried_again(reader: LoopReader):
    assert reader.read(LONG, [10**9]) is None
    assert reader.read(LONG, [10]) is None
    assert reader.read(LONG + " ", [10]) is not None


def test_a_wrong_statement_is_an_error(reader: LoopReader):
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        reader.read("SELECT * FROM nowhere", [])


async def test_a_long_read_of_a_database_is_answered_by_its_thread(sqlite_url: str):
    async with opened(sqlite_url, loop_read_ms=1, **PATIENT) as database:
        for _ in range(2):
            rows = await database.reader.fetch(LONG.replace("?1", "$1"), 2_000_000)
            assert [dict(row) for row in rows] == [{"found": 2_000_000}]


async def test_what_is_committed_is_read_at_once_on_the_loop(sqlite_url: str):
    async with opened(sqlite_url) as database:
        async with database.transaction() as statements:
            await statements.execute("CREATE TABLE scratch (number INTEGER)")
        for number in range(3):
            async with database.transaction() as statements:
                await statements.execute("INSERT INTO scratch VALUES ($1)", number)
            rows = await database.reader.fetch_cells("SELECT max(number) FROM scratch")
            assert [list(row) for row in rows] == [[number]]


async def test_the_loop_cannot_write(sqlite_url: str):
    async with opened(sqlite_url) as database:
        with pytest.raises(DatabaseUnavailable) as refused:
            await database.reader.execute("CREATE TABLE scratch (number INTEGER)")
        assert refused.value.failure is READ_ONLY
