"""Paying with the balance, and cancelling the part of an order that waits for credits.

Planted defects that were seen caught here: a placer that forgets what its group has spent, a balance that is not
locked, WHOLE that takes what there is, a refused order that keeps its share, a rest that is priced without its
commission, a reduced order that stays in the queue or keeps what was paid above its total.
"""

import asyncio

import pytest

from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.catalogue import selection_of
from service.domain.listing import OrderRef
from service.domain.order import (
    BalanceUse,
    ByBundleMasses,
    ByMass,
    Order,
    OrderRequest,
    OrderStatus,
    PaymentStatus,
    Placed,
)
from service.errors import Code, Refused
from service.operations.cancel_orders import cancel_orders
from service.operations.place_orders import place_alone
from service.operations.read_money import list_balances
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.storage.backorders import BACKORDERS
from service.storage.events import EVENTS
from tests.books import rows_of
from tests.makers import TONNE_G, make_caller, make_command, make_order_request, make_price, store
from tests.shop import Shop

TOTAL_MINOR = 2_822
ONE_TONNE = make_order_request(TONNE_G)


async def top_up(shop: Shop, amount_minor: int) -> None:
    reference = f"top-up of {amount_minor}"
    await record_payment(shop.resources, shop.caller, shop.account.id, reference, Money(amount_minor, "USD"))


async def balance_minor(shop: Shop) -> int:
    return sum(each.minor_units for each in await list_balances(shop.resources, shop.caller))


async def told_of(shop: Shop, order: Order) -> list[str]:
    events = sorted(await rows_of(shop.database, EVENTS), key=lambda event: event.seq)
    return [event.event_type.value for event in events if event.order_id == order.id]


async def test_a_balance_pays_for_a_whole_order_at_once(shop: Shop):
    await top_up(shop, 3_000)
    order = await shop.place(ONE_TONNE, pay_with_balance=BalanceUse.WHOLE)
    assert (order.paid_minor, order.payment_status) == (TOTAL_MINOR, PaymentStatus.PAID)
    assert order == await shop.order(order.id)
    assert await balance_minor(shop) == 178
    assert await told_of(shop, order) == ["order.placed", "order.fulfilled", "order.paid"]


async def test_a_balance_that_is_just_enough_is_used_up(shop: Shop):
    await top_up(shop, TOTAL_MINOR)
    order = await shop.place(ONE_TONNE, pay_with_balance=BalanceUse.WHOLE)
    assert order.payment_status is PaymentStatus.PAID
    assert await balance_minor(shop) == 0


async def test_a_whole_order_is_refused_when_the_balance_is_short(shop: Shop):
    await top_up(shop, TOTAL_MINOR - 1)
    refusal = await shop.refusal(ONE_TONNE, pay_with_balance=BalanceUse.WHOLE)
    assert (refusal.code, refusal.path) == (Code.INSUFFICIENT_BALANCE, ("pay_with_balance",))
    assert refusal.details == {"available_minor": TOTAL_MINOR - 1, "currency": "USD"}


async def test_an_account_that_never_had_a_balance_pays_nothing_with_it(shop: Shop):
    assert (await shop.refusal(ONE_TONNE, pay_with_balance=BalanceUse.WHOLE)).code is Code.INSUFFICIENT_BALANCE
    order = await shop.place(ONE_TONNE, pay_with_balance=BalanceUse.AVAILABLE)
    assert (order.paid_minor, order.payment_status) == (0, PaymentStatus.ISSUED)


async def test_what_is_available_is_applied_and_the_rest_is_owed(shop: Shop):
    await top_up(shop, 1_000)
    order = await shop.place(ONE_TONNE, pay_with_balance=BalanceUse.AVAILABLE)
    assert (order.paid_minor, order.payment_status) == (1_000, PaymentStatus.ISSUED)
    assert await balance_minor(shop) == 0


async def test_available_takes_no_more_than_the_total(shop: Shop):
    await top_up(shop, 5_000)
    order = await shop.place(ONE_TONNE, pay_with_balance=BalanceUse.AVAILABLE)
    assert (order.paid_minor, order.payment_status) == (TOTAL_MINOR, PaymentStatus.PAID)
    assert await balance_minor(shop) == 5_000 - TOTAL_MINOR


