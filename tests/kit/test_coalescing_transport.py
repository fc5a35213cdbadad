import asyncio
import socket
from contextlib import asynccontextmanager
from functools import partial

import pytest
import uvicorn
import uvloop

from service.kit.coalescing_transport import HELD_MAX, CoalescingTransport
from service.server.connections import ConnectionLimits, ConnectionTable
from service.server.http_protocol import BoundedProtocol
from tests.waiting import HANGS_S

ENDLESS = 100_000_000
KERNEL_BYTES = 100_000
HELD_ON_THE_WAY = 10_000_000
"""Bytes; far more than the kernel and the transport hold of a connection, far less than all."""


class Transport:
    """Remembers what reached it."""

    def __init__(self):
        self.sent = []

    def write(self, data):
        self.sent.append(data)

    def close(self):
        self.sent.append("closed")

    def is_closing(self):
        return "closed" in self.sent


async def test_what_is_written_in_one_turn_is_sent_as_one():
    transport = Transport()
    joined = CoalescingTransport(transport)
    joined.write(b"head ")
    joined.write(b"body")
    assert transport.sent == []
    await asyncio.sleep(0)
    assert transport.sent == [b"head body"]

    joined.write(b"next")
    await asyncio.sleep(0)
    assert transport.sent == [b"head body", b"next"]


async def test_what_was_written_is_sent_before_the_end():
    transport = Transport()
    joined = CoalescingTransport(transport)
    joined.write(b"last")
    joined.close()
    await asyncio.sleep(0)

    assert transport.sent == [b"last", "closed"]
    assert joined.is_closing(), "what it does not know is the transport's"


async def test_nothing_is_asked_of_a_connection_that_closes():
    transport = Transport()  # without pause_reading and resume_reading: uvloop raises for each on a closed connection
    joined = CoalescingTransport(transport)
    joined.write(b"held")
    transport.close()
    await asyncio.sleep(0)
    joined.write(b"late")
    joined.pause_reading()
    joined.resume_reading()
    await asyncio.sleep(0)

    assert transport.sent == ["closed"]


async def test_no_more_is_held_than_its_limit():
    transport = Transport()
    joined = CoalescingTransport(transport)
    joined.write(b"x" * HELD_MAX)
    assert transport.sent == []
    joined.write(b"y")
    assert transport.sent == [b"x" * HELD_MAX + b"y"]
    joined.write(b"z")
    await asyncio.sleep(0)
    assert transport.sent[1:] == [b"z"]


class RecordingApp:
    """An application that answers in as many pieces as it is asked for, and counts the bytes it could hand over."""

    def __init__(self):
        self.given = 0

    async def __call__(self, scope, receive, send):
        headers = [(b"connection", b"close")] if scope["path"] == "/close" else []
        if scope["path"] == "/endless":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while self.given < ENDLESS:
                await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
                self.given += 10_000
        headers.append((b"content-length", b"4"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"body"})


@asynccontextmanager
async def connected(app):
    """A socket to a server as the service runs it; what is read from it is what one packet brought."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    one_table = partial(BoundedProtocol, table=ConnectionTable(ConnectionLimits()))
    server = uvicorn.Server(uvicorn.Config(app, http=one_table, lifespan="off", log_config=None, access_log=False))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES)
        await loop.sock_connect(client, listener.getsockname())
        yield client
    server.should_exit = server.force_exit = True
    await asyncio.wait_for(task, HANGS_S)
    listener.close()


async def said(client):
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1_000_000), HANGS_S)


LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run])


@LOOPS
def test_an_answer_comes_in_one_packet_and_the_next_on_the_same_connection(run):
    async def asked_thrice():
        async with connected(RecordingApp()) as client:
            for _ in range(3):
                await asyncio.get_running_loop().sock_sendall(client, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                packet = await said(client)
                assert packet.startswith(b"HTTP/1.1 200 OK\r\n")
                assert packet.endswith(b"\r\n\r\nbody")

    run(asked_thrice())


@LOOPS
def test_a_connection_that_ends_with_its_answer_brings_all_of_it(run):
    async def asked():
        async with connected(RecordingApp()) as client:
            await asyncio.get_running_loop().sock_sendall(client, b"GET /close HTTP/1.1\r\nhost: a\r\n\r\n")
            assert (await said(client)).endswith(b"\r\n\r\nbody")
            assert await said(client) == b""

    run(asked())


@LOOPS
def test_an_application_that_never_pauses_waits_for_a_reader_who_does_not_read(run):
    async def asked():
        app = RecordingApp()
        async with connected(app) as client:
            await asyncio.get_running_loop().sock_sendall(client, b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
            while not app.given:  # noqa: ASYNC110 - it goes on until it has to wait for the reader
                await asyncio.sleep(0.005)
            received = 0
            while received < ENDLESS:
                assert app.given - received < HELD_ON_THE_WAY
                received += len(await said(client))

    run(asked())
