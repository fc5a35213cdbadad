"""The server that one writes first: the same schema, executed by graphql-core behind Strawberry's own view, whose rows
are Tortoise's models and whose nested fields are DataLoaders; each order has a transaction of its own.

    python -m tests.bench.naive --port 8000       (settings from the environment, as for the service)
Reads are swapped below the operations: models have the attributes of the rows that they stand in for. Connections are
the service's, without the round trip by which asyncpg resets each one, so this server is faster than a quite naive one.
"""

import argparse
import logging
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from strawberry.asgi import GraphQL
from strawberry.extensions import SchemaExtension

from service.api.caller import caller_of
from service.api.graphql.context import Context
from service.api.graphql.schema import schema
from service.api.request_limits import RequestLimits
from service.app import open_database
from service.domain.api_keys import Peppers
from service.domain.listing import OrderFilter, OrderRef, OrderSort
from service.key_pepper import pepper
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.kit.keyset import PageRequest
from service.kit.logging import configure_logging
from service.limits import document_limits
from service.operations.place_orders import placement
from service.operations.resources import Resources
from service.settings import Settings
from service.storage import batches, catalogue, models, orders
from service.storage.database import Statements


async def page(
    statements: Statements, account_id: UUID, wanted: OrderFilter, sort: OrderSort, request: PageRequest, *_: Any
) -> list[Any]:
    assert wanted == OrderFilter() and sort.field is OrderSort().field and request.after is None  # noqa: PT018 - what is asked
    sign = "-" if sort.descending else ""
    found = models.Order.filter(account_id=account_id).using_db(statements.client)
    return list(await found.order_by(f"{sign}created_at", f"{sign}id").limit(request.limit + 1))


async def find(statements: Statements, account_id: UUID, ref: OrderRef, *_: Any) -> Any:
    return await models.Order.filter(account_id=account_id, id=ref.id).using_db(statements.client).first()


async def lines(statements: Statements, account_id: UUID, order_ids: Collection[UUID], *_: Any) -> list[Any]:
    found = models.OrderLine.filter(account_id=account_id, order_id__in=list(order_ids)).using_db(statements.client)
    return list(await found.order_by("order_id", "position"))


async def entries(statements: Statements, account_id: UUID, order_ids: Collection[UUID], *_: Any) -> list[Any]:
    found = models.CreditEntry.filter(account_id=account_id, order_id__in=list(order_ids)).using_db(statements.client)
    return list(await found.order_by("order_id", "id"))


async def batches_of_ids(statements: Statements, mode: str, ids: Collection[UUID], *_: Any) -> dict[UUID, Any]:
    found = await models.CreditBatch.filter(mode=mode, id__in=list(ids)).using_db(statements.client)
    return {each.id: each for each in found}


async def bundles_of_ids(statements: Statements, ids: Collection[UUID], *_: Any) -> dict[UUID, Any]:
    return {each.id: each for each in await models.Bundle.filter(id__in=list(ids)).using_db(statements.client)}


async def projects_of_ids(statements: Statements, ids: Collection[UUID], *_: Any) -> dict[UUID, Any]:
    return {each.id: each for each in await models.Project.filter(id__in=list(ids)).using_db(statements.client)}


def read_by_models() -> None:
    """From now on this process reads with Tortoise's query sets."""
    for module, function in (
        (orders, page), (orders, find), (orders, lines), (orders, entries),
        (catalogue, bundles_of_ids), (catalogue, projects_of_ids),
    ):  # fmt: skip
        setattr(module, function.__name__, function)
    batches.of_ids = batches_of_ids


class Measured(SchemaExtension):
    """Documents have the service's limits, and their cost is measured at each request."""

    def on_validate(self) -> Iterator[None]:
        asked = self.execution_context
        assert asked.graphql_document is not None
        schema.meter.measure(asked.graphql_document, asked.operation_name, asked.variables)
        yield


class View(GraphQL[Context, None]):
    """Strawberry's view as it comes."""

    settings: Settings

    async def get_context(self, request: Request, response: Response) -> Context:  # type: ignore[override]
        state = request.app.state
        caller = await caller_of(request.scope, state.resources, pepper=pepper(self.settings))
        return Context(
            resources=state.resources,
            placement=state.placement,
            quote_valid_ms=self.settings.quote_valid_ms,
            page_size_default=self.settings.page_size_default,
            page_size_max=self.settings.page_size_max,
            public_address=self.settings.public_address,
            peppers=Peppers(pepper(self.settings)),
            document_url=lambda name, revision: f"{self.settings.public_address}/documents/{name.id.hex}.{revision}",
            identified=caller,
        )


def naive_app(settings: Settings) -> ASGIApp:
    """The application, guarded and bounded as the service is."""
    schema.bound_by(document_limits(settings))
    schema.extensions = [*schema.extensions, Measured]
    view = View(schema, allow_queries_via_get=False)
    view.settings = settings

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        database = await open_database(settings)
        app.state.resources = Resources(database=database, clock=system_clock, new_id=uuid7)
        app.state.placement = placement(app.state.resources, group_lock_timeout_ms=2_000, size_max=1, writers=8)
        yield
        await app.state.placement.close(timeout_ms=1_000)
        await database.close()

    return RequestLimits(Starlette(routes=[Route("/graphql", view)], lifespan=lifespan))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    settings = Settings()
    configure_logging(json=True, level="error")
    logging.disable(logging.INFO)
    read_by_models()
    uvicorn.run(naive_app(settings), port=parser.parse_args().port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
