"""Conditions of the list of orders, as GraphQL's callers write them.

Seen to fail when: of two texts of one metadata key the last counts; a bound below a gram is cut off; a page size of
`5.0` is the largest; a cursor of another filter counts as an entry before the page.
"""

import json
from typing import Any

import pytest

from tests.api.graphql_api import GraphQLApi
from tests.makers import make_order_request

LIST = """query ($filter: OrderFilterInput, $first: Int) {
    orders(filter: $filter, first: $first, orderBy: {field: MASS, descending: false}) { nodes { mass { grams } } }
}"""


async def listed(api: GraphQLApi, **wanted: Any) -> list[str]:
    nodes = (await api.data(LIST, {"filter": wanted}))["orders"]["nodes"]
    return [each["mass"]["grams"] for each in nodes]


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([("a", "1")], ["1000", "3000"]),
        ([("a", "1"), ("a", "2")], []),
        ([("a", "2"), ("a", "1")], []),
        ([("a", "1"), ("a", "1")], ["1000", "3000"]),
        ([("a", "1"), ("b", "2")], ["3000"]),
        ([("a", "1"), ("b", "2"), ("b", "3")], []),
        ([("a", "1"), ("A", "1")], []),
        ([], ["1000", "2000", "3000"]),
    ],
)
async def test_all_entries_of_metadata_hold_at_once(api: GraphQLApi, entries: list[tuple[str, str]], found: list[str]):
    for mass_g, metadata in ((1_000, {"a": "1"}), (2_000, {"a": "2"}), (3_000, {"a": "1", "b": "2"})):
        await api.shop.place(make_order_request(mass_g), metadata=metadata)

    assert await listed(api, metadata=[{"key": key, "value": value} for key, value in entries]) == found


@pytest.mark.parametrize(
    ("bound", "amount", "found"),
    [
        ("gte", "1.0000005", ["1000001"]),
        ("gte", "1.0000000000001", ["1000001"]),
        ("gte", "1.0000010", ["1000001"]),
        ("gte", "1", ["1000000", "1000001"]),
        ("gte", "0.9999999", ["1000000", "1000001"]),
        ("lt", "1.0000005", ["999999", "1000000"]),
        ("lt", "1.000001", ["999999", "1000000"]),
        ("lt", "1", ["999999"]),
        ("lt", "0.9999991", ["999999"]),
        ("lt", "0.999999", []),
    ],
)
async def test_a_bound_of_the_mass_is_exact(api: GraphQLApi, bound: str, amount: str, found: list[str]):
    for mass_g in (999_999, 1_000_000, 1_000_001):
        await api.shop.place(make_order_request(mass_g, whole_mass=True))

    assert await listed(api, mass={bound: {"amount": amount, "unit": "TONNE"}}) == found


async def test_a_whole_number_in_a_variable_may_be_written_with_zeros_behind_the_point(api: GraphQLApi):
    for _ in range(3):
        await api.shop.place(make_order_request(1_000))
    for number, count in (("2.0", 2), ("2e0", 2), ("100.0", 3), ("2", 2)):
        body = f'{{"query": {LIST_TEXT}, "variables": {{"first": {number}}}}}'
        answer = await api.client.post("/graphql", content=body, headers=headers_of(api))
        assert len(answer.json()["data"]["orders"]["nodes"]) == count, number
        assert answer.json()["extensions"]["cost"]["requestedQueryCost"] == 2 + int(float(number)), number
    for number in ("2.5", "1e300", '"2"'):
        body = f'{{"query": {LIST_TEXT}, "variables": {{"first": {number}}}}}'
        answer = await api.client.post("/graphql", content=body, headers=headers_of(api))
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", number
    literal = await api.ask("{ orders(first: 2.0) { nodes { id } } }")
    assert literal.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    default = await api.ask("query ($n: Int = 2.0) { orders(first: $n) { nodes { id } } }")
    assert default.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def headers_of(api: GraphQLApi) -> dict[str, str]:
    return {"authorization": f"Bearer {api.key}", "content-type": "application/json"}


LIST_TEXT = json.dumps(LIST)


PAGE = """query ($after: String, $before: String, $filter: OrderFilterInput, $order: OrderSortInput) {
    orders(after: $after, before: $before, filter: $filter, orderBy: $order) {
        nodes { id } pageInfo { startCursor endCursor hasPreviousPage hasNextPage }
    }
}"""


@pytest.mark.parametrize("field", ["CREATED_AT", "MASS", "TOTAL_COST"])
async def test_a_cursor_of_the_unfiltered_list_is_no_entry_of_a_filtered_one(api: GraphQLApi, field: str):
    for mass_g in (3_000, 4_000, 1_000, 6_000):
        await api.shop.place(make_order_request(mass_g), metadata={"even": str(mass_g % 2_000 == 0)})

    async def page(**variables: Any) -> dict[str, Any]:
        found: dict[str, Any] = (await api.data(PAGE, {"order": {"field": field}} | variables))["orders"]
        return found["pageInfo"] | {"listed": len(found["nodes"])}

    whole = await page()
    even = {"metadata": [{"key": "even", "value": "True"}]}
    below_all = await page(filter=even, before=whole["endCursor"])
    above_all = await page(filter=even, after=whole["startCursor"])
    assert (below_all["hasNextPage"], below_all["listed"]) == (False, 2)
    # The greatest order is even, so it is an entry of both lists.
    assert (above_all["hasPreviousPage"], above_all["listed"]) == (True, 1)
    odd = await page(filter={"metadata": [{"key": "even", "value": "False"}]}, after=whole["startCursor"])
    assert (odd["hasPreviousPage"], odd["listed"]) == (False, 2)
