"""Test credits: no test account uses up what another one needs, and an order above the bound shows how orders wait.

Seen to fail when: a test order takes what there is and waits for the rest; it queues behind those that wait; credits
are created for a live account; bundles that share a project count its credits twice.
"""

import asyncio

import pytest

from service.domain.catalogue import BundleProject, Mode
from service.domain.listing import OrderRef
from service.domain.made_up_credits import TEST_ORDER_G_MAX
from service.domain.order import ByBundleMasses, ByMass, ByValue, FromQuote, OrderRequest, OrderStatus, Placed
from service.errors import Code, Refused
from service.operations.cancel_orders import cancel_orders
from service.operations.match_backorders import match_backorders
from service.operations.place_orders import place_alone
from service.operations.price_order import price_order
from service.operations.quote_order import quote_order
from service.operations.simulate_order import Outcome, simulate_order
from service.storage import backorders, batches, orders
from service.storage.database import Database
from tests.books import assert_audit_finds_nothing, rows_of
from tests.makers import TONNE_G, make_batch, make_caller, make_command, make_order_request, store
from tests.shop import Shop, open_shop

HUGE_G = 900_000_000 * TONNE_G


@pytest.fixture
async def trial(database: Database) -> Shop:
    """A test account's shop, where the forest has 5 t of test credits and the ocean has none."""
    shop = await open_shop(database, mode=Mode.TEST)
    await store(database, make_batch(shop.forest_project, 5 * TONNE_G, mode=Mode.TEST, serial_prefix="T-"))
    return shop


def wanted(shop: Shop, *grams: int) -> OrderRequest:
    bundles = (shop.forest.id, shop.ocean.id)
    return make_order_request(ask=ByBundleMasses(tuple(zip(bundles, grams, strict=False))))


@pytest.mark.parametrize("greedy_g", [5 * TONNE_G, TEST_ORDER_G_MAX, TEST_ORDER_G_MAX + 1, HUGE_G])
@pytest.mark.parametrize("how", ["waits", "at once", "hold", "quote", "value", "both bundles"])
async def test_an_order_fills_whatever_another_account_has_ordered(trial: Shop, greedy_g: int, how: str):
    greedy = await trial.another_account(mode=Mode.TEST)
    for number in range(3):
        answer = await place_alone(
            trial.resources, make_command(greedy, wanted(trial, greedy_g), idempotency_key=f"greedy {number}")
        )
        assert isinstance(answer, Placed)

    request = OrderRequest(ask={"value": ByValue(1_000_000), "both bundles": ByMass(7 * TONNE_G)}.get(how, ByMass(3)))
    if how in {"hold", "quote"}:
        quoted = await quote_order(
            trial.resources, trial.caller, wanted(trial, 6 * TONNE_G, 10), valid_ms=60_000, hold=how == "hold"
        )
        request = FromQuote(quoted.quote.id)  # type: ignore[assignment]
    order = await trial.place(request, allow_backorder=how == "waits")

    assert (order.status, order.fulfilled_g) == (OrderStatus.FULFILLED, order.mass_g)
    await assert_audit_finds_nothing(trial.database)


async def test_the_part_above_the_bound_waits_and_nobody_behind_it(trial: Shop):
    request = wanted(trial, TEST_ORDER_G_MAX - 10, 30)
    assert (await price_order(trial.resources, trial.caller, request)).short_g == (0, 20)
    order = await trial.place(request)
    assert (order.status, order.fulfilled_g) == (OrderStatus.PLACED, TEST_ORDER_G_MAX)
    assert [line.fulfilled_g for line in await trial.lines(order)] == [TEST_ORDER_G_MAX - 10, 10]

    await store(trial.database, make_batch(trial.forest_project, 50, project_id=trial.deep.project_id, mode=Mode.TEST))
    assert await match_backorders(trial.resources) == 0
    assert (await trial.place(wanted(trial, 0, 5))).status is OrderStatus.FULFILLED

    done = await simulate_order(trial.resources, trial.caller, OrderRef(id=order.id), Outcome.COMPLETE)
    assert (done.status, done.retired_g) == (OrderStatus.COMPLETE, TEST_ORDER_G_MAX + 20)
    await assert_audit_finds_nothing(trial.database)


