"""One of several server processes. It reads the settings and the secret itself.

Knows the composition root and that a parent started it, and nothing of the other processes.
"""

import os
import signal
from multiprocessing.process import BaseProcess, parent_process
from threading import Thread

import structlog
from starlette.types import ASGIApp

from service.app import create_app
from service.key_pepper import pepper, previous_pepper
from service.kit.logging import configure_logging
from service.server.companions import Companions, companions
from service.server.uvicorn_server import CannotServeError, spare_the_collector
from service.settings import Settings

log = structlog.get_logger(__name__)


def worker_app() -> ASGIApp:
    """Build the service as the environment describes it, ready to be served."""
    settings = Settings()
    configure_logging(json=settings.log_json, level=settings.log_level)
    if (parent := parent_process()) is not None:
        Thread(target=_end_after, args=(parent,), name="parent", daemon=True).start()
    app = create_app(
        settings,
        pepper=pepper(settings),
        previous_pepper=previous_pepper(settings),
        is_one_of_several=True,
        **_companions(settings),
    )
    spare_the_collector()
    return app


def _end_after(parent: BaseProcess) -> None:
    """Wait until the parent is gone, and end this process as SIGTERM does: otherwise the processes of a parent that was
    killed would keep the port from the service that is started next.
    """
    parent.join()  # on a pipe that the parent holds open, so that no number of a process can be mistaken for another's
    log.warning("parent_gone")
    os.kill(os.getpid(), signal.SIGTERM)


def _companions(settings: Settings) -> Companions:
    try:
        return companions(settings)
    except CannotServeError as error:
        # A process that ended now would be begun again and again, and nobody would be served.
        log.error("metrics_not_served", reason=str(error))  # noqa: TRY400 - the reason is all there is to know
        return companions(settings.model_copy(update={"metrics_bind": None}))
