"""The view behind a real server on loopback: what clients send by mistake, by malice or by age."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import Scope

from service.api.graphql.error_presentation import MaskedSchema
from service.api.graphql.transport.executor import PlannedExecutor
from service.api.graphql.transport.view import GraphQLView
from service.api.request_limits import RequestLimits
from service.errors import Code, Refused

JSON = "application/json"
MODERN = "application/graphql-response+json"


async def context_of(scope: Scope) -> Any:
    match Headers(scope=scope).get("authorization"):
        case "Bearer wrong":
            raise Refused(Code.UNAUTHENTICATED, "The key is not valid.")
        case "Bearer busy":
            raise Refused(Code.THROTTLED, "Slow down.", retry_after_s=7)
        case "Bearer crash":
            message = "SELECT secret"
            raise RuntimeError(message)
    return SimpleNamespace(cost_budget=None, identified=None)


@pytest.fixture(scope="module")
def view(shop: MaskedSchema, run: PlannedExecutor) -> GraphQLView:
    page = HTMLResponse("<h1>explorer</h1>")
    return GraphQLView(shop, get_context=context_of, run=run, render_page=lambda _: page)


@pytest.fixture(scope="module")
def port(view: GraphQLView) -> Iterator[int]:
    """A server in a thread for all tests of this file; each one would otherwise wait for its own to go down."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(view, log_level="critical", lifespan="off", loop="asyncio", ws="none"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield listener.getsockname()[1]  # it is listening: a request waits until the server has started
        server.should_exit = True
        thread.join()


@pytest.fixture
async def client(port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/graphql", trust_env=False, verify=False) as opened:
        yield opened


async def post(client: httpx.AsyncClient, body: object = None, **options: Any) -> httpx.Response:
    headers = {"content-type": JSON, "accept": MODERN} | options.pop("headers", {})
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("", content=content, headers=headers)


def code_of(answer: httpx.Response) -> str:
    body = answer.json()
    assert "data" not in body
    (error,) = body["errors"]
    assert error["extensions"]["requestId"] == "req-1"
    return error["extensions"]["code"]


async def test_an_answer_has_the_type_that_was_asked_for(client: httpx.AsyncClient):
    for accept, content_type in [
        (JSON, JSON),
        (MODERN, MODERN),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{JSON};q=0.5, {MODERN}", MODERN),
        (f"{MODERN}, {JSON};q=0.9", MODERN),
        (f"{JSON}, {MODERN}", JSON),
        (f"*/*, {MODERN}", MODERN),
        (f"text/event-stream, {JSON};charset=utf-8", JSON),
        (f"{JSON};q=0, */*;q=0.1", MODERN),
    ]:
        answer = await post(client, {"query": "{ hello }"}, headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"{content_type}; charset=utf-8"), accept
        assert answer.json()["data"] == {"hello": "hello world"}
        assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("accept", ["text/html", "image/png", f"{JSON};q=0", "text/event-stream", "nonsense;;;=,"])
async def test_a_request_that_accepts_no_supported_type_is_406(client: httpx.AsyncClient, accept: str):
    answer = await post(client, {"query": "mutation { touch }"}, headers={"accept": accept})

    assert (answer.status_code, code_of(answer)) == (406, "BAD_REQUEST")
    assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "x/application/jsonfoo",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=nope",
        "json",
    ],
)
async def test_a_body_of_another_type_is_415(client: httpx.AsyncClient, content_type: str):
    answer = await post(client, {"query": "mutation { touch }"}, headers={"content-type": content_type})

    assert (answer.status_code, code_of(answer), answer.headers["accept"]) == (415, "BAD_REQUEST", JSON)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])
