"""The SMTP client: TLS of both kinds, logins, and which failure is whose.

Seen to fail when: STARTTLS is not required; the host name of the certificate is not checked; a refused password, or the
answer to it, is in an error.
"""

import asyncio
from pathlib import Path
from urllib.parse import quote

import pytest

from service.kit.smtp_sender import (
    MailRefusedError,
    MailServer,
    Security,
    ServerFailedError,
    SmtpConnection,
    parse_mail_server,
)
from tests.mail_server import mail_server
from tests.serving import port_of, serving
from tests.tls import self_signed, served_under

PASSWORD = "right: @/#%"
MESSAGE = b"Subject: x\r\n\r\n.a line with a point\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


def connection(url: str) -> SmtpConnection:
    return SmtpConnection(parse_mail_server(url), local_name="shop.example", timeout_s=20)


async def send(url: str, recipient: str = "ada@customer.example", *, needs_utf8: bool = False) -> None:
    async with connection(url) as smtp:
        await smtp.send("orders@shop.example", recipient, MESSAGE, needs_utf8=needs_utf8)


async def test_tls_from_the_beginning_and_a_login(certificate: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with mail_server(tls=served_under(certificate), auth=True) as server:
        await send(f"smtps://shop:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}")

    (taken,) = server.taken
    assert taken.content == MESSAGE
    assert server.logins == [(b"shop", PASSWORD.encode())]


async def test_starttls_and_a_login(certificate: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with mail_server(starttls=served_under(certificate), auth=True) as server:
        await send(f"smtp://shop:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}")

    assert [each.is_encrypted for each in server.taken] == [True]


async def test_a_server_without_starttls_is_sent_nothing():
    async with mail_server() as server:
        with pytest.raises(ServerFailedError, match="STARTTLS"):
            await send(f"smtp://127.0.0.1:{server.port}")
    assert server.taken == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_an_unknown_authority_is_sent_nothing(certificate: Path, scheme: str):
    tls = served_under(certificate)
    async with mail_server(**{"tls" if scheme == "smtps" else "starttls": tls}, auth=True) as server:
        with pytest.raises(ServerFailedError, match="TLS: CERTIFICATE_VERIFY_FAILED"):
            await send(f"{scheme}://shop:hush@127.0.0.1:{server.port}")
    assert (server.taken, server.logins) == ([], [])


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_certificate_of_another_host_is_sent_nothing(
    certificate: Path, scheme: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = served_under(certificate)
    async with mail_server(**{"tls" if scheme == "smtps" else "starttls": tls}, auth=True) as server:
        with pytest.raises(ServerFailedError, match="TLS: CERTIFICATE_VERIFY_FAILED"):
            await send(f"{scheme}://shop:hush@localhost:{server.port}")
    assert (server.taken, server.logins) == ([], [])


async def test_a_refused_password_is_in_no_error(certificate: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with mail_server(tls=served_under(certificate), auth=True) as server:
        with pytest.raises(ServerFailedError) as failure:
            await send(f"smtps://shop:hush@127.0.0.1:{server.port}")
    assert str(failure.value) == "the server refuses user and password (535)"
    assert failure.value.__cause__ is None


async def test_an_address_beyond_ascii_needs_smtputf8():
    async with mail_server() as server:
        await send(f"smtp://127.0.0.1:{server.port}?starttls=never", "用户@customer.example", needs_utf8=True)
        assert server.recipients == ["用户@customer.example"]
    async with mail_server(utf8=False) as server:
        with pytest.raises(MailRefusedError) as refusal:
            await send(f"smtp://127.0.0.1:{server.port}?starttls=never", "用户@customer.example", needs_utf8=True)
        assert (str(refusal.value), refusal.value.is_permanent) == ("SMTPUTF8 is not supported by this server", True)


@pytest.mark.parametrize(("answer", "is_permanent"), [("550 unknown", True), ("450 busy", False)])
async def test_a_refused_mail_leaves_the_connection_usable(answer: str, is_permanent: bool):
    async with mail_server() as server:
        server.recipient = lambda address: answer if address.startswith("bea") else "250 OK"
        async with connection(f"smtp://127.0.0.1:{server.port}?starttls=never") as smtp:
            with pytest.raises(MailRefusedError) as refusal:
                await smtp.send("orders@shop.example", "bea@customer.example", MESSAGE, needs_utf8=False)
            await smtp.send("orders@shop.example", "ada@customer.example", MESSAGE, needs_utf8=False)
    assert (str(refusal.value), refusal.value.is_permanent) == (answer, is_permanent)
    assert (server.recipients, server.connections) == (["ada@customer.example"], 1)


@pytest.mark.parametrize(
    "says",
    [b"", b"554 go away\r\n", b"garbage\r\n", b"220 ready\r\n500 what\r\n500 what\r\n", b"220 " + b"x" * 100_000],
    ids=["nothing", "refusal", "garbage", "no greeting", "endless"],
)
async def test_what_is_no_mail_server_fails(says: bytes):
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        await writer.drain()

    async with serving(converse) as server:
        with pytest.raises(ServerFailedError):
            await send(f"smtp://127.0.0.1:{port_of(server)}?starttls=never")


async def test_a_server_that_says_nothing_is_left_in_time():
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(converse) as server:
        address = MailServer("127.0.0.1", port_of(server), Security.NONE)
        with pytest.raises(ServerFailedError, match="timeout"):
            async with SmtpConnection(address, local_name="shop.example", timeout_s=0.1):
                pass


def test_a_server_shows_no_password():
    server = parse_mail_server("smtps://us%40er:p%2Fw@[::1]:2465")
    assert server == MailServer("::1", 2465, Security.TLS, "us@er", "p/w")
    assert repr(server) == "MailServer(host='::1', port=2465, security=<Security.TLS: 'tls'>)"
    assert parse_mail_server("smtp://mail.example").port == 587
    assert parse_mail_server("smtps://mail.example/").port == 465
