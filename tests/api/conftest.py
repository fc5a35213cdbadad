"""The running service over a shop on either database, whose books have to balance when a test is done with it."""

from collections.abc import AsyncIterator

import pytest

from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.shop import open_shop


@pytest.fixture
async def api(balanced: Database, database_url: str) -> AsyncIterator[GraphQLApi]:
    shop = await open_shop(balanced)
    async with open_graphql_api(shop, database_url) as api:
        yield api
