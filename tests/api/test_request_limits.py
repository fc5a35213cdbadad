import asyncio
import json
import re
import socket
import time
from contextlib import asynccontextmanager, suppress

import pytest
import structlog
import uvicorn

from service.api.request_limits import RequestLimits
from service.errors import Code, Refused
from service.kit.request_id import REQUEST_ID

LIMIT = 100_000


class RecordingApp:
    """An application that remembers what reached it and answers as its path says."""

    def __init__(self):
        self.seen = []
        self.gate = asyncio.Event()
        self.left = asyncio.Event()

    async def __call__(self, scope, receive, send):
        message = await receive()
        body = message.get("body", b"")
        self.seen.append((scope["path"], body, message["more_body"], scope["state"]["request_id"]))
        match scope["path"]:
            case "/fault":
                raise ZeroDivisionError("secret detail")
            case "/refuse":
                raise Refused(Code.THROTTLED, "Slow down.", retry_after_s=7)
            case "/wait":
                await self.gate.wait()
            case "/gone":
                assert (await receive())["type"] == "http.disconnect"
                self.left.set()
        headers = [(b"content-type", b"text/plain")]
        if scope["path"] == "/cached":
            headers.append((b"cache-control", b"max-age=60"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/half":
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise ZeroDivisionError("too late")
        if scope["path"] == "/stream":
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            await self.gate.wait()
        context = REQUEST_ID.get()
        await send({"type": "http.response.body", "body": b"%d bytes in %s" % (len(body), context.encode())})


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    @property
    def code(self):
        (error,) = json.loads(self.body)["errors"]
        assert error["extensions"]["requestId"] == self.headers["x-request-id"]
        return error["extensions"]["code"]


@asynccontextmanager
async def serving(app):
    """A real server on a free port of the loopback; yields a function that opens a connection to it."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False, http="httptools")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    writers = []

    async def connect():
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writers.append(writer)
        return reader, writer

    try:
        yield connect
    finally:
        for writer in writers:
            writer.close()
        server.should_exit = True
        await asyncio.wait_for(task, 5)
        listener.close()


async def ask(connect, head, body=b""):
    """The answer to one request, read until the server closes or the declared length is there."""
    reader, writer = await connect()
    writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    return await answer_from(reader)


async def answer_from(reader, within_s=10):
    async with asyncio.timeout(within_s):
        head = await reader.readuntil(b"\r\n\r\n")
        answer = Answer(head)
        if "content-length" in answer.headers:
            answer.body = await reader.readexactly(int(answer.headers["content-length"]))
        elif answer.headers.get("transfer-encoding") == "chunked":
            while size := int(await reader.readuntil(b"\r\n"), 16):
                answer.body += (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
        return answer


@pytest.fixture
async def app():
    return RecordingApp()


@pytest.fixture
def log():
    with structlog.testing.capture_logs() as events:
        yield events


def get(path, *headers):
    return "\n".join([f"GET {path} HTTP/1.1", "Host: a", *headers])


def post(path, *headers):
    return "\n".join([f"POST {path} HTTP/1.1", "Host: a", *headers])


async def test_a_body_reaches_the_api_in_one_piece(app):
    async with serving(RequestLimits(app)) as connect:
        reader, writer = await connect()
        writer.write(post("/a", "Content-Length: 6").replace("\n", "\r\n").encode() + b"\r\n\r\nab")
        await asyncio.sleep(0.02)
        writer.write(b"cd")
        await asyncio.sleep(0.02)
        assert app.seen == []
        writer.write(b"ef")
        answer = await answer_from(reader)

    assert answer.status == 200
    ((path, body, more_body, _),) = app.seen
    assert (path, body, more_body) == ("/a", b"abcdef", False)


async def test_a_body_of_exactly_the_limit_passes_declared_or_chunked(app):
    async with serving(RequestLimits(app, body_bytes_max=LIMIT)) as connect:
        declared = await ask(connect, post("/a", f"Content-Length: {LIMIT}"), b"x" * LIMIT)
        chunked = await ask(
            connect, post("/a", "Transfer-Encoding: chunked"), b"%x\r\n" % LIMIT + b"x" * LIMIT + b"\r\n0\r\n\r\n"
        )

    assert (declared.status, chunked.status) == (200, 200)
    assert [len(body) for _, body, _, _ in app.seen] == [LIMIT, LIMIT]


async def test_a_connection_carries_one_request_after_the_other(app):
    async with serving(RequestLimits(app)) as connect:
        reader, writer = await connect()
        for _ in range(3):
            writer.write(post("/a", "Content-Length: 2").replace("\n", "\r\n").encode() + b"\r\n\r\nab")
            assert (await answer_from(reader)).status == 200

    assert len({request_id for *_, request_id in app.seen}) == 3


@pytest.mark.parametrize("length", [LIMIT + 1, 10**9, 10**30, 2**64 + 1])
async def test_a_declared_body_above_the_limit_is_refused_before_it_is_sent(app, length):
    async with serving(RequestLimits(app, body_bytes_max=LIMIT)) as connect:
        if length < 2**64:
            answer = await ask(connect, post("/a", f"Content-Length: {length}"))
            assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
            assert answer.headers["connection"] == "close"
        else:  # the server's parser is the first to refuse these; ours must not rely on it
            sent = await call(RequestLimits(app, body_bytes_max=LIMIT), headers=[(b"content-length", b"%d" % length)])
            assert sent[0]["status"] == 413

    assert app.seen == []


async def test_a_chunked_body_without_end_is_refused_with_the_chunk_that_passes_the_limit(app):
    async with serving(RequestLimits(app, body_bytes_max=LIMIT)) as connect:
        reader, writer = await connect()
        writer.write(post("/a", "Transfer-Encoding: chunked").replace("\n", "\r\n").encode() + b"\r\n\r\n")

        async def send_for_ever():
            while True:
                writer.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
                await writer.drain()

        sending = asyncio.create_task(send_for_ever())
        answer = await answer_from(reader)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(sending, 10)

    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
    assert app.seen == []


async def test_no_more_is_read_than_the_limit_and_one_piece():
    pieces = iter([b"x" * 65_536] * 100)
    read = 0

    async def receive():
        nonlocal read
        piece = next(pieces)
        read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": True}

    sent = await call(
        RequestLimits(RecordingApp(), body_bytes_max=LIMIT), [(b"transfer-encoding", b"chunked")], receive
    )
    assert sent[0]["status"] == 413
    assert read <= LIMIT + 65_536


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
async def test_a_slow_body_is_cut_off_at_the_deadline_although_bytes_keep_arriving(app, framing):
    async with serving(RequestLimits(app, body_timeout_ms=200)) as connect:
        reader, writer = await connect()
        began = time.monotonic()
        writer.write(post("/a", framing).replace("\n", "\r\n").encode() + b"\r\n\r\n")

        async def trickle():
            while True:
                writer.write(b"1\r\nx\r\n")
                await asyncio.sleep(0.02)

        trickling = asyncio.create_task(trickle())
        answer = await answer_from(reader)
        took_s = time.monotonic() - began
        with suppress(ConnectionResetError):  # what it sent after the answer nobody read
            assert await asyncio.wait_for(reader.read(), 5) == b"", "the connection ends with the answer"
        trickling.cancel()

    assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
    assert 0.19 < took_s < 5
    assert app.seen == []


async def test_slow_bodies_do_not_keep_others_out(app):
    async with serving(RequestLimits(app, in_flight_max=2, body_timeout_ms=2_000)) as connect:
        for _ in range(20):
            _, writer = await connect()
            writer.write(post("/slow", "Content-Length: 10").replace("\n", "\r\n").encode() + b"\r\n\r\nx")
        await asyncio.sleep(0.02)

        assert (await ask(connect, get("/a"))).status == 200
    assert [path for path, *_ in app.seen] == ["/a"]


async def test_a_caller_who_disconnects_during_the_body_never_reaches_the_api(app, log):
    limits = RequestLimits(app)
    async with serving(limits) as connect:
        _, writer = await connect()
        writer.write(post("/a", "Content-Length: 10").replace("\n", "\r\n").encode() + b"\r\n\r\nabc")
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.close()
        await asyncio.sleep(0.05)

    assert app.seen == []
    assert limits.in_flight == 0
    (line,) = log
    assert (line["event"], line["status"]) == ("request", 499)


async def test_an_api_still_notices_that_its_caller_disconnected(app):
    async with serving(RequestLimits(app)) as connect:
        _, writer = await connect()
        writer.write(post("/gone", "Content-Length: 1").replace("\n", "\r\n").encode() + b"\r\n\r\nx")
        await asyncio.sleep(0.02)
        writer.close()
        await asyncio.wait_for(app.left.wait(), 5)


async def test_requests_above_the_concurrency_limit_are_refused_at_once(app):
    limits = RequestLimits(app, in_flight_max=2)
    async with serving(limits) as connect:
        waiting = [asyncio.create_task(ask(connect, get("/wait"))) for _ in range(2)]
        await asyncio.sleep(0.05)
        refused = await ask(connect, get("/a"))
        assert not any(task.done() for task in waiting)
        with_body = await ask(connect, post("/a", "Content-Length: 1000"))
        app.gate.set()
        answered = await asyncio.gather(*waiting)
        after = await ask(connect, get("/a"))

    assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
    assert (with_body.status, with_body.headers["connection"]) == (503, "close")
    assert [answer.status for answer in [*answered, after]] == [200, 200, 200]
    assert limits.in_flight == 0


async def test_bodies_that_arrive_together_do_not_exceed_the_concurrency_limit(app):
    limits = RequestLimits(app, in_flight_max=1)
    async with serving(limits) as connect:
        writers = [await connect() for _ in range(3)]
        for _, writer in writers:
            writer.write(post("/wait", "Content-Length: 2").replace("\n", "\r\n").encode() + b"\r\n\r\nx")
        await asyncio.sleep(0.02)
        for _, writer in writers:
            writer.write(b"y")
        await asyncio.sleep(0.05)
        assert len(app.seen) == 1
        app.gate.set()
        statuses = [(await answer_from(reader)).status for reader, _ in writers]

    assert sorted(statuses) == [200, 503, 503]


async def test_a_streaming_response_does_not_count_for_the_concurrency_limit(app):
    async with serving(RequestLimits(app, in_flight_max=1)) as connect:
        streaming = asyncio.create_task(ask(connect, get("/stream")))
        await asyncio.sleep(0.05)

        assert (await ask(connect, get("/a"))).status == 200
        app.gate.set()
        assert (await streaming).body.startswith(b"first")


async def test_an_answer_that_does_not_begin_in_time_is_refused(app):
    limits = RequestLimits(app, deadline_ms=100)
    async with serving(limits) as connect:
        answer = await ask(connect, get("/wait"))
        after = await ask(connect, get("/a"))

    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
    assert after.status == 200
    assert limits.in_flight == 0


async def test_an_answer_that_has_begun_may_take_its_time(app):
    async with serving(RequestLimits(app, deadline_ms=100)) as connect:
        streaming = asyncio.create_task(ask(connect, get("/stream")))
        await asyncio.sleep(0.3)
        app.gate.set()

        assert (await streaming).body.startswith(b"first")


async def test_a_fault_is_masked_and_logged_under_the_id_the_caller_sees(app, log):
    limits = RequestLimits(app)
    async with serving(limits) as connect:
        answer = await ask(connect, post("/fault", "Content-Length: 1"), b"x")

    assert (answer.status, answer.code) == (500, "INTERNAL_SERVER_ERROR")
    assert b"secret detail" not in answer.body
    assert "connection" not in answer.headers
    fault, line = log
    assert (fault["event"], fault["log_level"], fault["exc_info"]) == ("fault", "error", True)
    assert fault["request_id"] == line["request_id"] == answer.headers["x-request-id"]
    assert limits.in_flight == 0


async def test_a_fault_in_the_middle_of_a_response_cuts_the_connection(app, log):
    async with serving(RequestLimits(app)) as connect:
        reader, writer = await connect()
        writer.write(get("/half").replace("\n", "\r\n").encode() + b"\r\n\r\n")
        raw = await asyncio.wait_for(reader.read(), 5)

    assert raw.startswith(b"HTTP/1.1 200")
    assert raw.endswith(b"4\r\nhalf\r\n"), "no last chunk, so the caller knows that it is not whole"
    assert [event["event"] for event in log] == ["fault", "request"]


async def test_a_refusal_that_no_api_caught_is_answered(app, log):
    async with serving(RequestLimits(app)) as connect:
        answer = await ask(connect, get("/refuse"))

    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "THROTTLED", "7")
    assert [event["event"] for event in log] == ["request"]


@pytest.mark.parametrize("given", ["a", "x" * 64, "0198-AF.b_c~d"])
async def test_a_well_formed_request_id_is_kept(app, given):
    async with serving(RequestLimits(app)) as connect:
        answer = await ask(connect, get("/a", f"X-Request-Id: {given}"))

    assert answer.headers["x-request-id"] == given
    assert app.seen[0][3] == given
    assert answer.body == f"0 bytes in {given}".encode(), "and it is bound in the log's context"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a{b}", "a,b", '"a"', "\u00e9"])
async def test_any_other_request_id_is_replaced(app, given):
    async with serving(RequestLimits(app)) as connect:
        answer = await ask(connect, get("/a", f"X-Request-Id: {given}"))

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert app.seen[0][3] == answer.headers["x-request-id"]


async def test_an_answer_is_neither_sniffed_nor_stored_unless_its_api_says_so(app):
    async with serving(RequestLimits(app)) as connect:
        plain, cached, refused = [await ask(connect, get(path)) for path in ("/a", "/cached", "/refuse")]

    assert [answer.headers["x-content-type-options"] for answer in (plain, cached, refused)] == ["nosniff"] * 3
    assert [answer.headers["cache-control"] for answer in (plain, cached, refused)] == [
        "no-store", "max-age=60", "no-store",
    ]  # fmt: skip


async def test_the_log_line_has_no_query(app, log):
    async with serving(RequestLimits(app)) as connect:
        answer = await ask(connect, get("/a?key=hunter2", "Authorization: Bearer hunter2"))

    (line,) = log
    assert 0 <= line.pop("ms") < 1_000
    assert line == {
        "event": "request", "log_level": "info", "method": "GET", "path": "/a", "status": 200,
        "request_id": answer.headers["x-request-id"],
    }  # fmt: skip


async def test_each_api_refuses_in_its_own_form(app):
    def form(name):
        return lambda refusal, request_id: (f"{name} {refusal.code} {request_id}".encode(), f"text/{name}")

    bodies = {"/lune": form("lune"), "/lune/v1/deep/": form("deep"), "/carbonext/v1": form("carbonext")}
    answers = {}
    async with serving(RequestLimits(app, body_bytes_max=1, error_bodies=bodies)) as connect:
        for path in ("/lune", "/lune/v1", "/lune/v1/deep/x", "/carbonext/v1/a", "/lunette", "/carbonext"):
            answers[path] = await ask(connect, post(path, "Content-Length: 2", "X-Request-Id: r"))

    assert all(answer.status == 413 for answer in answers.values())
    assert answers["/lune"].body == answers["/lune/v1"].body == b"lune PAYLOAD_TOO_LARGE r"
    assert answers["/lune/v1/deep/x"].body == b"deep PAYLOAD_TOO_LARGE r"
    assert answers["/carbonext/v1/a"].headers["content-type"] == "text/carbonext"
    assert answers["/lunette"].code == answers["/carbonext"].code == "PAYLOAD_TOO_LARGE"


async def call(app, headers, receive=None, scope=()):
    """What an application sends when a server that checks nothing calls it."""
    sent = []

    async def send(message):
        sent.append(message)

    await app(
        {"type": "http", "http_version": "1.1", "method": "POST", "path": "/a", "headers": headers, **dict(scope)},
        receive,
        send,
    )
    return sent


async def test_a_length_of_very_many_digits_is_too_large(app):
    sent = await call(RequestLimits(app), [(b"content-length", b"9" * 10_000)])

    assert sent[0]["status"] == 413
    assert app.seen == []


async def test_the_server_is_told_that_an_answer_broke_in_the_middle(app):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    with pytest.raises(ZeroDivisionError):
        await call(RequestLimits(app), [], receive, {"path": "/half"})


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"0x10", b"", b"\xc2\xb2", b"1, 1"])
async def test_a_length_that_is_no_number_is_refused(app, length):
    sent = await call(RequestLimits(app), [(b"content-length", length)])

    assert sent[0]["status"] == 400
    assert app.seen == []


async def test_a_body_over_http_2_is_bounded_though_nothing_announces_it(app):
    async def receive():
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    sent = await call(RequestLimits(app, body_bytes_max=LIMIT), [], receive, {"http_version": "2"})
    assert sent[0]["status"] == 413
    assert app.seen == []


async def test_a_cancelled_request_frees_its_place_in_the_concurrency_limit(app):
    limits = RequestLimits(app)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    task = asyncio.create_task(call(limits, [], receive, {"path": "/wait"}))
    await asyncio.sleep(0.01)
    assert limits.in_flight == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert limits.in_flight == 0
    assert REQUEST_ID.get() == ""


async def test_other_scopes_pass_untouched_and_a_websocket_gets_its_id():
    seen = []

    async def app(scope, receive, send):
        seen.append((scope, receive, send))

    receive, send, lifespan, websocket = object(), object(), {"type": "lifespan"}, {"type": "websocket"}
    limits = RequestLimits(app)
    await limits(lifespan, receive, send)
    await limits({**websocket, "headers": [(b"x-request-id", b"w1")]}, receive, send)

    assert seen[0] == ({"type": "lifespan"}, receive, send)
    assert seen[1][0]["state"] == {"request_id": "w1"}
    assert seen[1][1:] == (receive, send)
    assert REQUEST_ID.get() == ""
