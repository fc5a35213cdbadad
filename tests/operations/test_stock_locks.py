"""Orders lock batches only as far as their grams reach, never wait crosswise, and find every gram that is free."""

import asyncio

import pytest

from service.domain.allocation import BatchStock, Stock, covers
from service.domain.catalogue import BundleProject, Mode
from service.domain.order import ByBundleMasses, FromQuote, OrderRequest, OrderStatus, Placed
from service.errors import Refused
from service.kit.clock import system_clock, utc_date
from service.kit.ids import uuid7
from service.operations.place_orders import place_alone
from service.operations.quote_order import quote_order
from service.storage.batches import BATCHES
from service.storage.database import Database
from service.storage.orders import ENTRIES
from service.storage.stock_locks import FIRST_BATCHES, lock_stock
from tests.books import rows_of
from tests.makers import make_batch, make_bundle, make_command, make_order_request, make_price, store
from tests.shop import Shop


def of_bundles(*masses: tuple[object, int]) -> OrderRequest:
    return make_order_request(ask=ByBundleMasses(tuple((bundle.id, mass_g) for bundle, mass_g in masses)))


async def add_batches(shop: Shop, number: int, available_g: int, vintage: int = 2000) -> None:
    await store(shop.database, *(make_batch(shop.forest_project, available_g, vintage=vintage) for _ in range(number)))


@pytest.mark.parametrize(("wanted_g", "locked"), [(1, FIRST_BATCHES), (90, 3 * FIRST_BATCHES)])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_batches_are_locked_as_far_as_the_grams_reach(shop: Shop, database_url: str, wanted_g: int, locked: int):
    await add_batches(shop, 40, 10)
    now = system_clock()
    async with shop.database.transaction() as statements:
        stock = await lock_stock(statements, Mode.LIVE, {shop.forest.id: wanted_g}, today=utc_date(now), awaited_at=now)
        other = await Database.open(database_url)
        async with other.transaction() as others:
            free = await others.fetch("SELECT id FROM credit_batches FOR UPDATE SKIP LOCKED")
        await other.close()
    assert [batch.vintage for batch in stock.batches[shop.forest.id]] == [2000] * locked
    assert len(free) == 43 - locked


async def test_an_order_of_all_there_is_finds_it_batch_by_batch(shop: Shop):
    await add_batches(shop, 40, 10)
    stock_g = 400 + 11_000_000
    order = await shop.place(of_bundles((shop.forest, stock_g)))
    late = await shop.place(of_bundles((shop.forest, 1)))
    assert (order.status, order.fulfilled_g, late.fulfilled_g) == (OrderStatus.FULFILLED, stock_g, 0)


async def test_credits_behind_many_batches_that_are_awaited_are_found(shop: Shop):
    """Ten old batches came in, for which another order waits; the younger one of the other project is free."""
    both = make_bundle(name="Both")
    project_of = {batch.id: batch.project_id for batch in (shop.old, shop.deep)}
    await store(
        shop.database,
        both,
        *(BundleProject(both.id, project_id) for project_id in project_of.values()),
        make_price(both, "10"),
    )
    await shop.place(of_bundles((shop.forest, 11_000_001)))
    await add_batches(shop, 10, 10)

    order = await shop.place(of_bundles((both, 100)))

    assert order.status is OrderStatus.FULFILLED
    entries = [each.batch_id for each in await rows_of(shop.database, ENTRIES) if each.order_id == order.id]
    assert entries == [shop.deep.id]


async def test_orders_beside_each_other_sell_every_gram_and_never_wait_crosswise(shop: Shop):
    """Two bundles share a project; each order takes from both, in either order, and stock runs out among them."""
    mixed = make_bundle(name="Mixed")
    await store(
        shop.database,
        mixed,
        *(BundleProject(mixed.id, batch.project_id) for batch in (shop.old, shop.deep)),
        make_price(mixed, "10"),
    )
    await shop.execute("UPDATE credit_batches SET issued_g = 4, available_g = 4")
    await add_batches(shop, 37, 4)  # 160 g in all, and 156 g of them of the forest's
    requests = [of_bundles((shop.forest, 3), (mixed, 1)), of_bundles((mixed, 2), (shop.forest, 2))]

    async def buy(number: int) -> list[Placed | Refused]:
        account = await shop.another_account()
        commands = [make_command(account, requests[(number + each) % 2]) for each in range(7)]
        return [await place_alone(shop.resources, command, 20_000) for command in commands]

    answers = [each for bought in await asyncio.gather(*map(buy, range(6))) for each in bought]
    assert [answer for answer in answers if not isinstance(answer, Placed)] == []
    # 168 g were ordered. What may be left is of the project that the forest's lines cannot take from.
    left_g = {batch.project_id: 0 for batch in (shop.old, shop.deep)}
    for batch in await rows_of(shop.database, BATCHES):
        left_g[batch.project_id] += batch.available_g
    assert left_g[shop.old.project_id] == 0
    assert sum(answer.order.fulfilled_g for answer in answers if isinstance(answer, Placed)) == 160 - sum(
        left_g.values()
    )


async def test_a_held_quote_and_other_stock_are_taken_in_one_group(shop: Shop):
    await add_batches(shop, 20, 10)
    quoted = await quote_order(shop.resources, shop.caller, of_bundles((shop.forest, 150)), valid_ms=60_000, hold=True)
    answers = await shop.place_all(
        shop.command(FromQuote(quoted.quote.id)), shop.command(of_bundles((shop.forest, 60)))
    )
    assert [answer.order.fulfilled_g for answer in answers if isinstance(answer, Placed)] == [150, 60]


def test_bundles_that_take_from_the_same_batches_need_enough_together():
    one, other, project, apart = uuid7(), uuid7(), uuid7(), uuid7()
    batch = BatchStock(uuid7(), project, 2020, 10)
    stock, projects = Stock({one: [batch], other: [batch]}, set()), {one: {project}, other: {project, apart}}
    assert covers(stock, {one: 4, other: 6}, projects, one)
    assert not covers(stock, {one: 4, other: 7}, projects, one)
    assert not covers(Stock(stock.batches, {project}), {one: 4, other: 6}, projects, one)
