"""The sender reads what receivers do wrong: certificates, silence, endless bodies, lost connections.

Seen to fail when: certificates are not verified; the whole body is read; the time is counted for each step alone.
"""

import asyncio
import gc
import time
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.kit.http_sender import READ_BYTES_MAX, HttpSender
from tests.receiver import Received, receiving, response
from tests.serving import port_of, serving
from tests.tls import self_signed, served_under
from tests.waiting import HANGS_S, turns


@pytest.fixture
async def sender() -> AsyncIterator[HttpSender]:
    sender = HttpSender(connections_max=4, loopback=True)
    yield sender
    await sender.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


async def test_an_unknown_authority_is_a_failure_and_nothing_is_sent(sender: HttpSender, certificate: Path):
    async with receiving(tls=served_under(certificate)) as receiver:
        sent = await sender.post(receiver.url, b"{}", {}, timeout_s=HANGS_S)
    assert (sent.status, sent.error, receiver.received) == (None, "TLS: CERTIFICATE_VERIFY_FAILED", [])


async def test_a_trusted_authority_is_sent_to(certificate: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    sender = HttpSender(connections_max=4, loopback=True)
    async with receiving(tls=served_under(certificate)) as receiver:
        sent = await sender.post(receiver.url, b"{}", {"X-Own": "1"}, timeout_s=HANGS_S)
    await sender.close()
    assert (sent.status, sent.error, receiver.received[0].headers["x-own"]) == (200, None, "1")


async def test_a_connection_is_used_again(sender: HttpSender):
    async with receiving() as receiver:
        for _ in range(3):
            await sender.post(receiver.url, b"{}", {}, timeout_s=HANGS_S)
    assert (len(receiver.received), receiver.connections) == (3, 1)


async def test_silence_ends_at_the_time_limit(sender: HttpSender):
    over = asyncio.Event()

    async def never(_: Received) -> bytes:
        await over.wait()
        return b""

    async with receiving(never) as receiver:
        sent = await sender.post(receiver.url, b"{}", {}, timeout_s=0.2)
        over.set()
        await turns(5)
    assert (sent.status, sent.error) == (None, "timeout")


async def test_a_body_that_trickles_ends_at_the_time_limit(sender: HttpSender):
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"a")
            await asyncio.sleep(0.01)

    async with serving(trickle) as server:
        began = time.monotonic()
        sent = await sender.post(f"http://127.0.0.1:{port_of(server)}/", b"{}", {}, timeout_s=0.3)
    assert (sent.status, sent.error) == (None, "timeout")
    assert time.monotonic() - began < 30


async def test_of_an_endless_body_only_the_beginning_is_read(sender: HttpSender):
    written = 0
    ended = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b"1000\r\n" + b"a" * 4096 + b"\r\n")
                await writer.drain()
                written += 4096
        finally:
            ended.set()

    async with serving(endless) as server:
        sent = await sender.post(f"http://127.0.0.1:{port_of(server)}/", b"{}", {}, timeout_s=HANGS_S)
        await ended.wait()
    assert (sent.status, sent.excerpt) == (200, "a" * 500)
    assert written < 1000 * READ_BYTES_MAX


@pytest.mark.parametrize("answer", [b"", b"not HTTP\r\n\r\n", b"HTTP/1.1 200"])
async def test_no_valid_response_is_a_failure(sender: HttpSender, answer: bytes):
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with serving(rude) as server:
        sent = await sender.post(f"http://127.0.0.1:{port_of(server)}/", b"{}", {}, timeout_s=HANGS_S)
    assert sent.status is None
    assert sent.error in {"no valid HTTP response", "connection lost"}


async def test_nobody_listening_is_a_failure(sender: HttpSender):
    async with receiving() as receiver:
        pass
    sent = await sender.post(receiver.url, b"{}", {}, timeout_s=HANGS_S)
    assert (sent.status, sent.error) == (None, "connection refused or unreachable")


async def test_excerpts_hold_what_can_be_stored(sender: HttpSender):
    async with receiving(lambda _: response(500, body=b"bad\x00\xff" + b"x" * 900)) as receiver:
        sent = await sender.post(receiver.url, b"{}", {}, timeout_s=HANGS_S)
    assert sent.excerpt == ("bad\ufffd" + "x" * 900)[:500]


async def test_a_request_that_is_cancelled_leaves_no_connection_open():
    async with receiving() as receiver:
        for count in range(1, 40):
            sender = HttpSender(connections_max=8, loopback=True)
            await asyncio.gather(*(sender.post(receiver.url, b"{}", {}, timeout_s=HANGS_S) for _ in range(8)))
            receiver.hang_up()  # the next request finds eight connections to close
            await turns(20)
            cancelled = asyncio.create_task(sender.post(receiver.url, b"{}", {}, timeout_s=HANGS_S))
            await turns(count)
            cancelled.cancel()
            await asyncio.gather(cancelled, return_exceptions=True)
            await sender.close()
            del sender, cancelled
            with warnings.catch_warnings(record=True) as unclosed:
                warnings.simplefilter("always")
                gc.collect()
            assert [str(each.message) for each in unclosed] == []
