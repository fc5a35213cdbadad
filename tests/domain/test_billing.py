"""What paying, billing, settling, refunding and reversal make of an order, one after another in any order.

Planted defects that were seen caught here: a payment that is all the order's, a refund that leaves what was paid, a
sale undone twice, an order that is PAID though its sale is undone, a bill for a cancelled order.
"""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import ledger
from service.domain.billing import (
    after,
    apply_balance,
    balance_share,
    billed,
    invoice_lines,
    owed_minor,
    pay,
    refund,
    settle,
    stands,
)
from service.domain.cancelling import cancel, fail
from service.domain.ledger import Journal, LedgerAccount
from service.domain.order import BalanceUse, Order, OrderStatus, PaymentStatus
from service.errors import Code, Refused
from tests.makers import make_account, make_order

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ACCOUNT = make_account(uuid4())
PAYMENT_MOVES = {
    PaymentStatus.ISSUED: {PaymentStatus.BILLED, PaymentStatus.PAID, PaymentStatus.REFUNDED},
    PaymentStatus.BILLED: {PaymentStatus.PAID, PaymentStatus.REFUNDED},
    PaymentStatus.PAID: {PaymentStatus.REFUNDED},
    PaymentStatus.REFUNDED: set(),
}


def order_of(total_minor: int = 100, **facts: object) -> Order:
    return make_order(ACCOUNT, offset_cost_minor=total_minor, **facts)


def step(order: Order, verb: str, amount_minor: int) -> tuple[Order, Journal | None]:
    """The order after the verb, and its journal; one that is refused, or has nothing to do, changes nothing."""
    try:
        match verb:
            case "bill":
                return billed(order), None
            case "refund" | "pay" | "settle":
                does = {"pay": pay, "settle": settle, "refund": lambda each, _: refund(each)}[verb]
                done = does(order, amount_minor)
                return (order, None) if done is None else (done.order, done.journal)
            case _:
                reverse_orders = {"cancel": cancel, "fail": fail}[verb]
                reversal = reverse_orders(order, (), now=NOW, new_id=uuid4)
                return (order, None) if reversal is None else (reversal.order, reversal.journal)
    except Refused as refusal:
        if refusal.code not in {Code.ORDER_STATE, Code.PAYMENT_STATE}:
            raise
        return order, None


VERBS = st.sampled_from(["pay", "pay", "settle", "bill", "refund", "cancel", "fail"])


@given(st.integers(0, 300), st.lists(st.tuples(VERBS, st.integers(1, 200)), max_size=8))
def test_whatever_happens_to_an_order_no_money_is_lost_and_none_is_made(total_minor, steps):
    order = order_of(total_minor)
    books = dict.fromkeys(LedgerAccount, 0)
    journals: list[Journal | None] = [ledger.order_placed(order.currency, total_minor, 0)]
    for verb, amount_minor in steps:
        was = order
        order, journal = step(order, verb, amount_minor)
        journals.append(journal)
        # Then money makes only the moves that there are.
        if order.payment_status is not was.payment_status:
            assert order.payment_status in PAYMENT_MOVES[was.payment_status]
        assert 0 <= order.paid_minor <= order.total_cost_minor
    for journal in journals:
        for posting in journal.postings if journal else ():
            books[posting.account] += posting.amount_minor
    # Then what the books say is owed and sold is what the order says, and the rest of what came in is the customer's.
    assert books[LedgerAccount.RECEIVABLE] == owed_minor(order)
    assert -books[LedgerAccount.SALES] == (order.total_cost_minor if stands(order) else 0)
    assert -books[LedgerAccount.BALANCE] == books[LedgerAccount.CASH] - order.paid_minor


@pytest.mark.parametrize(
    ("use", "total_minor", "available_minor", "share_minor"),
    [
        (BalanceUse.NONE, 100, 500, 0),
        (BalanceUse.AVAILABLE, 100, 0, 0),
        (BalanceUse.AVAILABLE, 100, 40, 40),
        (BalanceUse.AVAILABLE, 100, 500, 100),
        (BalanceUse.WHOLE, 100, 100, 100),
        (BalanceUse.WHOLE, 0, 0, 0),
    ],
)
def test_a_share_of_the_balance(use: BalanceUse, total_minor: int, available_minor: int, share_minor: int):
    assert balance_share(use, total_minor, available_minor, "USD") == share_minor


def test_a_whole_order_is_not_paid_in_part():
    with pytest.raises(Refused) as caught:
        balance_share(BalanceUse.WHOLE, 100, 99, "USD")
    assert caught.value.code is Code.INSUFFICIENT_BALANCE
    assert caught.value.details == {"available_minor": 99, "currency": "USD"}


@pytest.mark.parametrize(
    ("total_minor", "share_minor", "status"),
    [(100, 99, PaymentStatus.ISSUED), (100, 100, PaymentStatus.PAID), (0, 0, PaymentStatus.PAID)],
)
def test_an_order_is_paid_once_the_balance_has_paid_all_of_it(
    total_minor: int, share_minor: int, status: PaymentStatus
):
    applied = apply_balance(order_of(total_minor), share_minor).order
    assert (applied.paid_minor, applied.payment_status) == (share_minor, status)


@pytest.mark.parametrize(
    "undone",
    [
        {"status": OrderStatus.CANCELLED},
        {"status": OrderStatus.FAILED},
        {"status": OrderStatus.COMPLETE, "payment_status": PaymentStatus.REFUNDED},
    ],
)
def test_nothing_is_owed_of_a_sale_that_was_undone(undone: dict[str, object]):
    order = order_of(**undone)
    assert (stands(order), owed_minor(order)) == (False, 0)
    paid = pay(order, 70)
    assert paid.order == order
    assert paid.journal.balance_change_minor == 70
    # Not even one that cost nothing.
    free = order_of(0, **undone)
    assert after(free, ledger.balance_applied("USD", 0)) == free
    with pytest.raises(Refused) as caught:
        billed(order)
    assert caught.value.code is Code.PAYMENT_STATE


@pytest.mark.parametrize("status", [PaymentStatus.BILLED, PaymentStatus.PAID])
def test_an_order_is_billed_once(status: PaymentStatus):
    with pytest.raises(Refused) as caught:
        billed(order_of(payment_status=status))
    assert caught.value.details == {"payment_status": status.value}


def test_lines_have_full_prices_and_what_is_paid_in_the_order_of_the_orders():
    first, second = order_of(100, paid_minor=30), replace(order_of(50), mass_g=7)
    lines = invoice_lines(uuid4(), ACCOUNT.id, [first, second])
    assert [(line.position, line.order_id, line.billed_minor, line.prepaid_minor, line.mass_g) for line in lines] == [
        (0, first.id, 100, 30, 1_000),
        (1, second.id, 50, 0, 7),
    ]


def test_the_least_payment_is_refunded_and_none_is_not():
    order = order_of(300)
    paid = pay(order, 1).order

    refunded = refund(paid)

    assert refunded is not None
    assert refunded.order == replace(paid, paid_minor=0, payment_status=PaymentStatus.REFUNDED)
    assert refunded.journal == ledger.order_refunded(order.currency, 300, 0, 1)
    assert refund(refunded.order) is None
    with pytest.raises(Refused) as refusal:
        refund(order)
    assert (refusal.value.code, refusal.value.message) == (
        Code.PAYMENT_STATE,
        "Nothing was paid for this order, so there is nothing to refund.",
    )
