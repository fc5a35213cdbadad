"""Interface of tracing: a span for each request and each statement. Does not depend on a tracing library."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import Any, Protocol

CHOSEN_BY = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
"""Variables of which any one enables tracing."""


class Tracer(Protocol):
    """Maker of spans."""

    def request(self, scope: Mapping[str, Any], facts: Mapping[str, Any]) -> AbstractContextManager[object]:
        """Return a span of the request that is served inside, below the caller's (`traceparent`). It shows the facts
        that are there at its end.
        """

    def statement(self, sql: str) -> AbstractContextManager[object]:
        """Return a span of the statement that runs inside, below that of the request."""

    def close(self) -> None:
        """Send the spans that wait. Blocks for a while."""


def is_installed() -> bool:
    """Return whether the packages of the extra `otel` can be imported."""
    return find_spec("opentelemetry") is not None and find_spec("opentelemetry.sdk") is not None


def fault_of_variables() -> str | None:
    """Return a message if the variables OTEL_… require something that is not part of the extra, otherwise None."""
    exporters = {name.strip() for name in (os.environ.get("OTEL_TRACES_EXPORTER") or "otlp").split(",")}
    if not exporters <= {"otlp", "console"}:
        return "OTEL_TRACES_EXPORTER: this service has the exporters otlp and console."
    for name in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if os.environ.get(name) not in (None, "", "http/protobuf"):
            return f"{name}: this service sends traces by http/protobuf."
    return None


def is_wanted(setting: bool | None) -> bool:
    """Return whether traces are to be sent, by the setting or the usual variables of OpenTelemetry."""
    if setting is not None:
        return setting
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or os.environ.get("OTEL_TRACES_EXPORTER") == "none":
        return False
    return is_installed() and any(os.environ.get(name) for name in CHOSEN_BY)
