"""Bundles that share projects: credits go to the earliest line that may take them, and a newcomer waits behind it.

Planted defects that were seen to fail here: a newcomer that looks at its own bundle's queue only, a match that serves a
line of a bundle whose batches it has not locked, lines sorted by bundle first.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.domain.accounts import Account
from service.domain.catalogue import Bundle, BundleProject, Mode, Project
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, Order, OrderRequest, Placed, PlaceOrder
from service.errors import Code, Refused
from service.operations import match_backorders as module
from service.operations.cancel_orders import cancel_orders
from service.operations.expire_holds import expire_holds
from service.operations.match_backorders import match_backorders
from service.operations.place_orders import place_alone
from service.operations.price_order import price_order
from service.operations.quote_order import quote_order
from service.storage.orders import ORDERS
from tests.books import rows_of
from tests.makers import (
    make_batch,
    make_bundle,
    make_command,
    make_order_request,
    make_price,
    make_project,
    store,
)
from tests.operations.test_match_backorders import before_lock
from tests.shop import Shop


class Market:
    """Three bundles in a chain: forest has P, Q; ocean has Q, R; desert has R, S. None of the projects has stock."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.forest, self.ocean, self.desert = (make_bundle(name=name) for name in ("F", "O", "D"))
        self.p, self.q, self.r, self.s = (make_project() for _ in range(4))

    async def open(self) -> "Market":
        bundles = [(self.forest, (self.p, self.q)), (self.ocean, (self.q, self.r)), (self.desert, (self.r, self.s))]
        projects = (self.p, self.q, self.r, self.s)
        await store(
            self.shop.database,
            *projects,
            *(bundle for bundle, _ in bundles),
            *(make_price(bundle, "10") for bundle, _ in bundles),
            *(BundleProject(bundle.id, project.id) for bundle, members in bundles for project in members),
        )
        return self

    def request(self, *masses: tuple[Bundle, int]) -> OrderRequest:
        return make_order_request(ask=ByBundleMasses(tuple((bundle.id, mass_g) for bundle, mass_g in masses)))

    async def order(self, bundle: Bundle, mass_g: int, account: Account | None = None, **facts: Any) -> Order:
        command = make_command(account or self.shop.account, self.request((bundle, mass_g)), **facts)
        (answer,) = await self.shop.place_all(command)
        assert isinstance(answer, Placed), answer
        return answer.order

    async def receive(self, project: Project, mass_g: int, **facts: Any) -> None:
        await store(self.shop.database, make_batch(project, mass_g, **facts))

    async def match(self) -> int:
        return await match_backorders(self.shop.resources)

    async def has_g(self, *wanted: Order) -> list[int]:
        found = {order.id: order.fulfilled_g for order in await rows_of(self.shop.database, ORDERS)}
        return [found[order.id] for order in wanted]


@pytest.fixture
async def market(shop: Shop) -> Market:
    return await Market(shop).open()


async def test_a_newcomer_of_another_bundle_does_not_overtake(market: Market):
    first = await market.order(market.forest, 100)
    await market.receive(market.q, 100)

    newcomer = await market.order(market.ocean, 100, await market.shop.another_account())

    assert await market.has_g(first, newcomer) == [0, 0]
    await market.match()
    assert await market.has_g(first, newcomer) == [100, 0]


@pytest.mark.parametrize("turned", [False, True])
async def test_the_earlier_of_two_waiting_orders_is_served_first_whatever_its_bundle(market: Market, turned: bool):
    bundles = [market.forest, market.ocean][:: -1 if turned else 1]
    first, second = [await market.order(bundle, 100) for bundle in bundles]

    await market.receive(market.q, 150)
    await market.match()

    assert await market.has_g(first, second) == [100, 50]


async def test_a_newcomer_has_what_nobody_waits_for(market: Market):
    first = await market.order(market.forest, 100)
    await market.receive(market.q, 50)
    await market.receive(market.r, 70)

    newcomer = await market.order(market.ocean, 100)

    assert await market.has_g(first, newcomer) == [0, 70]
    await market.match()
    assert await market.has_g(first, newcomer) == [50, 70]
    await market.receive(market.q, 80)
    await market.match()
    assert await market.has_g(first, newcomer) == [100, 100]


async def test_who_shares_nothing_with_those_who_wait_is_served_at_once(market: Market):
    await market.order(market.forest, 100)
    await market.receive(market.r, 100)

    assert (await market.order(market.desert, 60)).fulfilled_g == 60


async def test_a_chain_of_bundles_is_served_in_the_order_of_coming(market: Market):
    chain = [await market.order(each, 100) for each in (market.desert, market.ocean, market.forest, market.desert)]

    await market.receive(market.r, 150)
    await market.receive(market.q, 60)
    await market.match()
    assert await market.has_g(*chain) == [100, 100, 10, 0]

    await market.receive(market.s, 40)
    await market.receive(market.p, 40)
    await market.match()
    assert await market.has_g(*chain) == [100, 100, 50, 40]


