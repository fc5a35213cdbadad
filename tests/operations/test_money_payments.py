"""Payments, refunds and failures: money comes in once, goes where it belongs, and comes back once.

Planted defects that were seen caught here: a payment that is not looked up by its reference, one whose surplus is
credited to the order, a refund that leaves the receivable, a failure that keeps the credits, a ledger that does not
move the balance, a client account that has a balance of its own.
"""

import asyncio
from dataclasses import replace

import pytest

from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.listing import OrderRef
from service.domain.order import Order, OrderStatus, PaymentStatus, Placed
from service.errors import Code, Refused
from service.kit.ids import uuid7
from service.operations import record_payment as module
from service.operations.cancel_orders import cancel_orders
from service.operations.fail_order import fail_order
from service.operations.manage_clients import create_client
from service.operations.read_money import list_balances
from service.operations.read_orders import events_of_orders
from service.operations.record_payment import Recorded, record_payment
from service.operations.refund_order import refund_order
from service.storage.events import EVENTS
from tests.books import rows_of
from tests.makers import TONNE_G, make_caller, make_command, make_order_request
from tests.shop import Shop

TOTAL_MINOR = 2_822


async def pay(shop: Shop, amount_minor: int, order: Order | None = None, reference: str = "wire-1") -> Recorded:
    ref = None if order is None else OrderRef(id=order.id)
    account_id = shop.account.id if order is None else order.account_id
    return await record_payment(shop.resources, shop.caller, account_id, reference, Money(amount_minor, "USD"), ref)


async def balance_of(shop: Shop, account: Account | None = None) -> list[tuple[int, str]]:
    found = await list_balances(shop.resources, make_caller(account or shop.account))
    return [(each.minor_units, each.currency) for each in found]


async def told_of(shop: Shop, order: Order) -> list[str]:
    events = sorted(await rows_of(shop.database, EVENTS), key=lambda event: (event.account_id, event.seq))
    return [event.event_type.value for event in events if event.order_id == order.id]


async def refused(shop: Shop, work) -> Refused:
    """Why it was refused; nothing changed."""
    before = await shop.everything()
    with pytest.raises(Refused) as caught:
        await work
    assert await shop.everything() == before
    return caught.value


async def test_an_order_is_paid_when_nothing_is_owed_of_it(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    assert order.total_cost_minor == TOTAL_MINOR

    part = await pay(shop, 2_000, order, "wire-1")
    assert part.order is not None
    assert (part.order.paid_minor, part.order.payment_status) == (2_000, PaymentStatus.ISSUED)
    rest = await pay(shop, 822, order, "wire-2")

    assert rest.order == await shop.order(order.id)
    assert (rest.order.paid_minor, rest.order.payment_status) == (TOTAL_MINOR, PaymentStatus.PAID)
    assert await balance_of(shop) == []
    assert await told_of(shop, order) == [
        "order.placed",
        "order.fulfilled",
        "payment.recorded",
        "payment.recorded",
        "order.paid",
    ]


async def test_what_an_order_does_not_owe_goes_to_the_balance(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    recorded = await pay(shop, 3_000, order)
    assert recorded.order is not None
    assert recorded.order.paid_minor == TOTAL_MINOR
    assert await balance_of(shop) == [(178, "USD")]


async def test_money_for_no_order_goes_to_the_balance(shop: Shop):
    recorded = await pay(shop, 500)
    assert (recorded.order, recorded.replayed) == (None, False)
    await record_payment(shop.resources, shop.caller, shop.account.id, "wire-2", Money(70, "SAR"))
    assert await balance_of(shop) == [(70, "SAR"), (500, "USD")]


async def test_money_for_a_cancelled_order_goes_to_the_balance(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)])
    recorded = await pay(shop, 500, order)
    assert recorded.order is not None
    assert (recorded.order.status, recorded.order.payment_status) == (OrderStatus.CANCELLED, PaymentStatus.ISSUED)
    assert recorded.order.paid_minor == 0
    assert await balance_of(shop) == [(500, "USD")]


