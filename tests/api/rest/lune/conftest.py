"""Lune's contract over a shop on either database, whose books have to balance when a test is done with it."""

from collections.abc import AsyncIterator

import pytest

from service.storage.database import Database
from tests.api.rest.client import Rest, open_rest
from tests.books import assert_books_balance
from tests.shop import open_shop


@pytest.fixture
async def lune(database: Database, database_url: str) -> AsyncIterator[Rest]:
    shop = await open_shop(database)
    async with open_rest("lune", shop, database_url) as rest:
        yield rest
    await assert_books_balance(database)