async def test_a_balance_is_left_alone_unless_asked_for(shop: Shop):
    await top_up(shop, 5_000)
    order = await shop.place(ONE_TONNE)
    assert (order.paid_minor, order.payment_status) == (0, PaymentStatus.ISSUED)
    assert await balance_minor(shop) == 5_000


async def test_a_balance_of_another_currency_does_not_pay(shop: Shop):
    forest = selection_of([(shop.forest.id, None)])
    await top_up(shop, 5_000)
    refusal = await shop.refusal(
        make_order_request(1_000, selection=forest, currency="SAR"), pay_with_balance=BalanceUse.WHOLE
    )
    assert refusal.code is Code.INSUFFICIENT_BALANCE


async def test_orders_of_one_group_do_not_spend_the_same_money(shop: Shop):
    await top_up(shop, 2 * TOTAL_MINOR - 1)
    tonne = OrderRequest(ask=ByMass(TONNE_G // 4))
    first, second = [shop.command(tonne, pay_with_balance=BalanceUse.WHOLE) for _ in range(2)]
    answers = await shop.place_all(
        shop.command(ONE_TONNE, pay_with_balance=BalanceUse.WHOLE),
        shop.command(ONE_TONNE, pay_with_balance=BalanceUse.WHOLE),
        shop.command(tonne, pay_with_balance=BalanceUse.AVAILABLE),
        first,
        second,
    )
    paid = [answer.order.paid_minor for answer in answers if isinstance(answer, Placed)]
    refused = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert paid[0] == TOTAL_MINOR
    assert refused[0] is Code.INSUFFICIENT_BALANCE
    assert sum(paid) + await balance_minor(shop) == 2 * TOTAL_MINOR - 1


async def test_an_order_refused_for_its_credits_spends_nothing(shop: Shop):
    await top_up(shop, TOTAL_MINOR)
    beyond = shop.command(
        make_order_request(10_000 * TONNE_G), pay_with_balance=BalanceUse.AVAILABLE, allow_backorder=False
    )
    refused, placed = await shop.place_all(beyond, shop.command(ONE_TONNE, pay_with_balance=BalanceUse.WHOLE))
    assert isinstance(refused, Refused)
    assert refused.code is Code.INSUFFICIENT_CREDITS
    assert isinstance(placed, Placed)
    assert placed.order.payment_status is PaymentStatus.PAID


async def test_a_replay_spends_nothing(shop: Shop):
    await top_up(shop, 2 * TOTAL_MINOR)
    command = shop.command(ONE_TONNE, pay_with_balance=BalanceUse.WHOLE)
    (first,) = await shop.place_all(command)
    before = await shop.everything()
    retry = make_command(
        shop.account, ONE_TONNE, idempotency_key=command.idempotency_key, pay_with_balance=BalanceUse.WHOLE
    )
    (again,) = await shop.place_all(retry)
    assert isinstance(first, Placed)
    assert again == Placed(first.order, replayed=True)
    assert await shop.everything() == before


async def test_orders_that_race_for_one_balance_share_it(shop: Shop):
    await top_up(shop, 2 * TOTAL_MINOR + 5)
    client = await shop.another_account(parent_account_id=shop.account.id)
    small = make_order_request(100_000, selection=selection_of([(shop.forest.id, None)]))
    one = await shop.place(small)
    enough_for = (2 * TOTAL_MINOR + 5) // one.total_cost_minor
    commands = [
        make_command(account, small, pay_with_balance=BalanceUse.WHOLE) for account in (shop.account, client) * 3
    ] + [
        make_command(account, ONE_TONNE, pay_with_balance=BalanceUse.WHOLE, allow_backorder=True)
        for account in (shop.account, client)
    ]
    answers = await asyncio.gather(*(place_alone(shop.resources, command) for command in commands))

    placed = [answer.order for answer in answers if isinstance(answer, Placed)]
    assert {answer.code for answer in answers if isinstance(answer, Refused)} <= {Code.INSUFFICIENT_BALANCE}
    assert 0 < len(placed) < len(commands)
    assert len(placed) <= enough_for
    assert sum(order.total_cost_minor for order in placed) + await balance_minor(shop) == 2 * TOTAL_MINOR + 5


async def test_a_top_up_an_order_and_a_cancel_that_meet_keep_the_balance_right(shop: Shop):
    await top_up(shop, TOTAL_MINOR)
    standing = await shop.place(make_order_request(100_000), pay_with_balance=BalanceUse.WHOLE)
    await asyncio.gather(
        *(top_up(shop, amount) for amount in (100, 200, 300)),
        *(
            place_alone(shop.resources, shop.command(make_order_request(50_000), pay_with_balance=BalanceUse.AVAILABLE))
            for _ in range(3)
        ),
        cancel_orders(shop.resources, shop.caller, [OrderRef(id=standing.id)]),
    )
    assert await balance_minor(shop) > 0  # the fixture compares it with the ledger


# The part that waits


async def partly(shop: Shop, **facts: object) -> Order:
    """Eleven tonnes of forest and one of ocean are in stock; of forest one more is wanted than there is."""
    masses = ((shop.forest.id, 12 * TONNE_G), (shop.ocean.id, TONNE_G))
    order = await shop.place(OrderRequest(ask=ByBundleMasses(masses)), **facts)
    assert (order.status, order.fulfilled_g) == (OrderStatus.PLACED, 12 * TONNE_G)
    return order


async def cancel_waiting(shop: Shop, order: Order) -> Order | Refused:
    (answer,) = await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)], only_unfulfilled=True)
    return answer


