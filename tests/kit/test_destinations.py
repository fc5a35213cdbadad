"""Addresses that lead inside are refused, by their text or by what they resolve to, and nothing is ever sent there.

Seen to fail when: embedded IPv4 addresses are not unwrapped; only the first resolved address is checked; a redirect is
followed; a proxy of the environment is used; the name is resolved again for the connection.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from service.kit.destinations import is_outside, parse_destination
from service.kit.http_sender import HttpSender
from tests.serving import port_of, serving

REFUSED_AS_WRITTEN = [
    "http://example.com/hook",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "//example.com/",
    "https:example.com",
    "https:///hook",
    "https://",
    "HTTPS://user@example.com/",
    "https://user:pass@127.0.0.1:{port}/",
    "https://example.com@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@example.com/",
    "https://example.com\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\.example.com/",
    "https://127.0.0.1:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://0:{port}/",
    "https://0.0.0.0:{port}/",
    "https://2130706433:{port}/",
    "https://017700000001:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.1:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://127.0.0.0x1:{port}/",
    "https://0x:{port}/",
    "https://[::1]:{port}/",
    "https://[::]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[64:ff9b:1::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]:{port}/",
    "https://[2a00:1450::5efe:7f00:1]:{port}/",
    "https://[fe80::1%25eth0]:{port}/",
    "https://[fe80::1%eth0]:{port}/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST.:{port}/",
    "https://a.localhost:{port}/",
    "https://metadata.google.internal/",
    "https://router.local/",
    "https://intranet/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254./",
    "https://168.63.129.16/",
    "https://192.0.0.192/opc/v2/",
    "https://100.100.100.200/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://①②⑦.⓪.⓪.①:{port}/",
    "https://127。0。0。1:{port}/",
    "https://ex\u00e4mple.com/",
    "https://example.com /",
    "https://example.com/a b",
    " https://example.com/",
    "https://example.com/\r\nHost: 127.0.0.1",
    "https://example.com/\x00",
    "https://exa\tmple.com/",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:8o/",
    "https://-example.com/",
    "https://example..com/",
    "https://" + "a" * 64 + ".com/",
    "https://example.com/" + "a" * 2_000,
]
RESOLVED_INSIDE = {
    "loopback.example.com": ["127.0.0.1"],
    "mixed.example.com": ["93.184.216.34", "127.0.0.1"],
    "mixed6.example.com": ["2606:2800:220:1:248:1893:25c8:1946", "::1"],
    "mapped.example.com": ["::ffff:127.0.0.1"],
    "nat64.example.com": ["64:ff9b::7f00:1"],
    "6to4.example.com": ["2002:7f00:1::"],
    "zone.example.com": ["fe80::1%lo"],
    "unspecified.example.com": ["0.0.0.0"],
    "metadata.example.com": ["169.254.169.254"],
    "nobody.example.com": [],
}


async def resolve(host: str, port: int) -> Sequence[str]:
    return RESOLVED_INSIDE.get(host, ["127.0.0.1"])


class Listener:
    def __init__(self) -> None:
        self.connections = 0
        self.port = 0


@asynccontextmanager
async def listening(answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") -> AsyncIterator[Listener]:
    """A listener on every address of this machine, that counts who connects."""
    listener = Listener()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with AsyncExitStack() as servers:
        listener.port = port_of(await servers.enter_async_context(serving(serve, "0.0.0.0")))
        with suppress(OSError):  # this machine has no IPv6, or the port is taken there
            await servers.enter_async_context(serving(serve, "::", listener.port))
        yield listener


async def test_hostile_addresses_are_refused_as_written_and_reach_nothing():
    sender = HttpSender(connections_max=4)
    async with listening() as listener:
        urls = [text.replace("{port}", str(listener.port)) for text in REFUSED_AS_WRITTEN]
        for url in urls:
            with pytest.raises(ValueError, match=r"^Give "):
                parse_destination(url)
        answers = {(await sender.post(url, b"{}", {}, timeout_s=5)).error for url in urls}
    await sender.close()
    assert len(urls) > 60
    assert (answers, listener.connections) == ({"address refused"}, 0)


@pytest.mark.parametrize("host", RESOLVED_INSIDE)
async def test_names_that_resolve_inside_are_not_connected_to(host: str):
    sender = HttpSender(connections_max=4, resolve=resolve)
    async with listening() as listener:
        sent = await sender.post(f"https://{host}:{listener.port}/", b"{}", {}, timeout_s=5)
    await sender.close()
    assert (sent.status, sent.error, listener.connections) == (None, "address refused", 0)


async def test_a_name_is_resolved_for_each_connection_and_only_then():
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    sender = HttpSender(connections_max=4, loopback=True, resolve=rebinding)
    async with listening() as listener:
        url = f"http://localhost:{listener.port}/"
        first = await sender.post(url, b"{}", {}, timeout_s=5)
        second = await sender.post(url, b"{}", {}, timeout_s=5)
    await sender.close()
    assert (first.status, second.status, second.error, listener.connections) == (200, None, "address refused", 1)
    assert answers == []


async def test_a_connection_leads_to_the_address_that_was_checked():
    connections = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    sender = HttpSender(connections_max=4, loopback=True, resolve=resolve)
    async with serving(hang_up) as server:
        sent = await sender.post(f"https://no-such-name.example.com:{port_of(server)}/", b"{}", {}, timeout_s=5)
    await sender.close()
    assert (sent.status, connections) == (None, 1)


async def test_redirects_are_answers_and_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch):
    async with listening() as elsewhere:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{elsewhere.port}")
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
        async with listening(moved.encode()) as listener:
            sender = HttpSender(connections_max=4, loopback=True)
            sent = await sender.post(f"http://127.0.0.1:{listener.port}/", b"{}", {}, timeout_s=5)
            await sender.close()
    assert (sent.status, listener.connections, elsewhere.connections) == (302, 1, 0)


async def test_only_so_much_of_a_response_is_read():
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"a" * 1024 + b"\r\n"
    async with listening(endless + b"400\r\n" + b"b" * 1024 + b"\r\n" * 40_000) as listener:
        sender = HttpSender(connections_max=4, loopback=True)
        sent = await sender.post(f"http://127.0.0.1:{listener.port}/", b"{}", {}, timeout_s=5)
        await sender.close()
    assert sent.excerpt is None or len(sent.excerpt) <= 500


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://hooks.example.com:8443/a?b=c&d=%20",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
    ],
)
def test_addresses_outside_are_accepted(url: str):
    assert parse_destination(url).is_tls


def test_the_parts_of_an_address():
    parsed = parse_destination("https://Hooks.example.com:8443?a=b")
    assert (parsed.host, parsed.port, parsed.target, parsed.origin) == (
        "hooks.example.com",
        8443,
        "/?a=b",
        "hooks.example.com:8443",
    )
    assert parse_destination("https://example.com").origin == "example.com"


@pytest.mark.parametrize("url", ["http://localhost:9/", "http://127.0.0.1:9/", "http://[::1]:9/", "https://localhost/"])
def test_this_machine_is_accepted_where_it_is_allowed(url: str):
    parse_destination(url, loopback=True)
    with pytest.raises(ValueError, match=r"^Give "):
        parse_destination(url)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://example.com/", "http://0.0.0.0/", "http://127.1/"])
def test_loopback_allows_nothing_else(url: str):
    with pytest.raises(ValueError, match=r"^Give "):
        parse_destination(url, loopback=True)


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("64:ff9b::808:808", True),
        ("2002:808:808::1", True),
        ("64:ff9b::a00:1", False),
        ("2001:db8::1", False),
        ("4000::1", False),
        ("192.88.99.1", False),
        ("example.com", False),
    ],
)
def test_addresses_outside(address: str, *, outside: bool):
    assert is_outside(address) is outside
