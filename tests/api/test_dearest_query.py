"""The dearest operations that a key holder may send, searched for at random over the schema: bytes of the response and
work of the database for each point that they cost.

`DEAREST_QUERIES` says how many operations are tried. Everything is counted and nothing timed: the work of SQLite in
steps of its virtual machine. Seen to fail when: bytes are free; a count or a condition costs nothing; an operation may
read any number of large values.
"""

import os
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from service.api.graphql.cost.budget import BYTES_A_POINT
from service.storage.database import Database
from service.storage.engines.loop_reader import LoopReader
from tests.api.graphql_api import GraphQLApi, open_graphql_api
from tests.makers import make_order, store
from tests.shop import open_shop

TRIED = int(os.environ.get("DEAREST_QUERIES", "150"))
ORDERS = 2_000
STEPS = 100
"""Steps of the virtual machine between two calls of the counter."""
LARGE = {f"{number:02d}": "x" * 498 for number in range(20)}
FILTERS = [
    '{metadata: [{key: "a", value: "b"}, {key: "c", value: "d"}, {key: "e", value: "f"}]}',
    '{customerContains: "nobody"}',
    "{status: [FAILED]}",
    '{createdAt: {lt: "2020-01-01T00:00:00Z"}}',
    '{mass: {gte: {amount: "1", unit: TONNE}}}',
    '{totalMinorUnits: {lt: "0"}}',
]
USUAL_PAGE = """{ orders(first: 20) { nodes {
    id number kind source status paymentStatus step currency createdAt customer description idempotencyKey callbackUrl
    mass { grams tonnes } fulfilledMass { tonnes } offsetCost { amount currency } totalCost { amount currency }
    paid { amount currency } due { amount currency }
} } }"""
"""A page of orders with most of their fields: what an average point pays for."""
GROUPINGS = ["STATUS", "MONTH", "BUNDLE", "PROJECT", "CURRENCY"]


@dataclass
class Searched:
    """Cost of one operation, for its key and for the service."""

    text: str
    points: int
    size: int
    steps: int

    @property
    def bytes_a_point(self) -> float:
        return self.size / self.points

    @property
    def steps_a_point(self) -> float:
        return self.steps * STEPS / self.points


class Writer:
    """Writes operations at random; some are above a limit, and are refused."""

    def __init__(self, schema: GraphQLSchema, seed: int) -> None:
        self._chance = random.Random(seed)
        self._schema = schema
        self._aliases = 0

    def operation(self) -> str:
        assert self._schema.query_type is not None
        self._aliases = 0
        fields = self._schema.query_type.fields
        names = [name for name, field in fields.items() if self._arguments(name, field) is not None]
        chosen = self._chance.sample(names, self._chance.choice([1, 1, 2]))
        return "{ " + " ".join(self._field(name, fields[name], 0) for name in chosen) + " }"

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        text = name + (self._arguments(name, field) or "")
        kind = get_named_type(field.type)
        if not is_leaf_type(kind):
            text += " { " + " ".join(self._selected(kind, depth + 1)) + " }"
        if self._aliases < 25 and self._chance.random() < 0.15:
            repeated = self._chance.randint(1, 5)
            self._aliases += repeated
            return " ".join(f"a{self._aliases}x{number}: {text}" for number in range(repeated))
        return text

    def _arguments(self, name: str, field: GraphQLField) -> str | None:
        """Arguments for the field; None where it needs some that mean nothing at random."""
        given: list[str] = []
        if "first" in field.args:
            given.append(f"first: {self._chance.choice([1, 1, 5, 20, 50, 100])}")
        if named_types(field).get("filter") == "OrderFilterInput" and self._chance.random() < 0.6:
            given.append(f"filter: {self._chance.choice(FILTERS)}")
        if named_types(field).get("orderBy") == "OrderSortInput" and self._chance.random() < 0.3:
            given.append(f"orderBy: {{field: {self._chance.choice(['MASS', 'TOTAL_COST'])}}}")
        if "groupBy" in field.args:
            given.append(f"groupBy: {self._chance.choice(GROUPINGS)}")
        written = {each.split(":")[0] for each in given}
        if any(is_required_argument(argument) and each not in written for each, argument in field.args.items()):
            return None
        return f"({', '.join(given)})" if given else ""

    def _selected(self, kind: Any, depth: int) -> Iterator[str]:
        if isinstance(kind, GraphQLUnionType) or not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            yield "__typename"
            return
        fields = kind.fields
        if "pageInfo" in fields:
            names = ["nodes"] if self._chance.random() < 0.8 else ["pageInfo"]
            names += ["totalCount"] if self._chance.random() < 0.5 else []
        else:
            leaves = [name for name, field in fields.items() if is_leaf_type(get_named_type(field.type))]
            others = [name for name in fields if name not in leaves]
            names = self._chance.sample(leaves, self._chance.randint(min(1, len(leaves)), len(leaves)))
            if depth < 5 and others:
                names += self._chance.sample(others, self._chance.randint(0, min(3, len(others))))
        written = [
            self._field(name, fields[name], depth) for name in names if self._arguments(name, fields[name]) is not None
        ]
        yield from written or ["__typename"]