async def test_lines_of_one_order_are_served_in_their_order(market: Market):
    command = make_command(market.shop.account, market.request((market.ocean, 100), (market.forest, 100)))
    (answer,) = await market.shop.place_all(command)
    assert isinstance(answer, Placed)

    await market.receive(market.q, 130)
    await market.match()

    assert [line.fulfilled_g for line in await market.shop.lines(answer.order)] == [100, 30]


async def test_credits_of_a_cancelled_order_go_to_the_earliest_of_all_bundles(market: Market):
    await market.receive(market.q, 100)
    holder = await market.order(market.forest, 100)
    waiting = [await market.order(each, 60) for each in (market.ocean, market.forest)]

    await cancel_orders(market.shop.resources, market.shop.caller, [OrderRef(id=holder.id)])
    await market.match()

    assert await market.has_g(*waiting) == [60, 40]


async def test_credits_of_an_expired_hold_go_to_the_earliest_of_all_bundles(market: Market):
    await market.receive(market.q, 100)
    request = market.request((market.forest, 100))
    quoted = await quote_order(market.shop.resources, market.shop.caller, request, valid_ms=60_000, hold=True)
    waiting = [await market.order(each, 60) for each in (market.ocean, market.forest)]
    past = quoted.quote.created_at - timedelta(days=1)
    await market.shop.execute("UPDATE quotes SET expires_at = $1", past)

    await expire_holds(market.shop.resources)
    newcomer = await market.order(market.forest, 10)
    await market.match()

    assert await market.has_g(*waiting, newcomer) == [60, 40, 0]


async def test_a_newcomer_that_takes_no_backorder_is_refused_and_so_is_a_hold(market: Market):
    shop = market.shop
    await market.order(market.forest, 100)
    await market.receive(market.q, 500)
    await market.receive(market.r, 30)
    request = market.request((market.ocean, 40))

    refused = await shop.refusal(request, allow_backorder=False)
    assert (refused.code, refused.details["available_g"]) == (Code.INSUFFICIENT_CREDITS, 30)
    with pytest.raises(Refused) as hold:
        await quote_order(shop.resources, shop.caller, request, valid_ms=60_000, hold=True)
    assert (hold.value.code, hold.value.details["available_g"]) == (Code.INSUFFICIENT_CREDITS, 30)
    assert (await price_order(shop.resources, shop.caller, request)).short_g == (10,)


async def test_modes_wait_apart(market: Market):
    await market.order(market.forest, 100, await market.shop.another_account(mode=Mode.TEST))
    await market.receive(market.q, 100)

    assert (await market.order(market.ocean, 100)).fulfilled_g == 100


async def test_orders_placed_together_are_served_in_their_turn(market: Market):
    await market.receive(market.q, 100)
    account = market.shop.account
    commands = [make_command(account, market.request((each, 80))) for each in (market.forest, market.ocean)]

    answers = await market.shop.place_all(*commands)
    await market.receive(market.q, 50)
    await market.match()

    assert await market.has_g(*(answer.order for answer in answers if isinstance(answer, Placed))) == [80, 70]


async def test_a_long_queue_of_two_bundles_is_served_to_its_end(market: Market, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LINES_A_TRANSACTION", 3)
    bundles = [market.forest, market.forest, market.ocean, market.desert] * 3
    waiting = [await market.order(each, 10) for each in bundles]

    await market.receive(market.q, 65)
    await market.receive(market.s, 15)
    await market.match()

    assert await market.has_g(*waiting) == [10, 10, 10, 10, 10, 10, 10, 5, 5, 0, 0, 0]


async def test_who_turns_up_in_front_in_another_bundle_is_not_overtaken(
    market: Market, monkeypatch: pytest.MonkeyPatch
):
    """It is of a locked account, and of a bundle whose batches nobody has locked."""
    late = await market.order(market.forest, 100)
    past = replace(market.shop.resources, clock=lambda: late.created_at - timedelta(seconds=1))
    command: PlaceOrder = make_command(market.shop.account, market.request((market.ocean, 100)))
    await market.receive(market.q, 100)
    before_lock(monkeypatch, lambda: place_alone(past, command))

    assert await market.match() == 0
    assert await market.has_g(late) == [0]

    assert await market.match() == 1
    served = {order.id: order.fulfilled_g for order in await rows_of(market.shop.database, ORDERS)}
    assert (served[command.order_id], served[late.id]) == (100, 0)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_newcomer_of_another_bundle_reads_the_queue_after_it_has_the_batches(
    market: Market, monkeypatch: pytest.MonkeyPatch
):
    """Between its start and its lock somebody begins to wait in a bundle that shares a project, and credits come."""
    waiting: list[Order] = []
    lock = module.stock_locks.lock_stock

    async def late(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(module.stock_locks, "lock_stock", lock)
        waiting.append(await market.order(market.forest, 100, await market.shop.another_account()))
        await market.receive(market.q, 100)
        return await lock(*arguments, **options)

    monkeypatch.setattr(module.stock_locks, "lock_stock", late)
    newcomer = await market.order(market.ocean, 50)

    assert newcomer.fulfilled_g == 0
    await market.match()
    # The instant of placing is read before the lock, so that the newcomer's is the earlier one.
    assert await market.has_g(newcomer, *waiting) == [50, 50]
