"""The carbon-engine contract over a shop that sells in riyals; its books have to balance when a test is done."""

from collections.abc import AsyncIterator

import pytest

from service.storage.database import Database
from tests.api.rest.client import Rest, open_rest
from tests.makers import make_price, store
from tests.shop import open_shop


@pytest.fixture
async def engine(balanced: Database, database_url: str) -> AsyncIterator[Rest]:
    shop = await open_shop(balanced, currency="SAR", commission_hundredths=0, contract="carbon-engine")
    await store(balanced, make_price(shop.ocean, "600", "SAR"))
    async with open_rest("carbon-engine", shop, database_url) as rest:
        yield rest
