"""An order that waits for a suspension is refused by it.

Seen to fail on PostgreSQL when the accounts are read by the statement that waits for the lock.
"""

import asyncio

from service.errors import Code, Refused
from service.operations.place_orders import place_group
from service.storage import accounts
from tests.shop import Shop


async def test_an_order_that_waited_for_a_suspension_is_refused(shop: Shop):
    before = await shop.everything()
    async with shop.database.transaction() as statements:
        await accounts.lock_heads(statements, [shop.account.id])
        await accounts.suspend(statements, shop.account.id, shop.resources.clock())
        order = asyncio.ensure_future(place_group(shop.resources, [shop.command()], lock_timeout_ms=2_000))
        await asyncio.sleep(0.2)
        assert not order.done()
    (answer,) = await order
    assert isinstance(answer, Refused)
    assert answer.code is Code.ACCOUNT_SUSPENDED
    assert await shop.everything() == before
