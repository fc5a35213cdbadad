"""The ASGI application behind /graphql: it turns each request into one GraphQL response, and every refusal into a
GraphQL error.

The context, the execution and the page for browsers are passed in. Status codes follow GraphQL over HTTP as its audits
of 2024 read it: a request that was understood but not run is 400 under application/graphql-response+json, and 200 under
application/json, where old clients look for `errors`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import orjson
from graphql import GraphQLError
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from service.api.graphql.error_presentation import OPERATION_UNRESOLVED, MaskedSchema, cause_of
from service.api.graphql.transport.event_stream import COMPLETE, HEADERS, EventStream, EventStreams, event_of
from service.api.graphql.transport.request_parsing import (
    GRAPHQL_JSON,
    JSON,
    BadRequest,
    GraphQLRequest,
    answer_type,
    request_by_get,
    request_by_post,
    wants_events,
    wants_page,
)
from service.api.headers import header_of
from service.api.request_facts import note_failure, note_refusal
from service.errors import REASONS, Code, Refused

Run = Callable[[GraphQLRequest, Any], Awaitable[ExecutionResult]]
PayBytes = Callable[[Any, int], Awaitable[None]]
_Answer: TypeAlias = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body of an answer. Not Starlette's Response, which would encode the same few headers for each
request.
"""

_STATUSES = {str(code): reason.http_status for code, reason in REASONS.items()}
_CONTENT_TYPES = {name: (b"content-type", f"{name}; charset=utf-8".encode()) for name in (JSON, GRAPHQL_JSON)}
FAILURES = frozenset({str(Code.THROTTLED), str(Code.UNAVAILABLE), str(Code.INTERNAL_SERVER_ERROR)})
"""Codes that the log counts as a failure of the service, even with data and the status 200."""
STREAMED_ONLY = (
    "A subscription needs a transport that streams: a WebSocket, or server-sent events (Accept: text/event-stream)."
)
_POLICY_VIOLATION = 1008


class GraphQLView:
    """Serves one schema over HTTP; WebSockets by `socket`, and refused without it.

    * `get_context(scope)` is called once for each operation that HTTP lets through. A Refused that it raises is the
      whole answer, with its own HTTP status.
    * `run(request, context)` answers the operation. It raises InvalidOperationTypeError for an operation that the
      request may not run: anything but a query when it is read-only, and a subscription, which `events` runs.
    * `pay_bytes(context, size)` is called with the size of each answer of an operation that ran, before it is sent.
    * `render_page(request)` answers a browser's GET without a query.
    * `events` streams the answers of a subscription to a client that accepts server-sent events.
    """

    def __init__(
        self,
        schema: MaskedSchema,
        *,
        get_context: Callable[[Scope], Awaitable[Any]],
        run: Run,
        pay_bytes: PayBytes | None = None,
        render_page: Callable[[Request], Response] | None = None,
        events: EventStreams | None = None,
        socket: ASGIApp | None = None,
    ) -> None:
        self._schema = schema
        self._get_context = get_context
        self._run = run
        self._pay_bytes = pay_bytes
        self._render_page = render_page
        self._events = events
        self._socket = socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
            return
        try:
            answer = await self._answer(scope, receive)
        except ClientDisconnect:
            return
        if isinstance(answer, EventStream):
            await answer.send_all(receive, send)
            return
        status, headers, body = answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._socket is not None:
            await self._socket(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})

    async def _answer(self, scope: Scope, receive: Receive) -> _Answer | EventStream:
        accept = ",".join([str(value, "latin-1") for name, value in scope["headers"] if name == b"accept"])
        content_type = answer_type(accept)
        try:
            if self._render_page and _is_for_page(scope, accept):
                page = self._render_page(Request(scope))
                return page.status_code, page.raw_headers, bytes(page.body)
            events = self._events if wants_events(accept) else None
            request = await _request_of(scope, receive, content_type, takes_events=events is not None)
            context = await self._get_context(scope)
            begun = None if events is None else await events.begin(request, context, scope)
            if isinstance(begun, EventStream):
                return begun
            result = begun or await self._run(request, context)
            answer = self._result(result, content_type)
            if self._pay_bytes is not None:
                await self._pay_bytes(context, len(answer[-1]))
        except ClientDisconnect:
            raise
        except Exception as why:  # noqa: BLE001 - the last place where a fault can be masked as GraphQL
            return self._refusal(why, scope["method"], content_type or JSON)
        return answer

    def _result(self, result: ExecutionResult, content_type: str | None) -> _Answer:
        """Return the answer with the result; without a content type it is sent as server-sent events with the status
        200.
        """
        errors = self._schema.presented(result.errors, validated=True) if result.errors else []
        body: dict[str, Any] = {}
        status, headers = 200, {}
        if errors:
            for each in errors:
                note_refusal(_code(each))
            body["errors"] = [error.formatted for error in errors]
            failure = next((error for error in errors if _code(error) in FAILURES), None)
            if failure is not None:
                note_failure(_code(failure))
            if _ran_nothing(result.data, errors):
                status, headers = _status(_code(errors[0]), content_type or JSON), _headers_of(errors[0])
            else:
                body["data"] = result.data
                headers = {} if failure is None else _headers_of(failure)
        else:
            body["data"] = result.data
        if result.extensions:
            body["extensions"] = result.extensions
        if content_type is None:
            return 200, HEADERS, event_of(body) + COMPLETE
        return _json_answer(body, status, content_type, headers)

    def _refusal(self, why: Exception, method: str, content_type: str) -> _Answer:
        """Return the response to a request that was not run at all."""
        headers: dict[str, str] = {}
        if isinstance(why, BadRequest):
            status, headers = why.status, why.headers
            error = GraphQLError(why.message, extensions={"code": "BAD_REQUEST"})
        elif isinstance(why, Refused):
            status = why.reason.http_status
            error = GraphQLError(why.message, original_error=why)
        elif isinstance(why, InvalidOperationTypeError) and why.operation_type is not OperationType.SUBSCRIPTION:
            status, headers = 405, {"Allow": "POST"}
            error = GraphQLError(f"By {method} only queries are run; send mutations by POST.", original_error=why)
        elif isinstance(why, InvalidOperationTypeError):
            status, error = 400, GraphQLError(STREAMED_ONLY, original_error=why)
        elif isinstance(why, CannotGetOperationTypeError | MissingQueryError):
            status, error = 400, GraphQLError("The document has no such operation.", original_error=why)
        else:
            status, error = 500, GraphQLError("Internal error", original_error=why)
        (shown,) = self._schema.presented([error], validated=True)
        note_refusal(_code(shown))
        return _json_answer({"errors": [shown.formatted]}, status, content_type, headers | _headers_of(shown))


