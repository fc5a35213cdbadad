"""Main loop of a process that does not serve: it runs the steps that the settings ask for, until it is told to end.

Knows signals and settings; the steps are in operations/.
"""

import asyncio
import signal
from dataclasses import dataclass

import structlog

from service.documents.mails.message import Sender
from service.documents.mails.texts import language
from service.kit.sealing import Sealer
from service.operations.resources import Resources, WebhookOptions
from service.operations.send_deliveries import Bodies
from service.operations.send_mails import Links, Writing
from service.settings import Settings
from service.workers.jobs import Step, steps, steps_of_server, working
from service.workers.mail import MailSender
from service.workers.measures import StepMeasures

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Writers:
    """Writers of what leaves the service: bodies of webhooks, and addresses in mails. A process without the service's
    secret has none.
    """

    bodies: Bodies
    links: Links


def worker_steps(settings: Settings, writers: Writers | None = None) -> tuple[Step, ...]:
    """Return all background steps as the settings configure them; those that send webhooks and mail if `writers` are
    given.
    """
    return steps(
        rest_ms=settings.worker_rest_ms,
        retire_after_ms=settings.retire_after_ms,
        retire_unpaid=settings.retire_unpaid,
        public_address=settings.public_address,
        advance_after_ms=settings.test_orders_after_ms,
        webhook_bodies=None if writers is None else writers.bodies,
        mail_sender=None if writers is None else _mail_sender(settings, writers.links),
        mails_kept=settings.mails_kept,
        invoice_reminder=settings.invoice_reminder,
    )


def serving_steps(settings: Settings, writers: Writers) -> tuple[Step, ...]:
    """Return the steps of a process that serves, with the background steps unless the settings leave them to others."""
    own = steps_of_server(key_uses_ms=settings.key_uses_ms)
    return (*own, *worker_steps(settings, writers)) if settings.workers_embedded else own


def _mail_sender(settings: Settings, links: Links) -> MailSender | None:
    server, sender = settings.mail_server, settings.mail_sender
    if server is None or sender is None:
        return None
    writing = Writing(
        sender=Sender(sender.email, sender.name, settings.mail_reply_to),
        language=language(settings.language_of_mail),
        links=links,
    )
    return MailSender(server, writing)


def webhook_options(settings: Settings, pepper: bytes | None, previous_pepper: bytes | None) -> WebhookOptions:
    """Return the options of webhooks; without a pepper no secret is encrypted or read."""
    return WebhookOptions(
        sealer=None if pepper is None else Sealer(pepper, previous_pepper),
        loopback=settings.webhooks_to_loopback,
        kept=settings.webhook_deliveries_kept,
    )


async def work_until_told(
    resources: Resources,
    settings: Settings,
    measures: StepMeasures | None = None,
    writers: Writers | None = None,
) -> None:
    """Repeat every step until SIGTERM or Ctrl+C. A step in progress is then rolled back, for the next process.
    `measures` counts what the steps do.
    """
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    each = worker_steps(settings, writers)
    async with resources.database.watched(), working(resources, each, measures):
        log.info("working", steps=[step.name for step in each])
        await ended.wait()
    log.info("ended")
