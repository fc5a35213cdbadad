"""A table takes any number of rows whole, and asks the database to prepare few statements for it."""

import pytest

from service.storage.catalogue import BUNDLES
from service.storage.database import Database
from service.storage.tables import ROWS_A_STATEMENT
from tests.books import rows_of
from tests.listening import Listening
from tests.makers import make_bundle


@pytest.mark.parametrize("count", [0, 1, 2, 37, ROWS_A_STATEMENT, ROWS_A_STATEMENT + 37])
async def test_rows_of_any_number_are_inserted_whole(database: Database, count: int):
    rows = [make_bundle(name=f"number-{number}") for number in range(count)]
    async with database.transaction() as statements:
        assert await BUNDLES.insert(statements, rows) == count
    assert sorted(await rows_of(database, BUNDLES), key=repr) == sorted(rows, key=repr)


async def test_rows_that_stand_already_are_not_counted(database: Database):
    first, *others = [make_bundle(name=f"number-{number}") for number in range(5)]
    async with database.transaction() as statements:
        assert await BUNDLES.insert(statements, [first]) == 1
        assert await BUNDLES.insert(statements, [first, *others]) == 4


async def test_groups_of_every_size_are_written_with_a_handful_of_statements(database: Database):
    async with database.transaction() as statements:
        listening = Listening(statements)
        for size in range(1, 65):
            await BUNDLES.insert(listening, [make_bundle(name=f"{size}-{number}") for number in range(size)])
    # A database keeps a hundred prepared statements; each table that orders are written to needs these.
    assert len(set(listening.written)) == 7
