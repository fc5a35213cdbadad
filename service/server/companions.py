"""Companions of the application in a process: the listener of its metrics, and the tracer."""

from functools import partial
from importlib import import_module
from typing import TypedDict

from service.app import MetricsListener
from service.kit.tracing import Tracer, is_wanted
from service.server.uvicorn_server import listen_for_metrics, serving_metrics
from service.settings import Settings


class Companions(TypedDict):
    """Arguments of `create_app`."""

    metrics_listener: MetricsListener | None
    tracer: Tracer | None


def companions(settings: Settings) -> Companions:
    """Return what the settings ask for. Raises CannotServeError if no port of the metrics is free."""
    listener = listen_for_metrics(settings)
    tracer: Tracer | None = None
    if is_wanted(settings.tracing):
        # Imported only now: its packages are an extra.
        tracer = import_module("service.kit.otel_tracer").otel_tracer()
    return {
        "metrics_listener": None if listener is None else partial(serving_metrics, listener, settings),
        "tracer": tracer,
    }
