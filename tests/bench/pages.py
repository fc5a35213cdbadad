"""`orders(first: 20)` over many orders of one account: the first, a middle and the last page under each sort.

    python -m tests.bench.pages [--orders 1000000] [--postgresql URL of an empty database]

The pages of one sort should cost the same, wherever they are. Rounds are interleaved, and a page's figure is the tenth
percentile of its rounds: that is what it costs, the rest is what the machine does meanwhile.
"""

# ruff: noqa: T201 - what it prints is its answer

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

from service.domain.listing import OrderSort, OrderSortField
from service.domain.order import Order
from service.kit.keyset import encode_cursor
from service.storage import orders
from service.storage.database import Database
from service.storage.migrations import migrate
from tests.makers import LONG_AGO, make_order
from tests.server import key_for, serving
from tests.shop import Shop, open_shop

CHUNK = 5_000
SORTS = {
    f"{field.name}_{'DESC' if descending else 'ASC'}": OrderSort(field, descending)
    for field in OrderSortField
    for descending in (True, False)
}
PAGE = """query ($sort: OrderSortInput, $after: String, $before: String, $first: Int, $last: Int) {
    orders(orderBy: $sort, after: $after, before: $before, first: $first, last: $last) {
        pageInfo { endCursor hasNextPage } nodes { id number status createdAt
        mass { grams } totalCost { amount currency } customer } } }"""


async def fill(database: Database, count: int) -> Shop:
    shop = await open_shop(database)
    chance = Random(3)
    for start in range(0, count, CHUNK):
        async with database.transaction() as statements:
            await orders.ORDERS.insert(statements, _history(shop, chance, start, min(CHUNK, count - start)))
    if database.dialect == "postgresql":
        await shop.execute("ANALYZE orders")
    return shop


def _history(shop: Shop, chance: Random, start: int, count: int) -> Iterator[Order]:
    for number in range(start, start + count):
        yield make_order(
            shop.account,
            created_at=LONG_AGO + timedelta(seconds=number),
            mass_g=chance.randrange(1_000, 2_000_000),
            offset_cost_minor=chance.randrange(100, 100_000),
            customer=f"Customer {number % 1_000}",
        )


async def cursors_of(shop: Shop, sort: OrderSort, count: int) -> dict[str, dict[str, object]]:
    """What to ask for: the middle page goes on after the row in the middle, the last one is read from the end."""
    (row,) = await shop.database.reader.fetch(
        f"SELECT {orders.ORDERS.column_list} FROM orders WHERE account_id = $1"
        f" ORDER BY {sort.field} {'DESC' if sort.descending else 'ASC'}, id {'DESC' if sort.descending else 'ASC'}"
        f" LIMIT 1 OFFSET {count // 2}",
        shop.account.id,
    )
    middle = encode_cursor(sort.name, sort.position(orders.ORDERS.value(row)))
    return {"first": {"first": 20}, "middle": {"first": 20, "after": middle}, "last": {"last": 20}}


async def measure(url: str, count: int, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each page over HTTP, one request at a time."""
    database = await Database.open(url, statement_timeout_ms=600_000)
    shop = await fill(database, count)
    asked = {name: await cursors_of(shop, sort, count) for name, sort in SORTS.items()}
    key = await key_for(shop.resources, shop.account.id)
    await database.close()
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    async with serving(url, workers_embedded=False) as server:
        client = server.client(key)
        for _ in range(rounds):
            for name, pages in asked.items():
                sort = {"field": SORTS[name].field.name, "descending": SORTS[name].descending}
                for place, variables in pages.items():
                    began = time.perf_counter()
                    answer = await client.graphql(PAGE, {"sort": sort, **variables})
                    times[name, place].append((time.perf_counter() - began) * 1_000)
                    assert len(answer.json["data"]["orders"]["nodes"]) == 20, answer
        await client.close()
    return {
        name: {place: statistics.quantiles(times[name, place], n=10)[0] for place in ("first", "middle", "last")}
        for name in asked
    }


async def report(name: str, url: str, count: int, rounds: int) -> None:
    await migrate(url)
    print(f"{name}, {count:,} orders, load {os.getloadavg()[0]:.1f}: ms of a page, and the widest distance of two")
    for sort, pages in (await measure(url, count, rounds)).items():
        spread = max(pages.values()) / min(pages.values()) - 1
        print(f"  {sort:18}" + "".join(f"{place} {ms:6.2f}  " for place, ms in pages.items()) + f"{spread:5.0%}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--postgresql", help="the URL of an empty database")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(report("SQLite", f"sqlite://{Path(folder)}/orders.sqlite3", told.orders, told.rounds))
    if told.postgresql:
        asyncio.run(report("PostgreSQL", told.postgresql, told.orders, told.rounds))


if __name__ == "__main__":
    main()
