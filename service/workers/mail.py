"""The sender of mails: it queues them, and sends what is due over one connection to the mail server.

A server that cannot be used is left alone for growing pauses; no other job waits for it.
"""

import random as _random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from service.documents.mails.message import WrittenMail
from service.domain.mail import Mail
from service.kit.smtp_sender import MailRefusedError, MailServer, ServerFailedError, SmtpConnection
from service.operations.queue_mails import queue_mails
from service.operations.resources import Resources
from service.operations.send_mails import (
    MAIL_TIMEOUT,
    TURN_TIMEOUT,
    Answer,
    Writing,
    cancel_mail,
    lease_mails,
    mark_mail,
    postpone_mails,
    write,
)

log = structlog.get_logger(__name__)

_PAUSES_S = (5, 15, 60, 300)
NOT_WRITTEN = "the mail could not be written"


@dataclass(slots=True)
class MailSender:
    """Step of a worker that sends mails."""

    server: MailServer
    writing: Writing
    random: Callable[[], float] = _random.random
    monotonic_s: Callable[[], float] = time.monotonic
    _unstored: tuple[Mail, Answer] | None = None
    _failures: int = 0
    _resumes_at_s: float = field(default=0.0)

    async def turn(self, resources: Resources) -> int:
        """Queue mails and send some of those that are due; return the number of cursors and mails that were dealt
        with.
        """
        await self._store_outcome(resources)
        done = await queue_mails(resources)
        if self.monotonic_s() < self._resumes_at_s:
            return done
        leased = await lease_mails(resources)
        if leased:
            try:
                await self._send(resources, leased)
            except ServerFailedError as failure:
                await self._pause(resources, leased, str(failure))
                return done
            if self._failures:
                log.info("mail_server_ready")
            self._failures = 0
        return done + len(leased)

    async def _send(self, resources: Resources, leased: Sequence[Mail]) -> None:
        """Send the mails. Raise ServerFailedError if the server fails; a mail that was under way is marked then."""
        local_name = self.writing.sender.email.rpartition("@")[2]
        written = [(mail, await self._written(resources, mail)) for mail in leased]
        to_send = [(mail, message) for mail, message in written if message is not None]
        if not to_send:
            return
        ends_at_s = self.monotonic_s() + TURN_TIMEOUT.total_seconds()
        timeout_s = MAIL_TIMEOUT.total_seconds()
        async with SmtpConnection(self.server, local_name=local_name, timeout_s=timeout_s) as connection:
            for mail, message in to_send:
                if self.monotonic_s() > ends_at_s:
                    raise ServerFailedError("the server is slow")
                # Marked one by one, so that at most one mail is sent again after a kill.
                await self._send_one(resources, connection, mail, message)

    async def _written(self, resources: Resources, mail: Mail) -> WrittenMail | None:
        """Return the mail as it is sent; None, once that is stored, if it is not wanted or cannot be written."""
        try:
            message = await write(resources, mail, self.writing)
        except (LookupError, TypeError, ValueError, ArithmeticError):
            log.exception("mail_not_written", mail_id=str(mail.id), kind=mail.kind.value)
            await mark_mail(resources, mail, Answer(NOT_WRITTEN), self.random)
            return None
        if message is None:
            await cancel_mail(resources, mail)
        return message

    async def _send_one(
        self, resources: Resources, connection: SmtpConnection, mail: Mail, message: WrittenMail
    ) -> None:
        answer = Answer()
        try:
            await connection.send(message.sender, message.recipient, message.message, needs_utf8=message.needs_utf8)
        except MailRefusedError as refusal:
            answer = Answer(str(refusal), is_permanent=refusal.is_permanent)
        except ServerFailedError as failure:
            # Perhaps because of this mail: the others are sent before it is tried again.
            self._unstored = (mail, Answer(str(failure)))
            await self._store_outcome(resources)
            raise
        self._unstored = (mail, answer)
        await self._store_outcome(resources)

    async def _store_outcome(self, resources: Resources) -> None:
        """Store the outcome of the last sending, and keep it until that succeeds: while the database is unreachable no
        other mail is sent, and afterwards this one is not sent again.
        """
        if self._unstored is not None:
            mail, answer = self._unstored
            await mark_mail(resources, mail, answer, self.random)
            self._unstored = None

    async def _pause(self, resources: Resources, leased: Sequence[Mail], error: str) -> None:
        pause_s = _PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)]
        if not self._failures:
            log.warning("mail_server_failed", host=self.server.host, port=self.server.port, error=error)
        self._failures += 1
        self._resumes_at_s = self.monotonic_s() + pause_s
        if leased[0].lease_id is not None:
            await postpone_mails(resources, leased[0].lease_id, timedelta(seconds=pause_s), error)
