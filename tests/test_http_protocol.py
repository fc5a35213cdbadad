"""Bounds of a connection before the service has a request: bytes, time and number.

Seen to fail with uvicorn's own protocol in place of ours.
"""

import asyncio
import logging

import pytest
import uvloop
from websockets.asyncio.client import connect

from tests.bounded_server import bounded
from tests.waiting import until

HEAD_MAX, URL_MAX = 32_768, 8_192
ENDLESS = 20_000_000
ONCE_BUFFERED = 10_000_000
"""Bytes that the kernel on both sides may take before a sender learns that nobody reads."""
SOON_S = 0.3
NEVER_S = 3_600


class EchoingApp:
    """An application that answers with the path, and lets those below /wait wait for the gate."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.headers = []
        self.paths = []

    async def __call__(self, scope, receive, send):
        self.paths.append(scope["path"])
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        self.headers = list(scope["headers"])
        if scope["path"].startswith("/wait"):
            await self.gate.wait()
        text = scope["path"].encode() + b" " + body
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(text))]})
        await send({"type": "http.response.body", "body": text})


def get(path, **headers):
    lines = [f"GET {path} HTTP/1.1", "host: a", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def head_of(size):
    return get("/", x="a" * (size - len(get("/", x=""))))


async def test_a_head_of_exactly_the_limit_is_read_and_one_byte_more_is_refused():
    async with bounded(EchoingApp()) as server:
        peer = await server.connect()
        peer.send(head_of(HEAD_MAX))
        assert (await peer.answer())[0] == 200
        peer.send(head_of(HEAD_MAX + 1))
        assert (await peer.answer()) == (431, b"The head of a request has at most 32768 bytes.")
        assert await peer.rest() == b""


async def test_a_url_of_exactly_the_limit_is_read_and_one_byte_more_is_refused():
    async with bounded(EchoingApp()) as server:
        peer = await server.connect()
        peer.send(get("/" + "u" * (URL_MAX - 1)))
        assert (await peer.answer())[0] == 200
        peer.send(get("/" + "u" * URL_MAX))
        assert (await peer.answer()) == (414, b"A URL has at most 8192 bytes.")
        assert await peer.rest() == b""


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"GET /", b"u" * 10_000),
        (b"GET / HTTP/1.1\r\n", b"a: b\r\n" * 2_000),
        (b"GET / HTTP/1.1\r\nx: ", b"v" * 10_000),
        (b"GET / HTTP/1.1\r\n", b"n" * 10_000),
        (b"", b"\r\n" * 5_000),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"a: b\r\n" * 2_000),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx: ", b"v" * 10_000),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;", b"e" * 10_000),
    ],
    ids=["URL", "headers", "value", "name", "blank lines", "trailers", "trailer", "extension"],
)
async def test_what_has_no_end_is_cut(begin, piece):
    async with bounded(EchoingApp(), head_timeout_s=NEVER_S) as server:
        peer = await server.connect()
        peer.send(begin)
        assert await peer.send_until_cut(piece, ENDLESS) < ONCE_BUFFERED
        await until(lambda: not server.connections)


async def test_a_trailer_is_no_header():
    app = EchoingApp()
    async with bounded(app) as server:
        peer = await server.connect()
        peer.send(
            b"POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
            b"2\r\nhi\r\n0\r\nauthorization: Bearer stolen\r\n\r\n"
        )
        assert await peer.answer() == (200, b"/a hi")
        assert app.headers == [(b"host", b"a"), (b"transfer-encoding", b"chunked")]
        peer.send(get("/b"))
        assert await peer.answer() == (200, b"/b ")


async def test_a_head_that_trickles_is_cut_in_time_however_lively():
    async with bounded(EchoingApp(), head_timeout_s=SOON_S) as server:
        peer = await server.connect()
        peer.send(b"GET / HTTP/1.1\r\n")

        async def trickle():
            while True:
                peer.send(b"a: b\r\n")
                await asyncio.sleep(0.02)

        trickling = asyncio.create_task(trickle())
        assert await peer.answer() == (408, b"The head of the request did not arrive in time.")
        await until(lambda: not server.connections)
        trickling.cancel()


async def test_a_connection_that_says_nothing_or_no_more_is_closed_in_time():
    async with bounded(EchoingApp(), head_timeout_s=SOON_S, idle_timeout_s=SOON_S) as server:
        silent, kept = await server.connect(), await server.connect()
        kept.send(get("/a"))
        assert await kept.answer() == (200, b"/a ")
        assert await silent.rest() == await kept.rest() == b""


async def test_a_request_under_way_outlasts_every_time_of_a_head():
    app = EchoingApp()
    async with bounded(app, head_timeout_s=SOON_S, idle_timeout_s=SOON_S) as server:
        working, silent = await server.connect(), await server.connect()
        working.send(get("/wait"))
        assert await silent.rest() == b""
        app.gate.set()
        assert await working.answer() == (200, b"/wait ")


async def test_a_peer_that_does_not_take_its_answer_is_cut():
    async def talking(_scope, _receive, send):
        body = b"x" * ENDLESS
        headers = [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async with bounded(talking, idle_timeout_s=SOON_S) as server:
        peer = await server.connect()
        peer.send(get("/"))
        await until(lambda: server.connections)
        peer.writer.transport.pause_reading()
        await until(lambda: not server.connections)


async def test_pipelined_requests_are_answered_in_their_order():
    app = EchoingApp()
    async with bounded(app) as server:
        peer = await server.connect()
        many = [f"/{number}" for number in range(1_000)]
        peer.send(b"".join([get("/wait"), *map(get, many)]))
        await until(lambda: app.paths)
        (connection,) = server.connections
        assert len(connection.pipeline) < 200, "what waits for an answer stays bytes"
        app.gate.set()
        answers = [await peer.answer() for _ in range(1 + len(many))]

    assert answers == [(200, f"{path} ".encode()) for path in ["/wait", *many]]


async def test_what_is_no_request_is_refused_after_the_requests_before_it():
    app = EchoingApp()
    async with bounded(app) as server:
        peer = await server.connect()
        peer.send(get("/wait") + get("/a") + b"rubbish\r\n\r\n" + get("/b"))
        app.gate.set()
        assert [await peer.answer() for _ in range(3)] == [(200, b"/wait "), (200, b"/a "), (400, b"This is no HTTP.")]
        assert await peer.rest() == b""
    assert app.paths == ["/wait", "/a"]


async def test_a_body_that_is_no_body_is_refused_at_once():
    app = EchoingApp()
    async with bounded(app) as server:
        peer = await server.connect()
        peer.send(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nrubbish\r\n")
        assert await peer.answer() == (400, b"This is no HTTP.")
        assert await peer.rest() == b""


async def test_a_request_for_another_protocol_is_answered_as_it_is_and_so_is_the_next():
    async with bounded(EchoingApp()) as server:
        peer = await server.connect()
        peer.send(get("/a", connection="Upgrade", upgrade="h2c") + get("/b"))
        assert [await peer.answer() for _ in range(2)] == [(200, b"/a "), (200, b"/b ")]


async def test_a_websocket_outlasts_every_time_of_a_head():
    async def echo(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    async with (
        bounded(echo, head_timeout_s=SOON_S, idle_timeout_s=SOON_S) as server,
        connect(f"ws://127.0.0.1:{server.listener.getsockname()[1]}/", compression=None) as socket,
    ):
        await asyncio.sleep(SOON_S * 3)
        await socket.send("still here")
        assert await socket.recv() == "still here"


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_peers_that_pipeline_and_reset_leave_no_trace_in_the_log(run, caplog):
    caplog.set_level(logging.WARNING)

    async def crowd():
        app = EchoingApp()
        async with bounded(app) as server:
            for _ in range(10):
                peers = await asyncio.gather(*(server.connect() for _ in range(50)))
                for number, peer in enumerate(peers):
                    peer.send(get("/a") * 20 + get("/wait") + get("/b") * (number % 3 * 300))
                await asyncio.sleep(0)
                for peer in peers[::2]:
                    peer.reset()
                await until(lambda: app.paths.count("/wait") > 0)
                for peer in peers[1::2]:
                    peer.reset()
                app.gate.set()
                await until(lambda: not server.connections)
                app.gate.clear()
                app.paths.clear()

    run(crowd())
    assert caplog.records == []


async def test_a_request_that_comes_as_the_server_ends_is_answered_before_its_connection_is_closed():
    async with bounded(EchoingApp(), idle_timeout_s=NEVER_S) as server:
        rested, fresh = await server.connect(), await server.connect()
        rested.send(get("/first"))
        await rested.answer()
        await until(lambda: len(server.connections) == 2)
        server.server.should_exit = True
        await until(lambda: not server.server.servers[0].is_serving())
        rested.send(get("/second"))
        fresh.send(get("/third"))

        for peer, path in ((rested, b"/second"), (fresh, b"/third")):
            received = await peer.rest()
            assert received.endswith(path + b" ")
            assert b"connection: close" in received


async def test_connections_without_a_request_are_closed_as_the_server_ends():
    async with bounded(EchoingApp(), idle_timeout_s=SOON_S, head_timeout_s=NEVER_S) as server:
        rested, fresh = await server.connect(), await server.connect()
        rested.send(get("/first"))
        await rested.answer()
        await until(lambda: len(server.connections) == 2)
        server.server.should_exit = True

        assert (await rested.rest(), await fresh.rest()) == (b"", b"")