async def test_the_waiting_part_is_cancelled(trial: Shop):
    order = await trial.place(wanted(trial, TEST_ORDER_G_MAX + TONNE_G))

    (answer,) = await cancel_orders(trial.resources, trial.caller, [OrderRef(id=order.id)], only_unfulfilled=True)

    assert not isinstance(answer, Refused)
    assert (answer.status, answer.mass_g) == (OrderStatus.FULFILLED, TEST_ORDER_G_MAX)
    assert await rows_of(trial.database, backorders.BACKORDERS) == []


async def test_above_the_bound_all_or_nothing_is_refused(trial: Shop):
    request, before = wanted(trial, TEST_ORDER_G_MAX, 1), await rows_of(trial.database, batches.BATCHES)

    refused = await trial.refusal(request, allow_backorder=False)
    with pytest.raises(Refused) as hold:
        await quote_order(trial.resources, trial.caller, request, valid_ms=60_000, hold=True)

    for refusal in (refused, hold.value):
        assert (refusal.code, refusal.details["available_g"]) == (Code.INSUFFICIENT_CREDITS, TEST_ORDER_G_MAX)
    assert await rows_of(trial.database, orders.ORDERS) == []
    assert await rows_of(trial.database, batches.BATCHES) == before


async def test_bundles_of_one_project_fill_together(trial: Shop):
    await store(trial.database, BundleProject(trial.ocean.id, trial.forest_project.id))

    alone = await trial.place(wanted(trial, 4 * TONNE_G, 4 * TONNE_G))
    answers = await trial.place_all(
        *(make_command(trial.account, wanted(trial, 4 * TONNE_G, 4 * TONNE_G)) for _ in range(3))
    )

    assert [alone.status, *(answer.order.status for answer in answers)] == [OrderStatus.FULFILLED] * 4
    await assert_audit_finds_nothing(trial.database)


async def test_orders_at_once_all_fill(trial: Shop):
    commands = [make_command(trial.account, wanted(trial, 400_000 * TONNE_G)) for _ in range(6)]

    answers = await asyncio.gather(*(place_alone(trial.resources, command) for command in commands))

    assert [answer.order.status for answer in answers if isinstance(answer, Placed)] == [OrderStatus.FULFILLED] * 6
    await assert_audit_finds_nothing(trial.database)


async def test_live_credits_are_never_created(trial: Shop):
    live = await trial.another_account()
    command = make_command(live, wanted(trial, 12 * TONNE_G))

    answer = await place_alone(trial.resources, command)

    assert isinstance(answer, Placed)
    assert (answer.order.status, answer.order.fulfilled_g) == (OrderStatus.PLACED, 11 * TONNE_G)
    with pytest.raises(Refused, match="Too few credits"):
        await quote_order(trial.resources, make_caller(live), wanted(trial, 1), valid_ms=60_000, hold=True)
    assert [batch.mode for batch in await rows_of(trial.database, batches.BATCHES)].count(Mode.LIVE) == 3


async def test_a_bundle_without_projects_waits_in_line(trial: Shop):
    await trial.execute("DELETE FROM bundle_projects WHERE bundle_id = $1", trial.ocean.id)

    assert (await price_order(trial.resources, trial.caller, wanted(trial, 10, 10))).short_g == (0, 10)
    order = await trial.place(wanted(trial, 10, 10))

    assert (order.status, order.fulfilled_g) == (OrderStatus.PLACED, 10)
    (waiting,) = await rows_of(trial.database, backorders.BACKORDERS)
    assert waiting.created_at == order.created_at
    await store(trial.database, BundleProject(trial.ocean.id, trial.deep.project_id))
    assert (await trial.place(wanted(trial, 0, 5))).status is OrderStatus.FULFILLED
