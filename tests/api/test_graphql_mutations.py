"""Mutations of one document run in turn, and what one of them has done is told whatever becomes of the next.

Seen to fail when: a mutation's field is made non-null; a refusal is raised instead of answered; a replay is not said;
a change of an order takes metadata beyond the limits, or null for "keep".
"""

import asyncio
from typing import Any

import pytest

from service.api.graphql.schema import schema
from service.domain.api_keys import Scope
from service.operations import cancel_orders
from service.storage import batches, orders
from tests.api.graphql_api import GraphQLApi
from tests.books import rows_of

ORDER = 'createOrderByMass(input: {mass: {amount: "%s", unit: KILOGRAM}, idempotencyKey: "%s"})'
TOLD = "{ order { mass { grams } status } replayed userErrors { __typename code path } }"


async def test_a_refusal_does_not_hide_results_of_other_fields(api: GraphQLApi):
    data = await api.data(
        f"mutation {{ a: {ORDER % (1, 'a')} {TOLD} b: {ORDER % (0, 'b')} {TOLD} c: {ORDER % (2, 'c')} {TOLD} }}"
    )
    assert [data[name]["order"] and data[name]["order"]["mass"]["grams"] for name in "abc"] == ["1000", None, "2000"]
    assert data["b"]["userErrors"] == [
        {"__typename": "InputError", "code": "QUANTITY_INVALID", "path": data["b"]["userErrors"][0]["path"]}
    ]


