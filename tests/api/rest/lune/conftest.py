"""Lune's contract over a shop on either database, whose books have to balance when a test is done with it."""

from collections.abc import AsyncIterator

import pytest

from service.storage.database import Database
from tests.api.rest.client import Rest, open_rest
from tests.shop import open_shop


@pytest.fixture
async def lune(balanced: Database, database_url: str) -> AsyncIterator[Rest]:
    shop = await open_shop(balanced)
    async with open_rest("lune", shop, database_url) as rest:
        yield rest