async def test_the_part_that_waits_is_cancelled_and_the_rest_keeps_its_prices(shop: Shop):
    order = await partly(shop)
    await shop.execute("UPDATE prices SET unit_price_micros = unit_price_micros * 2")
    reduced = await cancel_waiting(shop, order)

    assert isinstance(reduced, Order)
    assert reduced == await shop.order(order.id)
    assert (reduced.status, reduced.mass_g, reduced.fulfilled_g) == (
        OrderStatus.FULFILLED,
        12 * TONNE_G,
        12 * TONNE_G,
    )
    # 11 t at 13.57 and 1 t at 250 are 399.27; with ten percent of the total on top, rounded up, 443.64.
    assert (reduced.offset_cost_minor, reduced.total_cost_minor) == (39_927, 44_364)
    assert [(line.mass_g, line.offset_cost_minor) for line in await shop.lines(reduced)] == [
        (11 * TONNE_G, 14_927),
        (TONNE_G, 25_000),
    ]
    assert await rows_of(shop.database, BACKORDERS) == []
    assert await told_of(shop, order) == ["order.placed", "order.reduced", "order.fulfilled"]


@pytest.mark.parametrize(
    ("paid_minor", "kept_minor", "status"),
    [(100, 100, PaymentStatus.ISSUED), (44_364, 44_364, PaymentStatus.PAID), (45_000, 44_364, PaymentStatus.PAID)],
)
async def test_what_was_paid_above_the_rest_goes_to_the_balance(
    shop: Shop, paid_minor: int, kept_minor: int, status: PaymentStatus
):
    await top_up(shop, paid_minor)
    order = await partly(shop, pay_with_balance=BalanceUse.AVAILABLE)
    assert (order.paid_minor, order.payment_status) == (paid_minor, PaymentStatus.ISSUED)
    reduced = await cancel_waiting(shop, order)
    assert isinstance(reduced, Order)
    assert (reduced.paid_minor, reduced.payment_status) == (kept_minor, status)
    assert await balance_minor(shop) == paid_minor - kept_minor


async def test_a_refunded_order_is_reduced_without_money(shop: Shop):
    await top_up(shop, 45_000)
    order = await partly(shop, pay_with_balance=BalanceUse.AVAILABLE)
    await refund_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=order.id))
    reduced = await cancel_waiting(shop, order)
    assert isinstance(reduced, Order)
    assert (reduced.payment_status, reduced.paid_minor) == (PaymentStatus.REFUNDED, 0)
    assert await balance_minor(shop) == 45_000


async def test_an_order_without_any_credits_is_cancelled_whole(shop: Shop):
    await partly(shop)
    waiting = await shop.place(make_order_request(TONNE_G, selection=selection_of([(shop.forest.id, None)])))
    assert waiting.fulfilled_g == 0
    cancelled = await cancel_waiting(shop, waiting)
    assert isinstance(cancelled, Order)
    assert (cancelled.status, cancelled.mass_g) == (OrderStatus.CANCELLED, TONNE_G)


