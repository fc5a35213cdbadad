"""Holds: a quote's credits are set aside, its order takes exactly those, or they come back, once.

Planted defects that were seen to fail here: an order from a held quote takes from stock, a hold that is released
whether it was used or not, a release that does not look at the time, held grams that are not given back.
"""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.domain.order import ByBundleMasses, FromQuote, Order, Placed
from service.domain.quote import Quote
from service.errors import Code, Refused
from service.operations.expire_holds import expire_holds
from service.operations.match_backorders import match_backorders
from service.operations.place_orders import place_alone
from service.operations.quote_order import quote_order
from service.operations.resources import Resources
from service.storage import batches, quotes
from service.storage.database import Database
from service.storage.orders import ENTRIES
from tests.books import rows_of
from tests.makers import TONNE_G, make_order_request
from tests.shop import Shop

RACES = 24
MINUTE_MS = 60_000
STOCK_G = 11 * TONNE_G


async def held(shop: Shop, mass_g: int = 1_500_000, *, valid_ms: int = MINUTE_MS) -> Quote:
    order_request = make_order_request(ask=ByBundleMasses(((shop.forest.id, mass_g),)))
    return (await quote_order(shop.resources, shop.caller, order_request, valid_ms=valid_ms, hold=True)).quote


async def held_g(shop: Shop) -> dict[str, tuple[int, int]]:
    """Available and held grams of the forest's batches."""
    found = {batch.id: (batch.available_g, batch.held_g) for batch in await rows_of(shop.database, batches.BATCHES)}
    return {"old": found[shop.old.id], "young": found[shop.young.id]}


async def expire(shop: Shop, quote: Quote) -> None:
    await shop.execute("UPDATE quotes SET expires_at = $1 WHERE id = $2", datetime(2000, 1, 1, tzinfo=UTC), quote.id)


async def given(shop: Shop, order: Order) -> list[tuple[Any, int]]:
    entries = [entry for entry in await rows_of(shop.database, ENTRIES) if entry.order_id == order.id]
    return sorted((entry.batch_id, entry.mass_g) for entry in entries)


async def test_held_credits_are_on_no_shelf(shop: Shop):
    await held(shop)

    assert await held_g(shop) == {"old": (0, TONNE_G), "young": (9_500_000, 500_000)}
    order = await shop.place(make_order_request(ask=ByBundleMasses(((shop.forest.id, STOCK_G),))))
    assert order.fulfilled_g == 9_500_000


async def test_the_order_takes_exactly_the_held_batches_at_the_held_price(shop: Shop):
    quote = await held(shop)
    # Credits in stock are older by now, and dearer.
    await shop.execute("UPDATE credit_batches SET vintage = 2001 WHERE id = $1", shop.young.id)
    await shop.execute("UPDATE prices SET unit_price_micros = unit_price_micros * 2")

    order = await shop.place(FromQuote(quote.id))

    assert await given(shop, order) == sorted([(shop.old.id, TONNE_G), (shop.young.id, 500_000)])
    assert order.total_cost_minor == quote.total_cost_minor
    assert await held_g(shop) == {"old": (0, 0), "young": (9_500_000, 0)}


async def test_held_credits_need_no_turn_in_the_queue(shop: Shop):
    quote = await held(shop)
    await shop.place(make_order_request(ask=ByBundleMasses(((shop.forest.id, STOCK_G),))))

    order = await shop.place(FromQuote(quote.id))

    assert order.fulfilled_g == order.mass_g


async def test_what_expires_goes_to_whoever_waits(shop: Shop):
    quote = await held(shop)
    waiting = await shop.place(make_order_request(ask=ByBundleMasses(((shop.forest.id, STOCK_G),))))
    await expire(shop, quote)

    assert await expire_holds(shop.resources) == 1
    assert await match_backorders(shop.resources) == 1

    found = await shop.order(waiting.id)
    assert found is not None
    assert found.fulfilled_g == STOCK_G


async def test_what_was_held_comes_back_once_however_often_it_is_asked_for(shop: Shop, database_url: str):
    quotes_held = [await held(shop, 100_000) for _ in range(3)]
    for quote in quotes_held:
        await expire(shop, quote)
    other = await Database.open(database_url)
    try:
        twin = replace(shop.resources, database=other)
        freed = await asyncio.gather(*(expire_holds(each) for each in (shop.resources, twin, shop.resources)))
    finally:
        await other.close()

    assert sum(freed) == 3
    assert await held_g(shop) == {"old": (TONNE_G, 0), "young": (10 * TONNE_G, 0)}
    assert await expire_holds(shop.resources) == 0


@pytest.mark.parametrize("hours", [-48, 48])
async def test_the_database_s_clock_decides_whatever_the_process_believes(shop: Shop, hours: int):
    wrong = Resources(shop.database, lambda: datetime.now(UTC) + timedelta(hours=hours), shop.resources.new_id)
    open_quote, closed = await held(shop, 1_000), await held(shop, 1_000)
    await expire(shop, closed)

    assert await expire_holds(wrong) == 1
    refused = await place_alone(wrong, shop.command(FromQuote(closed.id)))
    placed = await place_alone(wrong, shop.command(FromQuote(open_quote.id)))

    assert isinstance(refused, Refused)
    assert refused.code is Code.QUOTE_EXPIRED
    assert isinstance(placed, Placed)


async def test_a_used_quote_has_nothing_to_give_back(shop: Shop):
    quote = await held(shop)
    await shop.place(FromQuote(quote.id))
    await expire(shop, quote)
    before = await shop.everything()

    assert await expire_holds(shop.resources) == 0
    async with shop.database.transaction() as statements:
        assert await quotes.release(statements, quote.account_id, quote.id) == []

    assert await shop.everything() == before


async def test_a_hold_that_is_open_is_not_released(shop: Shop):
    quote = await held(shop)
    before = await shop.everything()

    async with shop.database.transaction() as statements:
        assert await quotes.release(statements, quote.account_id, quote.id) == []

    assert await shop.everything() == before


async def test_an_order_and_the_expiry_of_its_quote_have_one_winner(shop: Shop):
    chance = random.Random(5)
    won = {"order": 0, "expiry": 0}
    for number in range(RACES):
        # Too late, in good time, and just as it expires.
        valid_ms = (1, 300, chance.randint(5, 40))[number % 3]
        quote = await held(shop, 1_000, valid_ms=valid_ms)
        command = shop.command(FromQuote(quote.id))
        answer, freed = await asyncio.gather(
            later(chance.uniform(0, 0.03), place_alone(shop.resources, command)),
            later(chance.uniform(0, 0.03), expire_holds(shop.resources)),
        )
        await asyncio.sleep(valid_ms / 1000)
        freed += await expire_holds(shop.resources)
        ordered = isinstance(answer, Placed)
        assert ordered or answer.code is Code.QUOTE_EXPIRED
        assert (ordered, freed) in {(True, 0), (False, 1)}
        won["order" if ordered else "expiry"] += 1
    assert min(won.values()) > 0, won
    assert (await held_g(shop))["old"] == (TONNE_G - won["order"] * 1_000, 0)


async def later(seconds: float, work: Any) -> Any:
    await asyncio.sleep(seconds)
    return await work
