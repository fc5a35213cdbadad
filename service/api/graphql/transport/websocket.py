"""Subscriptions over WebSockets, by the protocol graphql-transport-ws.

A connection authenticates by the header Authorization of its handshake, or by the payload of `connection_init`, because
browsers cannot set headers there. Queries and mutations are refused: over HTTP they have limits, deadlines and log
lines, and clients can retry if an answer is lost.
"""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, aclosing
from typing import Any, NamedTuple

import orjson
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult

from service.api.addresses import REQUEST_POINTS, UNKNOWN_KEY_POINTS
from service.api.caller import ACCOUNT_HEADER
from service.api.graphql.context import Context
from service.api.graphql.transport.request_parsing import BadRequest, request_of_payload
from service.api.graphql.transport.streaming import End, Streaming, TooSlow, in_time, note_end
from service.api.headers import header_of
from service.errors import Code, Refused
from service.kit.members import letters_of
from service.operations.authenticate import unauthenticated

PROTOCOL = "graphql-transport-ws"
INIT_TIMEOUT_S = 10.0
ID_LENGTH_MAX = 256
ONLY_SUBSCRIPTIONS = "Over a WebSocket only subscriptions are run. Send queries and mutations by POST."
_REASON_BYTES_MAX = 123
_AUTHORIZATION = b"authorization"
_CREDENTIALS = {letters_of(name.decode()): name for name in (_AUTHORIZATION, ACCOUNT_HEADER)}


class Close(NamedTuple):
    """Code and reason with which a connection is closed; those from 4400 on are those of graphql-transport-ws."""

    code: int
    reason: str


BAD_MESSAGE = Close(4400, "Invalid message")
NOT_ACKNOWLEDGED = Close(4401, "Unauthorized")
NO_SUBPROTOCOL = Close(4406, "Subprotocol not acceptable")
INIT_TIMEOUT = Close(4408, "Connection initialisation timeout")
TOO_SLOW = Close(4410, "Too slow. Subscribe again after the last event.")
SECOND_INIT = Close(4429, "Too many initialisation requests")
DEFECT = Close(1011, "Internal error")
_CODES = {
    Code.UNAUTHENTICATED: 4401,
    Code.BAD_USER_INPUT: 4400,
    Code.ACCOUNT_SELECTED_INVALID: 4400,
    Code.ACCOUNT_SUSPENDED: 4403,
    Code.FORBIDDEN: 4403,
}
_TRY_LATER = 1013


def close_of(refusal: Refused) -> Close:
    """Return the close code and reason for a refusal. Clients reconnect automatically after 1013 and 4403."""
    return Close(_CODES.get(refusal.code, _TRY_LATER), refusal.message)


class GraphQLSocket:
    """The ASGI application of WebSockets."""

    def __init__(self, streaming: Streaming) -> None:
        self._streaming = streaming

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._streaming.pay(scope, REQUEST_POINTS)
        except Refused:
            await send({"type": "websocket.close"})
            return
        if not self._streaming.may_connect(scope):
            await send({"type": "websocket.close"})  # before it is accepted, so the server answers 403
            return
        connection = _Connection(self._streaming, scope, receive, send)
        if PROTOCOL in scope["subprotocols"]:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await connection.run()
        else:
            await send({"type": "websocket.accept"})
            await connection.close(NO_SUBPROTOCOL)


