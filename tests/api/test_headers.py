"""Headers that contradict one another are refused by every API before it reads one; blanks around a value are no part.

Seen to fail when: the first of two values wins; the last does; a blank behind a value is part of it; a repeated header
of equal values is refused; the refusal has the body of another API.
"""

from typing import Any

import orjson
import pytest

from service.api.headers import header_of
from service.api.request_limits import RequestLimits
from service.api.rest.contracts import CONTRACTS
from service.api.rest.host_routing import HostRouter
from tests.api.graphql_api import GraphQLApi

HOSTS = {"engine.test": "carbon-engine"}
SINGLE = (
    "Authorization", "Idempotency-Key", "Account-Id", "Lune-Account", "Lune-Version", "Content-Type", "Host",
)  # fmt: skip
Headers = list[tuple[str, str]]


async def answered(path: str, headers: Headers, method: str = "GET") -> tuple[int, Any, list[str]]:
    """The status, the body and the paths that an API saw."""
    seen: list[str] = []
    messages: list[Any] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    limits = RequestLimits(app, error_bodies={contract.prefix: contract.error_body for contract in CONTRACTS})
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "method": method, "path": path, "headers": encoded, "http_version": "1.1", "state": {}}
    await HostRouter(limits, CONTRACTS, HOSTS)(scope, receive, send)
    return messages[0]["status"], orjson.loads(messages[1]["body"]), seen


def message_in(body: Any) -> str:
    """Return the message of an error, from the shape that the API gives it."""
    if "errors" in body and "error" not in body and isinstance(body["errors"], list):
        assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        return str(body["errors"][0]["message"])
    if "error" in body:
        assert body["errors"] == [body["error"]]
        assert body["error"]["error_code"] == "validation_error"
        return str(body["error"]["message"])
    assert (body["status"], body["type"].partition("#")[2]) == (400, "bad-user-input")
    return str(body["detail"])


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("path", ["/graphql", "/lune/v1/orders", "/carbon-engine/v1/orders", "/carbonext/v1/orders"])
async def test_two_different_values_of_a_header_are_refused_by_every_api(path: str, name: str):
    status, body, seen = await answered(path, [(name, "a"), ("accept", "*/*"), (name, "b")])

    assert (status, seen) == (400, [])
    assert message_in(body) == f"The request has two different values of the header {name}."


@pytest.mark.parametrize("hosts", [("engine.test", "other.test"), ("other.test", "engine.test")])
async def test_of_two_host_headers_the_one_of_a_contract_determines_the_form_of_the_refusal(hosts: tuple[str, str]):
    status, body, seen = await answered("/v1/orders", [("host", host) for host in hosts])

    assert (status, seen) == (400, [])
    assert body["errors"] == {"request": ["The request has two different values of the header Host."]}


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("values", [("wsk", "wsk"), ("wsk", "wsk "), ("wsk\t", " wsk"), ("wsk", "wsk", "wsk \t")])
async def test_equal_values_are_one_value(name: str, values: tuple[str, ...]):
    status, _, seen = await answered("/graphql", [(name, value) for value in values])

    assert (status, seen) == (200, ["/graphql"])


async def test_other_headers_may_have_several_values():
    several = [("accept", "a/b"), ("accept", "c/d"), ("x-forwarded-for", "::1"), ("x-forwarded-for", "::2")]
    status, _, _ = await answered("/graphql", several)

    assert status == 200


@pytest.mark.parametrize("value", ["wsk", "wsk ", "wsk\t", " wsk", "\t wsk \t ", "w s k "])
def test_blanks_around_a_header_value_are_ignored(value: str):
    scope = {"headers": [(b"idempotency-key", value.encode()), (b"accept", b"x")]}

    assert header_of(scope, b"idempotency-key") == value.strip()
    assert header_of(scope, b"accept") == "x"
    assert header_of(scope, b"host") is None


async def test_a_request_with_two_keys_changes_nothing(api: GraphQLApi):
    document = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: "k"}) {
        order { id } } }"""
    other, before = await api.new_key(), await api.shop.everything()
    for keys in ((api.key, other), (other, api.key), (api.key, "co_live_x")):
        headers = [("authorization", f"Bearer {key}") for key in keys]
        answer = await api.client.post("/graphql", json={"query": document}, headers=headers)
        assert (answer.status_code, "data" in answer.json()) == (400, False)
        assert message_in(answer.json()).endswith("Authorization.")
    assert await api.shop.everything() == before

    twice = [("authorization", f"Bearer {api.key}"), ("authorization", f"Bearer {api.key} ")]
    answer = await api.client.post("/graphql", json={"query": document}, headers=twice)
    assert answer.json()["data"]["createOrderByMass"]["order"] is not None
