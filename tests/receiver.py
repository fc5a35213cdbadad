"""Receivers of webhooks: real servers on this machine that record what they are sent and answer as a test says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.serving import port_of, serving


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


Answer = Callable[[Received], "bytes | Awaitable[bytes]"]


def response(status: int = 200, headers: str = "", body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {status} Status\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class Receiver:
    """`answer` may be replaced at any time; it is given each request and returns the bytes of the response."""

    url: str = ""
    answer: Answer = lambda _: response()
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def hang_up(self) -> None:
        """Close every connection from this side."""
        for writer in self.writers:
            writer.close()

    @property
    def bodies(self) -> list[Any]:
        return [each.json for each in self.received]

    @property
    def types(self) -> list[str]:
        return [each.json["type"] for each in self.received]


@asynccontextmanager
async def receiving(answer: Answer | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    if answer is not None:
        receiver.answer = answer

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.connections += 1
        receiver.writers.append(writer)
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            named = {name.lower(): value for name, value in headers.items()}
            body = await reader.readexactly(int(named["content-length"]))
            received = Received(head[0].split()[1], named, body)
            receiver.received.append(received)
            answered = receiver.answer(received)
            writer.write(answered if isinstance(answered, bytes) else await answered)
            await writer.drain()

    async with serving(serve, tls=tls) as server:
        receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{port_of(server)}/hook"
        yield receiver
