"""`carbon-orders work`: the background jobs in a process of their own. Their steps are in operations/."""

import socket
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace

import structlog

from service.api.mail_links import MailLinks
from service.api.metrics.endpoint import Metrics, metrics_app
from service.api.outbound import outbound_writers
from service.commands import output
from service.commands.runtime import OTHER_KEYS, run, settings_given
from service.key_pepper import pepper, previous_pepper
from service.kit.logging import configure_logging
from service.operations.confirm_secret import SecretState, secret_state
from service.operations.resources import Resources
from service.server.uvicorn_server import CannotServeError, listen_for_metrics, serving_metrics
from service.settings import Settings
from service.workers.measures import StepMeasures
from service.workers.run import webhook_options, work_until_told

log = structlog.get_logger(__name__)


def work() -> None:
    """Repeat every step until SIGTERM or Ctrl+C."""
    settings = settings_given()
    configure_logging(json=settings.log_json, level=settings.log_level)
    try:
        listener = listen_for_metrics(settings)
    except CannotServeError as error:
        output.fail(str(error))
    steps = StepMeasures()

    async def working(resources: Resources) -> None:
        found = await _pepper(settings, resources)
        writers = None
        if found is not None:
            resources = replace(resources, webhooks=webhook_options(settings, found, previous_pepper(settings)))
            links = MailLinks(settings.public_address, found, settings.document_links_valid)
            writers = outbound_writers(resources, links)
        async with _metrics_served(listener, settings, resources, steps):
            await work_until_told(resources, settings, steps, writers)

    run(
        settings,
        working,
        pool_size_max=settings.pool_size_max,
        idle_transaction_ms=settings.idle_transaction_ms,
    )


def _metrics_served(
    listener: socket.socket | None, settings: Settings, resources: Resources, steps: StepMeasures
) -> AbstractAsyncContextManager[None]:
    if listener is None:
        return nullcontext()
    return serving_metrics(listener, settings, metrics_app(Metrics(resources, steps)))


async def _pepper(settings: Settings, resources: Resources) -> bytes | None:
    """Return the pepper, which only webhooks and mail need here; None if there is none, or one of another database."""
    try:
        found = pepper(settings, holds_keys=True)
    except (ValueError, OSError) as error:
        log.warning("webhooks_not_sent", reason=str(error))
        return None
    if await secret_state(resources, pepper=found, previous_pepper=previous_pepper(settings)) is SecretState.OTHER:
        log.warning("webhooks_not_sent", reason=OTHER_KEYS)
        return None
    return found