async def test_utf_8_json_is_understood_however_it_is_spelt(client: httpx.AsyncClient, content_type: str):
    answer = await post(client, {"query": '{ hello(name: "é") }'}, headers={"content-type": content_type})

    assert answer.json()["data"] == {"hello": "hello é"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_405_and_say_which_are_allowed(client: httpx.AsyncClient, method: str):
    answer = await client.request(method, "", headers={"accept": JSON})

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"5",
        b'"x"',
        b"null",
        b"true",
        b"[]",
        b'[{"query": "{ hello }"}]',
        b"\xff\xfe",
        b'{"query": "\xff"}',
        b"[" * 50000,
        b'{"a":' * 20000,
        b'{"query": "{ hello }", "variables": {"n": ' + b"9" * 5000 + b"}}",
        b'{"query": "{ hello }", "variables": {"n": NaN}}',
        b'{"query": "\\ud800"}',
        b"{}",
        b'{"query": ""}',
        b'{"query": 5}',
        b'{"query": null}',
        b'{"query": ["{ hello }"]}',
        b'{"query": "{ hello }", "operationName": 5}',
        b'{"query": "{ hello }", "variables": []}',
        b'{"query": "{ hello }", "variables": "{}"}',
        b'{"query": "{ hello }", "extensions": 1}',
        b'{"query": "{ hello }", "variables": {"a": ["\\u0000"]}}',
        b'{"query": "{ hello }", "variables": {"a\\u0000": 1}}',
        b"\xef\xbb\xbf{}",
    ],
)
@pytest.mark.parametrize("accept", [JSON, MODERN])
async def test_a_body_that_is_no_operation_is_400(client: httpx.AsyncClient, body: bytes, accept: str):
    answer = await post(client, body, headers={"accept": accept})

    assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($n: Int!) { orders(first: $n) { totalCount } }"}, "BAD_USER_INPUT"),
        ({"query": "{ " + "hello " * 200 + "}"}, "MAX_COST_EXCEEDED"),
    ],
)
async def test_a_request_error_is_400_under_the_graphql_media_type_and_200_under_json(
    client: httpx.AsyncClient, asked: dict[str, Any], code: str
):
    modern = await post(client, asked)
    old = await post(client, asked, headers={"accept": JSON})

    assert (modern.status_code, code_of(modern)) == (400, code)
    assert (old.status_code, code_of(old)) == (200, code)


@pytest.mark.parametrize("name", [None, "C"])
@pytest.mark.parametrize("accept", [JSON, MODERN])
async def test_an_operation_that_is_not_chosen_is_400_and_nothing_runs(
    client: httpx.AsyncClient, touches: list[str], name: str | None, accept: str
):
    asked = {"query": "mutation A { touch } mutation B { touch }", "operationName": name}
    answer = await post(client, asked, headers={"accept": accept})

    assert (answer.status_code, code_of(answer)) == (400, "OPERATION_RESOLUTION_FAILURE")
    assert touches == []
    assert (await post(client, asked | {"operationName": "B"})).json()["data"] == {"touch": "touched"}
    assert touches == ["touched"]


async def test_a_query_may_come_by_get(client: httpx.AsyncClient):
    parameters = {"query": "query A($n: String!) { hello(name: $n) }", "variables": '{"n": "x"}', "operationName": "A"}
    answer = await client.get("", params=parameters, headers={"accept": MODERN})

    assert (answer.status_code, answer.json()["data"]) == (200, {"hello": "hello x"})


async def test_a_mutation_by_get_is_405_and_changes_nothing(client: httpx.AsyncClient, touches: list[str]):
    answer = await client.get("", params={"query": "mutation { touch }"}, headers={"accept": JSON})

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert code_of(answer) == "OPERATION_RESOLUTION_FAILURE"
    assert touches == []


@pytest.mark.parametrize("parameters", [{}, {"query": ""}, {"query": "{ hello }", "variables": "{"}, {"query": "\0"}])
async def test_a_get_without_an_operation_is_400(client: httpx.AsyncClient, parameters: dict[str, str]):
    answer = await client.get("", params=parameters, headers={"accept": "*/*"})

    if parameters == {"query": "\0"}:
        assert code_of(answer) == "BAD_USER_INPUT"
    else:
        assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")


async def test_a_browser_gets_the_explorer_unless_it_sends_a_query(client: httpx.AsyncClient):
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    assert (await client.get("", headers=browser)).text == "<h1>explorer</h1>"
    assert (await client.get("", params={"query": "{ hello }"}, headers=browser)).json()["data"][
        "hello"
    ] == "hello world"


async def test_a_subscription_by_post_is_refused_before_it_starts(client: httpx.AsyncClient):
    for accept in (JSON, MODERN):
        answer = await post(client, {"query": "subscription { ticks }"}, headers={"accept": accept})
        assert (answer.status_code, code_of(answer)) == (400, "OPERATION_RESOLUTION_FAILURE")


@pytest.mark.parametrize("accept", [JSON, MODERN])
async def test_a_refused_caller_has_its_own_status_before_anything_runs(
    client: httpx.AsyncClient, touches: list[str], accept: str
):
    asked = {"query": "mutation { touch }"}
    wrong = await post(client, asked, headers={"accept": accept, "authorization": "Bearer wrong"})
    busy = await post(client, asked, headers={"accept": accept, "authorization": "Bearer busy"})

    assert (wrong.status_code, code_of(wrong), wrong.headers["www-authenticate"]) == (401, "UNAUTHENTICATED", "Bearer")
    assert (busy.status_code, code_of(busy), busy.headers["retry-after"]) == (429, "THROTTLED", "7")
    assert touches == []


async def test_a_request_whose_fields_all_need_a_key_is_401(client: httpx.AsyncClient):
    whole = await post(client, {"query": "{ a: secret b: secret }"})
    part = await post(client, {"query": "{ secret hello }"})

    assert (whole.status_code, "data" in whole.json()) == (401, False)
    assert (part.status_code, part.json()["data"]) == (200, {"secret": None, "hello": "hello world"})


