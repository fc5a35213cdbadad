"""Tracing by OpenTelemetry, whose packages are the extra `otel`: this module is imported only if traces are wanted.

Knows HTTP and SQL, and no order. Where spans are sent to is said by the usual variables OTEL_….
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from opentelemetry.trace import Link, Span, SpanKind, StatusCode

from service.kit.origins import ORIGINS

NAME = "carbon-orders"
STATEMENT_LENGTH_MAX = 2_000
LINKS_MAX = 64
_PROPAGATED = frozenset({b"traceparent", b"tracestate", b"baggage", b"b3"})
_FACTS = {
    "operation": "carbon_orders.operation",
    "operation_name": "graphql.operation.name",
    "account_id": "carbon_orders.account_id",
    "key_id": "carbon_orders.key_id",
    "codes": "carbon_orders.codes",
    "request_id": "carbon_orders.request_id",
    "status": "http.response.status_code",
}
"""Attributes of a request's span, by the facts of the request that they show."""


class OtelTracer:
    """Tracer that sends spans through a provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(NAME, version(NAME))

    @contextmanager
    def request(self, scope: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[None]:
        """Make a span of the request, whose facts are read at its end."""
        carrier = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name in _PROPAGATED
        }
        method = scope["method"]
        with self._tracer.start_as_current_span(
            method,
            context=propagate.extract(carrier),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method},
        ) as span:
            try:
                yield
            finally:
                _describe(span, method, facts)

    def statement(self, sql: str) -> AbstractContextManager[object]:
        """Make a span of the statement. One that several requests share is a part of the first and linked to the
        others; one of no request, as of background jobs, has none.
        """
        spans = _spans()
        if not spans:
            return nullcontext()
        verb = sql.lstrip(" (\n").partition(" ")[0].upper()
        return self._tracer.start_as_current_span(
            verb,
            context=trace.set_span_in_context(spans[0]),
            kind=SpanKind.CLIENT,
            attributes={"db.query.text": sql[:STATEMENT_LENGTH_MAX], "db.operation.name": verb},
            links=[Link(span.get_span_context()) for span in spans[1:LINKS_MAX]],
        )

    def close(self) -> None:
        """Send the spans that wait, and end."""
        self._provider.shutdown()


def _describe(span: Span, method: str, facts: Mapping[str, Any]) -> None:
    if "operation" in facts:
        span.update_name(f"{method} {facts['operation']}")
    span.set_attributes({attribute: facts[name] for name, attribute in _FACTS.items() if name in facts})
    if facts.get("status", 500) >= 500 or "failure" in facts:
        span.set_status(StatusCode.ERROR)


def _spans() -> Sequence[Span]:
    """Return the spans of the requests that this task works for."""
    own = trace.get_current_span()
    if own.get_span_context().is_valid:
        return [own]
    # The contexts are copies in which no code is running, so they can be entered.
    spans = [context.run(trace.get_current_span) for context in ORIGINS.get()]
    return [span for span in spans if span.get_span_context().is_valid]


def otel_tracer() -> OtelTracer:
    """Return a tracer as the variables OTEL_… describe it."""
    ours = {SERVICE_VERSION: version(NAME)}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        ours[SERVICE_NAME] = NAME
    provider = TracerProvider(resource=Resource.create(ours))
    for name in (os.environ.get("OTEL_TRACES_EXPORTER") or "otlp").split(","):
        exporter = ConsoleSpanExporter() if name.strip() == "console" else OTLPSpanExporter()
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return OtelTracer(provider)
