"""Cost points: every operation pays what it was measured to cost, before any of it runs."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from service.kit.clock import system_clock
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.shop import Shop, open_shop

RATE_LIMIT = "{ rateLimit { limit cost remaining resetAt } }"
ORDERS_20 = "{ orders(first: 20) { nodes { id } } rateLimit { cost remaining } }"
GRAPHQL_JSON = "application/graphql-response+json"


@pytest.fixture
async def api(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GraphQLApi]:
    monkeypatch.setenv("SERVICE_QUERY_POINTS_A_MINUTE", "30")
    shop: Shop = await open_shop(database)
    async with open_graphql_api(shop, database_url) as api:
        yield api


async def test_the_rate_limit_shows_remaining_points_and_when_more_are_available(api: GraphQLApi):
    said = (await api.data(RATE_LIMIT))["rateLimit"]

    reset_at = datetime.fromisoformat(said.pop("resetAt"))
    assert said == {"limit": 30, "cost": 1, "remaining": 29}
    assert system_clock() < reset_at <= system_clock() + timedelta(seconds=61)


async def test_an_operation_costs_what_extensions_say(api: GraphQLApi):
    answer = (await api.ask(ORDERS_20)).json()

    cost = answer["extensions"]["cost"]["requestedQueryCost"]
    assert cost > 20
    assert answer["data"]["rateLimit"] == {"cost": cost, "remaining": 30 - cost}


@pytest.mark.parametrize("accept", [GRAPHQL_JSON, "application/json"])
async def test_an_operation_without_enough_points_is_refused_and_does_not_run(api: GraphQLApi, accept: str):
    await api.ask(ORDERS_20)

    answer = await api.ask(ORDERS_20, accept=accept)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"], "data" in answer.json()) == (429, "THROTTLED", False)
    assert error["extensions"]["mayRetry"] is True
    assert 1 <= int(answer.headers["retry-after"]) <= 120  # the points of this minute count, less and less, in the next
    assert "cost points" in error["message"]


async def test_a_cheaper_operation_still_fits_and_another_key_has_its_own(api: GraphQLApi):
    await api.ask(ORDERS_20)

    assert (await api.ask(RATE_LIMIT)).status_code == 200
    assert (await api.ask(ORDERS_20, key=await api.new_key())).status_code == 200


async def test_introspection_is_paid_like_data_and_a_typename_costs_nothing(api: GraphQLApi):
    for _ in range(40):
        assert (await api.ask("{ __typename }")).status_code == 200
    for _ in range(4):
        assert (await api.ask("{ __schema { queryType { name } } }")).status_code == 200

    assert (await api.data(RATE_LIMIT))["rateLimit"]["remaining"] == 30 - 4 - 1


async def test_without_a_key_there_is_no_budget_to_show(api: GraphQLApi):
    answer = await api.ask(RATE_LIMIT, key="")

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
