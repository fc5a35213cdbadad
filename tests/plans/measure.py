"""Measures plans against graphql-core side by side in one process: `python -m tests.plans.measure`.

Data are in memory and the same for both, so what is compared is execution alone.
"""

import asyncio
import gc
import statistics
import sys
import time
import tracemalloc

import orjson
import strawberry

from service.plans import Operation, PlannedSchema, batch_field


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


async def microseconds(schema: PlannedSchema, operation: Operation, rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begin = time.process_time_ns()
        await schema.run(operation, {"first": 20})
        taken.append((time.process_time_ns() - begin) / 1000)
    return statistics.median(taken)


async def compare(planned: PlannedSchema, plain: PlannedSchema, text: str) -> str:
    operation = planned.prepare(text)
    first, second = await planned.run(operation, {"first": 20}), await plain.run(operation, {"first": 20})
    assert orjson.dumps(first.data) == orjson.dumps(second.data)
    ratios, plans = [], []
    for _ in range(9):
        plan, core = await microseconds(planned, operation, 200), await microseconds(plain, operation, 20)
        plans.append(plan)
        ratios.append(core / plan)
    return f"plan {statistics.median(plans):.0f} us, graphql-core {statistics.median(ratios):.0f} times as much"


def once(planned: PlannedSchema, text: str) -> str:
    begin = time.process_time_ns()
    operation = planned.prepare(f"{text} # once")
    prepared = time.process_time_ns()
    operation.plan(operation.variables.coerced({"first": 20}))
    compiled = time.process_time_ns()
    return f"parse and validate {(prepared - begin) / 1e6:.1f} ms, compile {(compiled - prepared) / 1e6:.1f} ms"


def kept(planned: PlannedSchema, text: str) -> str:
    gc.collect()
    tracemalloc.start()
    many = [planned.prepare(f"{text} #{index}") for index in range(20)]
    for each in many:
        each.plan(each.variables.coerced({"first": 20}))
    gc.collect()
    size_bytes = tracemalloc.get_traced_memory()[0] / len(many)
    tracemalloc.stop()
    return f"{size_bytes / len(text):.0f} bytes a character, counted as {many[0].size_bytes / len(text):.0f}"


async def main() -> None:
    schema = strawberry.Schema(Query)
    planned = PlannedSchema(schema, entries_max=100, bytes_max=10**8)
    plain = PlannedSchema(schema, entries_max=100, bytes_max=10**8, enabled=False)
    for name, text in (("20 x 10 scalars", FLAT), ("the same with two nested levels", NESTED)):
        lines = (name, await compare(planned, plain, text), once(planned, text), kept(planned, text))
        sys.stdout.write("\n  ".join(lines) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
