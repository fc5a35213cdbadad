"""The Carbonext contract over a shop with its two tiers of prices; its books have to balance when a test is done."""

from collections.abc import AsyncIterator

import pytest

from service.storage.database import Database
from tests.api.rest.client import Rest, open_rest
from tests.makers import TONNE_G, make_batch, make_price, store
from tests.shop import open_shop


@pytest.fixture
async def carbonext(balanced: Database, database_url: str) -> AsyncIterator[Rest]:
    shop = await open_shop(balanced, currency="BRL", commission_hundredths=0, contract="carbonext")
    prices = [
        make_price(bundle, price, currency, minimum_mass_g)
        for bundle in (shop.forest, shop.ocean)
        for currency, minimum_mass_g, price in (
            ("BRL", 0, "77"),
            ("BRL", 20 * TONNE_G, "71.5"),
            ("USD", 0, "14"),
            ("USD", 20 * TONNE_G, "13"),
        )
    ]
    await shop.execute("DELETE FROM prices WHERE currency = 'USD'")
    await store(balanced, *prices, make_batch(shop.forest_project, 1_000 * TONNE_G, vintage=2022))
    async with open_rest("carbonext", shop, database_url) as rest:
        yield rest
