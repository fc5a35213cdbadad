"""One of several server processes. It reads the settings and the secret itself.

Knows the composition root, and nothing of the other processes.
"""

from starlette.types import ASGIApp

from service.app import create_app
from service.key_pepper import pepper, previous_pepper
from service.kit.logging import configure_logging
from service.server.uvicorn_server import spare_the_collector
from service.settings import Settings


def worker_app() -> ASGIApp:
    """Build the service as the environment describes it, ready to be served."""
    settings = Settings()
    configure_logging(json=settings.log_json, level=settings.log_level)
    app = create_app(settings, pepper=pepper(settings), previous_pepper=previous_pepper(settings))
    spare_the_collector()
    return app