async def test_a_reference_is_a_payment_once(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    first = await pay(shop, 2_000, order)
    before = await shop.everything()

    again = await pay(shop, 2_000, order)
    by_number = await record_payment(
        shop.resources, shop.caller, shop.account.id, "wire-1", Money(2_000, "USD"), OrderRef(number=order.number)
    )

    assert again == Recorded(first.payment, first.order, replayed=True)
    assert by_number == again
    assert await shop.everything() == before


async def test_a_reference_of_another_payment_is_refused(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await pay(shop, 2_000, order)
    for amount_minor, towards in ((2_001, order), (2_000, None)):
        refusal = await refused(shop, pay(shop, amount_minor, towards))
        assert (refusal.code, refusal.path) == (Code.IDEMPOTENCY_KEY_REUSED, ("reference",))


async def test_a_reference_is_an_accounts_own(shop: Shop):
    other = await shop.another_account()
    await pay(shop, 500)
    recorded = await record_payment(shop.resources, shop.caller, other.id, "wire-1", Money(700, "USD"))
    assert recorded.replayed is False
    assert await balance_of(shop, other) == [(700, "USD")]


@pytest.mark.parametrize(
    ("amount", "code", "path"),
    [
        (Money(0, "USD"), Code.BAD_USER_INPUT, ("amount", "amount")),
        (Money(-1, "USD"), Code.BAD_USER_INPUT, ("amount", "amount")),
        (Money(100, "SAR"), Code.BAD_USER_INPUT, ("amount", "currency")),
    ],
)
async def test_a_payment_that_cannot_be_is_refused(shop: Shop, amount: Money, code: Code, path: tuple[str, ...]):
    order = await shop.place(make_order_request(TONNE_G))
    work = record_payment(shop.resources, shop.caller, shop.account.id, "wire-1", amount, OrderRef(id=order.id))
    refusal = await refused(shop, work)
    assert (refusal.code, refusal.path) == (code, path)


async def test_what_is_not_there_is_not_paid(shop: Shop):
    other = await shop.another_account()
    order = await shop.place(make_order_request(TONNE_G))
    for account_id, path in ((uuid7(), ("account_id",)), (other.id, ("order",))):
        work = record_payment(shop.resources, shop.caller, account_id, "wire-1", Money(5, "USD"), OrderRef(id=order.id))
        refusal = await refused(shop, work)
        assert (refusal.code, refusal.path) == (Code.NOT_FOUND, path)


async def test_the_money_of_a_client_account_is_its_parents(shop: Shop):
    client = await shop.another_account(parent_account_id=shop.account.id)
    (placed,) = await shop.place_all(make_command(client, make_order_request(TONNE_G)))
    recorded = await pay(shop, 3_000, placed.order)

    assert recorded.payment.account_id == shop.account.id
    assert (recorded.order.account_id, recorded.order.payment_status) == (client.id, PaymentStatus.PAID)
    assert await balance_of(shop) == [(178, "USD")]
    own_key = make_caller(client)
    assert (await refused(shop, list_balances(shop.resources, own_key))).code is Code.FORBIDDEN
    acting = replace(own_key, acts_for_client=True)
    assert [each.minor_units for each in await list_balances(shop.resources, acting)] == [178]
    # The parent's references are one list, whichever of its accounts a payment was for.
    assert (await refused(shop, pay(shop, 3_000))).code is Code.IDEMPOTENCY_KEY_REUSED


async def test_twins_of_a_payment_are_recorded_once(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    answers = await asyncio.gather(*(pay(shop, 2_000, order) for _ in range(8)))
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 7
    assert len({answer.payment.id for answer in answers}) == 1
    standing = await shop.order(order.id)
    assert standing is not None
    assert standing.paid_minor == 2_000


async def test_payments_of_one_order_that_meet_are_all_kept(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await asyncio.gather(*(pay(shop, 1_000, order, f"wire-{index}") for index in range(6)))
    standing = await shop.order(order.id)
    assert standing is not None
    assert (standing.paid_minor, standing.payment_status) == (TOTAL_MINOR, PaymentStatus.PAID)
    assert await balance_of(shop) == [(6_000 - TOTAL_MINOR, "USD")]


@pytest.mark.parametrize("amount_minor", [2_000, 3_000])
async def test_a_cancel_and_a_payment_that_meet_leave_the_money_in_the_balance(shop: Shop, amount_minor: int):
    for index in range(4):
        order = await shop.place(make_order_request(TONNE_G))
        await asyncio.gather(
            cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)]),
            pay(shop, amount_minor, order, f"wire-{index}"),
        )
        standing = await shop.order(order.id)
        assert standing is not None
        assert (standing.status, standing.paid_minor) == (OrderStatus.CANCELLED, 0)
        assert await balance_of(shop) == [((index + 1) * amount_minor, "USD")]


async def test_a_refund_gives_back_what_was_paid_and_keeps_the_credits(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await pay(shop, 2_000, order)
    refunded = await refund_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=order.id))

    assert refunded == await shop.order(order.id)
    assert (refunded.status, refunded.payment_status) == (OrderStatus.FULFILLED, PaymentStatus.REFUNDED)
    assert (refunded.fulfilled_g, refunded.paid_minor) == (TONNE_G, 0)
    assert await balance_of(shop) == [(2_000, "USD")]
    assert (await told_of(shop, order))[-1] == "order.refunded"


