"""A small shop as a schema, with everything that limits, masking and the view have to deal with."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionResult
from structlog.testing import capture_logs

from service.api.graphql.connections import Connection, First, Last
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.error_presentation import MaskedSchema
from service.api.graphql.scalars import SCALARS
from service.api.graphql.transport.executor import PlannedExecutor
from service.api.graphql.transport.persisted_documents import PersistedDocuments
from service.api.graphql.transport.request_parsing import GraphQLRequest
from service.errors import Code, Refused
from service.kit.keyset import Position, encode_cursor, page_request, slice_of

REQUEST_ID = "req-1"


@strawberry.type
class Money:
    query_cost: ClassVar[int] = 0
    amount: Decimal


@strawberry.type
class Line:
    grams: int = 5


@strawberry.type
class Order:
    number: int

    @strawberry.field
    def total(self) -> Money:
        return Money(amount=Decimal("1.50"))

    @strawberry.field(metadata=priced(size=4))
    def lines(self) -> list[Line]:
        return [Line()]

    @strawberry.field
    def unmeasured(self) -> list[Line]:
        return [Line()]

    @strawberry.field
    def parent(self) -> "Order | None":
        return Order(number=self.number + 1)

    @strawberry.field
    def orders(self, first: First = None, last: Last = None) -> "Connection[Order]":
        return page_of_orders(first, last)


def page_of_orders(first: int | None, last: int | None) -> Connection[Order]:
    request = page_request("number", int, first=first, after=None, last=last, before=None)
    page = slice_of(list(range(request.limit + 1)), request)
    return Connection[Order](
        listed=tuple(Order(number=row) for row in page.items),
        cursor_at=lambda index: encode_cursor("number", Position(page.items[index], UUID(int=page.items[index]))),
        has_previous=page.has_previous,
        has_next=page.has_next,
    )


@strawberry.input
class Ids:
    ids: list[int]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str | None:
        return f"hello {name}"

    @strawberry.field
    def order(self) -> Order | None:
        return Order(number=0)

    @strawberry.field
    def orders(self, first: First = None, last: Last = None) -> Connection[Order] | None:
        return page_of_orders(first, last)

    @strawberry.field(metadata=priced(size_argument="ids"))
    def by_ids(self, ids: list[int]) -> list[Order] | None:
        return [Order(number=number) for number in ids]

    @strawberry.field(metadata=priced(size_argument="wanted.ids"))
    def wanted(self, wanted: Ids) -> list[Order] | None:
        return [Order(number=number) for number in wanted.ids]

    @strawberry.field(metadata=priced(own=50))
    def audit(self) -> str | None:
        return "fine"

    @strawberry.field
    def refused(self) -> str | None:
        raise Refused(
            Code.ORDER_STATE, "The order is retired.", ("input", "id"), state="COMPLETE", total=Decimal("1.50")
        )

    @strawberry.field
    def graphql_error(self) -> str | None:
        message = "for the client"
        raise GraphQLError(message)

    @strawberry.field
    def away(self) -> str | None:
        raise Refused(Code.UNAVAILABLE, "The database is away.")

    @strawberry.field
    def secret(self) -> str | None:
        raise Refused(Code.UNAUTHENTICATED, "Send a key.")

    @strawberry.field
    def crash(self) -> str | None:
        raise RuntimeError("password=hunter2 SELECT * FROM orders")

    @strawberry.field
    def empty(self) -> str:
        return None


@strawberry.type
class Mutation:
    @strawberry.mutation
    def touch(self) -> str | None:
        touched.append("touched")
        return "touched"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        for number in range(3):
            yield number

    @strawberry.subscription
    async def broken(self) -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("SELECT")


touched: list[str] = []
schema = MaskedSchema(
    Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    request_id=lambda: REQUEST_ID,
)


@pytest.fixture(autouse=True)
def _untouched() -> None:
    touched.clear()


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def touches() -> list[str]:
    return touched


@pytest.fixture(scope="session")
def shop() -> MaskedSchema:
    return schema


ANYBODY: Any = SimpleNamespace(cost_budget=None, identified=None)
"""A context without a key to be paid from."""


@pytest.fixture(scope="session")
def run(shop: MaskedSchema) -> PlannedExecutor:
    return PlannedExecutor(shop, entries_max=100, bytes_max=10_000_000, enabled=True, trusted=PersistedDocuments({}))


@pytest.fixture(scope="session")
def ask(shop: MaskedSchema, run: PlannedExecutor) -> Callable[..., Awaitable[ExecutionResult]]:
    """The answer to a document, with its errors as they are shown."""

    async def asked(text: str, **variables: Any) -> ExecutionResult:
        result = await run(GraphQLRequest(text, variables), ANYBODY)
        result.errors = shop.presented(result.errors or (), validated=True)
        return result

    return asked
