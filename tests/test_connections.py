"""How many connections there may be: the one that waits longest makes room, and no request under way does."""

import asyncio
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest

from service.server.connections import backlog_for, connections_possible
from service.server.uvicorn_server import connections_max
from service.settings import Settings
from tests.bounded_server import bounded
from tests.server import ROOT, environment_of, free_port
from tests.test_http_protocol import NEVER_S, EchoingApp, get
from tests.waiting import until

PATIENCE_S = 60
SILENT = 600
FILES = 256
LARGE = 16_000_000
FOR_EVER = {"head_timeout_s": NEVER_S, "idle_timeout_s": NEVER_S}


async def test_of_too_many_the_one_that_waits_longest_is_closed():
    app = EchoingApp()
    async with bounded(app, connections_max=3, **FOR_EVER) as server:
        silent, kept, working = [await server.connect() for _ in range(3)]
        working.send(get("/wait"))
        kept.send(get("/kept"))
        assert await kept.answer() == (200, b"/kept ")
        await until(lambda: "/wait" in app.paths)

        newer = await server.connect()
        assert await silent.rest() == b""
        newest = await server.connect()
        assert await kept.rest() == b""

        newest.send(get("/a"))
        assert await newest.answer() == (200, b"/a ")
        assert len(server.connections) == 3
        app.gate.set()
        assert await working.answer() == (200, b"/wait ")
        assert not newer.reader.at_eof()


async def test_where_every_connection_works_the_newest_is_refused():
    app = EchoingApp()
    async with bounded(app, connections_max=2, **FOR_EVER) as server:
        working = [await server.connect() for _ in range(2)]
        for peer in working:
            peer.send(get("/wait"))
        await until(lambda: len(app.paths) == 2)

        newest = await server.connect()
        assert await newest.answer() == (503, b"Too many connections are open.")
        assert await newest.rest() == b""
        app.gate.set()
        assert [await peer.answer() for peer in working] == [(200, b"/wait ")] * 2


@pytest.mark.parametrize("files", [64, 256, 1_024, 65_536, 10**9])
def test_connections_and_those_that_wait_for_them_fit_into_the_files_of_the_process(files):
    database = 16
    assert connections_possible(files, database) + backlog_for(files) + database <= max(files, 64)
    assert backlog_for(files) <= 2_048


def test_what_is_set_counts_within_the_files_of_the_process(monkeypatch):
    for files, wanted, kept in [(256, None, 128), (256, 50, 50), (256, 5_000, 128), (65_536, 20_000, 20_000)]:
        monkeypatch.setattr("service.server.uvicorn_server.files_max", lambda files=files: files)
        assert connections_max(Settings(connections_max=wanted)) == kept
    monkeypatch.setattr("service.server.uvicorn_server.files_max", lambda: 10**9)
    assert connections_max(Settings()) == 10_000


def test_silent_sockets_keep_nobody_out_of_a_process_with_few_files(sqlite_url):
    port = free_port()
    environment = environment_of(sqlite_url)
    limited = f"ulimit -n {FILES}; exec {sys.executable} -m service serve --port {port}"
    process = subprocess.Popen(["sh", "-c", limited], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        with ExitStack() as crowd:
            answered_in_time(port)
            for _ in range(SILENT):
                crowd.enter_context(closing(socket.create_connection(("127.0.0.1", port), PATIENCE_S)))
            for _ in range(20):
                answered_in_time(port)
            assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def answered_in_time(port):
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as connection:
                connection.request("GET", "/health/ready")
                assert connection.getresponse().status == 200
                return
        except OSError:
            assert time.monotonic() < give_up_at
            time.sleep(0.05)


class LargeApp:
    """An application whose answers are larger than what the kernel takes."""

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % LARGE)]})
        await send({"type": "http.response.body", "body": b"x" * LARGE})


async def test_answers_that_nobody_takes_are_bounded_together():
    async with bounded(LargeApp(), unsent_bytes_max=2 * LARGE, **FOR_EVER) as server:
        peers = [await server.connect() for _ in range(20)]
        for peer in peers:
            peer.writer.transport.pause_reading()
            peer.send(get("/"))
        await until(lambda: server.server.server_state.total_requests == len(peers))
        await until(lambda: len(server.connections) < len(peers))
        await until(lambda: sum(each.unsent_bytes() for each in server.connections) <= 2 * LARGE)
        assert server.connections

        reader = await server.connect()
        reader.send(get("/"))
        assert await reader.answer() == (200, b"x" * LARGE)


async def test_pipelined_answers_that_nobody_takes_are_bounded_too():
    async with bounded(LargeApp(), unsent_bytes_max=LARGE // 8, **FOR_EVER) as server:
        peer = await server.connect()
        peer.writer.transport.pause_reading()
        for _ in range(12):
            peer.send(get("/"))
        await until(lambda: server.server.server_state.total_requests)
        await until(lambda: not server.connections)


async def test_a_slow_peer_within_the_bound_gets_its_whole_answer():
    async with bounded(LargeApp(), unsent_bytes_max=2 * LARGE, **FOR_EVER) as server:
        peer = await server.connect()
        peer.writer.transport.pause_reading()
        peer.send(get("/"))
        await until(lambda: server.server.server_state.total_requests == 1)
        await asyncio.sleep(0.2)
        peer.writer.transport.resume_reading()

        assert await peer.answer() == (200, b"x" * LARGE)


async def test_an_application_learns_that_its_peer_has_left():
    app = EchoingApp()
    told = []

    async def noting(scope, receive, send):
        told.append(scope["state"]["has_left"])
        await app(scope, receive, send)

    async with bounded(noting, **FOR_EVER) as server:
        peer = await server.connect()
        peer.send(get("/wait"))
        await until(lambda: app.paths)
        assert told[0]() is False

        peer.reset()
        (has_left,) = told
        await until(has_left)
