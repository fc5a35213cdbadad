"""`carbon-orders work`: the background jobs in a process of their own. Their steps are in operations/."""

import socket
from contextlib import AbstractAsyncContextManager, nullcontext

from service.api.metrics.endpoint import Metrics, metrics_app
from service.commands import output
from service.commands.runtime import run, settings_given
from service.kit.logging import configure_logging
from service.operations.resources import Resources
from service.server.uvicorn_server import CannotServeError, listen_for_metrics, serving_metrics
from service.settings import Settings
from service.workers.measures import StepMeasures
from service.workers.run import work_until_told


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
        async with _metrics_served(listener, settings, resources, steps):
            await work_until_told(resources, settings, steps)

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
