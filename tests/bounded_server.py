"""An application behind the service's own HTTP protocol in this process, and sockets that send it any bytes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from service.server.connections import ConnectionLimits, ConnectionTable
from service.server.http_protocol import BoundedProtocol
from tests.waiting import HANGS_S


class Peer:
    """A socket to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, text: bytes) -> None:
        self.writer.write(text)

    async def answer(self) -> tuple[int, bytes]:
        """The status and the body of the next answer, which has a length."""
        async with asyncio.timeout(HANGS_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return int(head.split()[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Return all bytes that arrive until the server closes or resets the connection."""
        received = b""
        try:
            async with asyncio.timeout(HANGS_S):
                while piece := await self.reader.read(65_536):
                    received += piece
        except ConnectionError:
            pass
        return received

    async def send_until_cut(self, piece: bytes, at_most: int) -> int:
        """Send the piece again and again until the server hangs up; how many bytes that took."""
        sent = 0
        try:
            async with asyncio.timeout(HANGS_S):
                while sent < at_most:
                    self.writer.write(piece)
                    await self.writer.drain()
                    sent += len(piece)
                    await asyncio.sleep(0)
        except ConnectionError:
            pass
        return sent

    def reset(self) -> None:
        """Leave as a peer that crashes does."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()


@dataclass
class BoundedServer:
    """The server, and the address of its socket."""

    server: uvicorn.Server
    listener: socket.socket
    peers: list[Peer] = field(default_factory=list)

    async def connect(self) -> Peer:
        peer = Peer(*await asyncio.open_connection(*self.listener.getsockname()))
        self.peers.append(peer)
        return peer

    @property
    def connections(self) -> set[BoundedProtocol]:
        return self.server.server_state.connections


@asynccontextmanager
async def bounded(app: ASGIApp, **limits: float) -> AsyncIterator[BoundedServer]:
    """The server, until the end of the block."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    protocol = partial(BoundedProtocol, table=ConnectionTable(ConnectionLimits(**limits)))
    config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    bounded_server = BoundedServer(server, listener)
    try:
        yield bounded_server
    finally:
        for peer in bounded_server.peers:
            peer.writer.close()
        server.should_exit = server.force_exit = True
        await asyncio.wait_for(task, HANGS_S)
        listener.close()