class _Connection:
    """An accepted WebSocket."""

    def __init__(self, streaming: Streaming, scope: Scope, receive: Receive, send: Send) -> None:
        self._streaming = streaming
        self._scope = scope
        self._receive = receive
        self._send = send
        self._ended: asyncio.Future[Close | None] = asyncio.get_running_loop().create_future()
        self._subscriptions: dict[str, tuple[asyncio.Task[None], ExitStack]] = {}
        """The task of each subscription by its id, and its place."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._context: Context | None = None
        self._held = ExitStack()
        self._events = 0

    async def run(self) -> None:
        """Serve the connection until either side closes it."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        reader = loop.create_task(self._read())
        close: Close | None = None
        try:
            waited: list[asyncio.Future[Any]] = [reader, self._ended]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not self._ended.done():
                reader.result()
            close = self._ended.result()
        except Exception as fault:  # noqa: BLE001 - masked and logged, as in every answer
            self._streaming.shown_error(fault)
            close = DEFECT
        finally:
            tasks = [reader, *self._tasks]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for id_ in list(self._subscriptions):
                self._release(id_)
            self._held.close()
            if self._context is not None:
                word = "left" if close is None else str(close.code)
                note_end("websocket", self._context, End(word), events=self._events, seconds=loop.time() - began_s)
        if close is not None:
            await self.close(close)

    async def close(self, close: Close) -> None:
        """Close the connection with the code of `close`, and as much of its reason as a frame holds."""
        reason = close.reason.encode()[:_REASON_BYTES_MAX].decode(errors="ignore")
        try:
            await self._send({"type": "websocket.close", "code": close.code, "reason": reason})
        except OSError:
            return  # the client closed it first

    def _end(self, close: Close | None) -> None:
        if not self._ended.done():
            self._ended.set_result(close)

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(INIT_TIMEOUT_S) as patience:
                while not self._ended.done():
                    await self._obey(await self._receive())
                    if self._context is not None and patience.when() is not None:
                        patience.reschedule(None)
        except TimeoutError:
            if not patience.expired():
                raise
            self._end(INIT_TIMEOUT)

    async def _obey(self, received: Mapping[str, Any]) -> None:
        if received["type"] == "websocket.disconnect":
            self._end(None)
            return
        message = _message_in(received.get("text"))
        kind, payload = message.get("type"), message.get("payload")
        if kind == "connection_init" and (payload is None or isinstance(payload, dict)):
            await self._begin(payload or {})
        elif kind == "ping":
            await self._say({"type": "pong"} | ({} if payload is None else {"payload": payload}))
        elif kind == "subscribe" and _is_id(message.get("id")) and isinstance(payload, dict):
            await self._subscribe(message["id"], payload)
        elif kind == "complete" and _is_id(message.get("id")):
            task = self._release(message["id"])
            if task is not None:
                task.cancel()
        elif kind != "pong":
            self._end(BAD_MESSAGE)

    async def _begin(self, payload: Mapping[str, Any]) -> None:
        if self._context is not None:
            self._end(SECOND_INIT)
            return
        try:
            self._scope = _with_credentials(self._scope, payload)
            context = await self._streaming.get_context(self._scope)
            context.caller.refuse_change_if_suspended(context.caller.account)
            self._held.enter_context(self._streaming.sockets.place(context.caller.key_id))
        except Refused as refusal:
            if refusal.code is Code.UNAUTHENTICATED:
                await self._pay_for_refusal()
            self._end(close_of(refusal))
            return
        self._held.enter_context(
            self._streaming.credentials.watching(self._scope, lambda refusal: self._end(close_of(refusal)))
        )
        self._context = context
        await self._say({"type": "connection_ack"})

    async def _pay_for_refusal(self) -> None:
        try:
            await self._streaming.pay(self._scope, UNKNOWN_KEY_POINTS)
        except Refused:
            return  # the next handshake from this address will be refused

    async def _subscribe(self, id_: str, payload: dict[str, Any]) -> None:
        if self._context is None:
            self._end(NOT_ACKNOWLEDGED)
            return
        if id_ in self._subscriptions:
            self._end(Close(4409, f"Subscriber for {id_} already exists"))
            return
        held = ExitStack()
        try:
            held.enter_context(self._streaming.subscriptions.place(self._context.caller.key_id))
        except Refused as refusal:
            # Sent from here and not by a task, so that a client which sends requests without reading answers is not
            # read any further.
            await self._say({"type": "error", "id": id_, "payload": self._streaming.shown_error(refusal)})
            return
        task = asyncio.get_running_loop().create_task(self._follow(id_, payload))
        self._subscriptions[id_] = task, held
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _release(self, id_: str) -> asyncio.Task[None] | None:
        """Free the id and the place of a subscription at once, because the client may reuse both; return its task, or
        None.
        """
        task, held = self._subscriptions.pop(id_, (None, ExitStack()))
        held.close()
        return task

    async def _follow(self, id_: str, payload: dict[str, Any]) -> None:
        """Send the answers to a subscription, then its end."""
        try:
            errors = await self._answer(id_, payload)
        except Refused as refusal:
            errors = self._streaming.shown_error(refusal)
        except BadRequest as fault:
            errors = self._streaming.shown_error(Refused(Code.BAD_USER_INPUT, fault.message))
        except (InvalidOperationTypeError, CannotGetOperationTypeError) as fault:
            errors = self._streaming.shown_error(fault, ONLY_SUBSCRIPTIONS)
        except Exception as fault:  # noqa: BLE001 - masked and logged, as in every answer
            errors = self._streaming.shown_error(fault)
        self._release(id_)
        last = {"type": "error", "id": id_, "payload": errors} if errors else {"type": "complete", "id": id_}
        await self._say(last)

    async def _answer(self, id_: str, payload: dict[str, Any]) -> list[dict[str, Any]] | None:
        """Send each answer; return the errors of a subscription that cannot begin."""
        context = await self._streaming.get_context(self._scope)
        answers = await self._streaming.subscribe(request_of_payload(payload), context)
        if isinstance(answers, ExecutionResult):
            return list(self._streaming.shown(answers).get("errors", ()))
        async with aclosing(answers):
            async for answer in answers:
                self._events += 1
                await self._say({"type": "next", "id": id_, "payload": self._streaming.shown(answer)})
        return None

    async def _say(self, message: Mapping[str, Any]) -> None:
        """Send the message. If it cannot be sent in time, or the client has gone, end the connection."""
        sending = self._send({"type": "websocket.send", "text": orjson.dumps(message).decode()})
        try:
            await in_time(sending, self._streaming.send_timeout_s)
        except TooSlow:
            self._end(TOO_SLOW)
            await asyncio.Event().wait()  # wait to be cancelled, because nothing more may be sent
        except OSError:
            self._end(None)
            await asyncio.Event().wait()


def _message_in(text: object) -> dict[str, Any]:
    """Return the message; for anything else a message without a type."""
    if not isinstance(text, str):
        return {}
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= ID_LENGTH_MAX


def _with_credentials(scope: Scope, payload: Mapping[str, Any]) -> Scope:
    """Return the scope with the headers that the payload names: `Authorization` and `Account-Id`, in any spelling.
    Refuses `UNAUTHENTICATED` for a value that is not ASCII text, and `BAD_USER_INPUT` for one that differs from an
    earlier value, such as the header of the handshake.
    """
    headers = list(scope["headers"])
    for member, value in payload.items():
        name = _CREDENTIALS.get(letters_of(member))
        if name is None:
            continue
        if not isinstance(value, str) or not value.isascii():
            raise unauthenticated()
        given = header_of({"headers": headers}, name)
        if given is None:
            headers.append((name, value.encode()))
        elif given != value.strip():
            raise Refused(Code.BAD_USER_INPUT, f"There are two different values of {member}.")
    return {**{key: each for key, each in scope.items() if key != "service.headers"}, "headers": headers}
