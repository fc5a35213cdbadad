"""A proxy that carries bytes between a client and a server, until it is told to cut answers or to lose everything."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

PIECE_BYTES = 65_536


class Proxy:
    """While `is_cutting`, an answer to something that contains `wanted` is not passed on with the probability `chance`:
    the connection is cut instead. Until `heard` is set again, nothing is passed on and no end of a connection either.
    """

    def __init__(self, port: int, *, wanted: bytes, chance: float, seed: int) -> None:
        self.is_cutting = False
        self.heard = asyncio.Event()
        self.heard.set()
        self.cuts = 0
        self._port = port
        self._wanted = wanted
        self._chance = chance
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            yield self
        finally:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._carry(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.heard.wait()  # a connection is accepted by the system, and nothing comes of it
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return
        doomed = False

        async def there() -> None:
            nonlocal doomed
            while piece := await reader.read(PIECE_BYTES):
                await self.heard.wait()
                doomed |= self.is_cutting and self._wanted in piece and self._random.random() < self._chance
                server_writer.write(piece)
                await server_writer.drain()

        async def back() -> None:
            while piece := await server_reader.read(PIECE_BYTES):
                await self.heard.wait()
                if doomed:
                    self.cuts += 1
                    return
                writer.write(piece)
                await writer.drain()

        ways = [asyncio.create_task(there()), asyncio.create_task(back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            await self.heard.wait()
        finally:
            for way in ways:
                way.cancel()
            for way in ways:
                with suppress(OSError, asyncio.CancelledError):
                    await way
            server_writer.transport.abort()
