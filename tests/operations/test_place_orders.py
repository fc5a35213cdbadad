"""Placing orders: what an order becomes, and that a refusal changes nothing.

Seen to fail when: shares are rounded instead of truncated; commission is left out; `allow_backorder` is ignored; the
queue is ignored; the newest vintage is taken first; the account's mode is ignored; a maximum is compared with >=; a
suspended account may order; a disabled bundle is sold; a foreign portfolio is used; a refused neighbour takes grams.
"""

from dataclasses import replace

import pytest

from service.domain.amounts import MassUnit, Money
from service.domain.catalogue import Mode, Weight, selection_of
from service.domain.made_up_credits import TEST_ORDER_G_MAX
from service.domain.order import ByBundleMasses, ByMass, ByValue, EntryKind, OrderKind, OrderStatus, PaymentStatus
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.place_orders import place_alone
from service.storage import backorders, batches, ledger, orders
from service.storage.events import EVENTS
from tests.books import rows_of
from tests.makers import LONG_AGO, TONNE_G, make_batch, make_command, make_order_request, make_portfolio, store
from tests.shop import Shop


async def test_the_published_order_of_12_07_kg(shop: Shop):
    order = await shop.place(make_order_request(12_070))
    assert [line.mass_g for line in await shop.lines(order)] == [11_466, 603]
    assert (order.mass_g, order.requested_mass_g) == (12_069, 12_070)
    assert (order.offset_cost_minor, order.commission_minor, order.total_cost_minor) == (31, 4, 35)
    assert (order.status, order.payment_status) == (OrderStatus.FULFILLED, PaymentStatus.ISSUED)
    assert (order.fulfilled_g, order.kind, order.currency) == (12_069, OrderKind.MASS, "USD")
    assert order.portfolio_id == shop.account.portfolio_id
    assert await shop.order(order.id) == order


async def test_the_prices_of_a_line_are_frozen(shop: Shop):
    order = await shop.place(make_order_request(12_070))
    await shop.execute("UPDATE prices SET unit_price_micros = 1")
    assert [(line.unit_price_micros, line.gross_unit_price_micros) for line in await shop.lines(order)] == [
        (13_570_000, 15_080_000),
        (250_000_000, 277_780_000),
    ]


async def test_the_whole_mass_may_be_ordered(shop: Shop):
    order = await shop.place(make_order_request(12_070, whole_mass=True))
    assert [line.mass_g for line in await shop.lines(order)] == [11_467, 603]
    assert order.mass_g == 12_070


async def test_a_step_cuts_each_share(shop: Shop):
    order = await shop.place(make_order_request(999_999, step=MassUnit.KILOGRAM))
    assert [line.mass_g for line in await shop.lines(order)] == [949_000, 49_000]
    assert order.step is MassUnit.KILOGRAM


async def test_a_selection_goes_before_the_portfolio(shop: Shop):
    selection = (Weight(shop.ocean.id, 7_500), Weight(shop.forest.id, 2_500))
    order = await shop.place(make_order_request(1_000, selection=selection))
    assert [(line.bundle_id, line.mass_g) for line in await shop.lines(order)] == [
        (shop.ocean.id, 750),
        (shop.forest.id, 250),
    ]
    assert order.portfolio_id is None


async def test_masses_may_be_given_for_each_bundle(shop: Shop):
    order = await shop.place(make_order_request(ask=ByBundleMasses(((shop.forest.id, 2_000), (shop.ocean.id, 3_000)))))
    assert [line.mass_g for line in await shop.lines(order)] == [2_000, 3_000]
    # 0.002 t at 13.57 and 0.003 t at 250 are 0.77714; over 0.9 and rounded up, 0.87.
    assert (order.offset_cost_minor, order.commission_minor, order.total_cost_minor) == (78, 9, 87)
    assert (order.kind, order.requested_mass_g) == (OrderKind.MASS, 5_000)


async def test_a_value_buys_what_it_can(shop: Shop):
    order = await shop.place(make_order_request(ask=ByValue(54)))
    assert [line.mass_g for line in await shop.lines(order)] == [18_181, 956]
    assert (order.offset_cost_minor, order.commission_minor, order.total_cost_minor) == (49, 5, 54)
    assert (order.kind, order.requested_value_minor, order.requested_mass_g) == (OrderKind.VALUE, 54, None)


