"""Who is let in: nobody without a valid key, in the same words for every reason why not.

Seen to fail when: expiry is not looked at; revocation is not; the key's mode is not compared with its account's; the
digest is not compared; a suspended account may order; a fault is shown unmasked.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from service.domain.api_keys import Scope, generate_key
from service.domain.catalogue import Mode
from service.kit.clock import system_clock
from service.operations.manage_keys import create_key
from service.storage import catalogue
from tests.api.graphql_api import PEPPER, GraphQLApi
from tests.makers import LONG_AGO

ORDER = """mutation ($key: String!) {
    createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: $key}) {
        order { id } userErrors { code message }
    }
}"""


async def test_without_a_key_nothing_is_answered(api: GraphQLApi):
    before = await api.shop.everything()
    for query in ("{ account { name } }", "{ account { name } bundles { totalCount } }"):
        answer = await api.ask(query, key="")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"].startswith("application/json")
        assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"UNAUTHENTICATED"}
        assert not answer.json().get("data")
    answer = await api.ask(ORDER, {"key": "k"}, key="")
    assert answer.status_code == 401
    assert await api.shop.everything() == before


async def test_an_invalid_key_is_refused_without_a_reason(api: GraphQLApi):
    good = await api.new_key()
    assert (await api.ask("{ account { name } }", key=good)).status_code == 200
    revoked, expired, mistaken = [await api.new_key() for _ in range(3)]
    for text, column in ((revoked, "revoked_at"), (expired, "expires_at")):
        await api.shop.execute(f"UPDATE api_keys SET {column} = $1 WHERE key_id = $2", LONG_AGO, text.split("_")[2])
    twin = await api.shop.another_account(mode=Mode.TEST)
    await api.shop.execute("UPDATE api_keys SET account_id = $1 WHERE key_id = $2", twin.id, mistaken.split("_")[2])
    stranger = generate_key(Mode.LIVE, b"i" * 10, b"s" * 32)
    forged = generate_key(Mode.LIVE, b"i" * 10, b"t" * 32)
    await api.shop.execute("UPDATE api_keys SET key_id = $1 WHERE key_id = $2", forged.key_id, good.split("_")[2])
    answers = set()
    for text in (revoked, expired, mistaken, stranger.text, forged.text, good[:-1], "x", "co_live_", "é"):
        answer = await api.client.post(
            "/graphql", json={"query": "{ account { name } }"}, headers={"authorization": f"Bearer {text}".encode()}
        )
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), text
        answers.add(re.sub(r'"requestId":"[^"]*"', "", answer.text))
    assert len(answers) == 1


@pytest.mark.parametrize("header", ["Basic eDp5", "Bearer", "Bearer  ", "", "bearer"])
async def test_another_scheme_is_no_key(api: GraphQLApi, header: str):
    answer = await api.ask("{ account { name } }", key="", authorization=header)
    assert answer.status_code == 401


async def test_the_schema_needs_no_key(api: GraphQLApi):
    answer = await api.ask("{ __typename __schema { queryType { name } } }", key="")
    assert answer.status_code == 200
    assert answer.json()["data"] == {"__typename": "Query", "__schema": {"queryType": {"name": "Query"}}}


async def test_a_revoked_key_ends_at_once(api: GraphQLApi):
    text = await api.new_key()
    assert (await api.ask("{ account { name } }", key=text)).status_code == 200
    await api.shop.execute("UPDATE api_keys SET revoked_at = $1 WHERE key_id = $2", system_clock(), text.split("_")[2])
    assert (await api.ask("{ account { name } }", key=text)).status_code == 401


async def test_a_key_works_until_it_expires(api: GraphQLApi):
    soon = datetime.now(UTC) + timedelta(hours=1)
    generated = await create_key(
        api.shop.resources, api.shop.account.id, "short", frozenset(Scope), soon, pepper=PEPPER
    )
    assert (await api.ask("{ account { name } }", key=generated.text)).status_code == 200


async def test_a_suspended_account_reads_and_changes_nothing(api: GraphQLApi):
    placed = await api.data(ORDER, {"key": "before"})
    order_id = placed["createOrderByMass"]["order"]["id"]
    await api.shop.execute("UPDATE accounts SET suspended_at = $1", LONG_AGO)
    before = await api.shop.everything()
    data = await api.data("{ account { suspended } orders { nodes { id } } }")
    assert data == {"account": {"suspended": True}, "orders": {"nodes": [{"id": order_id}]}}
    (error,) = (await api.data(ORDER, {"key": "after"}))["createOrderByMass"]["userErrors"]
    assert error["code"] == "ACCOUNT_SUSPENDED"
    for mutation in (
        f'cancelOrder(input: {{order: {{id: "{order_id}"}}}})',
        f'cancelOrders(input: {{orders: [{{id: "{order_id}"}}]}})',
        'quoteByMass(input: {mass: {amount: "1", unit: TONNE}})',
        'quoteByValue(input: {value: {amount: "1", currency: "USD"}})',
    ):
        data = await api.data(f"mutation {{ told: {mutation} {{ userErrors {{ code }} }} }}")
        assert data["told"]["userErrors"] == [{"code": "ACCOUNT_SUSPENDED"}], mutation
    assert await api.shop.everything() == before


async def test_a_fault_is_masked_and_logged_under_the_request_id(api: GraphQLApi, monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM api_keys")

    monkeypatch.setattr(catalogue, "projects", broken)
    with capture_logs() as logged:
        answer = await api.ask("{ account { name } projects { nodes { name } } }")
    body = answer.json()
    assert answer.status_code == 200
    assert body["data"] == {"account": {"name": api.shop.account.name}, "projects": None}
    (error,) = body["errors"]
    assert (error["message"], error["path"]) == ("Internal error", ["projects"])
    assert error["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "mayRetry": True,
        "requestId": answer.headers["x-request-id"],
    }
    assert "SELECT" not in answer.text
    assert any(line.get("log_level") == "error" for line in logged)


async def test_a_text_that_no_database_can_keep_is_the_callers_mistake(api: GraphQLApi):
    for query in (
        '{ order(by: {number: "\\u0000"}) { id } }',
        '{ order(by: {idempotencyKey: "a\\u0000"}) { id } }',
        '{ orders(filter: {customerContains: "\\u0000"}) { nodes { id } } }',
        '{ orders(filter: {metadata: [{key: "\\u0000", value: ""}]}) { nodes { id } } }',
        '{ orders(filter: {createdAt: {gte: "0001-01-01T00:00:00+14:00"}}) { nodes { id } } }',
        '{ orders(filter: {createdAt: {lt: "9999-12-31T23:59:59-14:00"}}) { nodes { id } } }',
    ):
        answer = await api.ask(query)
        codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        assert codes <= {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}, (query, answer.text)
