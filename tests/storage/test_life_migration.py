"""The migration that lets refunded orders leave the queue and clears marks of suspension that were copied to clients.

Seen to fail when every order leaves the queue, and when every client's mark is cleared.
"""

from datetime import timedelta
from pathlib import Path

from service.storage.accounts import ACCOUNTS
from service.storage.backorders import BACKORDERS
from service.storage.database import Database
from service.storage.migrations import _runner
from service.storage.migrations._script import render, statements
from tests.books import rows_of
from tests.makers import LONG_AGO, TONNE_G, make_order_request
from tests.shop import open_shop

SCRIPT = (Path(_runner.__file__).parent / "0013_life_of_orders.sql").read_text()


async def migrate_rows(database: Database) -> None:
    """Run what the script does to rows as releases before it left them."""
    async with database.transaction() as session:
        for statement in statements(render(SCRIPT, session.dialect)):
            if "CREATE" not in statement:
                await session.execute(statement)


async def test_only_refunded_orders_leave_the_queue(database: Database):
    shop = await open_shop(database)
    refunded, standing = [await shop.place(make_order_request(30 * TONNE_G)) for _ in range(2)]
    await shop.execute("UPDATE orders SET payment_status = 'REFUNDED' WHERE id = $1", refunded.id)

    await migrate_rows(database)

    waiting = await rows_of(database, BACKORDERS)
    assert [(row.order_id, row.position) for row in sorted(waiting, key=lambda row: row.position)] == [
        (standing.id, 0),
        (standing.id, 1),
    ]


async def test_only_marks_that_were_copied_from_a_parent_are_cleared(database: Database):
    shop = await open_shop(database)
    parents = [await shop.another_account(suspended_at=at) for at in (LONG_AGO, None)]
    day = timedelta(days=1)
    marks = [(0, LONG_AGO), (0, LONG_AGO - day), (0, None), (1, LONG_AGO)]
    made = [await shop.another_account(parent_account_id=parents[index].id, suspended_at=at) for index, at in marks]

    await migrate_rows(database)

    found = {account.id: account for account in await rows_of(database, ACCOUNTS)}
    assert [found[account.id].suspended_at for account in made] == [None, LONG_AGO - day, None, LONG_AGO]
    assert [found[account.id].suspended for account in (*parents, *made)] == [True, False, True, True, True, True]
