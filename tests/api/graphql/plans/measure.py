"""Measures plans against graphql-core side by side in one process: `python -m tests.api.graphql.plans.measure`.

Data are in memory and the same for both, so what is compared is execution alone.
"""

import asyncio
import gc
import statistics
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import strawberry

from service.api.graphql.plans import PlannedSchema, batch_field
from service.api.graphql.plans.operation import _BYTES_PER_CHARACTER


@strawberry.type
class Part:
    share: str
    grams: int
    label: str | None


@strawberry.type
class Maker:
    name: str
    town: str


async def maker_of(parents: list["Item"]) -> list[Maker]:
    return [Maker(name="maker", town="town")] * len(parents)


@strawberry.type
class Item:
    number: strawberry.ID
    status: str
    kind: str
    total: str
    currency: str
    grams: int
    created: str
    note: str | None
    open: bool
    weight: float
    parts: list[Part]
    maker: Maker = batch_field(maker_of)


@strawberry.type
class Edge:
    cursor: str
    node: Item


@strawberry.type
class Page:
    edges: list[Edge]
    more: bool


ITEMS = [
    Item(
        number=strawberry.ID(str(index)), status="PLACED", kind="MASS", total="1.10", currency="SAR",
        grams=index, created="2025-01-01T00:00:00+00:00", note=None, open=True, weight=0.5,
        parts=[Part(share="0.5", grams=index, label=None) for _ in range(3)],
    )
    for index in range(20)
]  # fmt: skip


@strawberry.type
class Query:
    @strawberry.field
    async def items(self, first: int = 20) -> Page:
        return Page(edges=[Edge(cursor=str(item.grams), node=item) for item in ITEMS[:first]], more=True)


FLAT = (
    "query Flat($first: Int) { items(first: $first) { more edges { cursor node "
    "{ number status kind total currency grams created note open weight } } } }"
)
NESTED = (
    "query Nested($first: Int) { items(first: $first) { more edges { cursor node "
    "{ number status kind total currency grams created note open weight "
    "parts { share grams label } maker { name town } } } } }"
)


async def microseconds(call: Callable[[], Awaitable[Any]], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begin = time.process_time_ns()
        await call()
        taken.append((time.process_time_ns() - begin) / 1000)
    return statistics.median(taken)


async def main() -> None:
    schema = strawberry.Schema(Query)
    planned = PlannedSchema(schema, entries_max=10, bytes_max=10**7)
    plain = PlannedSchema(schema, entries_max=10, bytes_max=10**7, enabled=False)
    for name, text in (("20 x 10 scalars", FLAT), ("the same with two nested levels", NESTED)):
        with_plan, without = planned.prepare(text), plain.prepare(text)
        answers = [await which.run(operation, {"first": 20}) for which, operation in ((planned, with_plan), (plain, without))]
        assert orjson.dumps(answers[0].data) == orjson.dumps(answers[1].data)
        ratios, plans = [], []
        for _ in range(7):
            plan = await microseconds(lambda: planned.run(with_plan, {"first": 20}), 200)
            core = await microseconds(lambda: plain.run(without, {"first": 20}), 20)
            plans.append(plan)
            ratios.append(core / plan)
        print(f"{name}: plan {min(plans):.0f} us, graphql-core {statistics.median(ratios):.0f} x as much")  # noqa: T201
        fresh = PlannedSchema(schema, entries_max=10, bytes_max=10**7)
        begin = time.process_time_ns()
        operation = fresh.prepare(text)
        prepared = time.process_time_ns()
        operation.plan(planned._coerced(operation, {"first": 20}))
        compiled = time.process_time_ns()
        print(f"  once: parse and validate {(prepared - begin) / 1e6:.1f} ms, compile {(compiled - prepared) / 1e6:.1f} ms")  # noqa: T201
        gc.collect()
        tracemalloc.start()
        many = [PlannedSchema(schema, entries_max=10, bytes_max=10**7).prepare(f"{text} #{index}") for index in range(20)]
        for each in many:
            each.plan(planned._coerced(each, {"first": 20}))
        gc.collect()
        size_bytes = tracemalloc.get_traced_memory()[0] / len(many)
        tracemalloc.stop()
        print(f"  kept: {size_bytes / len(text):.0f} bytes a character, counted as {_BYTES_PER_CHARACTER}")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
