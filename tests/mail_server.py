"""A real SMTP server on this machine that records what it is sent and answers as a test says."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TAKEN = "250 OK"


@dataclass
class Taken:
    """One mail that the server took, with its envelope."""

    sender: str
    recipient: str
    content: bytes
    options: list[str]
    is_encrypted: bool

    @property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.content, policy=SMTPUTF8)
        assert isinstance(found, EmailMessage)
        return found

    def part(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


@dataclass
class MailServer:
    """`recipient` and `data` return the answer to an address and to a message; a test may replace them."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    recipient: Callable[[str], str] = lambda _: TAKEN
    data: Callable[[Taken], Any] = lambda _: TAKEN
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        return [each.recipient for each in self.taken]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.recipient(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        (recipient,) = envelope.rcpt_tos
        taken = Taken(
            str(envelope.mail_from), recipient, envelope.content, envelope.mail_options, session.ssl is not None
        )
        answer = self.data(taken)
        answer = answer if isinstance(answer, str) else await answer
        if answer.startswith("250"):
            self.taken.append(taken)
        return str(answer)

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"right: @/#%", handled=False)


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, utf8: bool = True, auth: bool = False
) -> AsyncIterator[MailServer]:
    """Run a server, with `tls` from the beginning or with `starttls` required."""
    server = MailServer()
    protocols: list[SMTP] = []

    def protocol() -> SMTP:
        server.connections += 1
        with warnings.catch_warnings():
            # It knows nothing of TLS from the beginning.
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            made = SMTP(
                server,
                hostname="mail.test",
                enable_SMTPUTF8=utf8,
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_required=auth,
                auth_require_tls=starttls is not None,
                authenticator=server.authenticate if auth else None,
            )
        protocols.append(made)
        return made

    listening = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
    server.port = int(listening.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        listening.close()
        for each in protocols:
            if each.transport is not None:
                each.transport.abort()
        tasks = [each._handler_coroutine for each in protocols if each._handler_coroutine is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
