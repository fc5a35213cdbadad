"""Reads pay for what they cost: scans as statistics do, and bytes by their number.

Seen to fail when: a count costs nothing; conditions cost nothing; aliases of metadata are not counted; bytes are free.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.makers import make_order_request
from tests.shop import open_shop

POINTS = 30_000
METADATA = 'filter: {metadata: [{key: "a", value: "b"}, {key: "c", value: "d"}]}'
NEWER = 'filter: {createdAt: {gte: "2024-01-01T00:00:00Z"}}'
BY_MASS = "orderBy: {field: MASS}"
FILTERED = "query ($f: OrderFilterInput) { orders(first: 1, filter: $f) { totalCount } }"


@pytest.fixture
async def api(sqlite_url: str) -> AsyncIterator[GraphQLApi]:
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    async with open_graphql_api(shop, sqlite_url, query_points_a_minute=POINTS) as api:
        yield api
    await database.close()


async def cost(api: GraphQLApi, text: str, variables: dict[str, Any] | None = None) -> int:
    answer = (await api.ask(text, variables)).json()
    assert "errors" not in answer, answer
    return int(answer["extensions"]["cost"]["requestedQueryCost"])


QUESTION = 1
"""Points of asking for those that are left."""


async def spent(api: GraphQLApi) -> int:
    """The points that the key has spent, with those of this question."""
    answer = await api.data("{ rateLimit { remaining } }")
    return POINTS - int(answer["rateLimit"]["remaining"])


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ orders(first: 1) { nodes { id } } }", 3),
        ("{ orders(first: 1) { totalCount } }", 3 + 5),
        ("{ orders(first: 1) { a: totalCount b: totalCount } }", 3 + 10),
        (f"{{ orders(first: 1, {METADATA}) {{ nodes {{ id }} }} }}", 3 + 50),
        (f"{{ orders(first: 1, {METADATA}) {{ totalCount }} }}", 3 + 100),
        (f"{{ orders(first: 1, {METADATA}) {{ ...C ...C }} }} fragment C on OrderConnection {{ totalCount }}", 3 + 150),
        (f"{{ orders(first: 1, {NEWER}) {{ nodes {{ id }} }} }}", 3),
        (f"{{ orders(first: 1, {NEWER}) {{ totalCount }} }}", 3 + 50),
        (f"{{ orders(first: 1, {NEWER}, {BY_MASS}) {{ nodes {{ id }} }} }}", 3 + 50),
        (f"{{ orders(first: 1, {BY_MASS}) {{ nodes {{ id }} }} }}", 3),
        ("{ orders(first: 1, filter: {}) { nodes { id } } }", 3),
        ("{ orders(first: 1, filter: {status: [PLACED]}) { nodes { id } } }", 3 + 50),
        ('{ clientAccounts(first: 1, nameContains: "a") { totalCount } }', 3 + 100),
        ("{ clientAccounts(first: 1) { totalCount } }", 3 + 5),
        ("{ bundles(first: 1) { totalCount } }", 3 + 5),
        ("{ ledger(first: 1) { nodes { id } } }", 3),
        ("{ ledger(first: 1, filter: {}) { nodes { id } } }", 3),
        ("{ ledger(first: 1, filter: {verb: [ORDER_PLACED]}) { nodes { id } } }", 3 + 50),
        ("{ retirementsWithoutEvidence(first: 1) { nodes { missingMass { grams } } } }", 50 + 1),
        ("{ orderStats(groupBy: STATUS) { groups { count } } }", 50),
    ],
)
async def test_a_list_pays_for_the_scans_that_it_needs(api: GraphQLApi, text: str, points: int):
    assert await cost(api, text) == points


@pytest.mark.parametrize(
    ("given", "points"), [(None, 8), ({}, 8), ({"createdAt": {"lt": "2027-01-01T00:00:00Z"}}, 53), ({"kind": []}, 103)]
)
async def test_conditions_in_variables_cost_the_same(api: GraphQLApi, given: Any, points: int):
    assert await cost(api, FILTERED, {"f": given}) == points


PAGE = " fragment P on OrderConnection { nodes { metadata } }"
ALIASES = " ".join(f"a{number}: metadata" for number in range(30))


@pytest.mark.parametrize(
    "text",
    [
        f"{{ orders(first: 100) {{ nodes {{ {ALIASES} }} }} }}",
        f"{{ orders(first: 7) {{ edges {{ node {{ {ALIASES} }} }} }} }}",
        "{ orders(first: 67) { nodes { ...M a: metadata b: metadata } } } fragment M on Order { metadata }",
        "{ a: orders(first: 100) { ...P } b: orders(last: 100) { ...P } c: orders(first: 1) { ...P } }" + PAGE,
    ],
)
async def test_too_many_large_values_are_refused_before_anything_is_read(api: GraphQLApi, text: str):
    before = await spent(api)
    (error,) = (await api.ask(text)).json()["errors"]

    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert (error["extensions"]["limit"], error["extensions"]["maximum"]) == ("large_values", 200)
    assert await spent(api) == before + QUESTION


@pytest.mark.parametrize(
    "text",
    [
        "{ orders(first: 100) { nodes { a: metadata b: metadata } } }",
        f"{{ orders(first: 6) {{ nodes {{ {ALIASES} }} }} }}",
    ],
)
async def test_metadata_of_a_page_is_answered(api: GraphQLApi, text: str):
    assert (await api.data(text))["orders"]["nodes"] == []


@pytest.mark.parametrize(("aliases", "selected"), [(1, 5), (2, 5), (8, 20)])
async def test_bytes_beyond_those_of_the_cost_are_paid(api: GraphQLApi, aliases: int, selected: int):
    large = {f"{number:03d}": "x" * 497 for number in range(50)}
    for _ in range(selected):
        await api.shop.place(make_order_request(1_000), metadata=large)
    names = " ".join(f"a{number}: metadata" for number in range(aliases))
    before = await spent(api)

    answer = await api.ask(f"{{ orders(first: {selected}) {{ nodes {{ {names} }} }} }}")

    size = len(answer.content)
    assert size > aliases * selected * 25_000
    assert await spent(api) - before - QUESTION == size // 1_024 > 2 + selected


async def test_a_small_answer_costs_only_the_cost_of_its_operation(api: GraphQLApi):
    await api.shop.place(make_order_request(1_000), metadata={"a": "x" * 400})
    before = await spent(api)

    assert await cost(api, "{ orders(first: 1) { nodes { metadata } } }") == 3
    assert await spent(api) - before - QUESTION == 3


async def test_an_answer_larger_than_all_points_is_sent_and_the_next_operation_waits(sqlite_url: str):
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    large = {f"{number:03d}": "x" * 497 for number in range(50)}
    await shop.place(make_order_request(1_000), metadata=large)
    names = " ".join(f"a{number}: metadata" for number in range(30))
    async with open_graphql_api(shop, sqlite_url, query_points_a_minute=100) as api:
        first, second = [await api.ask(f"{{ orders(first: 1) {{ nodes {{ {names} }} }} }}") for _ in range(2)]
    await database.close()

    assert len(first.content) > 100 * 1_024
    assert (second.status_code, second.json()["errors"][0]["extensions"]["code"]) == (429, "THROTTLED")
