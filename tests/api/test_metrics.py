"""Metrics and the line of the log: what of a request is counted and written, and who may read it.

Seen to fail when: the route forgets to ask for the scope operator; a refusal in `userErrors` is not noted; the name of
an operation that the caller chose becomes a label; the caller is not noted by the REST APIs.
"""

import re
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from service.app import create_app
from service.domain.api_keys import Scope
from service.settings import Settings
from tests.api.graphql_api import PEPPER, GraphQLApi, started

ORDER = """mutation OrderOfAda($key: String!, $amount: Decimal!) {
  createOrderByMass(input: {mass: {amount: $amount, unit: KILOGRAM}, idempotencyKey: $key, customer: "Ada Lovelace"}) {
    order { id } userErrors { code }
  }
}"""
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Each number of the exposition, by name and labels."""
    return {
        (name, frozenset(re.findall(r'(\w+)="([^"]*)"', labels))): float(number)
        for name, labels, number in SAMPLE.findall(text)
    }


async def counted(api: GraphQLApi, name: str, /, **labels: str) -> float:
    """The number that an operator sees, 0 if there is none."""
    key = await api.new_key(Scope.OPERATOR)
    answer = await api.client.get("/metrics", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    return samples(answer.text).get((f"carbon_orders_{name}", frozenset(labels.items())), 0.0)


async def line_of(api: GraphQLApi, *asked: Any, **headers: str) -> dict[str, Any]:
    """The line `request` of a GraphQL request."""
    with capture_logs() as logged:
        await api.ask(*asked, **headers)
    (line,) = [each for each in logged if each["event"] == "request"]
    return dict(line)


async def test_an_order_is_counted_by_the_field_and_by_its_refusal(api: GraphQLApi):
    await api.ask(ORDER, {"key": "one", "amount": "1"})
    await api.ask(ORDER, {"key": "one", "amount": "2"})
    await api.ask("query Ada { a: account { id } b: bundles { totalCount } }")
    await api.ask("query Ada { nothing }")
    await api.client.get("/lune/v1/nothing")

    field = {"api": "graphql", "operation": "createOrderByMass", "status": "200"}
    assert await counted(api, "requests_total", **field, code="none") == 1
    assert await counted(api, "requests_total", **field, code="IDEMPOTENCY_KEY_REUSED") == 1
    assert await counted(api, "refusals_total", api="graphql", code="IDEMPOTENCY_KEY_REUSED") == 1
    assert await counted(api, "requests_total", **field | {"operation": "several"}, code="none") == 1
    invalid = field | {"operation": "unknown", "code": "GRAPHQL_VALIDATION_FAILED"}
    assert await counted(api, "requests_total", **invalid) == 1
    lune = {"api": "lune", "operation": "unknown", "status": "404", "code": "NOT_FOUND"}
    assert await counted(api, "requests_total", **lune) == 1
    assert await counted(api, "request_duration_seconds_count", api="graphql", operation="createOrderByMass") == 2
    assert await counted(api, "order_group_size_count") == 2
    assert await counted(api, "plan_cache_requests_total", result="hit") == 1
    assert await counted(api, "database_ready") == 1


async def test_a_rest_request_is_counted_by_its_operation_id(api: GraphQLApi):
    with capture_logs() as logged:
        await api.client.get("/lune/v1/bundles", headers={"authorization": f"Bearer {api.key}"})
    (line,) = [each for each in logged if each["event"] == "request"]

    assert line["account_id"] == str(api.shop.account.id)
    assert line["key_id"] in api.key
    labels = {"api": "lune", "operation": "list_all_bundles", "status": "200", "code": "none"}
    assert line["operation"] == "list_all_bundles"
    assert await counted(api, "requests_total", **labels) == 1


async def test_from_a_request_id_to_account_operation_and_cause(api: GraphQLApi):
    await api.ask(ORDER, {"key": "one", "amount": "1"})
    line = await line_of(api, ORDER, {"key": "one", "amount": "2"}, x_request_id="the-callers-own")

    line.pop("ms")
    assert line == {
        "event": "request", "log_level": "info", "request_id": "the-callers-own", "method": "POST", "path": "/graphql",
        "status": 200, "operation": "createOrderByMass", "operation_name": "OrderOfAda",
        "account_id": str(api.shop.account.id), "key_id": line["key_id"], "codes": ["IDEMPOTENCY_KEY_REUSED"],
    }  # fmt: skip
    assert line["key_id"] in api.key


@pytest.mark.parametrize(("key", "code"), [("", "UNAUTHENTICATED"), ("co_test_wrong", "UNAUTHENTICATED")])
async def test_a_request_without_a_valid_key_has_its_code_and_no_account(api: GraphQLApi, key: str, code: str):
    with capture_logs() as logged:
        await api.ask("{ account { id } }", key=key)
    (line,) = [each for each in logged if each["event"] == "request"]

    assert line["codes"] == [code]
    assert "account_id" not in line


async def test_a_long_name_of_an_operation_is_cut_in_the_log(api: GraphQLApi):
    line = await line_of(api, f"query {'n' * 500} {{ __typename }}")
    assert line["operation_name"] == "n" * 100


async def test_metrics_are_shown_to_an_operator_alone_and_name_no_customer(api: GraphQLApi):
    await api.ask(ORDER, {"key": "key of Ada", "amount": "1"})
    key = await api.new_key(Scope.OPERATOR)

    absent = await api.client.get("/metrics")
    other = await api.client.get(
        "/metrics", headers={"authorization": f"Bearer {await api.new_key(Scope.ORDERS_READ)}"}
    )
    shown = await api.client.get("/metrics", headers={"authorization": f"Bearer {key}"})

    assert (absent.status_code, absent.headers["www-authenticate"]) == (401, "Bearer")
    assert absent.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert other.status_code == 403
    assert other.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "carbon_orders" not in absent.text + other.text
    assert 'carbon_orders_outbound_waiting{channel="mail"} 0.0' in shown.text
    assert 'carbon_orders_outbound_oldest_seconds{channel="webhooks"} 0.0' in shown.text
    assert shown.headers["content-type"].startswith("text/plain")
    account = api.shop.account
    names = ["Ada", "OrderOfAda", account.name, str(account.id), api.key, key, "key of Ada"]
    assert [name for name in names if name in shown.text] == []


async def test_metrics_are_refused_where_several_processes_share_the_address(api: GraphQLApi, database_url: str):
    key = await api.new_key(Scope.OPERATOR)
    settings = Settings(database_url=database_url, workers_embedded=False)
    app = create_app(settings, pepper=PEPPER, is_one_of_several=True)
    async with started(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        answer = await client.get("/metrics", headers={"authorization": f"Bearer {key}"})

    assert answer.status_code == 404
    assert "SERVICE_METRICS_BIND" in answer.json()["errors"][0]["message"]