async def test_what_the_caller_said_is_kept(shop: Shop):
    order = await shop.place(
        customer="Ana & Söhne",
        description="for \u4e16\u754c",
        metadata={"a.b": '"', "0": ""},
        callback_url="https://example.com/x",
        beneficiary={"recipient": {"name": "Ana"}},
        idempotency_key="k" * 512,
    )
    stored = await shop.order(order.id)
    assert stored == order
    assert (stored.customer, stored.metadata, stored.beneficiary) == (
        "Ana & Söhne",
        {"a.b": '"', "0": ""},
        {"recipient": {"name": "Ana"}},
    )


async def test_the_oldest_vintage_is_taken_first(shop: Shop):
    only_forest = selection_of([(shop.forest.id, None)])
    order = await shop.place(make_order_request(TONNE_G + 5, selection=only_forest))
    entries = await orders.entries(shop.database.reader, shop.account.id, [order.id])
    assert {(entry.batch_id, entry.mass_g, entry.kind) for entry in entries} == {
        (shop.old.id, TONNE_G, EntryKind.GIVEN),
        (shop.young.id, 5, EntryKind.GIVEN),
    }
    assert await shop.available_g(shop.old) == 0
    assert await shop.available_g(shop.young) == 10 * TONNE_G - 5


async def test_an_order_owes_its_total(shop: Shop):
    order = await shop.place(make_order_request(12_070))
    postings = {entry.ledger_account.value: entry.amount_minor for entry in await rows_of(shop.database, ledger.LEDGER)}
    assert postings == {"receivable": 35, "sales": -31, "commission": -4}
    assert {entry.order_id for entry in await rows_of(shop.database, ledger.LEDGER)} == {order.id}


async def test_events_are_numbered_without_gaps_for_each_account(shop: Shop):
    other = await shop.another_account()
    await shop.place_all(shop.command(), make_command(other), shop.command())
    await shop.place(actor="another key")
    events = sorted(await rows_of(shop.database, EVENTS), key=lambda event: event.seq)
    ours = [event for event in events if event.account_id == shop.account.id]
    assert [event.seq for event in ours] == [1, 2, 3, 4, 5, 6]
    assert [event.event_type for event in ours] == ["order.placed", "order.fulfilled"] * 3
    assert [event.actor for event in ours[4:]] == ["another key"] * 2
    assert [event.seq for event in events if event.account_id == other.id] == [1, 2]
    amounts = {"mass_g": 1_000, "fulfilled_g": 1_000, "total_cost_minor": 3, "paid_minor": 0, "currency": "USD"}
    assert ours[0].payload == amounts


# Stock


async def test_an_order_waits_for_what_is_missing(shop: Shop):
    order = await shop.place(
        make_order_request(ask=ByBundleMasses(((shop.forest.id, 500), (shop.ocean.id, TONNE_G + 7))))
    )
    assert (order.status, order.fulfilled_g) == (OrderStatus.PLACED, TONNE_G + 500)
    assert [line.fulfilled_g for line in await shop.lines(order)] == [500, TONNE_G]
    (waiting,) = await rows_of(shop.database, backorders.BACKORDERS)
    assert (waiting.order_id, waiting.position, waiting.bundle_id) == (order.id, 1, shop.ocean.id)
    assert (waiting.waiting_g, waiting.mode, waiting.created_at) == (7, Mode.LIVE, order.created_at)


async def test_a_newcomer_queues_behind_whoever_waits(shop: Shop):
    only_ocean = selection_of([(shop.ocean.id, None)])
    await shop.place(make_order_request(TONNE_G + 1, selection=only_ocean))
    await store(shop.database, make_batch(replace(shop.forest_project, id=shop.deep.project_id), TONNE_G))
    newcomer = await shop.place(make_order_request(5, selection=only_ocean))
    assert (newcomer.status, newcomer.fulfilled_g) == (OrderStatus.PLACED, 0)
    refusal = await shop.refusal(make_order_request(5, selection=only_ocean), allow_backorder=False)
    assert (refusal.code, refusal.details["available_g"]) == (Code.INSUFFICIENT_CREDITS, 0)


