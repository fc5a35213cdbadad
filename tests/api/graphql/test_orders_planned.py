"""The gate on the schema of the service: over orders in a real database, an answer by plan is graphql-core's answer,
byte for byte, errors included; and nearly every field compiles.

Ask more with PLANS_EXAMPLES=20000. Seen to fail when a field names too few columns.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.graphql.context import Context
from service.api.graphql.error_presentation import is_fault
from service.api.graphql.schema import schema
from service.api.graphql.types.node import global_id
from service.domain.accounts import Account
from service.domain.api_keys import Peppers
from service.domain.catalogue import Mode
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.kit.keyset import Position, encode_cursor
from service.operations.load_demo import load_demo
from service.operations.load_orders import load_orders
from service.operations.resources import Resources
from service.plans import coverage
from service.storage.accounts import all_accounts
from service.storage.catalogue import BUNDLES, PORTFOLIOS, PROJECTS
from service.storage.database import Database, Row, Statements
from service.storage.orders import ORDERS
from tests.books import rows_of
from tests.conftest import run
from tests.makers import make_caller
from tests.plans.differential import Differential
from tests.plans.operations import OperationWriter

EXAMPLES = int(os.environ.get("PLANS_EXAMPLES", "500"))
FAULTS = 0.15
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ORDERS_LOADED = 60
# graphql-core abandons coroutines of its own when a sibling fails; that is what is ignored here, and only here.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Faulty:
    """A database whose reads fail, for one kind of statement always or never, as the seed has it."""

    def __init__(self, database: Database, seed: int, share: float) -> None:
        self.dialect = database.dialect
        self.reader: Any = FaultyReader(database.reader, seed, share)


class FaultyReader(Statements):
    def __init__(self, real: Statements, seed: int, share: float) -> None:
        self.dialect, self.client = real.dialect, real.client
        self._real, self._seed, self._share = real, seed, share

    async def fetch(self, sql: str, *parameters: object) -> list[Row]:
        self._meet(sql)
        return await self._real.fetch(sql, *parameters)

    async def fetch_cells(self, sql: str, *parameters: object) -> list[Any]:
        self._meet(sql)
        return await self._real.fetch_cells(sql, *parameters)

    async def execute(self, sql: str, *parameters: object) -> int:
        raise AssertionError("a query does not write")

    def _meet(self, sql: str) -> None:
        # How many ids stand in a list depends on how parents were gathered, which nobody promises.
        kind = sql.partition(" IN ")[0]
        if Random(f"{self._seed}{kind}").random() < self._share:
            raise RuntimeError(f"fault in {kind}")


class World:
    """A database with a made-up history, read on the loop alone, so that any loop may read it."""

    def __init__(self, path: Path) -> None:
        url = f"sqlite://{path}"
        self.database: Database = run(Database.open(url, loop_read_ms=60_000))
        self.resources = Resources(self.database, lambda: NOW, uuid7)
        run(self._fill())
        self.accounts: list[Account] = run(all_accounts(self.database.reader))
        orders = run(rows_of(self.database, ORDERS))
        self.account = max(self.accounts, key=lambda each: sum(order.account_id == each.id for order in orders))
        own = [order for order in orders if order.account_id == self.account.id]
        named = [("Order", own[0].id), ("Order", own[-1].id), ("Account", self.account.id), ("Order", uuid7())]
        for name, table in (("Bundle", BUNDLES), ("Project", PROJECTS), ("Portfolio", PORTFOLIOS)):
            named.append((name, run(rows_of(self.database, table))[0].id))
        cursor = encode_cursor("orders.created_at.desc", Position(own[0].created_at, own[0].id))
        self.scalars = {
            "ID": [*((f'"{id_}"', id_) for id_ in (global_id(name, id_) for name, id_ in named)), ('"x"', "x")],
            "String": [(f'"{text}"', text) for text in (cursor, own[0].number, own[0].idempotency_key or "k", "a")],
            "CurrencyCode": [('"GBP"', "GBP"), ('"USD"', "USD"), ('"XXX"', "XXX")],
            "Decimal": [('"1"', "1"), ('"12.5"', "12.5"), ('"-1"', "-1")],
            "BigInt": [('"1000"', "1000"), ("5", 5), ('"x"', "x")],
            "DateTime": [('"2026-01-01T00:00:00Z"', "2026-01-01T00:00:00Z"), ('"soon"', "soon")],
            "Metadata": [('{campaign: "travel"}', {"campaign": "travel"}), ("{}", {}), ("7", 7)],
        }

    async def _fill(self) -> None:
        await load_demo(replace(self.resources, clock=system_clock), pepper=b"pepper")
        await load_orders(self.resources, ORDERS_LOADED)

    def context(self, seed: int, share: float) -> Context:
        resources = replace(self.resources, database=Faulty(self.database, seed, share))  # type: ignore[arg-type]
        return Context(
            resources=resources,
            placement=None,  # type: ignore[arg-type]  # only mutations order
            quote_valid_ms=1,
            page_size_default=20,
            page_size_max=100,
            public_address="http://service.test",
            peppers=Peppers(b"pepper"),
            document_url=lambda name, revision: f"http://service.test/documents/{name.id.hex}.{revision}",
            identified=make_caller(self.account) if seed % 10 else None,
        )


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    logging.disable(logging.CRITICAL)
    file = tmp_path_factory.mktemp("planned") / "orders.sqlite3"
    shutil.copyfile(sqlite_template, file)
    world = World(file)
    yield world
    run(world.database.close())
    logging.disable(logging.NOTSET)


differential = Differential(schema)


@settings(
    max_examples=EXAMPLES,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize="PLANS_EXAMPLES" not in os.environ,
)
@given(seed=st.integers(0, 2**48))
async def test_differential_of_the_schema(world: World, seed: int):
    writer = OperationWriter(schema._schema, Random(seed), scalars=world.scalars, depth_max=5)
    written = writer.write()
    await differential.check(written, lambda: world.context(seed, 0.0))
    # Too few columns would fail alike in both: where nothing is broken, nothing but the request may be at fault.
    well = await differential.planned.execute(written.text, written.variables, written.name, world.context(seed, 0.0))
    assert not [error for error in well.errors or () if is_fault(error)], (written.text, well.errors)
    await differential.check(written.flipped(), lambda: world.context(seed, FAULTS), in_turn=seed % 2 == 0)


def test_the_differential_was_mostly_answered_by_plans():
    counts = differential.planned.counts
    assert counts["planned"] + counts["replayed"] > 4 * counts["interpreted"], counts
    assert counts["planned"] > EXAMPLES // 5, counts


def test_nearly_every_field_compiles():
    fields = [line for line in coverage(schema) if "." in line.what and not line.what.startswith("@")]
    left = [line.what for line in fields if line.reason is not None]
    assert len(fields) > 200
    assert len(left) <= len(fields) * 0.05, left


def test_the_world_has_something_to_read(world: World):
    context = world.context(1, 0.0)
    query = "{ orders { nodes { entries { batch { project { name } } } } } }"
    answer: Any = asyncio.run(differential.planned.execute(query, context=context))
    assert answer.errors is None
    nodes = answer.data["orders"]["nodes"]
    assert len(nodes) == 20
    assert sum(len(node["entries"]) for node in nodes) > 20
    assert context.caller.account.mode is Mode.LIVE
