"""What retiring makes of an order. Each rule was seen to fail: shares that forget what was returned or retired,
`may_retire` that does not ask for money, COMPLETE a share too early, a retirement from PLACED.
"""

from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest

from service.domain.events import EventType
from service.domain.order import CreditEntry, EntryKind, Order, OrderStatus, PaymentStatus
from service.domain.retirement import Share, may_retire, retire, shares_of
from service.errors import Code, Refused
from tests.makers import make_account, make_order

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = make_account(UUID(int=9))
OLD, YOUNG = UUID(int=1), UUID(int=2)


def order_of(status: OrderStatus = OrderStatus.FULFILLED, **facts) -> Order:
    return make_order(ACCOUNT, status=status, mass_g=1_000, fulfilled_g=1_000, **facts)


def given(position: int, batch_id: UUID, mass_g: int) -> CreditEntry:
    return CreditEntry(
        account_id=ACCOUNT.id,
        id=UUID(int=3),
        order_id=UUID(int=4),
        position=position,
        batch_id=batch_id,
        kind=EntryKind.GIVEN if mass_g > 0 else EntryKind.RETURNED,
        mass_g=mass_g,
        created_at=NOW,
    )


def test_a_share_is_what_a_line_holds_of_a_batch():
    entries = [given(1, OLD, 5), given(0, YOUNG, 7), given(0, OLD, 2), given(0, OLD, 3), given(1, OLD, -5)]

    assert shares_of(entries, []) == (Share(0, OLD, 5), Share(0, YOUNG, 7))


def test_what_is_retired_is_no_share_any_more():
    entries = [given(0, OLD, 600), given(1, OLD, 400)]
    done = retire(order_of(), shares_of(entries, [])[:1], {OLD: 0}, now=NOW).retirements

    assert shares_of(entries, done) == (Share(1, OLD, 400),)


def test_an_order_retires_from_where_others_ended_and_is_complete_with_its_last_gram():
    next_g = {OLD: 50, YOUNG: 0}

    first = retire(order_of(), [Share(0, OLD, 600)], next_g, now=NOW)
    second = retire(first.order, [Share(1, OLD, 399), Share(1, YOUNG, 1)], next_g, now=NOW)

    assert [(each.start_g, each.end_g) for each in (*first.retirements, *second.retirements)] == [
        (50, 650), (650, 1_049), (0, 1),
    ]  # fmt: skip
    assert (first.order.status, first.order.retired_g, first.events) == (
        OrderStatus.RETIRING, 600, (EventType.ORDER_RETIRING,),
    )  # fmt: skip
    assert (second.order.status, second.order.retired_g, second.events) == (
        OrderStatus.COMPLETE, 1_000, (EventType.ORDER_COMPLETED,),
    )  # fmt: skip
    assert next_g == {OLD: 1_049, YOUNG: 1}


def test_all_at_once_is_both_moves():
    assert retire(order_of(), [Share(0, OLD, 1_000)], {OLD: 0}, now=NOW).events == (
        EventType.ORDER_RETIRING,
        EventType.ORDER_COMPLETED,
    )


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - {OrderStatus.FULFILLED, OrderStatus.RETIRING}))
def test_no_other_order_is_retired(status: OrderStatus):
    with pytest.raises(Refused) as refusal:
        retire(order_of(status), [Share(0, OLD, 1_000)], {OLD: 0}, now=NOW)
    assert (refusal.value.code, refusal.value.details) == (Code.ORDER_STATE, {"status": status.value})


def test_only_what_is_whole_and_paid_may_retire_and_what_has_begun_goes_on():
    allowed = {
        (status.value, payment.value, unpaid)
        for status, payment, unpaid in product(OrderStatus, PaymentStatus, (False, True))
        if may_retire(order_of(status, payment_status=payment), unpaid=unpaid)
    }

    assert allowed == {
        ("FULFILLED", "PAID", False),
        ("FULFILLED", "PAID", True),
        ("FULFILLED", "ISSUED", True),
        ("FULFILLED", "BILLED", True),
        *product(["RETIRING"], [payment.value for payment in PaymentStatus], (False, True)),
    }
