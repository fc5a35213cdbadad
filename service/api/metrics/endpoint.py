"""The address /metrics: open on a separate listener, and for operators next to the APIs.

Each process reports only its own metrics.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.api.metrics.families import ServiceCollector, Serving
from service.api.request_facts import note_caller, note_refusal
from service.api.request_limits import graphql_error_body
from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.errors import Code, Refused
from service.operations.authenticate import unauthenticated
from service.operations.count_failing_items import count_failing_items
from service.operations.count_outbound import count_outbound
from service.operations.resources import Resources
from service.workers.measures import StepMeasures

PATH = "/metrics"
Authenticate = Callable[[Request], Awaitable[Caller | None]]


class Metrics:
    """Metrics of this process, and of the Python that runs it."""

    def __init__(self, resources: Resources, steps: StepMeasures, serving: Serving | None = None) -> None:
        self._resources = resources
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._collector = ServiceCollector(resources, steps, serving)
        self._registry.register(self._collector)

    async def response(self, request: Request) -> Response:
        """Return all metrics in the format that the request accepts. Without the database only a few are missing."""
        self._collector.failing_items = self._collector.outbound = None
        with suppress(Refused):
            self._collector.failing_items = await count_failing_items(self._resources)
            self._collector.outbound = await count_outbound(self._resources)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self._registry), headers={"content-type": content_type})


def metrics_app(metrics: Metrics) -> Starlette:
    """Return the application of the separate listener, which serves only the metrics, without a key."""
    return Starlette(routes=[Route(PATH, metrics.response)])


def operator_route(metrics_of: Callable[[], Metrics | None], authenticate: Authenticate) -> Route:
    """Return the route that serves the metrics to a key with the scope operator. Refuses `UNAUTHENTICATED` without a
    key, `FORBIDDEN` with another, and `NOT_FOUND` where there are no metrics because several processes share the
    address.
    """

    async def answer(request: Request) -> Response:
        try:
            _require_operator(await authenticate(request))
            metrics = metrics_of() or _absent()
        except Refused as refusal:
            note_refusal(refusal.code)
            return _refusal(refusal, request)
        return await metrics.response(request)

    return Route(PATH, answer)


def _require_operator(caller: Caller | None) -> None:
    if caller is None:
        raise unauthenticated()
    note_caller(caller)
    caller.require(Scope.OPERATOR)


def _absent() -> NoReturn:
    raise Refused(
        Code.NOT_FOUND,
        "Several processes serve this address, and each counts for itself: read the metrics of each at its own port of"
        " SERVICE_METRICS_BIND.",
    )


def _refusal(refusal: Refused, request: Request) -> Response:
    body, content_type = graphql_error_body(refusal, request.state.request_id)
    headers = {"content-type": content_type}
    if refusal.code is Code.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
    if refusal.retry_after_s is not None:
        headers["retry-after"] = str(refusal.retry_after_s)
    return Response(body, refusal.reason.http_status, headers)
