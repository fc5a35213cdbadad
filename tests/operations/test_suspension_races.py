"""An order is placed before a suspension is answered, or refused by it, also where it is its account's parent's.

Seen to fail on PostgreSQL when the accounts are read by the statement that waits for the lock, when the suspension of a
parent locks its own head alone, and when it does not look for clients again after the lock.
"""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from service.domain.accounts import Account
from service.domain.order import Placed
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.manage_accounts import suspend_account
from service.operations.manage_clients import create_client
from service.operations.place_orders import place_group
from service.storage import accounts, batches, clients
from tests.makers import make_command
from tests.shop import Shop
from tests.waiting import until_writers_wait


async def test_an_order_that_waited_for_a_suspension_is_refused(shop: Shop):
    before = await shop.everything()
    async with shop.database.transaction() as statements:
        await accounts.lock_heads(statements, [shop.account.id])
        await accounts.suspend(statements, shop.account.id, shop.resources.clock())
        order = asyncio.ensure_future(place_group(shop.resources, [shop.command()], lock_timeout_ms=2_000))
        await until_writers_wait(shop.database, 1)
        assert not order.done()
    (answer,) = await order
    assert isinstance(answer, Refused)
    assert answer.code is Code.ACCOUNT_SUSPENDED
    assert await shop.everything() == before


async def client_of(shop: Shop) -> Account:
    return await create_client(shop.resources, shop.caller, name="Client", currency="USD")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_suspension_of_a_parent_waits_for_a_clients_order_that_waits_for_a_batch(shop: Shop):
    """SQLite has no such moment: whoever writes there is alone."""
    made = await client_of(shop)
    async with shop.database.transaction() as statements:
        await batches.lock(statements, [shop.old.id])
        order = asyncio.ensure_future(place_group(shop.resources, [make_command(made)], lock_timeout_ms=2_000))
        await until_writers_wait(shop.database, 1)
        suspension = asyncio.ensure_future(suspend_account(shop.resources, shop.account.id))
        await until_writers_wait(shop.database, 2)
        assert not suspension.done()
    (placed,) = await order
    await suspension
    (refused,) = await shop.place_all(make_command(made))
    assert isinstance(placed, Placed)
    assert isinstance(refused, Refused)
    assert refused.code is Code.ACCOUNT_SUSPENDED


async def test_a_clients_order_that_waited_for_the_suspension_of_its_parent_is_refused(shop: Shop):
    made = await client_of(shop)
    before = await shop.everything()
    async with shop.database.transaction() as statements:
        await accounts.lock_family(statements, shop.account.id)
        await accounts.suspend(statements, shop.account.id, shop.resources.clock())
        order = asyncio.ensure_future(place_group(shop.resources, [make_command(made)], lock_timeout_ms=2_000))
        await until_writers_wait(shop.database, 1)
        assert not order.done()
    (answer,) = await order
    assert isinstance(answer, Refused)
    assert answer.code is Code.ACCOUNT_SUSPENDED
    assert await shop.everything() == before


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_client_that_is_created_while_its_parent_is_being_suspended_is_locked_too(shop: Shop):
    first = await client_of(shop)
    async with shop.database.transaction() as statements:
        await accounts.lock_heads(statements, [shop.account.id])
        locking = asyncio.ensure_future(_family(shop))
        await until_writers_wait(shop.database, 1)
        fresh = replace(first, id=uuid7(), handle=None)
        await clients.add(statements, fresh)
    assert await locking == {shop.account.id, first.id, fresh.id}


async def _family(shop: Shop) -> set[UUID]:
    async with shop.database.transaction() as statements:
        return set(await accounts.lock_family(statements, shop.account.id))