def named_types(field: GraphQLField) -> dict[str, str]:
    """The types of the field's arguments by the arguments' names."""
    return {name: get_named_type(argument.type).name for name, argument in field.args.items()}


class Counter:
    """Counts the steps of the connections that were opened for the event loop."""

    def __init__(self) -> None:
        self.count = 0

    def watch(self, reader: LoopReader) -> None:
        reader._connection.set_progress_handler(self._step, STEPS)

    def _step(self) -> int:
        self.count += 1
        return 0


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter, opened = Counter(), LoopReader.__init__

    def open_and_watch(reader: LoopReader, *args: Any, **options: Any) -> None:
        opened(reader, *args, **options)
        counter.watch(reader)

    monkeypatch.setattr(LoopReader, "__init__", open_and_watch)
    return counter


@pytest.fixture
async def api(counter: Counter, sqlite_url: str) -> AsyncIterator[GraphQLApi]:
    """Thousands of orders with much metadata, read by the connection whose steps are counted."""
    database = await Database.open(sqlite_url)
    shop = await open_shop(database)
    await store(database, *(make_order(shop.account, metadata=LARGE, customer="Ana") for _ in range(ORDERS)))
    generous = {"query_points_a_minute": 10**9, "loop_read_ms": 60_000, "request_deadline_ms": 60_000}
    async with open_graphql_api(shop, sqlite_url, **generous) as api:
        yield api
    await database.close()


async def tried(api: GraphQLApi, counter: Counter, text: str) -> Searched | None:
    """Return the cost of the operation, or None if it was refused."""
    counter.count = 0
    answer = await api.ask(text)
    body = answer.json()
    if "errors" in body:
        assert {error["extensions"]["code"] for error in body["errors"]} <= {"MAX_COST_EXCEEDED", "FORBIDDEN"}, body
        return None
    size, requested = len(answer.content), body["extensions"]["cost"]["requestedQueryCost"]
    return Searched(text, max(1, requested, size // BYTES_A_POINT), size, counter.count)


SCHEMA = build_schema(Path("schema.graphql").read_text())


async def test_no_operation_is_much_cheaper_for_its_key_than_it_is_for_the_service(api: GraphQLApi, counter: Counter):
    writer = Writer(SCHEMA, seed=5)
    found = [each for _ in range(TRIED) if (each := await tried(api, counter, writer.operation())) is not None]
    # By customer, which no kept total tells: every order is read.
    statistics = await tried(api, counter, "{ orderStats(groupBy: CUSTOMER) { groups { count mass { grams } } } }")
    assert statistics is not None
    assert len(found) > TRIED / 3

    page = await tried(api, counter, USUAL_PAGE)
    assert page is not None
    largest = max(found, key=lambda each: each.bytes_a_point)
    assert largest.bytes_a_point <= 3 * page.bytes_a_point, (largest, page)
    # The price of a scan is that of statistics that read all orders, however many; nothing else reads more for a point.
    longest = max(found, key=lambda each: each.steps_a_point)
    assert longest.steps_a_point <= 3 * statistics.steps_a_point, (longest, statistics)
