"""A shop on either database, whose books have to balance when a test is done with it."""

from collections.abc import AsyncIterator

import pytest

from service.storage.database import Database
from tests.books import assert_books_balance
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(database: Database) -> AsyncIterator[Shop]:
    shop = await open_shop(database)
    yield shop
    await assert_books_balance(database)
