"""An SMTP client for one mail server: it keeps a connection for several mails, and distinguishes failures of the server
from refusals of a mail.

User and password never appear in errors, logs or `repr`.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from enum import Enum
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP

from service.kit.http_sender import ssl_context

_FORM = (
    "write smtp://user:password@host:port (with STARTTLS), smtps://user:password@host:port (TLS from the beginning) or "
    "smtp://host:port?starttls=never (without TLS and password); write @, / and # in a password as %40, %2F and %23"
)
_PORTS = {"smtp": 587, "smtps": 465}


class Security(Enum):
    """Encryption of the connection: from its beginning, by the command STARTTLS, or none."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Address of a mail server."""

    host: str
    port: int
    security: Security
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


def parse_mail_server(url: str) -> MailServer:
    """Return the server that the URL names. Raise ValueError, which never repeats a part of the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise ValueError(_FORM) from None
    starttls = options.pop("starttls", "required")
    is_plain = starttls == "never"
    if (
        parts.scheme not in _PORTS
        or not parts.hostname
        or port == 0
        or parts.path not in ("", "/")
        or parts.fragment
        or options
        or starttls not in ("required", "never")
        or (parts.scheme == "smtps" and "starttls" in parts.query)
        or (parts.username is None) != (parts.password is None)
        or (is_plain and parts.password is not None)
    ):
        raise ValueError(_FORM)
    encrypted = Security.TLS if parts.scheme == "smtps" else Security.STARTTLS
    return MailServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        security=Security.NONE if is_plain else encrypted,
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


class ServerFailedError(Exception):
    """The mail server cannot be used now, for the reason in the text; the mail itself was not refused."""


class MailRefusedError(Exception):
    """The mail server refused one mail; `is_permanent` says that it would refuse it again."""

    def __init__(self, message: str, *, is_permanent: bool) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


class SmtpConnection:
    """A connection to the mail server, within `timeout_s` for each step. Use it as an asynchronous context; entering it
    raises ServerFailedError.
    """

    def __init__(self, server: MailServer, *, local_name: str, timeout_s: float) -> None:
        """`local_name` is the name by which this machine introduces itself."""
        self._server = server
        self._timeout_s = timeout_s
        self._smtp = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=local_name,
            timeout=timeout_s,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=None if server.security is Security.NONE else ssl_context(),
        )

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._smtp.connect()
        except (OSError, aiosmtplib.SMTPException, ValueError) as error:
            self._smtp.close()
            raise ServerFailedError(_described(error)) from None
        except BaseException:
            self._smtp.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._smtp.quit()
        except (OSError, aiosmtplib.SMTPException):
            pass
        finally:
            self._smtp.close()

    async def send(self, sender: str, recipient: str, message: bytes, *, needs_utf8: bool) -> None:
        """Send the message to its one recipient. Raise MailRefusedError if the server refuses this mail, and
        ServerFailedError if it refuses the sender or the connection fails.
        """
        options = ["SMTPUTF8", "BODY=8BITMIME"] if needs_utf8 else []
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._smtp.sendmail(sender, [recipient], message, mail_options=options)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients[0]) from None
        except aiosmtplib.SMTPDataError as error:
            raise _refused(error) from None
        except aiosmtplib.SMTPNotSupported as error:
            raise MailRefusedError(error.message, is_permanent=True) from None
        except ValueError:
            raise MailRefusedError("the address cannot be sent", is_permanent=True) from None
        except (OSError, aiosmtplib.SMTPException) as error:
            raise ServerFailedError(_described(error)) from None


def _refused(error: aiosmtplib.SMTPResponseException) -> MailRefusedError:
    return MailRefusedError(f"{error.code} {error.message}", is_permanent=500 <= error.code < 600)


def _described(error: BaseException) -> str:
    """Return why the server failed. The answer to a refused authentication may repeat its secrets, and is left out."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return f"the server refuses user and password ({error.code})"
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    if isinstance(error, TimeoutError):
        return "timeout"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {cause.reason or 'failed'}"
        cause = cause.__cause__ or cause.__context__
    return "the server cannot be reached, or closed the connection" if isinstance(error, OSError) else str(error)
