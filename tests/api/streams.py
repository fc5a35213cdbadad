"""Subscriptions of the application without a server: a WebSocket and a stream of server-sent events over ASGI."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.api.graphql_api import GraphQLApi
from tests.waiting import HANGS_S

SUBSCRIBE = """subscription ($after: BigInt, $orderId: ID, $types: [String!]) {
    orderEvents(after: $after, orderId: $orderId, types: $types) { sequence type orderId } }"""
Message = dict[str, Any]


class Socket:
    """One WebSocket as its client sees it. `closed` is its code and reason once the service has closed it."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.received: asyncio.Queue[Message] = asyncio.Queue()
        self.may_send = asyncio.Event()
        self.may_send.set()

    async def say(self, **message: Any) -> None:
        await self.sent.put({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

    async def hear(self) -> Message:
        """The next message, or `{"closed": code, "reason": text}`."""
        async with asyncio.timeout(HANGS_S):
            message = await self.received.get()
        if message["type"] == "websocket.send":
            heard: Message = orjson.loads(message["text"])
            return heard
        return {"closed": message.get("code", 0), "reason": message.get("reason", "")}

    async def closed(self) -> int:
        """The code with which it is closed; messages before it do not matter."""
        while "closed" not in (heard := await self.hear()):
            pass
        code: int = heard["closed"]
        return code

    async def begin(self, key: str | None = None, **more: Any) -> Message:
        """The answer to `connection_init` with that key."""
        payload = more if key is None else {"Authorization": f"Bearer {key}", **more}
        await self.say(type="connection_init", payload=payload)
        return await self.hear()

    async def subscribe(self, id_: str = "1", query: str = SUBSCRIBE, **variables: Any) -> None:
        await self.say(type="subscribe", id=id_, payload={"query": query, "variables": variables})

    async def event(self) -> tuple[str, str]:
        """Sequence and type of the next event."""
        heard = await self.hear()
        assert heard["type"] == "next", heard
        assert "errors" not in heard["payload"], heard
        event = heard["payload"]["data"]["orderEvents"]
        return event["sequence"], event["type"]

    async def _receive(self) -> Message:
        return await self.sent.get()

    async def _send(self, message: Message) -> None:
        if message["type"] != "websocket.close":  # which the server of the service never holds back
            await self.may_send.wait()
        await self.received.put(message)


@asynccontextmanager
async def opened(api: GraphQLApi, protocols: tuple[str, ...] = ("graphql-transport-ws",), **headers: str) -> Any:
    """A WebSocket that was accepted, or refused; afterwards its client has left."""
    socket = Socket()
    await socket.sent.put({"type": "websocket.connect"})
    scope = _scope(headers, "websocket") | {"subprotocols": list(protocols)}
    task = asyncio.create_task(api.client._transport.app(scope, socket._receive, socket._send))  # type: ignore[attr-defined]
    try:
        async with asyncio.timeout(HANGS_S):
            first = await socket.received.get()
        if first["type"] == "websocket.accept":
            assert first.get("subprotocol") in (None, "graphql-transport-ws")
        else:
            await socket.received.put(first)
        yield socket
    finally:
        await socket.sent.put({"type": "websocket.disconnect", "code": 1001})
        socket.may_send.set()
        async with asyncio.timeout(HANGS_S):
            await task


class EventSource:
    """One answer of server-sent events as its client sees it."""

    def __init__(self, body: bytes) -> None:
        self._request: asyncio.Queue[Message] = asyncio.Queue()
        self._request.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self._answer: asyncio.Queue[Message] = asyncio.Queue()
        self._text = b""
        self.is_ended = False
        self.status = 0
        self.headers: dict[str, str] = {}

    async def start(self) -> None:
        async with asyncio.timeout(HANGS_S):
            message = await self._answer.get()
        self.status = message["status"]
        self.headers = {name.decode(): value.decode() for name, value in message["headers"]}

    async def hear(self) -> tuple[str, Any]:
        """The name and data of the next event, a comment included; ("end", None) once the answer has ended."""
        while b"\n\n" not in self._text:
            if self.is_ended:
                return "end", None
            async with asyncio.timeout(HANGS_S):
                message = await self._answer.get()
            self._text += message.get("body", b"")
            self.is_ended = not message.get("more_body", False)
        text, _, self._text = self._text.partition(b"\n\n")
        lines = dict(line.split(":", 1) for line in text.decode().split("\n"))
        data = lines.get("data", "").strip()
        return lines.get("event", "comment").strip(), orjson.loads(data) if data else None

    async def event(self) -> tuple[str, str]:
        """Sequence and type of the next event; comments are passed over."""
        while (heard := await self.hear())[0] == "comment":
            pass
        event = heard[1]["data"]["orderEvents"]
        return event["sequence"], event["type"]

    def leave(self) -> None:
        self._request.put_nowait({"type": "http.disconnect"})


@asynccontextmanager
async def streamed(
    api: GraphQLApi, query: str = SUBSCRIBE, *, state: Mapping[str, Any] | None = None, **variables: Any
) -> AsyncIterator[EventSource]:
    """The answer to a request that accepts events alone; afterwards its client has left."""
    source = EventSource(orjson.dumps({"query": query, "variables": variables}))
    headers = {
        "authorization": f"Bearer {api.key}",
        "accept": "text/event-stream",
        "content-type": "application/json",
        "content-length": "1000",
    }
    scope = _scope(headers, "http") | {"method": "POST", "state": dict(state or {})}
    app: Any = api.client._transport.app  # type: ignore[attr-defined]
    task = asyncio.create_task(app(scope, source._request.get, source._answer.put))
    try:
        await source.start()
        yield source
    finally:
        source.leave()
        async with asyncio.timeout(HANGS_S):
            await task


def _scope(headers: Mapping[str, str], kind: str) -> dict[str, Any]:
    said = {"host": "service.test", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "type": kind,
        "http_version": "1.1",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in said.items()],
        "client": ("127.0.0.1", 50_000),
        "state": {},
    }
