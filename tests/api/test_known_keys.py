"""A key that was looked up is believed for a second at most: then revocation, expiry and suspension count."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from service.api.graphql.types.node import global_id
from service.kit.clock import system_clock
from service.settings import Settings
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.makers import forged
from tests.shop import open_shop

BITES_WITHIN_S = 1.0


@pytest.fixture
async def believing(database: Database, database_url: str) -> AsyncIterator[GraphQLApi]:
    """Keys are believed for as long as they are by default."""
    known_keys_ms = Settings.model_fields["known_keys_ms"].default
    async with open_graphql_api(await open_shop(database), database_url, known_keys_ms=known_keys_ms) as api:
        yield api


async def test_a_revocation_takes_effect_within_a_second(believing: GraphQLApi):
    async def status() -> int:
        answer = await believing.ask("{ account { suspended } }")
        suspended = answer.status_code == 200 and answer.json()["data"]["account"]["suspended"]
        return 423 if suspended else answer.status_code

    async def status_at_last(but: int) -> int:
        """What is answered instead of `but`, which nothing asked a second after this moment may be any more."""
        changed_at = time.monotonic()
        while True:
            asked_at = time.monotonic()
            if (answered := await status()) != but:
                return answered
            assert asked_at - changed_at < BITES_WITHIN_S
            await asyncio.sleep(0.02)

    assert await status() == 200
    await believing.shop.execute("UPDATE accounts SET suspended_at = $1", system_clock())
    assert await status_at_last(but=200) == 423
    await believing.shop.execute("UPDATE api_keys SET revoked_at = $1", system_clock())
    assert await status_at_last(but=423) == 401


async def test_a_known_key_is_not_looked_up_again(believing: GraphQLApi):
    query = "{ account { name } }"
    while True:  # until the machine does it within the second
        asked_at = time.monotonic()
        assert (await believing.ask(query)).status_code == 200
        await believing.shop.execute("UPDATE api_keys SET revoked_at = $1", system_clock())
        answer = await believing.ask(query)
        if time.monotonic() - asked_at < BITES_WITHIN_S:
            break
        await believing.shop.execute("UPDATE api_keys SET revoked_at = NULL")
        await asyncio.sleep(BITES_WITHIN_S)
    assert answer.status_code == 200
    # Another secret under the same id is still another key.
    assert (await believing.ask(query, key=forged(believing.key))).status_code == 401


@pytest.mark.parametrize("hold", ["false", "true"])
async def test_a_quote_and_an_order_of_one_document_buy_by_the_portfolio_that_it_set(believing: GraphQLApi, hold: str):
    bundle_id = global_id("Bundle", believing.shop.ocean.id)
    mass = 'mass: {amount: "10", unit: KILOGRAM}'
    data = await believing.data(
        "mutation {"
        f' setAccountPortfolio(input: {{selection: [{{bundleId: "{bundle_id}"}}]}}) {{ userErrors {{ code }} }}'
        f" quoteByMass(input: {{{mass}, hold: {hold}}})"
        " { quote { totalCost { minorUnits } lines { bundle { id } } } }"
        f' createOrderByMass(input: {{{mass}, idempotencyKey: "k"}}) {{ order {{ totalCost {{ minorUnits }} }} }}'
        " }"
    )
    assert data["setAccountPortfolio"] == {"userErrors": []}
    assert data["quoteByMass"]["quote"] == {
        "totalCost": data["createOrderByMass"]["order"]["totalCost"],
        "lines": [{"bundle": {"id": bundle_id}}],
    }