async def test_a_refund_is_made_once(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await pay(shop, TOTAL_MINOR, order)
    ref = OrderRef(id=order.id)
    answers = await asyncio.gather(*(refund_order(shop.resources, shop.caller, shop.account.id, ref) for _ in range(5)))
    assert answers == [answers[0]] * 5
    assert await balance_of(shop) == [(TOTAL_MINOR, "USD")]


async def test_what_was_never_paid_is_not_refunded(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    ref = OrderRef(id=order.id)
    refusal = await refused(shop, refund_order(shop.resources, shop.caller, shop.account.id, ref))
    assert refusal.code is Code.PAYMENT_STATE


async def test_a_cancel_after_a_refund_moves_credits_and_no_money(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await pay(shop, TOTAL_MINOR, order)
    ref = OrderRef(id=order.id)
    await refund_order(shop.resources, shop.caller, shop.account.id, ref)
    await cancel_orders(shop.resources, shop.caller, [ref])
    assert await balance_of(shop) == [(TOTAL_MINOR, "USD")]
    assert await shop.available_g(shop.deep) == TONNE_G


async def test_a_failed_order_gives_back_credits_and_money(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await pay(shop, 2_000, order)
    failed = await fail_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=order.id))

    assert failed == await shop.order(order.id)
    assert (failed.status, failed.payment_status) == (OrderStatus.FAILED, PaymentStatus.REFUNDED)
    assert (failed.fulfilled_g, failed.paid_minor) == (0, 0)
    assert await shop.available_g(shop.deep) == TONNE_G
    assert await balance_of(shop) == [(2_000, "USD")]
    assert (await told_of(shop, order))[-1] == "order.failed"


async def test_a_failure_and_a_cancel_that_meet_give_back_once(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await pay(shop, 2_000, order)
    ref = OrderRef(id=order.id)
    answers = await asyncio.gather(
        *(fail_order(shop.resources, shop.caller, shop.account.id, ref) for _ in range(3)),
        cancel_orders(shop.resources, shop.caller, [ref]),
        return_exceptions=True,
    )
    assert {type(answer) for answer in answers} <= {Order, Refused, list}
    assert await shop.available_g(shop.deep) == TONNE_G
    assert await balance_of(shop) == [(2_000, "USD")]


async def test_a_cancelled_order_does_not_fail(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    ref = OrderRef(id=order.id)
    await cancel_orders(shop.resources, shop.caller, [ref])
    refusal = await refused(shop, fail_order(shop.resources, shop.caller, shop.account.id, ref))
    assert (refusal.code, refusal.details) == (Code.ORDER_STATE, {"status": "CANCELLED"})


async def test_a_failed_order_has_failed_again(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    ref = OrderRef(id=order.id)
    failed = await fail_order(shop.resources, shop.caller, shop.account.id, ref)
    before = await shop.everything()
    assert await fail_order(shop.resources, shop.caller, shop.account.id, ref) == failed
    assert await shop.everything() == before


@pytest.mark.parametrize("retry", ["wire-1 ", " wire-1", "wire-1\t", "\u3000wire-1  \n"])
async def test_blanks_around_a_reference_are_ignored(shop: Shop, retry: str):
    order = await shop.place(make_order_request(TONNE_G))
    first = await pay(shop, 100, order, "wire-1")

    again = await pay(shop, 100, order, retry)

    assert (again.payment, again.replayed) == (first.payment, True)
    assert (await refused(shop, pay(shop, 101, order, retry))).code is Code.IDEMPOTENCY_KEY_REUSED
    assert (await pay(shop, 5, order, retry.replace("1", "2"))).payment.reference == "wire-2"
    assert (await refused(shop, pay(shop, 5, order, retry.replace("wire-1", "")))).code is Code.BAD_USER_INPUT


async def test_a_payment_that_was_kept_with_its_blanks_is_found_by_its_retry(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as before:  # as releases before kept it
        before.setattr(module, "kept_reference", lambda text, *_: text)
        first = await pay(shop, 100, reference="wire-1 ")
    assert first.payment.reference == "wire-1 "

    again = await pay(shop, 100, reference="wire-1 ")

    assert (again.payment, again.replayed) == (first.payment, True)


async def test_a_clients_order_shows_its_part_payments_in_its_timeline(shop: Shop):
    client = await create_client(shop.resources, shop.caller, name="Client", currency="USD")
    order = await shop_order(shop, client)
    for number, amount in enumerate((2_000, 800, 50)):
        await pay(shop, amount, order, f"wire {number}")

    (told,) = await events_of_orders(shop.resources, make_caller(client), [order.id])

    shown = [(each.event_type.value, each.payload.get("amount_minor"), each.payload["paid_minor"]) for each in told]
    assert shown == [
        ("order.placed", None, 0),
        ("order.fulfilled", None, 0),
        ("payment.recorded", 2_000, 2_000),
        ("payment.recorded", 800, 2_800),
        ("payment.recorded", 50, TOTAL_MINOR),
        ("order.paid", None, TOTAL_MINOR),
    ]
    assert [event.seq for event in told] == [1, 2, 3, 4, 5, 6]
    before = await shop.everything()
    assert (await pay(shop, 50, order, "wire 2")).replayed
    assert await shop.everything() == before


async def shop_order(shop: Shop, account: Account) -> Order:
    (answer,) = await shop.place_all(make_command(account, make_order_request(TONNE_G)))
    assert isinstance(answer, Placed)
    return answer.order
