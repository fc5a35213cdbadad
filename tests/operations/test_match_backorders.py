"""Backorders: whoever came first is served first, whatever happens at the same moment, and no wake-up is lost.

Planted defects that were seen to fail here: the queue sorted by order id, whoever is in front of the locked accounts is
skipped, a newcomer reads the queue before it has the batches, a bundle's first transaction is its last, what was
delivered is not taken from the batch.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.catalogue import CreditBatch, Mode
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, Order, OrderStatus, PlaceOrder
from service.kit.clock import system_clock
from service.operations import match_backorders as module
from service.operations import place_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.match_backorders import match_backorders
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.retire_orders import retire_orders
from service.storage.backorders import BACKORDERS
from service.storage.events import EVENTS
from service.storage.orders import ORDERS
from tests.books import rows_of
from tests.makers import TONNE_G, make_batch, make_caller, make_command, make_order_request, store
from tests.shop import Shop

STOCK_G = 11 * TONNE_G
"""Of the forest, when the shop opens."""


def forest(shop: Shop, mass_g: int) -> Any:
    return make_order_request(ask=ByBundleMasses(((shop.forest.id, mass_g),)))


async def sold_out(shop: Shop) -> Order:
    return await shop.place(forest(shop, STOCK_G))


async def of(shop: Shop, account: Account, mass_g: int) -> Order:
    (answer,) = await shop.place_all(make_command(account, forest(shop, mass_g)))
    return answer.order


async def receive(shop: Shop, mass_g: int, **facts: Any) -> CreditBatch:
    batch = make_batch(shop.forest_project, mass_g, **facts)
    await store(shop.database, batch)
    return batch


async def has_g(shop: Shop, *wanted: Order) -> list[int]:
    found = {order.id: order.fulfilled_g for order in await rows_of(shop.database, ORDERS)}
    return [found[order.id] for order in wanted]


async def test_two_accounts_are_served_in_the_order_in_which_they_came(shop: Shop):
    await sold_out(shop)
    ours, theirs = shop.account, await shop.another_account()
    waiting = [await of(shop, account, 100) for account in (ours, theirs, theirs, ours)]

    await receive(shop, 250)
    assert await match_backorders(shop.resources) == 3
    assert await has_g(shop, *waiting) == [100, 100, 50, 0]

    await receive(shop, 1_000)
    assert await match_backorders(shop.resources) == 2
    assert await has_g(shop, *waiting) == [100, 100, 100, 100]
    assert await rows_of(shop.database, BACKORDERS) == []


async def test_each_delivery_is_told(shop: Shop):
    await sold_out(shop)
    order = await shop.place(forest(shop, 100))
    for mass_g in (30, 30, 40):
        await receive(shop, mass_g)
        await match_backorders(shop.resources)

    told = [
        (event.event_type.value, event.payload["fulfilled_g"], event.actor)
        for event in sorted(await rows_of(shop.database, EVENTS), key=lambda event: event.seq)
        if event.order_id == order.id
    ]
    assert told[1:] == [
        ("order.supplied", 30, "worker:match"),
        ("order.supplied", 60, "worker:match"),
        ("order.fulfilled", 100, "worker:match"),
    ]


async def test_whoever_wants_less_does_not_overtake(shop: Shop):
    await sold_out(shop)
    large, small = await shop.place(forest(shop, 1_000)), await shop.place(forest(shop, 10))

    await receive(shop, 500)
    await match_backorders(shop.resources)

    assert await has_g(shop, large, small) == [500, 0]


async def pay_and_refund(shop: Shop, order: Order, minor_units: int | None = None) -> None:
    amount = Money(minor_units or order.total_cost_minor, "USD")
    ref = OrderRef(id=order.id)
    await record_payment(shop.resources, shop.caller, order.account_id, f"wire {order.id}", amount, ref)
    for _ in range(2):  # the second is a retry
        await refund_order(shop.resources, shop.caller, order.account_id, ref)


async def test_a_refunded_order_waits_no_more(shop: Shop):
    await sold_out(shop)
    first, second = [await of(shop, await shop.another_account(), TONNE_G) for _ in range(2)]

    await pay_and_refund(shop, first)
    await receive(shop, TONNE_G + 10)
    await match_backorders(shop.resources)

    assert await has_g(shop, first, second) == [0, TONNE_G]
    assert (await of(shop, shop.account, 10)).fulfilled_g == 10
    assert await retire_orders(shop.resources, after_ms=0, unpaid=True) == 4


async def test_a_refunded_order_keeps_what_it_has_and_waits_for_no_more(shop: Shop):
    await sold_out(shop)
    await receive(shop, 300_000)
    order = await shop.place(forest(shop, TONNE_G))

    await pay_and_refund(shop, order, 1)
    await receive(shop, TONNE_G)

    assert await match_backorders(shop.resources) == 0
    assert await has_g(shop, order) == [300_000]
    (cancelled,) = await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)])
    assert isinstance(cancelled, Order)
    assert await has_g(shop, order) == [0]


async def test_a_refund_leaves_the_queues_of_all_lines(shop: Shop):
    masses = ((shop.forest.id, 12 * TONNE_G), (shop.ocean.id, 2 * TONNE_G))
    order = await shop.place(make_order_request(ask=ByBundleMasses(masses)))
    assert len(await rows_of(shop.database, BACKORDERS)) == 2

    await pay_and_refund(shop, order)

    assert await rows_of(shop.database, BACKORDERS) == []


async def test_a_transaction_is_bounded_and_the_rest_follows(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LINES_A_TRANSACTION", 2)
    await sold_out(shop)
    waiting = [await shop.place(forest(shop, 100)) for _ in range(5)]
    served: list[int] = []
    deliver = module.deliver

    async def counted(resources, statements, heads, filled, **told) -> None:
        served.append(len(filled))
        await deliver(resources, statements, heads, filled, **told)

    monkeypatch.setattr(module, "deliver", counted)
    await receive(shop, 10_000)

    assert await match_backorders(shop.resources) == 5
    assert served == [2, 2, 1]
    assert await has_g(shop, *waiting) == [100] * 5


async def test_test_credits_go_to_nobody_live(shop: Shop):
    await sold_out(shop)
    order = await shop.place(forest(shop, 100))

    await receive(shop, 1_000, mode=Mode.TEST, serial_prefix="T-")

    assert await match_backorders(shop.resources) == 0
    assert await has_g(shop, order) == [0]


async def test_a_run_without_anything_to_do_changes_nothing(shop: Shop):
    await sold_out(shop)
    await shop.place(forest(shop, 100))
    before = await shop.everything()

    assert await match_backorders(shop.resources) == 0
    assert await shop.everything() == before


async def test_who_is_cancelled_between_the_look_and_the_lock_gets_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    await sold_out(shop)
    other = await shop.another_account()
    first, second = await shop.place(forest(shop, 100)), await of(shop, other, 100)
    await receive(shop, 150)
    before_lock(monkeypatch, lambda: cancel_orders(shop.resources, shop.caller, [OrderRef(id=first.id)]))

    assert await match_backorders(shop.resources) == 1

    assert await has_g(shop, first, second) == [0, 100]


async def test_a_line_that_joins_the_front_of_the_queue_is_not_overtaken(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Its instant is the earlier one, and its commit the later: nobody looked for it when the heads were locked."""
    await sold_out(shop)
    early, late = await shop.another_account(), await shop.place(forest(shop, 100))
    past = replace(shop.resources, clock=lambda: late.created_at - timedelta(seconds=1))
    command: PlaceOrder = make_command(early, forest(shop, 100))
    await receive(shop, 100)
    before_lock(monkeypatch, lambda: place_orders.place_alone(past, command))

    assert await match_backorders(shop.resources) == 0
    assert await has_g(shop, late) == [0]

    assert await match_backorders(shop.resources) == 1
    served = {order.id: order.fulfilled_g for order in await rows_of(shop.database, ORDERS)}
    assert (served[command.order_id], served[late.id]) == (100, 0)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_newcomer_never_overtakes(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """Between a newcomer's start and its lock on the batches somebody else begins to wait and credits come back. SQLite
    has no such moment: whoever writes there is alone.
    """
    held = await sold_out(shop)
    waiter, newcomer = await shop.another_account(), await shop.another_account()
    waiting: list[Order] = []
    lock = place_orders.stock_locks.lock_stock

    async def late(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(place_orders.stock_locks, "lock_stock", lock)
        waiting.append(await of(shop, waiter, 1_000))
        await cancel_orders(shop.resources, make_caller(shop.account), [OrderRef(id=held.id)])
        return await lock(*arguments, **options)

    monkeypatch.setattr(place_orders.stock_locks, "lock_stock", late)
    order = await of(shop, newcomer, 500)

    assert (order.status, order.fulfilled_g) == (OrderStatus.PLACED, 0)
    await match_backorders(shop.resources)
    assert await has_g(shop, *waiting, order) == [1_000, 500]


async def test_a_wake_up_that_was_lost_is_made_up_for_by_the_next_run(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    await sold_out(shop)
    order = await shop.place(forest(shop, 100))
    await receive(shop, 100)
    before = await shop.everything()
    with monkeypatch.context() as broken:
        broken.setattr(module.batches, "take", failing)
        assert await match_backorders(shop.resources) == 0
    assert await shop.everything() == before
    later = replace(shop.resources, clock=lambda: system_clock() + timedelta(seconds=3))

    assert await match_backorders(shop.resources) == 0
    assert await match_backorders(later) == 1
    assert await has_g(shop, order) == [100]


async def failing(*_arguments: Any) -> None:
    raise ZeroDivisionError


def before_lock(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[Any]]) -> None:
    """Just before the next transaction of a match begins, after it has looked who waits, this happens first."""
    look = module.backorders.first_in_line

    async def looked(*arguments: Any, **options: Any) -> Any:
        found = await look(*arguments, **options)
        if module.backorders.first_in_line is looked:
            monkeypatch.setattr(module.backorders, "first_in_line", look)
            await happens()
        return found

    monkeypatch.setattr(module.backorders, "first_in_line", looked)