async def test_within_a_group_the_first_comes_first(shop: Shop):
    only_ocean = selection_of([(shop.ocean.id, None)])
    answers = await shop.place_all(
        shop.command(make_order_request(TONNE_G - 3, selection=only_ocean)),
        shop.command(make_order_request(4, selection=only_ocean), allow_backorder=False),
        shop.command(make_order_request(3, selection=only_ocean), allow_backorder=False),
    )
    assert isinstance(answers[1], Refused)
    assert (answers[1].code, answers[1].details["available_g"]) == (Code.INSUFFICIENT_CREDITS, 3)
    assert answers[0].order.fulfilled_g == TONNE_G - 3
    assert answers[2].order.fulfilled_g == 3
    assert await shop.available_g(shop.deep) == 0


async def test_all_or_nothing_takes_nothing_when_a_gram_is_missing(shop: Shop):
    refusal = await shop.refusal(
        make_order_request(ask=ByBundleMasses(((shop.ocean.id, TONNE_G + 1),))), allow_backorder=False
    )
    assert (refusal.code, refusal.details) == (Code.INSUFFICIENT_CREDITS, {"available_g": TONNE_G})
    order = await shop.place(make_order_request(ask=ByBundleMasses(((shop.ocean.id, TONNE_G),))), allow_backorder=False)
    assert order.status is OrderStatus.FULFILLED


async def test_a_test_account_never_touches_live_credits(shop: Shop):
    twin = await shop.another_account(mode=Mode.TEST)
    await store(shop.database, make_batch(shop.forest_project, 400, mode=Mode.TEST))
    placed = await shop.place_all(
        make_command(twin, make_order_request(1_000)),
        make_command(twin, make_order_request(TEST_ORDER_G_MAX + 7)),
    )
    assert [(each.order.fulfilled_g, each.order.status) for each in placed] == [
        (1_000, OrderStatus.FULFILLED),
        (TEST_ORDER_G_MAX, OrderStatus.PLACED),
    ]
    assert {entry.batch_id for entry in await rows_of(shop.database, orders.ENTRIES)}.isdisjoint(
        {shop.old.id, shop.young.id, shop.deep.id}
    )
    order = await shop.place()
    assert order.status is OrderStatus.FULFILLED  # the test account's queue is not the live one's


async def test_two_modes_in_one_group_keep_to_their_own(shop: Shop):
    twin = await shop.another_account(mode=Mode.TEST)
    spare = make_batch(shop.forest_project, 10_000, mode=Mode.TEST)
    await store(shop.database, spare)
    only_forest = selection_of([(shop.forest.id, None)])
    await shop.place_all(
        make_command(twin, make_order_request(9_000, selection=only_forest)),
        shop.command(make_order_request(8_000, selection=only_forest)),
    )
    assert await shop.available_g(spare) == 1_000
    assert await shop.available_g(shop.old) == TONNE_G - 8_000


# Refusals


@pytest.mark.parametrize(("maximum", "refused"), [(34, True), (35, False), (36, False)])
async def test_a_total_may_reach_the_maximum_and_not_pass_it(shop: Shop, maximum: int, refused: bool):
    facts = {"request": make_order_request(12_070), "maximum_total": Money(maximum, "USD")}
    if refused:
        refusal = await shop.refusal(**facts)
        assert (refusal.code, refusal.details) == (Code.MAXIMUM_TOTAL_EXCEEDED, {"total_cost_minor": 35})
        assert refusal.path == ("maximum_total",)
    else:
        assert (await shop.place(**facts)).total_cost_minor == 35


async def test_a_maximum_in_another_currency_is_refused(shop: Shop):
    refusal = await shop.refusal(maximum_total=Money(1_000_000, "SAR"))
    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, ("maximum_total", "currency"))


async def test_a_suspended_account_does_not_order(shop: Shop):
    await shop.execute("UPDATE accounts SET suspended_at = $1", LONG_AGO)
    assert (await shop.refusal()).code is Code.ACCOUNT_SUSPENDED
    await shop.execute("UPDATE accounts SET suspended_at = NULL")
    await shop.place()


