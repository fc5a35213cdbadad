"""Questions about the schema: they cost what they take, those of known tools little, and a setting ends them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any

import pytest
from graphql import execute_sync, get_introspection_query, parse

from service.api.graphql.cost.document_limits import Cost, DocumentLimits, DocumentMeter
from service.api.graphql.cost.introspection import PLAIN_COST, cut
from service.api.graphql.schema import schema
from service.storage.database import Database
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.shop import open_shop

TYPES = schema._schema
NAMES = "{ __schema { types { name } } }"
COSTLY = (
    "{ " + " ".join(f"a{number}: __schema {{ types {{ ...Deep }} }}" for number in range(30)) + " }"
    " fragment Deep on __Type { name fields { name type { name fields { name } } } }"
)
LEGACY = """query { __schema { queryType { name } mutationType { name } subscriptionType { name } __typename
    types { ...F } directives { name description locations args { ...I } } } }
fragment F on __Type { kind name description fields(includeDeprecated: true) { name description args { ...I }
    type { ...T } isDeprecated deprecationReason } inputFields { ...I } interfaces { ...T }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...T } }
fragment I on __InputValue { name description type { ...T } defaultValue }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name } } } } } } } }"""
"""As tools of other languages write it: without later additions, and with `__typename`."""


def measured(text: str, **limits: int) -> Cost:
    meter = DocumentMeter(TYPES, DocumentLimits(**limits))
    return meter.measure(meter.parse(text), None, {})


def known_queries() -> list[str]:
    names = ["descriptions", "specified_by_url", "directive_is_repeatable", "schema_description", "one_of"]
    options = [dict(zip(names, choice, strict=True)) for choice in product([False, True], repeat=len(names))]
    deprecations: list[dict[str, Any]] = [
        {"input_value_deprecation": True, "type_depth": 7},
        {"experimental_directive_deprecation": True},
    ]
    return [get_introspection_query(**each) for each in [*options, *deprecations]] + [
        LEGACY,
        "{ __typename __schema { types { fields { name } enumValues { name } inputFields { name } } } }",
        "{ __schema { types { ... on __Type { name ...T } ...T } } } fragment T on __Type { kind name }",
    ]


@pytest.mark.parametrize("text", known_queries())
def test_the_queries_of_known_tools_are_plain_and_answered_as_graphql_core_does(text: str):
    cost = measured(text)
    assert (cost.requested, cost.introspects) == (PLAIN_COST, True)
    assert cost.plain is not None

    answered = cut(cost.plain, schema.introspection | {"__schema": schema.introspection["__schema"]})

    expected = execute_sync(TYPES, parse(text)).data
    assert answered == expected
    assert repr(answered) == repr(expected), "in the same order"


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { types { a: name b: name } } }",
        "{ __schema { types { fields { type { fields { name } } } } } }",
        "{ __schema { types { name @include(if: true) } } }",
        "query ($all: Boolean) { __schema { types { fields(includeDeprecated: $all) { name } } } }",
        '{ __type(name: "Order") { name } }',
        "{ __schema { types { name } } account { name } }",
        "query { __schema { types { ...T } } } fragment T on __Type { ofType { ...T } }",
        "{ __typename }",
    ],
)
def test_any_other_introspection_is_not_plain(text: str):
    assert measured(text, cost=10**6).plain is None


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ __typename }", 0),
        ("{ __schema { queryType { name } } }", 1),
        ('{ __type(name: "Money") { name } }', 1),
    ],
)
def test_a_small_introspection_costs_little(text: str, points: int):
    assert measured(text).requested == points


def test_repeated_introspection_costs_each_time():
    once = measured("{ a0: __schema { types { name } } }").requested
    many = "{ " + " ".join(f"a{number}: __schema {{ types {{ name }} }}" for number in range(10)) + " }"

    assert len(TYPES.type_map) * 4 // 10 <= once <= len(TYPES.type_map) // 2 + 1
    assert measured(many, cost=10**6).requested == 10 * once
    assert measured(COSTLY, cost=10**6).requested > 10_000


@asynccontextmanager
async def opened(sqlite_url: str, **settings: Any) -> AsyncIterator[GraphQLApi]:
    database = await Database.open(sqlite_url)
    try:
        async with open_graphql_api(await open_shop(database), sqlite_url, **settings) as api:
            yield api
    finally:
        await database.close()


async def test_a_costly_introspection_is_refused_before_it_runs(sqlite_url: str):
    async with opened(sqlite_url) as api:
        for key in ("", api.key):
            answer = await api.ask(COSTLY, key=key)
            (error,) = answer.json()["errors"]
            assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("MAX_COST_EXCEEDED", "cost")
            assert len(answer.content) < 1_000


async def test_by_default_introspection_needs_no_key_and_costs_points(sqlite_url: str):
    async with opened(sqlite_url, address_points_a_minute=1_000) as api:
        answer = await api.ask(get_introspection_query(), key="")
        assert answer.json()["extensions"]["cost"]["requestedQueryCost"] == PLAIN_COST
        assert len(answer.json()["data"]["__schema"]["types"]) == len(TYPES.type_map)
        statuses = [(await api.ask(get_introspection_query(), key="")).status_code for _ in range(5)]
        assert statuses[0] == 200, "known by now, so that only its answer is paid"
        assert statuses[-1] == 429
        assert (
            await api.client.get("/graphql/schema.graphql", headers={"authorization": f"Bearer {api.key}"})
        ).is_success


QUESTIONS = [NAMES, '{ __type(name: "Order") { name } }', "{ ...Q } fragment Q on Query { __schema { description } }"]


async def test_introspection_may_need_a_key(sqlite_url: str):
    async with opened(sqlite_url, introspection="keys") as api:
        for text in QUESTIONS:
            assert (await api.ask(text, key="")).status_code == 401, text
            assert (await api.ask(text)).json()["data"], text
        assert (await api.ask("{ __typename }", key="")).status_code == 200
        assert (await api.client.get("/graphql/schema.graphql")).status_code == 404


async def test_introspection_may_be_off(sqlite_url: str):
    async with opened(sqlite_url, introspection="off") as api:
        for text in QUESTIONS:
            for key in ("", api.key):
                (error,) = (await api.ask(text, key=key)).json()["errors"]
                assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
                assert error["message"] == "The schema is not shown: introspection is off."
        assert (await api.data("{ __typename account { name } }"))["account"] == {"name": api.shop.account.name}
        assert (await api.client.get("/graphql/schema.graphql")).status_code == 404


async def test_errors_are_few_and_short_whatever_was_sent(sqlite_url: str):
    async with opened(sqlite_url) as api:
        conditions = ", ".join(f"x{number}: 1" for number in range(99))
        answer = await api.ask(f"{{ orders(filter: {{{conditions}}}) {{ totalCount }} }}", key="")
        assert len(answer.content) < 10_000
        assert len(answer.json()["errors"]) == 10
        assert answer.json()["errors"][-1]["message"].startswith("Too many validation errors")

        long = "x" * 50_000
        for text, variables in (
            (f"{{ {long} }}", None),
            (f'{{ orders(first: "{long}") {{ totalCount }} }}', None),
            (f"query ($a: {long}) {{ orders(first: $a) {{ totalCount }} }}", None),
            ("query ($a: Int) { orders(first: $a) { totalCount } }", {"a": long}),
            ("query ($a: OrderFilter) { orders(filter: $a) { totalCount } }", {"a": {f"x{n}": 1 for n in range(900)}}),
            (f'{{ order(by: {{id: "{long}"}}) {{ id }} }}', None),
        ):
            answer = await api.ask(text, variables)
            errors = answer.json()["errors"]
            assert 1 <= len(errors) <= 10, text[:50]
            assert all(len(error["message"]) <= 300 for error in errors), text[:50]
            assert len(answer.content) < 10_000, text[:50]


async def test_a_rest_message_is_short_too(sqlite_url: str):
    async with opened(sqlite_url) as api:
        answer = await api.client.post(
            "/lune/v1/estimates/flight",
            json={"route": {"source": {"iata_code": "x" * 50_000}, "destination": {}}},
            headers={"authorization": f"Bearer {api.key}"},
        )
        assert answer.is_client_error
        assert len(answer.content) < 2_000
