"""Limits that every request passes before an API: an id, limits on its body and on concurrency, and a log line.

Does not know orders, keys or APIs; each API passes in the form of its refusals. A body is read completely and passed on
in one piece, so that a slow sender does not occupy an API. Slow or endless headers and the number of connections are
limited by the HTTP server, before the application is called.
"""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import TypeAlias

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.headers import header_of, refuse_codings, refuse_contradictions
from service.api.refusal_pace import Pace
from service.api.request_facts import FACTS, Facts, note_refusal
from service.api.request_measures import RequestMeasures
from service.errors import Code, Refused
from service.kit.request_id import REQUEST_ID
from service.kit.tracing import Tracer

ErrorBody: TypeAlias = Callable[[Refused, str], tuple[bytes, str]]
"""Function that writes a refusal in an API's form, given the refusal and the request id: body and content type."""

log = structlog.get_logger(__name__)

_SAFE_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_NO_SNIFFING, _NO_STORE = (b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")
_EVENTS = b"text/event-stream"
_CLIENT_GONE = 499  # nginx's status for a caller who disconnected before the response; logged, never sent
_LOGGED_PATH_MAX = 256
_OF_THE_BODY = frozenset({Code.PAYLOAD_TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE})
_SMALL_BODY = 4_096
"""Bytes of a body that mostly arrives with its head: it is read before a refusal, which then leaves the connection."""


def graphql_error_body(refusal: Refused, request_id: str) -> tuple[bytes, str]:
    """Return a refusal as a GraphQL response without data."""
    error = {"message": refusal.message, "extensions": {"code": refusal.code, "requestId": request_id}}
    return orjson.dumps({"errors": [error]}), "application/json"


class RequestLimits:
    """Wraps an ASGI application. Its refusals have the form of the API whose path prefix, the longest of
    `error_bodies`, the request has.

    * The request id is the caller's `X-Request-Id` if it is 1 to 64 safe characters; it is in `scope["state"]`, in
      every log line of the request and in the answer.
    * A declared body above `body_bytes_max` is refused before it is read, an undeclared one with the chunk that passes
      the limit: `PAYLOAD_TOO_LARGE`. Below the prefixes of `late_refusals` an API that reads the body is refused it
      instead, so that whoever has no key is told that first. The whole body arrives within `body_timeout_ms`, or
      `REQUEST_TIMEOUT`.
    * A body in another coding than the plain one is refused, `UNSUPPORTED_MEDIA_TYPE`, as late as one that is too
      large; one whose transfer coding is not `chunked` alone, `BAD_USER_INPUT`.
    * A request with two different values of a header that decides who calls or what is done: `BAD_USER_INPUT`.
    * `in_flight_max` requests may be in the application without an answer begun; more are refused `UNAVAILABLE` at
      once. A body still arriving does not count, or slow senders would crowd out the others; nor does an answer that
      streams, or subscribers would.
    * An answer that has not begun within `deadline_ms` is refused `UNAVAILABLE`, and the application is cancelled.
    * An exception of the application is logged with its traceback and answered with a masked 500.
    * The time of a stream of events, in its line of the log and the measures, ends when it begins.
    * `admit` refuses a request, or lets it wait, by its head alone: a body above 4 kB is not read before.
    * A refusal of a request whose caller is not known waits for the turn of its address, `pace(address_of(scope))`, and
      has a line in the log only as that says. The wait counts neither as a request in progress nor in `ms`.
    * The line of the log has the facts that an API noted (request_facts.py); `failure` among them is the code of a
      failure that the status does not tell. `measures` counts the request, `tracer` makes a span of it.
    * Of a path below one of `secret_paths` only the prefix is logged: what follows opens what it names.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_bytes_max: int = 100_000,
        body_timeout_ms: int = 10_000,
        in_flight_max: int = 256,
        deadline_ms: int = 10_000,
        error_bodies: Mapping[str, ErrorBody] | None = None,
        late_refusals: Collection[str] = (),
        secret_paths: Collection[str] = (),
        measures: RequestMeasures | None = None,
        tracer: Tracer | None = None,
        admit: Callable[[Scope], Awaitable[None]] | None = None,
        pace: Pace | None = None,
        address_of: Callable[[Scope], str] | None = None,
    ) -> None:
        self._app = app
        self._admit = admit
        self._pace = pace
        self._address_of = address_of
        self._body_bytes_max = body_bytes_max
        self._body_timeout_s = body_timeout_ms / 1000
        self._in_flight_max = in_flight_max
        self._deadline_s = deadline_ms / 1000
        bodies = ((prefix.rstrip("/"), error_body) for prefix, error_body in (error_bodies or {}).items())
        self._error_bodies = sorted(bodies, key=lambda body: -len(body[0]))
        self._late_refusals = tuple(late_refusals)
        self._secret_paths = tuple(secret_paths)
        self._measures = measures
        self._tracer = tracer
        self._log = log.bind()  # bound once, because building a logger for each line takes as long as writing the line
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        facts: Facts | None = None
        if scope["type"] == "http":
            facts = {"method": scope["method"], "path": self._logged_path(scope["path"]), "request_id": request_id}
        before, facts_before = REQUEST_ID.set(request_id), FACTS.set(facts)
        try:
            if facts is None:
                await self._app(scope, receive, send)
            elif self._tracer is None:
                await self._exchange(scope, receive, _Answer(self, scope, send, request_id), facts)
            else:
                with self._tracer.request(scope, facts):
                    await self._exchange(scope, receive, _Answer(self, scope, send, request_id), facts)
        finally:
            FACTS.reset(facts_before)
            REQUEST_ID.reset(before)

    async def _exchange(self, scope: Scope, receive: Receive, answer: "_Answer", facts: Facts) -> None:
        began_ns = time.perf_counter_ns()
        try:
            async with answer.deadline:
                body = await self._bounded(scope, receive, answer)
                if body is not None:
                    self._refuse_crowd()
                    answer.join_crowd()
                    answer.end_after(self._deadline_s)
                    await self._app(scope, body, answer.send)
        except Exception as failure:
            refusal = answer.refusal_in(failure)
            if refusal is None:
                self._log.exception("fault", method=facts["method"], path=facts["path"], request_id=answer.request_id)
            if answer.status is not None:
                raise  # the response is incomplete: the server must cut the connection
            if refusal is not None:
                await self._wait_for_turn(scope, facts, answer, refusal)
            await answer.refuse(refusal or Refused(Code.INTERNAL_SERVER_ERROR, "Internal error"))
        finally:
            answer.leave_crowd()
            took_ns = (answer.timed_until_ns or time.perf_counter_ns()) - began_ns
            facts["status"] = answer.status or _CLIENT_GONE
            facts["ms"] = round(took_ns / 1_000_000, 2)
            if self._measures is not None:
                self._measures.record(scope["path"], facts, took_ns / 1_000_000_000)
            if answer.is_logged:
                self._log.info("request", **facts)

    async def _wait_for_turn(self, scope: Scope, facts: Facts, answer: "_Answer", refusal: Refused) -> None:
        # A service that is overloaded says so at once: the caller may be a customer.
        if self._pace is None or self._address_of is None or "account_id" in facts or refusal.code is Code.UNAVAILABLE:
            return
        facts["address"] = self._address_of(scope)
        turn = self._pace.turn(facts["address"])
        answer.is_logged = turn.is_logged
        if turn.unlogged:
            facts["unlogged"] = turn.unlogged
        if turn.pause_s:
            answer.timed_until_ns = time.perf_counter_ns()
            answer.leave_crowd()
            await asyncio.sleep(turn.pause_s)

    def _logged_path(self, path: str) -> str:
        plain = "/" + path.lstrip("/")
        if plain.startswith(self._secret_paths):
            return next(each for each in self._secret_paths if plain.startswith(each)) + "..."
        return path[:_LOGGED_PATH_MAX]

    async def _bounded(self, scope: Scope, receive: Receive, answer: "_Answer") -> Receive | None:
        """Return the function with which the API reads the body, which may raise its refusal; None if the caller
        disconnected before the end.
        """
        try:
            await self._admitted(scope, receive, answer)
            answer.body_pending = self._expects_body(scope)
            refuse_contradictions(scope)
            if answer.body_pending:
                refuse_codings(scope)
            self._refuse_crowd()
            if not answer.body_pending:
                return receive
            answer.end_after(self._body_timeout_s)
            body = await self._whole_body(receive)
            answer.body_pending = False
            return None if body is None else _replaying(body, receive)
        except Refused as refusal:
            if refusal.code not in _OF_THE_BODY or not self._refuses_late(scope["path"]):
                raise
            return _refusing(refusal)

    async def _admitted(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if self._admit is None:
            return
        try:
            await self._admit(scope)
        except Refused:
            length = header_of(scope, b"content-length") or ""
            if length.isascii() and length.isdigit() and len(length) <= 4 and int(length) <= _SMALL_BODY:
                answer.end_after(self._body_timeout_s)
                await self._whole_body(receive)
                answer.body_pending = False
            elif not length and header_of(scope, b"transfer-encoding") is None:
                answer.body_pending = False
            raise

    def _expects_body(self, scope: Scope) -> bool:
        length = header_of(scope, b"content-length")
        if length is None:
            length = "0"
        if not length.isascii() or not length.isdigit():
            raise Refused(Code.BAD_USER_INPUT, "Content-Length is not a number.")
        # int() raises an error of its own for very many digits.
        declared = int(length) if len(length) <= 18 else self._body_bytes_max + 1
        if declared > self._body_bytes_max:
            raise self._too_large()
        if declared > 0 or not scope["http_version"].startswith("1"):
            return True
        return header_of(scope, b"transfer-encoding") is not None

    async def _whole_body(self, receive: Receive) -> bytes | None:
        """Return the body, or None if the caller disconnected before its end."""
        # not a list of chunks, because a body sent byte by byte would take fifty times its size in memory
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self._body_bytes_max:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _refuse_crowd(self) -> None:
        if self.in_flight >= self._in_flight_max:
            raise Refused(Code.UNAVAILABLE, "Too many requests are in progress. Try again.")

    def _too_large(self) -> Refused:
        return Refused(Code.PAYLOAD_TOO_LARGE, f"Send a request body of at most {self._body_bytes_max} bytes.")

    def error_body_for(self, path: str) -> ErrorBody:
        for prefix, error_body in self._error_bodies:
            if _is_below(path, prefix):
                return error_body
        return graphql_error_body

    def _refuses_late(self, path: str) -> bool:
        return any(_is_below(path, prefix) for prefix in self._late_refusals)


class _Answer:
    """Sender of one request's response; it adds the common headers and holds the request's place in the concurrency
    limit.
    """

    __slots__ = (
        "_in_crowd", "_limits", "_path", "_send", "body_pending", "deadline", "is_logged", "request_id", "status",
        "timed_until_ns", "was_admitted",
    )  # fmt: skip

    def __init__(self, limits: RequestLimits, scope: Scope, send: Send, request_id: str) -> None:
        self._limits = limits
        self._path = scope["path"]
        self._send = send
        self._in_crowd = False
        self.request_id = request_id
        self.status: int | None = None
        self.body_pending = True
        self.was_admitted = False
        self.timed_until_ns: int | None = None
        self.is_logged = True
        self.deadline = asyncio.timeout(None)

    def end_after(self, seconds: float | None) -> None:
        """Set the deadline of the exchange, in seconds from now; None removes it. Has no effect after the end."""
        with suppress(RuntimeError):
            self.deadline.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    def join_crowd(self) -> None:
        self.was_admitted = self._in_crowd = True
        self._limits.in_flight += 1

    def leave_crowd(self) -> None:
        if self._in_crowd:
            self._in_crowd = False
            self._limits.in_flight -= 1

    def refusal_in(self, failure: Exception) -> Refused | None:
        """Return the refusal that the caller is shown; None for a fault."""
        if isinstance(failure, Refused):
            return failure
        if not isinstance(failure, TimeoutError) or not self.deadline.expired():
            return None
        if not self.was_admitted:
            return Refused(Code.REQUEST_TIMEOUT, "The request body did not arrive in time.")
        message = "The request took too long. A change may have been made: to be sure, send it again with the same key."
        return Refused(Code.UNAVAILABLE, message)

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.leave_crowd()
            self.end_after(None)  # a response that has begun may stream without a time limit
            if any(name == b"content-type" and value.startswith(_EVENTS) for name, value in message.get("headers", ())):
                self.timed_until_ns = time.perf_counter_ns()
            headers = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode()), _NO_SNIFFING]
            if b"cache-control" not in dict(headers):
                headers.append(_NO_STORE)
            if self.body_pending:
                # The rest of the body is not read, so the connection cannot be used for another request.
                headers.append((b"connection", b"close"))
            message = {**message, "headers": headers}
        return self._send(message)

    async def refuse(self, refusal: Refused) -> None:
        note_refusal(refusal.code)
        body, content_type = self._limits.error_body_for(self._path)(refusal, self.request_id)
        status = refusal.reason.http_status
        headers = [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]
        if refusal.code is Code.UNSUPPORTED_MEDIA_TYPE:
            headers.append((b"accept-encoding", b"identity"))
        if refusal.retry_after_s is not None:
            headers.append((b"retry-after", b"%d" % refusal.retry_after_s))
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _request_id(scope: Scope) -> str:
    given = header_of(scope, b"x-request-id")
    if given is not None and _SAFE_ID.fullmatch(given):
        return given
    # Log lines have a time, so the id need not be sortable, and it is not a secret, so it may be guessable.
    return random.randbytes(16).hex()  # noqa: S311


def _is_below(path: str, prefix: str) -> bool:
    return path.startswith(prefix) and path[len(prefix) :][:1] in {"", "/"}


def _refusing(refusal: Refused) -> Receive:
    """Return a receive function that raises the refusal when the API reads the body."""

    async def refuse() -> Message:
        raise refusal

    return refuse


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a receive function that passes the body on in one piece and then waits for the caller to disconnect."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
