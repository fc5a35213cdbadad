"""The migration that pays orders without a price: which orders it changes, and what it tells of them.

Seen to fail when: a cancelled order, history or an order that costs something becomes PAID; an event is numbered twice.
"""

from pathlib import Path

import pytest

from service.domain.order import OrderStatus, PaymentStatus, Source
from service.storage import accounts, orders
from service.storage.database import Database
from service.storage.events import EVENTS
from service.storage.migrations import _runner
from service.storage.migrations._script import render, statements
from tests.books import rows_of
from tests.makers import make_order, store
from tests.shop import Shop, open_shop

SCRIPT = (Path(_runner.__file__).parent / "0006_free_orders_paid.sql").read_text()
FREE = {"source": Source.CARBON_ENGINE, "offset_cost_minor": 0, "mass_g": 96}


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)


async def migrate_again(database: Database) -> None:
    """Run the script on rows as releases before it left them."""
    async with database.transaction() as session:
        for statement in statements(render(SCRIPT, session.dialect)):
            await session.execute(statement)


async def test_free_orders_that_were_placed_become_paid_and_each_is_told_once(shop: Shop):
    other = await shop.another_account()
    waiting = make_order(shop.account, **FREE)
    fulfilled = make_order(shop.account, status=OrderStatus.FULFILLED, fulfilled_g=96, **FREE)
    theirs = make_order(other, status=OrderStatus.FULFILLED, fulfilled_g=96, **FREE)
    await store(shop.database, waiting, fulfilled, theirs)
    placed = await shop.place()
    (head,) = [row for row in await rows_of(shop.database, accounts.HEADS) if row.account_id == shop.account.id]

    await migrate_again(shop.database)
    await migrate_again(shop.database)

    found = {order.id: order.payment_status for order in await rows_of(shop.database, orders.ORDERS)}
    assert found == {
        waiting.id: PaymentStatus.PAID,
        fulfilled.id: PaymentStatus.PAID,
        theirs.id: PaymentStatus.PAID,
        placed.id: PaymentStatus.ISSUED,
    }
    events = [event for event in await rows_of(shop.database, EVENTS) if event.actor == "migration"]
    assert {(event.account_id, event.seq, event.order_id) for event in events} == {
        (shop.account.id, head.event_seq + 1, waiting.id),
        (shop.account.id, head.event_seq + 2, fulfilled.id),
        (other.id, 1, theirs.id),
    }
    told = {"fulfilled_g": 0, "total_cost_minor": 0, "paid_minor": 0, "currency": "USD", "mass_g": 96}
    assert [event.payload for event in events if event.order_id == waiting.id] == [told]
    assert {event.event_type.value for event in events} == {"order.paid"}
    heads = {row.account_id: row.event_seq for row in await rows_of(shop.database, accounts.HEADS)}
    assert heads == {shop.account.id: head.event_seq + 2, other.id: 1}


@pytest.mark.parametrize(
    "facts",
    [
        {"source": Source.IMPORT},
        {"status": OrderStatus.CANCELLED},
        {"status": OrderStatus.FAILED},
        {"payment_status": PaymentStatus.BILLED},
        {"mass_g": 0},
        {"offset_cost_minor": 1},
    ],
)
async def test_every_other_order_stays_as_it_is(shop: Shop, facts: dict[str, object]):
    await store(shop.database, make_order(shop.account, **{**FREE, **facts}))
    before = await shop.everything()

    await migrate_again(shop.database)

    assert await shop.everything() == before
