"""Traces of the real service: a span for each request below the caller's, and one for each statement below it.

Seen to fail when: `traceparent` is not read; the values of a statement are put into its span; a group of orders runs in
no request's trace.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from service.app import create_app
from service.kit.otel_tracer import OtelTracer
from service.settings import Settings
from service.storage.database import Database
from tests.api.graphql_api import PEPPER, GraphQLApi, started
from tests.shop import open_shop

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ORDER = """mutation Mine($key: String!) {
  createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: $key, customer: "Ada Lovelace"}) {
    order { id customer } userErrors { code }
  }
}"""


@asynccontextmanager
async def traced(database: Database, url: str) -> AsyncIterator[tuple[GraphQLApi, InMemorySpanExporter]]:
    """GraphQL of the service, and the spans that it makes."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    settings = Settings(database_url=url, workers_embedded=False)
    app = create_app(settings, pepper=PEPPER, tracer=OtelTracer(provider))
    async with (
        started(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as client,
    ):
        api = GraphQLApi(await open_shop(database), client, "")
        api.key = await api.new_key()
        exporter.clear()
        yield api, exporter


def split(exporter: InMemorySpanExporter) -> tuple[list[ReadableSpan], list[ReadableSpan]]:
    """The spans of requests and those of statements."""
    spans = exporter.get_finished_spans()
    return [each for each in spans if each.kind is SpanKind.SERVER], [
        each for each in spans if each.kind is SpanKind.CLIENT
    ]


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


async def test_a_request_is_a_span_of_the_callers_trace_and_its_statements_are_below_it(
    database: Database, database_url: str
):
    async with traced(database, database_url) as (api, exporter):
        await api.ask(ORDER, {"key": "one"}, traceparent=f"00-{TRACE}-{PARENT}-01", x_request_id="r1")
        (request,), statements = split(exporter)

    assert request.context is not None
    assert request.parent is not None
    assert (request.name, f"{request.context.trace_id:x}", f"{request.parent.span_id:016x}") == (
        "POST createOrderByMass", TRACE, PARENT,
    )  # fmt: skip
    attributes = dict(request.attributes or {})
    assert attributes.pop("carbon_orders.key_id") in api.key  # type: ignore[operator]
    assert attributes == {
        "http.request.method": "POST", "http.response.status_code": 200, "carbon_orders.request_id": "r1",
        "carbon_orders.operation": "createOrderByMass", "graphql.operation.name": "Mine",
        "carbon_orders.account_id": str(api.shop.account.id),
    }  # fmt: skip
    assert {each.parent and each.parent.span_id for each in statements} == {id_of(request)}
    texts = [str((each.attributes or {})["db.query.text"]) for each in statements]
    assert [each for each in texts if each.startswith("INSERT INTO orders ")] != []
    assert "COMMIT" in texts
    assert [each for each in texts if "Ada" in each] == []


async def test_statements_of_a_group_are_linked_to_every_request_in_it(database: Database, database_url: str):
    async with traced(database, database_url) as (api, exporter):
        await asyncio.gather(*(api.ask(ORDER, {"key": f"{number}"}) for number in range(5)))
        requests, statements = split(exporter)

    inserts = [
        each for each in statements if str((each.attributes or {})["db.query.text"]).startswith("INSERT INTO or")
    ]
    seen = [each.parent and each.parent.span_id for each in inserts]
    seen += [link.context.span_id for each in inserts for link in each.links]
    assert set(seen) == {id_of(request) for request in requests}
    assert len(requests) == 5


async def test_a_failed_request_is_an_error_and_a_refused_one_is_not(database: Database, database_url: str):
    async with traced(database, database_url) as (api, exporter):
        await api.ask("{ account { id } }", key="")
        ((request,), _) = split(exporter)
        assert request.status.status_code is StatusCode.UNSET
        assert (request.attributes or {})["carbon_orders.codes"] == ("UNAUTHENTICATED",)
        exporter.clear()
        await api.client.get("/health/live")
        ((health,), statements) = split(exporter)

    assert (health.name, health.parent, statements) == ("GET", None, [])
