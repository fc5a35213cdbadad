"""Many at once: no credit is sold twice, no stock is said to be gone that is not, one key is one order.

Seen to fail when: batches are read without their lock and taken unconditionally; heads are not locked; twins are looked
up before the lock; a cancel writes of batches that it has not locked.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from service.domain.catalogue import BundleProject, selection_of
from service.domain.listing import OrderRef
from service.domain.order import OrderStatus, Placed
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.cancel_orders import cancel_orders
from service.operations.place_orders import Placement, place_alone, placement
from service.storage import batches, orders
from service.storage.database import Statements
from tests.books import rows_of
from tests.makers import (
    TONNE_G,
    make_account,
    make_batch,
    make_bundle,
    make_command,
    make_order_request,
    make_price,
    make_project,
    store,
)
from tests.shop import Shop

PORTION_G = 1_000


@pytest.fixture
async def queue(shop: Shop) -> AsyncIterator[Placement]:
    queue = placement(shop.resources, group_lock_timeout_ms=250, size_max=64, writers=2)
    yield queue
    await queue.close(timeout_ms=5_000)


async def answer_of(work: object) -> object:
    try:
        return await work
    except Refused as refusal:
        return refusal.code


async def test_a_thousand_portions_are_sold_a_thousand_times(shop: Shop, queue: Placement):
    bundle, project = make_bundle(), make_project()
    # Two batches whose border lies inside a portion.
    stock = [make_batch(project, 333_333), make_batch(project, 1_000 * PORTION_G - 333_333)]
    buyers = [make_account(shop.account.portfolio_id) for _ in range(8)]
    await store(
        shop.database, bundle, project, *stock, *buyers, BundleProject(bundle.id, project.id), make_price(bundle, "9")
    )
    order_request = make_order_request(PORTION_G, selection=selection_of([(bundle.id, None)]))
    commands = [make_command(buyers[number % 8], order_request, allow_backorder=False) for number in range(2_000)]
    waiting = iter(commands)
    answers: Counter[object] = Counter()

    async def client() -> None:
        for command in waiting:
            answer = await answer_of(queue.submit(command))
            answers[type(answer) if isinstance(answer, Placed) else answer] += 1

    async with asyncio.timeout(60):
        await asyncio.gather(*(client() for _ in range(64)))
    assert answers == {Placed: 1_000, Code.INSUFFICIENT_CREDITS: 1_000}
    left = {batch.id: batch.available_g for batch in await rows_of(shop.database, batches.BATCHES)}
    assert [left[batch.id] for batch in stock] == [0, 0]
    assert len(await rows_of(shop.database, orders.ORDERS)) == 1_000


async def test_64_twins_are_one_order(shop: Shop, queue: Placement):
    command = shop.command(make_order_request(12_070))
    twins = [replace(command, order_id=uuid7()) for _ in range(64)]
    alone = [place_alone(shop.resources, twin) for twin in twins[:8]]
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*alone, *(queue.submit(twin) for twin in twins[8:]))
    (order,) = await rows_of(shop.database, orders.ORDERS)
    assert {answer.order for answer in answers if answer.order.id != order.id} == set()
    assert Counter(answer.replayed for answer in answers) == {False: 1, True: 63}


async def test_cancel_and_cancel_and_place_take_turns(shop: Shop):
    order_request = make_order_request(TONNE_G, selection=selection_of([(shop.ocean.id, None)]))
    standing = await shop.place(order_request)
    for _ in range(25):
        ref = OrderRef(id=standing.id)
        first, second, placed = await asyncio.gather(
            cancel_orders(shop.resources, shop.caller, [ref]),
            cancel_orders(shop.resources, shop.caller, [ref]),
            place_alone(shop.resources, shop.command(order_request, allow_backorder=False)),
        )
        assert first == second
        assert first[0].status is OrderStatus.CANCELLED
        if isinstance(placed, Refused):
            assert placed.code is Code.INSUFFICIENT_CREDITS
            assert await shop.available_g(shop.deep) == TONNE_G
            standing = await shop.place(order_request, allow_backorder=False)
        else:
            standing = placed.order
        assert await shop.available_g(shop.deep) == 0


@dataclass
class Watched:
    """A real database that remembers which of its transactions were ended by a deadlock."""

    real: Any
    deadlocks: list[Exception]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    @asynccontextmanager
    async def transaction(self, **limits: Any) -> AsyncIterator[Statements]:
        try:
            async with self.real.transaction(**limits) as statements:
                yield statements
        except Exception as failure:
            if "deadlock" in repr(failure):
                self.deadlocks.append(failure)
            raise


async def test_groups_that_cross_each_other_never_wait_in_a_ring(shop: Shop):
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    dice = random.Random(seed)
    watched = Watched(shop.database, [])
    resources = replace(shop.resources, database=watched)
    queue = placement(resources, group_lock_timeout_ms=250, size_max=64, writers=2)
    buyers = [shop.account, *[await shop.another_account() for _ in range(5)]]
    bundles = [shop.forest.id, shop.ocean.id]

    async def insist(attempt: Callable[[], Awaitable[Any]]) -> Any:
        """A machine that is busy with other things may refuse for a while; a caller sends the same again."""
        for _ in range(20):
            answer = await answer_of(attempt())
            if answer is not Code.UNAVAILABLE and getattr(answer, "code", None) is not Code.UNAVAILABLE:
                return answer
        raise AssertionError("refused for ever")

    async def client() -> None:
        for _ in range(8):
            names = dice.sample(bundles, dice.randint(1, 2))
            order_request = make_order_request(
                dice.randint(100, 5_000), selection=selection_of([(name, None) for name in names])
            )
            command = make_command(dice.choice(buyers), order_request)
            place = partial(queue.submit, command) if dice.random() < 0.5 else partial(place_alone, resources, command)
            placed = await insist(place)
            assert isinstance(placed, Placed), placed
            if dice.random() < 0.5:
                caller = replace(shop.caller, account=next(each for each in buyers if each.id == command.account_id))
                ref = OrderRef(id=placed.order.id)
                (cancelled,) = await insist(partial(cancel_orders, resources, caller, [ref]))
                assert cancelled.status is OrderStatus.CANCELLED

    async with asyncio.timeout(120), asyncio.TaskGroup() as clients:
        for _ in range(12):
            clients.create_task(client())
    await queue.close(timeout_ms=5_000)
    assert watched.deadlocks == []
    assert len(await rows_of(shop.database, orders.ORDERS)) == 96
