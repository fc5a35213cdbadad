"""Cancelling: final, exclusive, and grams and money come back exactly once.

Seen to fail when: a second cancel returns grams again; a returned entry is left out; the sale is not undone; the queue
is not left; all-or-nothing cancels the rest; an order is found without its account; a retired order is cancelled.
"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.domain.api_keys import Scope
from service.domain.catalogue import selection_of
from service.domain.listing import OrderRef
from service.domain.order import EntryKind, Order, OrderStatus, PaymentStatus
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations.cancel_orders import cancel_orders
from service.operations.match_backorders import match_backorders
from service.storage import backorders, ledger, orders
from service.storage.events import EVENTS
from tests.books import rows_of
from tests.makers import TONNE_G, make_caller, make_command, make_order, make_order_request, store
from tests.shop import Shop


async def cancel(shop: Shop, *refs: OrderRef, all_or_nothing: bool = True) -> list[Order | Refused]:
    return await cancel_orders(shop.resources, shop.caller, refs, all_or_nothing=all_or_nothing)


def ref(order: Order) -> OrderRef:
    return OrderRef(id=order.id)


async def test_cancelling_gives_back_every_gram_to_its_batch(shop: Shop):
    only_forest = selection_of([(shop.forest.id, None)])
    order = await shop.place(make_order_request(TONNE_G + 5, selection=only_forest))
    (cancelled,) = await cancel(shop, ref(order))
    assert cancelled == replace(order, status=OrderStatus.CANCELLED, fulfilled_g=0)
    assert await shop.order(order.id) == cancelled
    assert [line.fulfilled_g for line in await shop.lines(order)] == [0]
    assert (await shop.available_g(shop.old), await shop.available_g(shop.young)) == (TONNE_G, 10 * TONNE_G)
    entries = await orders.entries(shop.database.reader, shop.account.id, [order.id])
    assert {(entry.batch_id, entry.mass_g, entry.kind) for entry in entries} == {
        (shop.old.id, TONNE_G, EntryKind.GIVEN),
        (shop.young.id, 5, EntryKind.GIVEN),
        (shop.old.id, -TONNE_G, EntryKind.RETURNED),
        (shop.young.id, -5, EntryKind.RETURNED),
    }


async def test_cancelling_undoes_the_sale(shop: Shop):
    order = await shop.place(make_order_request(12_070))
    await cancel(shop, ref(order))
    undone = {
        entry.ledger_account.value: entry.amount_minor
        for entry in await rows_of(shop.database, ledger.LEDGER)
        if entry.verb == "order_cancelled"
    }
    assert undone == {"receivable": -35, "sales": 31, "commission": 4}


async def test_cancelling_again_answers_the_same_order_and_changes_nothing(shop: Shop):
    order = await shop.place()
    first = await cancel(shop, ref(order))
    before = await shop.everything()
    assert await cancel(shop, ref(order)) == first
    assert await cancel(shop, ref(order), ref(order)) == first * 2
    assert await shop.everything() == before


async def test_an_order_named_twice_is_cancelled_once(shop: Shop):
    order = await shop.place()
    answers = await cancel(shop, ref(order), OrderRef(number=order.number))
    assert [answer.status for answer in answers] == [OrderStatus.CANCELLED] * 2
    assert len([event for event in await rows_of(shop.database, EVENTS) if event.event_type == "order.cancelled"]) == 1


async def test_an_order_is_named_by_id_by_number_or_by_key(shop: Shop):
    placed = [await shop.place() for _ in range(3)]
    answers = await cancel(
        shop,
        OrderRef(id=placed[0].id),
        OrderRef(number=placed[1].number),
        OrderRef(idempotency_key=placed[2].idempotency_key),
    )
    assert [answer.id for answer in answers] == [order.id for order in placed]
    assert {answer.status for answer in answers} == {OrderStatus.CANCELLED}


async def test_a_waiting_order_leaves_the_queue_and_the_next_is_served(shop: Shop):
    only_ocean = selection_of([(shop.ocean.id, None)])
    first = await shop.place(make_order_request(TONNE_G + 7, selection=only_ocean))
    second = await shop.place(make_order_request(5, selection=only_ocean))
    await cancel(shop, ref(first))
    assert [row.order_id for row in await rows_of(shop.database, backorders.BACKORDERS)] == [second.id]
    assert await shop.available_g(shop.deep) == TONNE_G
    assert await match_backorders(shop.resources) == 1
    served = await shop.order(second.id)
    assert (served.status, served.fulfilled_g) == (OrderStatus.FULFILLED, 5)
    assert await shop.available_g(shop.deep) == TONNE_G - 5


async def test_the_credits_of_a_cancelled_order_can_be_ordered_again(shop: Shop):
    only_ocean = selection_of([(shop.ocean.id, None)])
    for _ in range(3):
        order = await shop.place(make_order_request(TONNE_G, selection=only_ocean), allow_backorder=False)
        await cancel(shop, ref(order))
    assert await shop.available_g(shop.deep) == TONNE_G


@pytest.mark.parametrize("status", [OrderStatus.RETIRING, OrderStatus.COMPLETE, OrderStatus.FAILED])
async def test_an_order_that_went_further_is_not_cancelled(shop: Shop, status: OrderStatus):
    history = make_order(shop.account, status=status)
    await store(shop.database, history)
    before = await shop.everything()
    (answer,) = await cancel(shop, ref(history))
    assert (answer.code, answer.details) == (Code.ORDER_STATE, {"status": status.value})
    assert await shop.everything() == before


async def test_all_or_nothing_leaves_all_as_they_were(shop: Shop):
    first, last = await shop.place(), await shop.place()
    retired = make_order(shop.account, status=OrderStatus.COMPLETE)
    await store(shop.database, retired)
    before = await shop.everything()
    answers = await cancel(shop, ref(first), ref(retired), OrderRef(number="NONE"), ref(last))
    assert answers[0] == first
    assert answers[3] == last
    assert (answers[1].code, answers[2].code) == (Code.ORDER_STATE, Code.NOT_FOUND)
    assert await shop.everything() == before


async def test_the_rest_is_cancelled_when_some_may_be_refused(shop: Shop):
    first, last = await shop.place(), await shop.place()
    retired = make_order(shop.account, status=OrderStatus.COMPLETE)
    await store(shop.database, retired)
    answers = await cancel(shop, ref(first), ref(retired), OrderRef(id=uuid7()), ref(last), all_or_nothing=False)
    assert [getattr(answer, "code", None) or answer.status for answer in answers] == [
        OrderStatus.CANCELLED,
        Code.ORDER_STATE,
        Code.NOT_FOUND,
        OrderStatus.CANCELLED,
    ]
    assert (await shop.order(first.id)).status is (await shop.order(last.id)).status is OrderStatus.CANCELLED


async def test_an_order_of_another_account_is_answered_like_an_unknown_one(shop: Shop):
    other = await shop.another_account()
    (placed,) = await shop.place_all(make_command(other, idempotency_key="theirs"))
    before = await shop.everything()
    answers = await cancel(
        shop,
        ref(placed.order),
        OrderRef(number=placed.order.number),
        OrderRef(idempotency_key="theirs"),
        OrderRef(id=uuid7()),
        all_or_nothing=False,
    )
    assert {(answer.code, answer.message, answer.path) for answer in answers} == {
        (Code.NOT_FOUND, "There is no such order in this account.", ())
    }
    assert await shop.everything() == before


async def test_cancelling_needs_the_right_to_order(shop: Shop):
    order = await shop.place()
    for caller, code in (
        (make_caller(shop.account, frozenset({Scope.ORDERS_READ})), Code.FORBIDDEN),
        (make_caller(replace(shop.account, suspended_at=datetime.now(UTC))), Code.ACCOUNT_SUSPENDED),
    ):
        with pytest.raises(Refused) as refusal:
            await cancel_orders(shop.resources, caller, [ref(order)])
        assert refusal.value.code is code
    assert (await shop.order(order.id)).status is OrderStatus.FULFILLED


@pytest.mark.parametrize("number", [0, 101])
async def test_one_to_a_hundred_orders_are_cancelled_at_once(shop: Shop, number: int):
    with pytest.raises(Refused) as refusal:
        await cancel(shop, *(OrderRef(id=uuid7()) for _ in range(number)))
    assert refusal.value.code is Code.BAD_USER_INPUT


async def test_events_tell_who_cancelled_what(shop: Shop):
    first, second = await shop.place(), await shop.place()
    await cancel_orders(shop.resources, replace(shop.caller, key_id="another key"), [ref(first), ref(second)])
    told = [event for event in await rows_of(shop.database, EVENTS) if event.event_type == "order.cancelled"]
    assert {(event.order_id, event.actor) for event in told} == {(first.id, "another key"), (second.id, "another key")}
    assert {event.seq for event in told} == {5, 6}


async def test_what_was_paid_goes_to_the_balance(shop: Shop):
    history = make_order(shop.account, offset_cost_minor=100, paid_minor=60, payment_status=PaymentStatus.BILLED)
    await store(shop.database, history)
    (cancelled,) = await cancel(shop, ref(history))
    assert (cancelled.payment_status, cancelled.paid_minor) == (PaymentStatus.REFUNDED, 0)
    postings = {entry.ledger_account.value: entry.amount_minor for entry in await rows_of(shop.database, ledger.LEDGER)}
    assert postings == {"sales": 100, "receivable": -40, "balance": -60}