async def test_a_failure_does_not_hide_results_of_earlier_fields(api: GraphQLApi, monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(orders, "lock", broken)
    answer = await api.ask(
        f"mutation {{ a: {ORDER % (1, 'a')} {TOLD}"
        ' b: cancelOrder(input: {order: {idempotencyKey: "a"}}) { order { id } }'
        f" c: {ORDER % (2, 'c')} {TOLD} }}"
    )
    body = answer.json()
    assert [(error["path"], error["message"]) for error in body["errors"]] == [(["b"], "Internal error")]
    assert body["data"]["b"] is None
    assert body["data"]["a"]["order"] == {"mass": {"grams": "1000"}, "status": "FULFILLED"}
    assert body["data"]["c"]["order"] == {"mass": {"grams": "2000"}, "status": "FULFILLED"}
    assert len(await rows_of(api.shop.database, orders.ORDERS)) == 2


async def test_a_missing_scope_does_not_hide_results_of_earlier_fields(api: GraphQLApi):
    key = await api.new_key(Scope.ORDERS_WRITE)
    body = (
        await api.ask(
            f"mutation {{ a: {ORDER % (1, 'a')} {{ order {{ lines {{ mass {{ grams }} }} }} }} "
            f"b: {ORDER % (2, 'b')} {{ replayed }} }}",
            key=key,
        )
    ).json()
    # The lines need orders:read; the order was placed, and the second field ran.
    assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
    assert body["data"]["b"] == {"replayed": False}
    assert len(await rows_of(api.shop.database, orders.ORDERS)) == 2


def test_every_mutation_field_is_nullable():
    mutation = schema._schema.mutation_type
    assert mutation is not None
    assert [name for name, field in mutation.fields.items() if str(field.type).endswith("!")] == []


async def test_a_retry_says_that_the_order_existed(api: GraphQLApi):
    first = await api.data(f"mutation {{ a: {ORDER % ('1.0', 'k')} {TOLD} }}")
    again = await api.data(f"mutation {{ a: {ORDER % ('1.00', 'k')} {TOLD} }}")
    assert (first["a"]["replayed"], again["a"]["replayed"]) == (False, True)
    assert again["a"]["order"] == first["a"]["order"]
    other = await api.data(f"mutation {{ a: {ORDER % ('1.01', 'k')} {TOLD} }}")
    assert other["a"] == {
        "order": None,
        "replayed": False,
        "userErrors": [
            {"__typename": "InputError", "code": "IDEMPOTENCY_KEY_REUSED", "path": ["input", "idempotencyKey"]}
        ],
    }


async def test_sixteen_callers_send_one_key(api: GraphQLApi):
    document = f"mutation {{ a: {ORDER % (1, 'k')} {TOLD} }}"
    answers = await asyncio.gather(*(api.data(document) for _ in range(16)))
    assert sorted(answer["a"]["replayed"] for answer in answers) == [False] + [True] * 15
    assert len(await rows_of(api.shop.database, orders.ORDERS)) == 1


async def test_a_shortage_states_the_available_mass(api: GraphQLApi):
    document = """mutation { told: createOrderByMass(input:
        {mass: {amount: "100", unit: TONNE}, idempotencyKey: "k", allowBackorder: false}) {
            userErrors { code path ... on InsufficientCreditsError { available { tonnes } } }
    } }"""
    (error,) = (await api.data(document))["told"]["userErrors"]
    # 95 t of forest, of which there are 11; 5 t of ocean, of which there is 1.
    assert error == {
        "code": "INSUFFICIENT_CREDITS",
        "path": ["input", "allowBackorder"],
        "available": {"tonnes": "12"},
    }


async def test_mutations_do_not_come_by_get(api: GraphQLApi):
    answer = await api.client.get(
        "/graphql",
        params={"query": f"mutation {{ a: {ORDER % (1, 'k')} {{ replayed }} }}"},
        headers={"authorization": f"Bearer {api.key}"},
    )
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert await rows_of(api.shop.database, orders.ORDERS) == []


async def test_a_change_of_an_order_refuses_texts_beyond_the_limits_and_removes_by_null(api: GraphQLApi):
    texts = 'customer: "Ann", description: "Note", metadata: {po: "1"}'
    order = f'createOrderByMass(input: {{mass: {{amount: "1", unit: TONNE}}, idempotencyKey: "k", {texts}}})'
    await api.data(f"mutation {{ {order} {{ replayed }} }}")
    before = await api.shop.everything()
    document = """mutation ($input: UpdateOrderInput!) { updateOrder(input: $input) {
        order { customer description metadata } userErrors { code path } } }"""

    async def change(**changes: Any) -> Any:
        return (await api.ask(document, {"input": {"order": {"idempotencyKey": "k"}, **changes}})).json()

    for metadata in ({"a": 1}, {"a": "x" * 501}, {"x" * 501: "a"}, {str(each): "" for each in range(51)}):
        answer = await change(customer="Bob", metadata=metadata)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", metadata
    for name, text in (("customer", "x" * 201), ("description", "x" * 1_001)):
        answer = await change(metadata={}, **{name: text})
        assert answer["data"]["updateOrder"] == {
            "order": None,
            "userErrors": [{"code": "BAD_USER_INPUT", "path": ["input", name]}],
        }
    assert await api.shop.everything() == before

    kept = await change(description="New")
    assert kept["data"]["updateOrder"]["order"] == {"customer": "Ann", "description": "New", "metadata": {"po": "1"}}
    removed = await change(customer=None, description=None, metadata=None)
    assert removed["data"]["updateOrder"]["order"] == {"customer": None, "description": None, "metadata": {}}


async def test_all_or_nothing_names_the_orders_that_cannot_be_cancelled(api: GraphQLApi):
    await api.data(f"mutation {{ a: {ORDER % (1, 'a')} {{ replayed }} b: {ORDER % (1, 'b')} {{ replayed }} }}")
    document = """mutation ($all: Boolean!) { cancelOrders(input: {allOrNothing: $all,
        orders: [{idempotencyKey: "a"}, {idempotencyKey: "x"}, {idempotencyKey: "b"}]}) {
            orders { status } userErrors { code path }
    } }"""
    refused = (await api.data(document, {"all": True}))["cancelOrders"]
    missing = {"code": "NOT_FOUND", "path": ["input", "orders", "1"]}
    assert refused == {"orders": [], "userErrors": [missing]}
    assert sum(batch.allocated_g for batch in await rows_of(api.shop.database, batches.BATCHES)) == 2_000
    rest = (await api.data(document, {"all": False}))["cancelOrders"]
    assert rest == {"orders": [{"status": "CANCELLED"}] * 2, "userErrors": [missing]}
    assert sum(batch.allocated_g for batch in await rows_of(api.shop.database, batches.BATCHES)) == 0


async def test_a_hundred_orders_at_most_are_cancelled_at_once(api: GraphQLApi):
    refs = [{"number": str(number)} for number in range(cancel_orders.ORDERS_AT_ONCE_MAX + 1)]
    document = "mutation ($refs: [OrderRefInput!]!) { cancelOrders(input: {orders: $refs}) { userErrors { code } } }"
    told = (await api.data(document, {"refs": refs}))["cancelOrders"]
    assert told == {"userErrors": [{"code": "BAD_USER_INPUT"}]}
