"""Changes of customer, description and metadata of an order.

Seen to fail when: the search key keeps the old customer; a repetition writes its values again, with an event; the
fingerprint follows the new values; the head is not asked for a suspension; another account's order is found; imported
orders are refused.
"""

import asyncio
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.events import EventType
from service.domain.listing import OrderFilter, OrderRef, OrderSort
from service.domain.order import Order, Placed
from service.errors import Code, Refused
from service.kit.keyset import PageRequest
from service.operations.cancel_orders import cancel_orders
from service.operations.import_orders import import_orders
from service.operations.manage_accounts import suspend_account
from service.operations.manage_clients import create_client
from service.operations.read_orders import list_orders
from service.operations.update_order import update_order
from service.storage.events import EVENTS
from tests.books import rows_of
from tests.makers import make_caller, make_command
from tests.shop import Shop

NEW: dict[str, Any] = {"customer": "Élan", "description": None, "metadata": {"b": "2"}}
OLD: dict[str, Any] = {"customer": "Ann", "description": "Note", "metadata": {"a": "1"}}
ALL = ["customer", "description", "metadata"]
PAST = (
    '[{"id": "7b9d1c9e-5a06-4a3b-9d0b-0f8f5a1d3c11", "vcuAmount": 20, "vcuUnitPrice": 71.5,'
    ' "targetCurrency": "BRL", "status": "Paid", "createdAt": "20/10/2021 20:39:35"}]'
)


async def update(shop: Shop, order: Order, changes: dict[str, Any], caller: Caller | None = None) -> Order:
    return await update_order(shop.resources, caller or shop.caller, OrderRef(id=order.id), changes)


async def told(shop: Shop, order: Order) -> list[tuple[list[str], str]]:
    """The names and the actor of each `order.updated` of the order."""
    found = await rows_of(shop.database, EVENTS)
    updated = [each for each in found if each.order_id == order.id and each.event_type is EventType.ORDER_UPDATED]
    assert {each.account_id for each in updated} <= {order.account_id}
    return [(each.payload["changed"], each.actor) for each in updated]


async def found_by(shop: Shop, **wanted: Any) -> list[str]:
    page = await list_orders(shop.resources, shop.caller, OrderFilter(**wanted), OrderSort(), PageRequest(9))
    return [each.number for each in page.items]


async def test_an_order_is_changed_once_with_one_event(shop: Shop):
    placed = await shop.place(**OLD)

    changed = await update(shop, placed, NEW)
    assert changed == await shop.order(placed.id) == replace(placed, **NEW)
    assert await told(shop, placed) == [(ALL, shop.caller.key_id)]

    before = await shop.everything()
    assert await update(shop, placed, NEW) == changed
    assert await update(shop, placed, {}) == changed
    assert await shop.everything() == before


async def test_an_order_is_found_by_its_new_texts_and_no_longer_by_the_old(shop: Shop):
    placed = await shop.place(**OLD)
    await update(shop, placed, {**NEW, "description": "Letter"})

    for new in ({"customer_contains": "élan"}, {"text": "ÉLAN"}, {"text": "Letter"}, {"metadata": {("b", "2")}}):
        assert await found_by(shop, **new) == [placed.number], new
    for old in ({"customer_contains": "ann"}, {"text": "ann"}, {"text": "Note"}, {"metadata": {("a", "1")}}):
        assert await found_by(shop, **old) == [], old

    await update(shop, placed, {"customer": None})
    assert await found_by(shop, customer_contains="élan") == []


async def test_a_retry_of_the_placing_command_returns_the_changed_order(shop: Shop):
    placed = await shop.place(**OLD, idempotency_key="key")
    changed = await update(shop, placed, NEW)

    assert await shop.place(**OLD, idempotency_key="key") == changed
    assert (await shop.refusal(**NEW, idempotency_key="key")).code is Code.IDEMPOTENCY_KEY_REUSED


async def test_a_member_that_is_not_named_keeps_its_value(shop: Shop):
    placed = await shop.place(**OLD)
    changed = await update_order(
        shop.resources, shop.caller, OrderRef(number=placed.number), {"customer": "Ann", "description": "New"}
    )
    assert changed == await shop.order(placed.id) == replace(placed, description="New")
    assert await told(shop, placed) == [(["description"], shop.caller.key_id)]


async def test_a_cancelled_order_and_an_imported_one_are_changed(shop: Shop):
    placed = await shop.place()
    (cancelled,) = await cancel_orders(shop.resources, shop.caller, [OrderRef(id=placed.id)])
    await import_orders(shop.resources, shop.account.id, PAST)
    imported = await shop.order(UUID(json.loads(PAST)[0]["id"]))

    customer = make_caller(shop.account, frozenset({Scope.ORDERS_WRITE}))
    for order in (cancelled, imported):
        assert isinstance(order, Order)
        assert await update(shop, order, {"customer": "Bob"}, customer) == replace(order, customer="Bob")
        assert await told(shop, order) == [(["customer"], customer.key_id)]
    again = await import_orders(shop.resources, shop.account.id, PAST)
    assert (again.added, again.existing, again.faults) == (0, 1, ())


async def test_an_order_of_a_client_account_is_changed_under_that_account_alone(shop: Shop):
    client = await create_client(shop.resources, shop.caller, name="Client", currency="USD")
    (answer,) = await shop.place_all(make_command(client))
    assert isinstance(answer, Placed)
    before = await shop.everything()

    with pytest.raises(Refused) as refusal:
        await update(shop, answer.order, NEW)
    assert (refusal.value.code, refusal.value.path) == (Code.NOT_FOUND, ("order",))
    assert await shop.everything() == before

    assert await update(shop, answer.order, NEW, make_caller(client)) == replace(answer.order, **NEW)
    assert await told(shop, answer.order) == [(["customer", "metadata"], make_caller(client).key_id)]


async def test_a_suspended_account_changes_nothing_even_if_its_caller_was_read_before(shop: Shop):
    placed = await shop.place(**OLD)
    caller = shop.caller
    await suspend_account(shop.resources, shop.account.id)
    before = await shop.everything()

    for changes in (NEW, OLD):
        with pytest.raises(Refused) as refusal:
            await update(shop, placed, changes, caller)
        assert refusal.value.code is Code.ACCOUNT_SUSPENDED
    assert await shop.everything() == before


async def test_two_changes_at_once_both_last_and_the_same_change_twice_is_told_once(shop: Shop):
    placed = await shop.place(**OLD)
    customer, description = {"customer": "Bob"}, {"description": "New"}
    await asyncio.gather(*(update(shop, placed, each) for each in (customer, description, customer, description)))

    assert await shop.order(placed.id) == replace(placed, customer="Bob", description="New")
    actor = shop.caller.key_id
    assert sorted(await told(shop, placed)) == [(["customer"], actor), (["description"], actor)]


async def test_no_other_member_of_an_order_is_changed(shop: Shop):
    placed = await shop.place()
    before = await shop.everything()
    with pytest.raises(ValueError, match=r"of an order nobody changes \['paid_minor'\]"):
        await update(shop, placed, {"customer": "Bob", "paid_minor": 1})
    assert await shop.everything() == before
