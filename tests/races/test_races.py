"""Many callers at once against a running server: no gram is sold twice, no key makes two orders, nobody blocks."""

import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.api.graphql.types.node import global_id
from service.domain.catalogue import BundleProject
from service.domain.order import OrderStatus
from service.storage import orders
from service.storage.database import Database
from tests.books import assert_books_balance, rows_of
from tests.crowd import PLACED, Ordered, cancel, crowd, insist, wanted
from tests.http_client import HttpClient
from tests.makers import TONNE_G, make_batch, make_bundle, make_price, make_project, store
from tests.races.deadlocks import deadlocks_of
from tests.server import key_for, serving
from tests.shop import Shop, open_shop

CLIENTS = 64
RANDOM_ORDERS = int(os.environ.get("RACE_ORDERS", "1000"))
PORTION_G = 20_000
"""Of an order of so many grams 1,000 come from the ocean, of which there is a tonne: it lasts for 1,000 orders."""


async def stock_up(shop: Shop) -> None:
    """There is more than enough forest, so that the ocean alone runs out."""
    await shop.execute(
        "UPDATE credit_batches SET issued_g = $1, available_g = $1 WHERE id <> $2", 1_000 * TONNE_G, shop.deep.id
    )


async def test_stock_for_a_thousand_is_sold_a_thousand_times(shop: Shop, database_url: str):
    await stock_up(shop)
    key = await key_for(shop.resources, shop.account.id)
    tasks = [wanted(PORTION_G, f"race-{number}", allowBackorder=False) for number in range(2_000)]

    async with serving(database_url) as server:
        answers = await crowd([server.client(key) for _ in range(CLIENTS)], tasks, insist)

    assert Counter(each.outcome for each in answers) == {PLACED: 1_000, "INSUFFICIENT_CREDITS": 1_000}
    assert await shop.available_g(shop.deep) == 0
    assert len(await rows_of(shop.database, orders.ORDERS)) == 1_000


async def test_twins_of_one_key_are_one_order(shop: Shop, database_url: str):
    key = await key_for(shop.resources, shop.account.id)
    tasks = [wanted(PORTION_G, f"twins-{number}") for number in range(8) for _ in range(CLIENTS)]

    async with serving(database_url) as server:
        answers = await crowd([server.client(key) for _ in range(CLIENTS)], tasks, insist)

    first = [each for each in answers if not each.replayed]
    assert {each.outcome for each in answers} == {PLACED}
    assert len(first) == len({each.key for each in first}) == 8
    assert {(each.key, each.order_id) for each in answers} == {(each.key, each.order_id) for each in first}
    assert len(await rows_of(shop.database, orders.ORDERS)) == 8


async def test_credits_of_orders_cancelled_twice_come_back_once_while_others_buy_them(shop: Shop, database_url: str):
    await stock_up(shop)
    key = await key_for(shop.resources, shop.account.id)
    portions = 100
    await shop.execute(
        "UPDATE credit_batches SET issued_g = $1, available_g = $1 WHERE id = $2", portions * 1_000, shop.deep.id
    )
    before = [wanted(PORTION_G, f"before-{number}", allowBackorder=False) for number in range(portions)]
    meanwhile = [wanted(PORTION_G, f"meanwhile-{number}", allowBackorder=False) for number in range(2 * portions)]

    async with serving(database_url) as server:
        standing = await crowd([server.client(key) for _ in range(CLIENTS)], before, insist)
        tasks: list[Any] = [each.order_id for each in standing] * 2 + meanwhile
        random.Random(5).shuffle(tasks)
        answers = await crowd([server.client(key) for _ in range(CLIENTS)], tasks, cancel_or_order)
        bought = sum(answer == PLACED for answer in answers)
        rest = [wanted(PORTION_G, f"rest-{number}", allowBackorder=False) for number in range(portions)]
        later = await crowd([server.client(key) for _ in range(CLIENTS)], rest, insist)

    assert {each.outcome for each in standing} == {PLACED}
    assert Counter(answers) == {
        "CANCELLED": 2 * portions, PLACED: bought, "INSUFFICIENT_CREDITS": 2 * portions - bought
    }  # fmt: skip
    assert sum(each.outcome == PLACED for each in later) == portions - bought
    assert await shop.available_g(shop.deep) == 0
    assert Counter(row.status for row in await rows_of(shop.database, orders.ORDERS)) == {
        OrderStatus.CANCELLED: portions, OrderStatus.FULFILLED: portions
    }  # fmt: skip


async def cancel_or_order(client: HttpClient, task: Any) -> str:
    return await cancel(client, task) if isinstance(task, str) else (await insist(client, task)).outcome


@pytest.fixture
async def counting(postgresql_copy_url: str) -> AsyncIterator[Database]:
    """A database of the test's own, which counts the deadlocks of nobody else."""
    database = await Database.open(postgresql_copy_url)
    yield database
    await assert_books_balance(database)
    await database.close()


async def test_orders_of_many_bundles_from_two_processes_never_deadlock(counting: Database, postgresql_copy_url: str):
    shop = await open_shop(counting)
    bundles = await overlapping_bundles(shop)
    accounts = [shop.account, *[await shop.another_account() for _ in range(7)]]
    keys = [await key_for(shop.resources, account.id) for account in accounts]
    chance = random.Random(11)
    tasks = [mixed(chance, bundles, f"mixed-{number}") for number in range(RANDOM_ORDERS)]

    servers = [serving(postgresql_copy_url, group_writers=2) for _ in range(2)]
    async with servers[0] as left, servers[1] as right:
        clients = [(left, right)[number % 2].client(keys[number // 2 % len(keys)]) for number in range(CLIENTS)]
        answers: list[Ordered] = await crowd(clients, tasks, insist)

    assert Counter(each.outcome for each in answers) == {PLACED: RANDOM_ORDERS}
    # The sessions of both processes have ended, and with that their counts are in.
    assert await deadlocks_of(counting) == 0


async def overlapping_bundles(shop: Shop) -> list[str]:
    """Six bundles over four projects of two batches each; every project is in three of them."""
    projects = [make_project() for _ in range(4)]
    bundles = [make_bundle() for _ in range(6)]
    batches = [make_batch(project, 1_000_000 * TONNE_G) for project in projects for _ in range(2)]
    pairs = [(bundles[index], projects[(index + step) % 4]) for index in range(6) for step in range(2)]
    await store(
        shop.database,
        *(*projects, *bundles, *batches, *(make_price(bundle, "10") for bundle in bundles)),
        *(BundleProject(bundle.id, project.id) for bundle, project in pairs),
    )
    return [global_id("Bundle", bundle.id) for bundle in bundles]


def mixed(chance: random.Random, bundles: list[str], key: str) -> dict[str, Any]:
    chosen = chance.sample(bundles, chance.randint(2, 5))
    masses = [{"amount": str(chance.randint(1, 5_000)), "unit": "GRAM"} for _ in chosen]
    told = [{"bundleId": bundle, "mass": mass} for bundle, mass in zip(chosen, masses, strict=True)]
    return {"bundleMasses": told, "idempotencyKey": key}