async def test_an_unknown_bundle_is_refused_where_it_was_named(shop: Shop):
    refusal = await shop.refusal(make_order_request(ask=ByBundleMasses(((shop.forest.id, 1), (uuid7(), 1)))))
    assert (refusal.code, refusal.path) == (Code.BUNDLE_UNAVAILABLE, ("bundle_masses", 1))
    refusal = await shop.refusal(make_order_request(selection=selection_of([(shop.forest.id, None), (uuid7(), None)])))
    assert (refusal.code, refusal.path) == (Code.BUNDLE_UNAVAILABLE, ("selection", 1))


async def test_a_disabled_bundle_takes_no_orders(shop: Shop):
    await shop.execute("UPDATE bundles SET disabled_at = $1 WHERE id = $2", LONG_AGO, shop.ocean.id)
    refusal = await shop.refusal()
    assert (refusal.code, refusal.path) == (Code.BUNDLE_UNAVAILABLE, ())


async def test_an_unpriced_currency_is_refused(shop: Shop):
    assert (await shop.refusal(make_order_request(currency="SAR"))).code is Code.CURRENCY_UNAVAILABLE
    only_forest = selection_of([(shop.forest.id, None)])
    order = await shop.place(make_order_request(TONNE_G, selection=only_forest, currency="SAR"))
    assert (order.currency, order.offset_cost_minor) == ("SAR", 5_000)


async def test_a_portfolio_of_another_account_is_answered_like_an_unknown_one(shop: Shop):
    other = await shop.another_account()
    own = make_portfolio({shop.ocean.id: 10_000}, account_id=shop.account.id)
    foreign = make_portfolio({shop.ocean.id: 10_000}, account_id=other.id)
    await store(shop.database, *own, *foreign)
    refusals = [await shop.refusal(make_order_request(portfolio_id=each)) for each in (foreign[0].id, uuid7())]
    assert {(each.code, each.message, each.path) for each in refusals} == {
        (Code.NOT_FOUND, "There is no such portfolio.", ("portfolio_id",))
    }
    order = await shop.place(make_order_request(portfolio_id=own[0].id))
    assert [line.bundle_id for line in await shop.lines(order)] == [shop.ocean.id]


@pytest.mark.parametrize("ask", [ByMass(0), ByMass(-1), ByValue(0)], ids=str)
async def test_nothing_cannot_be_ordered(shop: Shop, ask: ByMass | ByValue):
    assert (await shop.refusal(make_order_request(ask=ask))).code is Code.QUANTITY_INVALID


async def test_a_refusal_never_spoils_its_neighbours(shop: Shop):
    answers = await shop.place_all(
        shop.command(make_order_request(0)),
        shop.command(make_order_request(12_070)),
        shop.command(make_order_request(ask=ByBundleMasses(((uuid7(), 1),)))),
        shop.command(make_order_request(12_070), maximum_total=Money(1, "USD")),
        shop.command(make_order_request(20 * TONNE_G), allow_backorder=False),
        shop.command(make_order_request(12_070)),
    )
    assert [getattr(answer, "code", "placed") for answer in answers] == [
        Code.QUANTITY_INVALID,
        "placed",
        Code.BUNDLE_UNAVAILABLE,
        Code.MAXIMUM_TOTAL_EXCEEDED,
        Code.INSUFFICIENT_CREDITS,
        "placed",
    ]
    assert len(await rows_of(shop.database, orders.ORDERS)) == 2
    assert sum(batch.allocated_g for batch in await rows_of(shop.database, batches.BATCHES)) == 2 * 12_069


async def test_an_order_placed_alone_is_the_same(shop: Shop):
    command = shop.command(make_order_request(12_070))
    placed = await place_alone(shop.resources, command)
    assert (placed.order.total_cost_minor, placed.replayed) == (35, False)
    assert await shop.order(command.order_id) == placed.order
    refusal = await place_alone(shop.resources, shop.command(make_order_request(0)))
    assert refusal.code is Code.QUANTITY_INVALID
