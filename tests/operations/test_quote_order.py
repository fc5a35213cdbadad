"""Quotes: an exact price, once, until it expires by the database's clock; held credits are nobody else's.

Seen to fail when: an order from a quote is priced afresh; expiry is told by the process's clock; a quote may be used
twice, in one group or in two; a quote is found without its account; a hold takes from stock without saying so.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.api_keys import Scope
from service.domain.catalogue import Weight, selection_of
from service.domain.order import ByMass, ByValue, FromQuote, OrderKind, OrderLine, OrderStatus
from service.domain.quote import QuoteLine
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.expire_holds import expire_holds
from service.operations.price_order import price_order
from service.operations.quote_order import Quoted, quote_order
from service.operations.read_quotes import quotes_of_ids
from service.operations.resources import Resources
from service.operations.set_account_portfolio import set_account_portfolio
from service.storage import orders, quotes
from service.storage.database import Statements
from tests.books import rows_of
from tests.makers import TONNE_G, make_caller, make_command, make_order_request
from tests.operations.test_interruptions import Faults, failing, lost
from tests.shop import Shop

MINUTE_MS = 60_000


async def quote(shop: Shop, mass_g: int = 12_070, *, valid_ms: int = MINUTE_MS, hold: bool = False) -> Quoted:
    return await quote_order(shop.resources, shop.caller, make_order_request(mass_g), valid_ms=valid_ms, hold=hold)


async def let_expire(shop: Shop, quoted: Quoted) -> None:
    past = datetime(2000, 1, 1, tzinfo=UTC)
    await shop.execute("UPDATE quotes SET expires_at = $1 WHERE id = $2", past, quoted.quote.id)


async def test_a_quote_promises_the_price_and_takes_nothing(shop: Shop):
    before = await shop.everything()
    quoted = await quote(shop)
    assert [line.mass_g for line in quoted.lines] == [11_466, 603]
    assert (quoted.quote.offset_cost_minor, quoted.quote.commission_minor, quoted.quote.total_cost_minor) == (31, 4, 35)
    assert quoted.quote.expires_at - quoted.quote.created_at == timedelta(minutes=1)
    after = await shop.everything()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"quotes", "quote_lines"}
    stored = await quotes_of_ids(shop.resources, shop.caller, [quoted.quote.id])
    assert stored == {quoted.quote.id: quoted.quote}


async def test_an_order_from_a_quote_costs_what_was_promised(shop: Shop):
    quoted = await quote(shop)
    await shop.execute("UPDATE prices SET unit_price_micros = unit_price_micros * 3")
    await shop.execute("UPDATE accounts SET commission_hundredths = 0")
    order = await shop.place(FromQuote(quoted.quote.id))
    assert (order.mass_g, order.offset_cost_minor, order.total_cost_minor) == (12_069, 31, 35)
    assert (order.quote_id, order.commission_hundredths) == (quoted.quote.id, 1_000)
    assert (order.requested_mass_g, order.kind) == (12_070, OrderKind.MASS)
    assert [
        (line.mass_g, line.unit_price_micros, line.gross_unit_price_micros) for line in await shop.lines(order)
    ] == [(line.mass_g, line.unit_price_micros, line.gross_unit_price_micros) for line in quoted.lines]
    (used,) = await rows_of(shop.database, quotes.QUOTES)
    assert used == replace(quoted.quote, order_id=order.id)


def _facts(line: OrderLine | QuoteLine) -> tuple[object, ...]:
    return line.bundle_id, line.mass_g, line.unit_price_micros, line.gross_unit_price_micros, line.offset_cost_minor


async def test_a_quote_by_value_becomes_an_order_by_value(shop: Shop):
    quoted = await quote_order(shop.resources, shop.caller, make_order_request(ask=ByValue(54)), valid_ms=MINUTE_MS)
    order = await shop.place(FromQuote(quoted.quote.id))
    assert (order.kind, order.requested_value_minor, order.total_cost_minor) == (OrderKind.VALUE, 54, 54)


async def test_a_quote_is_used_once(shop: Shop):
    quoted = await quote(shop)
    first = shop.command(FromQuote(quoted.quote.id))
    answers = await shop.place_all(first, shop.command(FromQuote(quoted.quote.id)))
    assert answers[1].code is Code.QUOTE_USED
    refusal = await shop.refusal(FromQuote(quoted.quote.id))
    assert (refusal.code, refusal.path) == (Code.QUOTE_USED, ("quote_id",))
    (replayed,) = await shop.place_all(replace(first, order_id=uuid7()))
    assert replayed.replayed
    assert len(await rows_of(shop.database, orders.ORDERS)) == 1


async def test_a_refused_order_leaves_its_quote_to_the_next(shop: Shop):
    quoted = await quote(shop, 30 * TONNE_G)
    answers = await shop.place_all(
        shop.command(FromQuote(quoted.quote.id), allow_backorder=False), shop.command(FromQuote(quoted.quote.id))
    )
    assert answers[0].code is Code.INSUFFICIENT_CREDITS
    assert answers[1].order.status is OrderStatus.PLACED


async def test_an_expired_quote_is_refused(shop: Shop):
    quoted = await quote(shop)
    await let_expire(shop, quoted)
    refusal = await shop.refusal(FromQuote(quoted.quote.id))
    assert (refusal.code, refusal.path) == (Code.QUOTE_EXPIRED, ("quote_id",))
    assert refusal.details == {"expired_at": datetime(2000, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize("years", [-10, 50])
async def test_the_process_may_be_wrong_about_the_time(shop: Shop, years: int):
    elsewhere = datetime.now(UTC) + timedelta(days=365 * years)
    mistaken = replace(shop, resources=replace(shop.resources, clock=lambda: elsewhere))
    quoted = await quote(mistaken)
    assert abs(quoted.quote.created_at - datetime.now(UTC)) < timedelta(minutes=5)
    gone = await quote(mistaken)
    await let_expire(shop, gone)
    (refusal,) = await mistaken.place_all(shop.command(FromQuote(gone.quote.id)))
    assert refusal.code is Code.QUOTE_EXPIRED
    (placed,) = await mistaken.place_all(shop.command(FromQuote(quoted.quote.id)))
    assert placed.order.quote_id == quoted.quote.id


async def test_a_quote_of_another_account_is_answered_like_an_unknown_one(shop: Shop):
    quoted = await quote(shop)
    other = await shop.another_account()
    (foreign,) = await shop.place_all(make_command(other, FromQuote(quoted.quote.id)))
    (absent,) = await shop.place_all(make_command(other, FromQuote(uuid7())))
    assert (foreign.code, foreign.message, foreign.path) == (absent.code, absent.message, absent.path)
    assert foreign.code is Code.NOT_FOUND
    assert await quotes_of_ids(shop.resources, make_caller(other), [quoted.quote.id]) == {}
    await shop.place(FromQuote(quoted.quote.id))  # and it is not used by the attempt


async def test_a_refused_request_leaves_no_quote(shop: Shop):
    before = await shop.everything()
    with pytest.raises(Refused) as refusal:
        await quote_order(shop.resources, shop.caller, make_order_request(ask=ByMass(0)), valid_ms=MINUTE_MS)
    assert refusal.value.code is Code.QUANTITY_INVALID
    assert await shop.everything() == before


async def test_quoting_needs_the_right_to_order(shop: Shop):
    reader = make_caller(shop.account, frozenset({Scope.ORDERS_READ, Scope.CATALOGUE_READ}))
    with pytest.raises(Refused) as refusal:
        await quote_order(shop.resources, reader, make_order_request(), valid_ms=MINUTE_MS)
    assert (refusal.value.code, refusal.value.details) == (Code.FORBIDDEN, {"scope": "orders:write"})
    suspended = make_caller(replace(shop.account, suspended_at=datetime.now(UTC)))
    with pytest.raises(Refused) as refusal:
        await quote_order(shop.resources, suspended, make_order_request(), valid_ms=MINUTE_MS)
    assert refusal.value.code is Code.ACCOUNT_SUSPENDED


async def test_held_credits_are_the_quotes_alone(shop: Shop):
    only_ocean = make_order_request(TONNE_G - 1, selection=selection_of([(shop.ocean.id, None)]))
    quoted = await quote_order(shop.resources, shop.caller, only_ocean, valid_ms=MINUTE_MS, hold=True)
    assert await shop.available_g(shop.deep) == 1
    wanted = make_order_request(2, selection=selection_of([(shop.ocean.id, None)]))
    assert (await shop.refusal(wanted, allow_backorder=False)).details == {"available_g": 1}
    order = await shop.place(FromQuote(quoted.quote.id), allow_backorder=False)
    assert (order.status, order.fulfilled_g) == (OrderStatus.FULFILLED, TONNE_G - 1)
    assert await expire_holds(shop.resources) == 0


async def test_what_was_held_comes_back_once(shop: Shop):
    quoted = await quote(shop, TONNE_G, hold=True)
    assert await expire_holds(shop.resources) == 0
    await let_expire(shop, quoted)
    assert (await shop.refusal(FromQuote(quoted.quote.id))).code is Code.QUOTE_EXPIRED
    assert await expire_holds(shop.resources) == 1
    assert await expire_holds(shop.resources) == 0
    assert await shop.available_g(shop.old) == TONNE_G
    assert (await shop.refusal(FromQuote(quoted.quote.id))).code is Code.QUOTE_EXPIRED


async def test_a_hold_needs_the_whole_mass_in_stock(shop: Shop):
    before = await shop.everything()
    with pytest.raises(Refused) as refusal:
        await quote(shop, 30 * TONNE_G, hold=True)
    assert refusal.value.code is Code.INSUFFICIENT_CREDITS
    assert refusal.value.details == {"available_g": 11 * TONNE_G + TONNE_G}
    assert await shop.everything() == before


def planted_after_commit(shop: Shop) -> tuple[Faults, Resources]:
    """The answer to the next commit is lost."""
    faults = Faults(0, lost("commit"), "commit")
    return faults, failing(shop, faults)


@pytest.mark.parametrize("hold", [False, True])
async def test_a_quote_whose_commit_went_unanswered_is_answered_as_it_is_stored(shop: Shop, hold: bool):
    faults, resources = planted_after_commit(shop)

    quoted = await quote_order(resources, shop.caller, make_order_request(TONNE_G), valid_ms=MINUTE_MS, hold=hold)

    assert faults.struck
    (stored,) = await rows_of(shop.database, quotes.QUOTES)
    lines = await rows_of(shop.database, quotes.LINES)
    assert (quoted.quote, list(quoted.lines)) == (stored, sorted(lines, key=lambda line: line.position))


async def test_the_retry_of_a_quote_that_holds_all_there_is_is_not_refused_by_its_own_hold(shop: Shop):
    faults, resources = planted_after_commit(shop)
    everything = make_order_request(11 * TONNE_G, selection=selection_of([(shop.forest.id, None)]))

    quoted = await quote_order(resources, shop.caller, everything, valid_ms=MINUTE_MS, hold=True)

    assert faults.struck
    order = await shop.place(FromQuote(quoted.quote.id))
    assert (order.status, order.fulfilled_g) == (OrderStatus.FULFILLED, 11 * TONNE_G)


async def test_the_retry_of_a_quote_shows_the_price_of_its_first_try(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Prices rise between the commit whose answer is lost and the retry."""
    faults, resources = planted_after_commit(shop)
    find = quotes.validity

    async def rising(statements: Statements, valid_ms: int) -> tuple[datetime, datetime]:
        if faults.struck:
            await statements.execute("UPDATE prices SET unit_price_micros = unit_price_micros * 2")
        return await find(statements, valid_ms)

    monkeypatch.setattr(quotes, "validity", rising)
    quoted = await quote_order(resources, shop.caller, make_order_request(TONNE_G), valid_ms=MINUTE_MS)

    assert faults.struck
    assert [quoted.quote] == await rows_of(shop.database, quotes.QUOTES)