async def test_a_request_whose_fields_are_all_unavailable_is_503(client: httpx.AsyncClient):
    whole = await post(client, {"query": "{ a: away b: away }"})
    mixed = await post(client, {"query": "{ away refused }"})

    assert (whole.status_code, "data" in whole.json(), whole.headers["retry-after"]) == (503, False, "1")
    assert (mixed.status_code, mixed.json()["data"]) == (200, {"away": None, "refused": None})


async def test_a_partial_answer_says_when_to_retry_the_missing_part(client: httpx.AsyncClient):
    part = await post(client, {"query": "{ hello away }"})
    final = await post(client, {"query": "{ hello refused }"})

    assert (part.status_code, part.json()["data"]) == (200, {"hello": "hello world", "away": None})
    assert part.headers["retry-after"] == "1"
    assert (final.status_code, "retry-after" in final.headers) == (200, False)


@pytest.mark.parametrize(
    ("query", "failure"),
    [("{ hello away }", "UNAVAILABLE"), ("{ away }", "UNAVAILABLE"), ("{ hello crash }", "INTERNAL_SERVER_ERROR"),
     ("{ hello refused }", None), ("{ hello }", None)],
)  # fmt: skip
async def test_a_failure_under_status_200_is_counted_in_the_log(
    view: GraphQLView, logged: list[dict[str, Any]], query: str, failure: str | None
):
    transport = httpx.ASGITransport(RequestLimits(view))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        await client.post("/graphql", json={"query": query})

    (line,) = [line for line in logged if line["event"] == "request"]
    assert line.get("failure") == failure


async def test_a_fault_before_the_operation_is_masked_and_logged(
    client: httpx.AsyncClient, logged: list[dict[str, Any]]
):
    answer = await post(client, {"query": "{ hello }"}, headers={"authorization": "Bearer crash"})

    assert (answer.status_code, code_of(answer)) == (500, "INTERNAL_SERVER_ERROR")
    assert "secret" not in answer.text
    assert len(logged) == 1


async def test_a_fault_of_a_field_is_masked_beside_the_data_and_logged_once(
    client: httpx.AsyncClient, logged: list[dict[str, Any]]
):
    answer = await post(client, {"query": "{ hello crash }"})

    assert answer.status_code == 200
    assert answer.json()["data"] == {"hello": "hello world", "crash": None}
    assert "hunter2" not in answer.text
    assert len(logged) == 1


async def test_the_cost_is_part_of_the_answer(client: httpx.AsyncClient):
    answer = await post(client, {"query": "{ orders(first: 5) { nodes { number } } }"})

    assert answer.json()["extensions"] == {"cost": {"requestedQueryCost": 7, "maximumCost": 1000}}


async def test_a_caller_who_disconnects_during_the_body_affects_no_other(port: int, client: httpx.AsyncClient):
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()

    assert (await post(client, {"query": "{ hello }"})).status_code == 200


async def test_a_websocket_is_refused(view: GraphQLView):
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await view({"type": "websocket"}, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


seeds = st.sampled_from([
    b'{"query": "{ hello }", "variables": {"a": [1, "x", null]}, "operationName": null}',
    b'{"query": "query A($n: Int) { orders(first: $n) { nodes { number } } }", "variables": {"n": 5}}',
    b'{"query": "mutation { touch @skip(if: false) } fragment F on Order { number }", "extensions": {}}',
])  # fmt: skip
pieces = st.sampled_from(
    [b"{", b"}", b"[", b'"', b"\\", b"\\u0000", b"\\ud800", b"\xff", b"9" * 400, b"...F", b"$", b":"]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    body = bytearray(draw(seeds))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 5))] = draw(st.one_of(pieces, st.binary(max_size=4)))
    return bytes(body)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    body=st.one_of(mutated(), st.binary(max_size=200), st.text(max_size=100).map(str.encode)),
    content_type=st.sampled_from([JSON, "", "a;b=c;charset", "application/json;charset=\xe9"]),
    accept=st.sampled_from([JSON, MODERN, "", "\xff;q=x", "*/*;q=0"]),
)
def test_no_request_body_causes_an_internal_error(
    view: GraphQLView, loop: asyncio.Runner, body: bytes, content_type: str, accept: str
):
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(view)
        headers = [(b"content-type", content_type.encode("latin-1")), (b"accept", accept.encode("latin-1"))]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post("/graphql", content=body, headers=headers)

    answer = loop.run(send())

    assert answer.status_code in {200, 400, 406, 415}
    parsed = answer.json()
    assert set(parsed) <= {"data", "errors", "extensions"}
    assert all(error["extensions"]["code"] != "INTERNAL_SERVER_ERROR" for error in parsed.get("errors", []))