def _is_for_page(scope: Scope, accept: str) -> bool:
    return scope["method"] == "GET" and "query" not in QueryParams(scope["query_string"]) and wants_page(accept)


async def _request_of(
    scope: Scope, receive: Receive, content_type: str | None, *, takes_events: bool
) -> GraphQLRequest:
    method = scope["method"]
    if method not in {"GET", "POST"}:
        raise BadRequest(405, "GraphQL is served by GET and POST.", {"Allow": "GET, POST"})
    if content_type is None and not takes_events:
        raise BadRequest(406, f"Answers are {GRAPHQL_JSON} or {JSON}.")
    if method == "GET":
        return request_by_get(QueryParams(scope["query_string"]).multi_items())
    return request_by_post(header_of(scope, b"content-type") or "", await _body_of(receive))


async def _body_of(receive: Receive) -> bytes:
    """Return the whole body, which the request limits usually pass on in one piece."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def _ran_nothing(data: dict[str, Any] | None, errors: list[GraphQLError]) -> bool:
    """Return True if the whole request was refused: before it ran, or at each of its root fields because there is no
    key or no database.
    """
    if data is None:
        return not any(error.path for error in errors)
    codes = {_code(error) for error in errors}
    is_refused_whole = codes in ({Code.UNAUTHENTICATED}, {Code.UNAVAILABLE})
    return is_refused_whole and not any(value is not None for value in data.values())


def _code(error: GraphQLError) -> str:
    return str((error.extensions or {}).get("code"))


def _status(code: str, content_type: str) -> int:
    if code == OPERATION_UNRESOLVED:
        return 400
    status = _STATUSES.get(code, 400)
    return 200 if status == 400 and content_type == JSON else status


def _headers_of(error: GraphQLError) -> dict[str, str]:
    if _code(error) == Code.UNAUTHENTICATED:
        return {"WWW-Authenticate": "Bearer"}
    cause = cause_of(error)
    if isinstance(cause, Refused) and cause.retry_after_s is not None:
        return {"Retry-After": str(cause.retry_after_s)}
    return {}


def _json_answer(body: Mapping[str, Any], status: int, content_type: str, headers: Mapping[str, str]) -> _Answer:
    text = orjson.dumps(body)
    every = [
        *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        _CONTENT_TYPES[content_type],
        (b"vary", b"Accept"),  # the response depends on the Accept header, which caches must know
        (b"content-length", b"%d" % len(text)),
    ]
    return status, every, text
