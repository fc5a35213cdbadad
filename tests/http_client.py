"""A small HTTP/1.1 client over one kept connection, cheap enough to load a server from the machine that it runs on.

Knows JSON bodies with a length, which is all that the service answers with; it must not know GraphQL's schema.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class HttpClient:
    """One connection, opened with the first request and again after the server closed it. Not for two tasks at once.

    ConnectionError (or its kin) when an answer was cut: whether the request was carried out is then unknown.
    """

    def __init__(
        self, url: str, *, key: str | None = None, timeout_s: float = 30, tls: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._host, self._port = parts.hostname, parts.port or 80
        self._key = key
        self._timeout_s = timeout_s
        self._tls = tls
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def graphql(self, query: str, variables: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        return await self.post("/graphql", orjson.dumps({"query": query, "variables": variables}), **headers)

    async def post(self, path: str, body: bytes, **headers: str) -> Answer:
        return await self.send("POST", path, body, **{"content_type": "application/json", **headers})

    async def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """The answer; a header `content_type` is sent as `content-type`."""
        said = {"host": f"{self._host}:{self._port}", "content_length": str(len(body)), **headers}
        if self._key is not None:
            said.setdefault("authorization", f"Bearer {self._key}")
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in said.items())
        return await self.send_bytes(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)

    async def send_bytes(self, request: bytes) -> Answer:
        """The answer to these very bytes."""
        try:
            async with asyncio.timeout(self._timeout_s):
                reader, writer = self._streams or await self._open()
                writer.write(request)
                return await self._read(reader)
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        return self._streams

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            await self.close()
        return Answer(int(status_line.split(" ")[1]), headers, body)

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None