async def test_an_order_that_waits_for_nothing_stays_as_it_is(shop: Shop):
    fulfilled = await shop.place(ONE_TONNE)
    (cancelled,) = await cancel_orders(
        shop.resources, shop.caller, [OrderRef(id=(await shop.place(make_order_request(1_000))).id)]
    )
    assert isinstance(cancelled, Order)
    before = await shop.everything()
    assert await cancel_waiting(shop, fulfilled) == fulfilled
    assert await cancel_waiting(shop, cancelled) == cancelled
    assert await shop.everything() == before


async def test_a_reduction_is_made_once(shop: Shop):
    await top_up(shop, 45_000)
    order = await partly(shop, pay_with_balance=BalanceUse.AVAILABLE)
    answers = await asyncio.gather(*(cancel_waiting(shop, order) for _ in range(5)))
    assert answers == [answers[0]] * 5
    assert await balance_minor(shop) == 45_000 - 44_364


async def test_a_reduction_and_a_whole_cancel_that_meet_give_back_once(shop: Shop):
    await top_up(shop, 45_000)
    order = await partly(shop, pay_with_balance=BalanceUse.AVAILABLE)
    await asyncio.gather(
        cancel_waiting(shop, order),
        cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)]),
        cancel_waiting(shop, order),
    )
    standing = await shop.order(order.id)
    assert standing is not None
    assert standing.status is OrderStatus.CANCELLED
    assert await balance_minor(shop) == 45_000


CUSTOMER = frozenset({Scope.ORDERS_WRITE, Scope.ORDERS_READ, Scope.CATALOGUE_READ})


async def cancel_waiting_as_customer(shop: Shop, order: Order) -> Order:
    caller = make_caller(shop.account, CUSTOMER)
    (answer,) = await cancel_orders(shop.resources, caller, [OrderRef(id=order.id)], only_unfulfilled=True)
    assert isinstance(answer, Order)
    return answer


async def test_a_customer_pays_for_what_remains_by_its_own_tier(shop: Shop):
    # 14.50 a tonne in orders below 13 t: of 12 t of the forest and 1 t of the ocean, 11 t and 1 t remain.
    await shop.execute("UPDATE prices SET minimum_mass_g = 13000000 WHERE bundle_id = $1", shop.forest.id)
    await store(shop.database, make_price(shop.forest, "14.5"))
    order = await partly(shop)

    reduced = await cancel_waiting_as_customer(shop, order)

    assert reduced == await shop.order(order.id)
    # 11 t at 14.50 and 1 t at 250 are 409.50; with ten percent of the total on top, 455.00.
    assert (reduced.offset_cost_minor, reduced.total_cost_minor) == (40_950, 45_500)
    assert [
        (line.mass_g, line.unit_price_micros, line.gross_unit_price_micros, line.offset_cost_minor)
        for line in await shop.lines(reduced)
    ] == [(11 * TONNE_G, 14_500_000, 16_110_000, 15_950), (TONNE_G, 250_000_000, 277_780_000, 25_000)]
    (event,) = [event for event in await rows_of(shop.database, EVENTS) if event.event_type.value == "order.reduced"]
    assert (event.payload["total_cost_minor"], event.payload["mass_g"]) == (45_500, 12 * TONNE_G)
    assert await cancel_waiting_as_customer(shop, order) == reduced


async def test_a_price_list_that_rose_is_not_charged_for_what_remains(shop: Shop):
    order = await partly(shop)
    await shop.execute("UPDATE prices SET unit_price_micros = unit_price_micros * 2")
    reduced = await cancel_waiting_as_customer(shop, order)
    assert (reduced.offset_cost_minor, reduced.total_cost_minor) == (39_927, 44_364)


async def test_an_operator_reduces_an_order_at_its_frozen_prices(shop: Shop):
    await shop.execute("UPDATE prices SET minimum_mass_g = 13000000 WHERE bundle_id = $1", shop.forest.id)
    await store(shop.database, make_price(shop.forest, "14.5"))
    reduced = await cancel_waiting(shop, await partly(shop))
    assert isinstance(reduced, Order)
    assert (reduced.offset_cost_minor, reduced.total_cost_minor) == (39_927, 44_364)
