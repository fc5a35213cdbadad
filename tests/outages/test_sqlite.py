"""A SQLite file that another process holds, that is full, or that may not be written: refused, and back by itself.

Seen to fail when: a writer that has waited in vain waits again; every order of a group waits in turn; the service is
ready while no write could succeed; a connection that was opened without write permission is kept.
"""

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from service.domain.order import Placed
from service.errors import Code
from service.operations.place_orders import place_alone
from service.storage.database import Database
from service.storage.failures import FULL, DatabaseUnavailable
from tests.books import assert_books_balance
from tests.conftest import run
from tests.outages.conftest import REFUSED_WITHIN_S, SLACK_S, Service, books_balance, is_refused_for_now
from tests.shop import Shop, open_shop
from tests.waiting import HANGS_S

NOBODY = 65_534


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite://"))


@asynccontextmanager
async def held(url: str) -> AsyncIterator[None]:
    """Inside, another connection is writing to the file."""
    holder = sqlite3.connect(file_of(url), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.close()


async def until_ready(database: Database, *, ready: bool) -> None:
    async with asyncio.timeout(HANGS_S):
        while database.availability.is_ready is not ready:  # noqa: ASYNC110 - a file has no events
            await asyncio.sleep(0.01)


async def test_orders_for_a_file_that_is_held_are_refused_in_time_and_placed_when_it_is_free(on_sqlite: Service):
    assert (await on_sqlite.order("before")).status == 200
    async with held(on_sqlite.database_url):
        began_s = time.monotonic()
        refused = await asyncio.gather(*(on_sqlite.order(f"held-{number}") for number in range(100)))
        refused_s = time.monotonic() - began_s
        read = await on_sqlite.read()
        await on_sqlite.until("/health/ready", 503)
        again_s = time.monotonic()
        again = await on_sqlite.order("held-0")
        again_s = time.monotonic() - again_s
    ready_s = await on_sqlite.until("/health/ready", 200)
    placed = [await on_sqlite.until_ordered(f"held-{number}") for number in range(10)]

    assert [each for each in (*refused, again) if not is_refused_for_now(each)] == []
    assert refused_s < REFUSED_WITHIN_S + SLACK_S
    assert again_s < SLACK_S, "nobody waits for a file that others have waited for in vain"
    assert (read.status, "errors" in read.json) == (200, False)
    assert ready_s < 2 + SLACK_S
    assert [replayed for _, replayed in placed] == [False] * 10
    assert "fault" not in on_sqlite.events()


@pytest.fixture
async def shop(sqlite_url: str) -> AsyncIterator[Shop]:
    database = await Database.open(sqlite_url)
    async with database.watched():
        yield await open_shop(database)
    await assert_books_balance(database)
    await database.close()


async def test_a_full_file_refuses_orders_and_is_ready_when_there_is_space_again(shop: Shop):
    database = shop.database
    async with database.transaction() as statements:
        (row,) = await statements.fetch("PRAGMA page_count")
        await statements.fetch(f"PRAGMA max_page_count = {row['page_count']}")
    before = await shop.everything()
    refusals = [await place_alone(shop.resources, shop.command()) for _ in range(60)]
    refused = [each for each in refusals if isinstance(each, DatabaseUnavailable)]
    assert refused, "a full file has room for some rows, not for hundreds"
    assert {(each.code, each.failure) for each in refused} == {(Code.UNAVAILABLE, FULL)}
    assert len((await shop.everything())["orders"]) == len(before["orders"]) + len(refusals) - len(refused)
    assert not database.availability.is_ready
    await asyncio.sleep(1.2)  # a write is tried meanwhile, which needs more space than is left in the pages
    assert not database.availability.is_ready

    async with database.transaction() as statements:
        await statements.fetch("PRAGMA max_page_count = 1000000")
    await until_ready(database, ready=True)
    await shop.place()
    assert len(await database.reader.fetch("SELECT id FROM organisations")) == 1, "what was tried leaves nothing"


@pytest.fixture
def ordinary_user(sqlite_url: str) -> Iterator[str]:
    """The address of a file whose permissions count: they do not for root."""
    with TemporaryDirectory() as folder:
        file = Path(shutil.copy(file_of(sqlite_url), folder))
        if os.geteuid() == 0:
            for each in (folder, file):
                os.chown(each, NOBODY, -1)
            os.seteuid(NOBODY)
            try:
                yield f"sqlite://{file}"
            finally:
                os.seteuid(0)
        else:
            yield f"sqlite://{file}"
        run(books_balance(f"sqlite://{file}"))


async def test_a_file_without_write_permission_is_not_ready_until_it_has_it(ordinary_user: str):
    file = file_of(ordinary_user)
    database = await Database.open(ordinary_user)
    async with database.watched():
        shop = await open_shop(database)
        await asyncio.to_thread(file.chmod, 0o444)
        await until_ready(database, ready=False)
        assert await database.reader.fetch("SELECT 1 AS answer")
        await asyncio.to_thread(file.chmod, 0o644)
        await until_ready(database, ready=True)
        await shop.place()
    await database.close()


async def test_a_connection_that_may_only_read_is_replaced(shop: Shop):
    async with shop.database.transaction() as statements:
        await statements.fetch("PRAGMA query_only = 1")
    placed = await place_alone(shop.resources, shop.command())
    assert isinstance(placed, Placed)
    assert not placed.replayed


async def test_a_file_that_is_gone_is_an_outage_until_it_is_back(shop: Shop, sqlite_url: str):
    file = file_of(sqlite_url)
    away = file.with_name("elsewhere")
    file.rename(away)
    await until_ready(shop.database, ready=False)
    async with asyncio.timeout(HANGS_S):
        while not shop.database.availability.is_away:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    with pytest.raises(DatabaseUnavailable):
        await shop.database.reader.fetch("SELECT 1 AS answer")
    with pytest.raises(DatabaseUnavailable):
        await shop.resources.transact(lambda statements: statements.fetch("SELECT 1 AS answer"))
    away.rename(file)
    await until_ready(shop.database, ready=True)
    await shop.place()
