"""The running service over a shop on either database, whose books have to balance when a test is done with it."""

from collections.abc import AsyncIterator

import pytest

from service.storage.database import Database
from tests.api.door import Door, open_door
from tests.books import assert_books_balance
from tests.shop import open_shop


@pytest.fixture
async def door(database: Database, database_url: str) -> AsyncIterator[Door]:
    shop = await open_shop(database)
    async with open_door(shop, database_url) as door:
        yield door
    await assert_books_balance(database)
