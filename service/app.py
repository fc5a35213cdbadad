"""The composition root: settings in, ASGI application out. Only this module and the command line know every package.

A request passes the request limits (id, size, time, number), then its API. The database is opened when the application
starts and closed after the last queued order has its answer.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Scope

from service.api.addresses import Addresses, AddressLimits, address_budget, pay_from
from service.api.caller import caller_of, caller_of_service, share_reads
from service.api.cross_origin import open_to_origins
from service.api.document_links import DOCUMENTS
from service.api.exports.problems import problems_at
from service.api.exports.routes import EXPORT_PATH, Exporting, export_routes
from service.api.graphql.context import Context
from service.api.graphql.cost.budget import CostBudget, cost_budget
from service.api.graphql.schema import schema
from service.api.graphql.transport.direct_route import GraphQLPostRoute
from service.api.graphql.transport.event_stream import EventStreams
from service.api.graphql.transport.executor import PlannedExecutor
from service.api.graphql.transport.persisted_documents import PersistedDocuments, load_registered
from service.api.graphql.transport.view import GraphQLView
from service.api.graphql.transport.websocket import GraphQLSocket
from service.api.graphql.types.account import account_id_of
from service.api.health import HEALTH, health_routes
from service.api.mail_links import UNSUBSCRIBE, MailLinks
from service.api.metrics.endpoint import PATH as METRICS
from service.api.metrics.endpoint import Metrics, metrics_app, operator_route
from service.api.metrics.families import Serving
from service.api.outbound import outbound_writers
from service.api.pages.certificate import CERTIFICATES, certificate_routes
from service.api.pages.console import Console, console_routes, load_console
from service.api.pages.documents import document_routes
from service.api.pages.explorer import explorer_routes, load_explorer
from service.api.pages.landing import Site, State, landing_routes, not_found_handler
from service.api.pages.logos import logo_routes
from service.api.pages.receipt import receipt_routes
from service.api.pages.references import Described, load_references, reference_routes
from service.api.pages.sustainability import sustainability_routes
from service.api.pages.unsubscribe import unsubscribe_routes
from service.api.rate_limits import RateLimits
from service.api.receipt_links import RECEIPTS
from service.api.refusal_pace import REFUSALS_A_SECOND, Pace
from service.api.request_facts import note_caller
from service.api.request_limits import RequestLimits
from service.api.request_measures import UNKNOWN, RequestMeasures
from service.api.rest.context import RestContext
from service.api.rest.contract import Contract
from service.api.rest.contracts import CONTRACTS
from service.api.rest.endpoint_app import mounted
from service.api.rest.host_routing import HostRouter
from service.api.rest.openapi import openapi_document
from service.documents.mails.texts import language
from service.domain.accounts import Caller
from service.domain.api_keys import Peppers
from service.domain.holds import HoldLimits
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.kit.tracing import Tracer
from service.kit.ttl_cache import TTLCache
from service.limits import document_limits, rest_budgets, streaming_of
from service.operations.check_health import is_ready
from service.operations.event_feed import EventFeed
from service.operations.load_demo import has_demo
from service.operations.place_orders import Placement, placement
from service.operations.resources import IMPACT_MS, IMPACTS_MAX, Resources
from service.settings import Settings
from service.storage.database import CONNECTIONS_AT_START, Database
from service.storage.replica import Replica
from service.workers.jobs import working
from service.workers.measures import StepMeasures
from service.workers.run import serving_steps, webhook_options

GRAPHQL = "/graphql"
DOCUMENT_POINTS = 10
"""Points of a certificate or receipt for callers without a key: it is drawn when it is asked for."""


@dataclass(frozen=True, slots=True)
class Running:
    """Objects that exist while the application runs."""

    resources: Resources
    placement: Placement
    rest: RestContext
    metrics: Metrics


MetricsListener = Callable[[ASGIApp], AbstractAsyncContextManager[None]]
"""Function that serves an application on a listener of its own, as long as its context lasts."""


def create_app(
    settings: Settings,
    *,
    pepper: bytes,
    previous_pepper: bytes | None = None,
    metrics_listener: MetricsListener | None = None,
    tracer: Tracer | None = None,
    is_one_of_several: bool = False,
) -> ASGIApp:
    """Return the service, ready to be served. API keys are digested under `pepper`; those that were digested under
    `previous_pepper` are accepted beside them.

    `metrics_listener` serves the metrics beside it. A process that is one of several shows them nowhere else. `tracer`
    makes the spans.
    """
    (site, console), contracts = _site(settings), [contract.at(settings.public_address) for contract in CONTRACTS]
    explorer = load_explorer(site.prefix + GRAPHQL)
    schema.bound_by(document_limits(settings))
    runner = PlannedExecutor(
        schema,
        entries_max=settings.plans_max,
        bytes_max=settings.plan_bytes_max,
        enabled=settings.plans_enabled,
        trusted=PersistedDocuments(
            load_registered(settings.persisted_documents) if settings.persisted_documents else {},
            only=settings.persisted_documents_only,
            entries_max=settings.shown_documents_max,
            bytes_max=settings.shown_document_bytes_max,
        ),
        in_turn=settings.database.dialect == "sqlite",
        introspection=settings.introspection,
    )

    budget, public_address = cost_budget(settings.query_points_a_minute), settings.public_address
    guests_budget, addresses = address_budget(settings.address_points_a_minute), Addresses(settings.trusted_proxies)
    peppers = Peppers(pepper, previous_pepper)
    running: Running
    measures, steps = RequestMeasures(_areas()), StepMeasures()

    links = MailLinks(public_address, pepper, settings.document_links_valid)

    async def identified_by(scope: Scope) -> Caller | None:
        return await caller_of_service(scope, running.resources, peppers, account_id_of)

    async def get_context(scope: Scope) -> Context:
        identified = await identified_by(scope)
        if identified is not None:
            share_reads(scope, identified)
        return Context(
            resources=running.resources,
            placement=running.placement,
            quote_valid_ms=settings.quote_valid_ms,
            hold_limits=HoldLimits(settings.hold_percent_max, settings.open_holds_max),
            page_size_default=settings.page_size_unasked,
            page_size_max=settings.page_size_max,
            public_address=public_address,
            peppers=peppers,
            document_url=links.document,
            identified=identified,
            cost_budget=cost_budget_of(scope, identified),
        )

    def cost_budget_of(scope: Scope, identified: Caller | None) -> CostBudget:
        rate_limits = running.rest.rate_limits
        if identified is not None:
            note_caller(identified)
            return CostBudget(rate_limits, budget, identified.key_id)
        return CostBudget(rate_limits, guests_budget, addresses.of(scope), pays_documents=True)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        database = await open_database(settings, tracer, connections=CONNECTIONS_AT_START)
        resources = replace(
            resources_of(settings, database, replica_of(settings, tracer)),
            webhooks=webhook_options(settings, pepper, previous_pepper),
            event_feed=EventFeed(poll_ms=settings.subscription_poll_ms),
        )
        queue = placement(
            resources,
            group_lock_timeout_ms=settings.group_lock_timeout_ms,
            size_max=settings.group_size_max,
            writers=settings.group_writers,
            answer_within_ms=settings.request_deadline_ms,
        )
        rate_limits = RateLimits(settings.redis_url.get_secret_value() if settings.redis_url else None)
        rest = RestContext(
            resources=resources,
            placement=queue,
            rate_limits=rate_limits,
            budgets=rest_budgets(settings),
            pepper=pepper,
            previous_pepper=previous_pepper,
            public_address=public_address,
            document_url=links.document,
            carbonext_iso_dates=settings.carbonext_iso_dates,
        )
        nonlocal running
        serving = Serving(
            requests=measures,
            placement=queue,
            lookups=runner.plans.lookups,
            executions=runner.plans.counts,
            in_progress=lambda: guarded.in_flight,
            subscriptions=lambda: streaming.subscriptions.open,
            sockets=lambda: streaming.sockets.open,
        )
        metrics = Metrics(resources, steps, serving)
        running = app.state.running = Running(resources, queue, rest, metrics)
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(resources.watched())
                await stack.enter_async_context(
                    working(resources, serving_steps(settings, outbound_writers(resources, links)), steps)
                )
                if metrics_listener is not None:
                    await stack.enter_async_context(metrics_listener(metrics_app(metrics)))
                yield
        finally:
            await queue.close(timeout_ms=settings.shutdown_timeout_ms)
            await rate_limits.close()
            await database.close()
            if tracer is not None:
                await asyncio.to_thread(tracer.close)

    async def authenticate(request: Request) -> Caller | None:
        return await caller_of(request.scope, running.resources, pepper=pepper, previous_pepper=previous_pepper)

    application = _BareStarlette(
        routes=[
            *health_routes(_resources),
            operator_route(lambda: None if is_one_of_several else running.metrics, authenticate),
            *explorer_routes(explorer, schema.as_str if settings.introspection == "public" else None),
            *certificate_routes(_resources, public_address),
            *logo_routes(_resources),
            *sustainability_routes(_resources),
            *receipt_routes(_resources, peppers.accepted, settings.document_links_valid),
            *document_routes(_resources, peppers.accepted),
            *unsubscribe_routes(_resources, peppers.accepted, language(settings.language_of_mail)),
            *export_routes(
                Exporting(lambda: running.resources, identified_by, cost_budget_of, problems_at(public_address))
            ),
            *landing_routes(site, _state),
            *console_routes(console, site.prefix),
            *reference_routes(
                load_references(), [_described(contract, settings) for contract in contracts], site.prefix
            ),
            *(mounted(contract, _rest_context) for contract in contracts),
        ],
        lifespan=lifespan,
        exception_handlers={404: not_found_handler(site), 405: not_found_handler(site)},
    )
    streaming = streaming_of(
        settings,
        schema=schema,
        get_context=get_context,
        subscribe=runner.subscribe,
        identify=identified_by,
        pay=lambda scope, points: pay_from(running.rest.rate_limits, guests_budget, addresses.of(scope), points),
    )
    view = GraphQLView(
        schema,
        get_context=get_context,
        run=runner,
        pay_bytes=_pay_bytes,
        render_page=explorer.page,
        events=EventStreams(streaming),
        socket=GraphQLSocket(streaming),
    )
    limited = AddressLimits(
        GraphQLPostRoute(application, GRAPHQL, view),
        budget=guests_budget,
        addresses=addresses,
        rate_limits=lambda: running.rest.rate_limits,
        prices=dict.fromkeys((CERTIFICATES, DOCUMENTS, RECEIPTS), DOCUMENT_POINTS),
        free=[HEALTH],
    )
    guarded = RequestLimits(
        limited,
        body_bytes_max=settings.body_bytes_max,
        body_timeout_ms=settings.body_timeout_ms,
        in_flight_max=settings.in_flight_max,
        deadline_ms=settings.request_deadline_ms,
        error_bodies={
            EXPORT_PATH: problems_at(public_address),
            **{contract.prefix: contract.error_body for contract in contracts},
        },
        late_refusals=[contract.prefix for contract in contracts],
        secret_paths=[CERTIFICATES, DOCUMENTS, RECEIPTS, UNSUBSCRIBE],
        measures=measures,
        tracer=tracer,
        admit=limited.admit,
        pace=Pace(REFUSALS_A_SECOND),
        address_of=addresses.of,
    )
    return open_to_origins(HostRouter(guarded, contracts, settings.hosts), settings.cors_origins)


def _areas() -> dict[str, tuple[str, str]]:
    """Return the API, and the operation where it is not known, by the start of a path."""
    areas = {
        GRAPHQL: ("graphql", UNKNOWN),
        HEALTH: ("health", "health"),
        METRICS: ("metrics", "metrics"),
        f"{EXPORT_PATH}/": ("exports", UNKNOWN),
        CERTIFICATES: ("pages", "certificate"),
        DOCUMENTS: ("pages", "document"),
        RECEIPTS: ("pages", "receipt"),
        UNSUBSCRIBE: ("pages", "unsubscribe"),
    }
    return areas | {f"{contract.prefix}/": (contract.name, UNKNOWN) for contract in CONTRACTS}


def _described(contract: Contract, settings: Settings) -> Described:
    return Described(contract.name, contract.title, lambda _: openapi_document(contract, settings.public_address))


def _site(settings: Settings) -> tuple[Site, Console | None]:
    """Return the addresses of the pages, and the console if it was built. The prefix of the addresses is the path of
    the public address, which a proxy removes.
    """
    console = load_console(urlsplit(settings.public_address).path)
    site = Site(
        public_address=settings.public_address,
        prefix=urlsplit(settings.public_address).path,
        contracts=[(contract.name, contract.title) for contract in CONTRACTS],
        shows_schema=settings.introspection == "public",
        has_console=console is not None,
    )
    return site, console


async def _state(request: Request) -> State:
    resources = _resources(request)
    ready = is_ready(resources)
    return State(ready=ready, demo=ready and await has_demo(resources))


def _resources(request: Request) -> Resources:
    running: Running = request.app.state.running
    return running.resources


class _BareStarlette(Starlette):
    """Starlette without its own answer to an exception: the request limits mask exceptions in the form of each API."""

    def build_middleware_stack(self) -> ASGIApp:
        return ExceptionMiddleware(self.router, handlers=self.exception_handlers)


async def _pay_bytes(context: Context, size: int) -> None:
    if context.cost_budget is not None:
        await context.cost_budget.pay_bytes(size)


async def open_database(settings: Settings, tracer: Tracer | None = None, *, connections: int = 1) -> Database:
    """Open the database of the settings, within their limits, and so many connections. `tracer` makes spans of it."""
    database = await Database.open(
        settings.database_url,
        pool_size_max=settings.pool_size_max,
        pool_wait_ms=settings.pool_wait_ms,
        loop_read_ms=settings.loop_read_ms,
        query_batching=settings.query_batching_enabled,
        statement_tracer=tracer,
        **settings.database_limits,
    )
    await database.warm(connections)
    return database


def resources_of(settings: Settings, database: Database, replica: Replica | None) -> Resources:
    """Return what every operation of this process uses."""
    return Resources(
        database=database,
        clock=system_clock,
        new_id=uuid7,
        known_keys=TTLCache(ttl_ms=settings.known_keys_ms, entries_max=settings.known_keys_max),
        impacts=TTLCache(ttl_ms=IMPACT_MS, entries_max=IMPACTS_MAX),
        replica=replica,
        stale_reads_ms=settings.stale_reads_ms,
    )


def replica_of(settings: Settings, tracer: Tracer | None = None) -> Replica | None:
    """Return the replica that the settings name, None if they name none. It is opened while it is watched."""
    if settings.replica_url is None:
        return None
    return Replica(
        settings.replica_url,
        pool_size_max=settings.pool_size_max,
        pool_wait_ms=settings.pool_wait_ms,
        statement_tracer=tracer,
        **settings.database_limits,
    )


def _rest_context(request: Request) -> RestContext:
    running: Running = request.app.state.running
    return running.rest