@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.parametrize(
    ("column", "value"), [("commission_hundredths", 0), ("portfolio_id", None), ("suspended_at", datetime.now(UTC))]
)
async def test_what_the_callers_key_does_not_know_of_yet_counts(shop: Shop, column: str, value: object, hold: bool):
    """The caller is that of a key which was looked up a moment before the account was changed."""
    caller = shop.caller
    if column == "portfolio_id":
        weights = (Weight(shop.ocean.id, 10_000),)
        value = (await set_account_portfolio(shop.resources, caller, weights)).portfolio_id
    await shop.execute(f"UPDATE accounts SET {column} = $1", value)
    work = quote_order(shop.resources, caller, make_order_request(100_000), valid_ms=MINUTE_MS, hold=hold)

    if column == "suspended_at":
        with pytest.raises(Refused) as refusal:
            await work
        assert refusal.value.code is Code.ACCOUNT_SUSPENDED
        assert await rows_of(shop.database, quotes.QUOTES) == []
        return
    quoted = await work
    preview = await price_order(shop.resources, caller, make_order_request(100_000))
    order = await shop.place(make_order_request(100_000))
    assert {(quoted.quote.total_cost_minor, quoted.quote.mass_g)} == {
        (order.total_cost_minor, order.mass_g),
        (preview.pricing.total_cost_minor, preview.pricing.mass_g),
    }
    assert (quoted.quote.portfolio_id, quoted.quote.commission_hundredths) == (
        order.portfolio_id, order.commission_hundredths,
    )  # fmt: skip
