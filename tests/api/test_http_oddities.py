"""Odd requests to a running server: each is answered with the right 4xx and a JSON error, and the next one is served.

Seen to fail when: the body's parser is the stock one (500 for a lone number, bad UTF-8, deep nesting, long integers),
codings of a body are ignored, the first of two operations runs, a mutation runs by GET, or a body is waited for without
end.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import pytest

from tests.http_client import Answer, HttpClient
from tests.server import running

BODY_BYTES_MAX, BODY_TIMEOUT_MS = 100_000, 700
GRAPHQL_JSON = "application/graphql-response+json"
TYPENAME = json.dumps({"query": "{ __typename }"}).encode()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database_url = f"sqlite://{tmp_path_factory.mktemp('oddities')}/orders.sqlite3"
    with running(database_url, body_bytes_max=BODY_BYTES_MAX, body_timeout_ms=BODY_TIMEOUT_MS) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[HttpClient]:
    client = HttpClient(url, timeout_s=10)
    yield client
    alive = await client.post("/graphql", TYPENAME)
    assert (alive.status, alive.json["data"]) == (200, {"__typename": "Query"})
    await client.close()


def code_of(answer: Answer) -> str:
    assert "json" in answer.headers["content-type"]
    assert answer.headers["x-request-id"]
    assert "Traceback" not in answer.body.decode()
    code: str = answer.json["errors"][0]["extensions"]["code"]
    assert "data" not in answer.json
    return code


@pytest.mark.parametrize("body", [
    b"", b"5", b"-0", b'"text"', b"null", b"true", b"[]", b"{}", b"[" + TYPENAME + b"]", b"{", TYPENAME + b"{}",
    b"\xff\xfe{", b'{"query": "\xc3\x28"}', b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
    b'{"query": 5}', b'{"query": null}', b'{"query": ["{ __typename }"]}', b'{"query": ""}',
    b'{"query": "{ __typename }", "variables": 5}', b'{"query": "{ __typename }", "variables": []}',
    b'{"query": "{ __typename }", "operationName": 5}', b'{"query": "{ __typename }", "extensions": 5}',
    b'{"query": "{ __typename }", "variables": {"a": NaN}}', b'{"query": "{ __typename }", "variables": {"a": 01}}',
    b'{"query": "{ __typename }", "variables": {"a": Infinity}}',
    b'{"query": "{ __typename }", "variables": {"a": -Infinity}}',
    b'{"query": "{ __typename }", "variables": {"a": "\\u0000"}}',
    b'{"query": "{ __typename }", "query": "{ __typename }"}', b'{"query": "{ __typename }", "Variables": {}}',
    b'{"query": "{ __typename }", "variables": {"a": {"b": 1, "b": 2}}}',
    b'{"query": "{ __typename }", "variables": ' + b"[" * 40_000 + b"]" * 40_000 + b"}",
    b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 15_000 + b"1" + b"}" * 15_000 + b"}",
    b"[" * 90_000,
])  # fmt: skip
async def test_a_body_that_holds_no_operation_is_a_bad_request(client: HttpClient, body: bytes):
    answer = await client.post("/graphql", body, accept=GRAPHQL_JSON)

    assert (answer.status, code_of(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(("query", "variables", "code"), [
    ("{", None, "GRAPHQL_PARSE_FAILED"),
    ("{ }", None, "GRAPHQL_PARSE_FAILED"),
    ("{orders{nodes{}}}", None, "GRAPHQL_PARSE_FAILED"),
    ("{ " * 900 + "}" * 900, None, "GRAPHQL_PARSE_FAILED"),
    ("{ nope }", None, "GRAPHQL_VALIDATION_FAILED"),
    ("query a { __typename } query b { __typename }", None, "OPERATION_RESOLUTION_FAILURE"),
    ("query { orders(first: " + "9" * 5_000 + ") { nodes { id } } }", None, "BAD_USER_INPUT"),
    ("query ($first: Int) { orders(first: $first) { nodes { id } } }", {"first": 1.5}, "BAD_USER_INPUT"),
    ("query ($first: Int!) { orders(first: $first) { nodes { id } } }", {}, "BAD_USER_INPUT"),
    ("subscription { orders }", None, "GRAPHQL_VALIDATION_FAILED"),
    ("fragment f on Query { __typename }", None, "OPERATION_RESOLUTION_FAILURE"),
])  # fmt: skip
async def test_a_document_that_cannot_run_is_a_bad_request(
    client: HttpClient, query: str, variables: dict | None, code: str
):
    answer = await client.graphql(query, variables, accept=GRAPHQL_JSON)

    assert (answer.status, code_of(answer)) == (400, code)


@pytest.mark.parametrize("digits", [20, 400, 5_000, 50_000])
async def test_a_number_of_many_digits_is_refused_as_a_number(client: HttpClient, digits: int):
    body = (
        b'{"query": "query ($n: Int) { orders(first: $n) { nodes { id } } }", "variables": {"n": '
        + b"9" * digits
        + b"}}"
    )

    answer = await client.post("/graphql", body, accept=GRAPHQL_JSON)

    assert answer.status == 400
    assert code_of(answer) in {"BAD_REQUEST", "BAD_USER_INPUT"}


async def test_of_two_operations_only_the_named_one_runs(client: HttpClient):
    query = "query a { __typename } query b { b: __typename }"

    unnamed = await client.graphql(query)
    named = await client.post("/graphql", json.dumps({"query": query, "operationName": "b"}).encode())

    assert code_of(unnamed) == "OPERATION_RESOLUTION_FAILURE"
    assert named.json["data"] == {"b": "Query"}


@pytest.mark.parametrize("content_type", [
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql",
    "application/jsonfoo", "x/application/json", "application/json; charset=utf-16", "",
])  # fmt: skip
async def test_another_content_type_is_unsupported(client: HttpClient, content_type: str):
    answer = await client.post("/graphql", TYPENAME, content_type=content_type)

    assert (answer.status, code_of(answer), answer.headers["accept"]) == (415, "BAD_REQUEST", "application/json")


async def test_a_request_for_an_unsupported_response_type_is_not_acceptable(client: HttpClient):
    answer = await client.post("/graphql", TYPENAME, accept="image/png")

    assert (answer.status, code_of(answer)) == (406, "BAD_REQUEST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_told_which_are_allowed(client: HttpClient, method: str):
    answer = await client.send(method, "/graphql", TYPENAME, content_type="application/json")

    assert (answer.status, code_of(answer), answer.headers["allow"]) == (405, "BAD_REQUEST", "GET, POST")


async def test_a_query_by_get_is_answered_and_a_mutation_is_not_run(client: HttpClient):
    query = await client.send("GET", f"/graphql?query={quote('{ __typename }')}")
    order = 'mutation { createOrderByMass(input: {mass: {amount: "1", unit: GRAM}, idempotencyKey: "k"}) { replayed } }'
    mutation = await client.send("GET", f"/graphql?query={quote(order)}")

    assert (query.status, query.json["data"]) == (200, {"__typename": "Query"})
    assert (mutation.status, code_of(mutation), mutation.headers["allow"]) == (
        405,
        "OPERATION_RESOLUTION_FAILURE",
        "POST",
    )


async def test_an_empty_operation_name_is_none(client: HttpClient):
    named = json.dumps({"query": "{ __typename }", "operationName": ""}).encode()

    by_get = await client.send("GET", "/graphql?query={__typename}&operationName=")
    by_post = await client.post("/graphql", named)
    of_two = await client.send(
        "GET", f"/graphql?query={quote('query a { a: __typename } query b { b: __typename }')}&operationName="
    )

    assert (by_get.status, by_get.json["data"]) == (200, {"__typename": "Query"})
    assert (by_post.status, by_post.json["data"]) == (200, {"__typename": "Query"})
    assert code_of(of_two) == "OPERATION_RESOLUTION_FAILURE"


@pytest.mark.parametrize(
    "parameters", ["query=", "variables={}", "query={__typename}&variables=5", "query={__typename}&variables=%FF"]
)
async def test_a_malformed_query_string_is_a_bad_request(client: HttpClient, parameters: str):
    answer = await client.send("GET", f"/graphql?{parameters}")

    assert (answer.status, code_of(answer)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("head", [
    b"Content-Length: 100001\r\n", b"Content-Length: 9223372036854775807\r\n",
])  # fmt: skip
async def test_a_body_that_is_announced_as_too_large_is_not_waited_for(client: HttpClient, head: bytes):
    answer = await client.send_bytes(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + head + b"\r\n{"
    )

    assert (answer.status, code_of(answer)) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_that_grows_too_large_is_cut_off(client: HttpClient):
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    answer = await client.send_bytes(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk * 4
    )

    assert (answer.status, code_of(answer)) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_that_does_not_arrive_is_not_waited_for(client: HttpClient):
    began = asyncio.get_running_loop().time()
    answer = await client.send_bytes(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
    )

    assert (answer.status, code_of(answer)) == (408, "REQUEST_TIMEOUT")
    assert asyncio.get_running_loop().time() - began < 5


CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(TYPENAME), TYPENAME)


def coded(path: bytes, *lines: bytes) -> bytes:
    head = b"".join(line + b"\r\n" for line in (b"Host: x", b"Content-Type: application/json", *lines))
    body = CHUNKED if any(line.lower().startswith(b"transfer") for line in lines) else TYPENAME
    return b"POST " + path + b" HTTP/1.1\r\n" + head + b"\r\n" + body


@pytest.mark.parametrize("lines", [
    [b"Transfer-Encoding: gzip, chunked"], [b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: identity, chunked"],
])  # fmt: skip
async def test_a_body_with_another_transfer_coding_than_chunked_is_refused(client: HttpClient, lines: list[bytes]):
    answer = await client.send_bytes(coded(b"/graphql", *lines))

    assert (answer.status, code_of(answer), answer.headers["connection"]) == (400, "BAD_USER_INPUT", "close")


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"identity, gzip", b"made-up"])
async def test_a_body_with_a_content_coding_is_refused(client: HttpClient, coding: bytes):
    length = b"Content-Length: %d" % len(TYPENAME)
    answer = await client.send_bytes(coded(b"/graphql", length, b"Content-Encoding: " + coding))

    assert (answer.status, code_of(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("line", [b"Transfer-Encoding: Chunked", b"transfer-encoding: chunked "])
async def test_a_chunked_body_is_read(client: HttpClient, line: bytes):
    answer = await client.send_bytes(coded(b"/graphql", line, b"Content-Encoding: Identity"))

    assert (answer.status, answer.json["data"]) == (200, {"__typename": "Query"})


@pytest.mark.parametrize("path", [b"/lune/v1/orders/by-mass", b"/carbonext/v1/orders"])
async def test_a_contract_asks_for_the_key_before_it_looks_at_codings(client: HttpClient, path: bytes):
    length = b"Content-Length: %d" % len(TYPENAME)
    answer = await client.send_bytes(coded(path, length, b"Content-Encoding: gzip"))

    assert answer.status == 401
