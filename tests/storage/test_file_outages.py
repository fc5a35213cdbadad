"""A SQLite file that is full, gone, or may not be written: refused, and back by itself. tests/promises/ has the same of
a service under load.

Seen to fail when: the database is ready while no write could succeed; a connection that was opened without write
permission is kept.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
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
from tests.shop import Shop, open_shop
from tests.waiting import HANGS_S

NOBODY = 65_534


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite://"))


async def until_ready(database: Database, *, ready: bool) -> None:
    async with asyncio.timeout(HANGS_S):
        while database.availability.is_ready is not ready:  # noqa: ASYNC110 - a file has no events
            await asyncio.sleep(0.01)


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


async def _books_balance(url: str) -> None:
    database = await Database.open(url)
    try:
        await assert_books_balance(database)
    finally:
        await database.close()


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
        run(_books_balance(f"sqlite://{file}"))


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
    await assert_books_balance(database)
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
