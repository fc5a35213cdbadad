"""The migration that lets refunded orders leave the queue. Seen to fail when every order leaves it."""

from pathlib import Path

from service.storage.backorders import BACKORDERS
from service.storage.database import Database
from service.storage.migrations import _runner
from service.storage.migrations._script import render, statements
from tests.books import rows_of
from tests.makers import TONNE_G, make_order_request
from tests.shop import open_shop

SCRIPT = (Path(_runner.__file__).parent / "0012_life_of_orders.sql").read_text()


async def test_only_refunded_orders_leave_the_queue(database: Database):
    shop = await open_shop(database)
    refunded, standing = [await shop.place(make_order_request(30 * TONNE_G)) for _ in range(2)]
    await shop.execute("UPDATE orders SET payment_status = 'REFUNDED' WHERE id = $1", refunded.id)

    async with database.transaction() as session:
        for statement in statements(render(SCRIPT, session.dialect)):
            if "DELETE" in statement:
                await session.execute(statement)

    waiting = await rows_of(database, BACKORDERS)
    assert [(row.order_id, row.position) for row in sorted(waiting, key=lambda row: row.position)] == [
        (standing.id, 0),
        (standing.id, 1),
    ]
