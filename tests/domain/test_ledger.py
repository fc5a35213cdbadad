from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import ledger
from service.domain.ledger import Journal, LedgerAccount, Posting, Verb

CASH, BALANCE, RECEIVABLE = LedgerAccount.CASH, LedgerAccount.BALANCE, LedgerAccount.RECEIVABLE
SALES, COMMISSION, TAX = LedgerAccount.SALES, LedgerAccount.COMMISSION, LedgerAccount.TAX


def postings(journal: Journal) -> dict[LedgerAccount, int]:
    return {posting.account: posting.amount_minor for posting in journal.postings}


@pytest.mark.parametrize(
    ("journal", "verb", "expected", "balance_change", "paid_change"),
    [
        (
            ledger.order_placed("USD", 31, 4),
            Verb.ORDER_PLACED,
            {RECEIVABLE: 35, SALES: -31, COMMISSION: -4},
            *(0, 0),
        ),
        (ledger.order_placed("SAR", 500, 0), Verb.ORDER_PLACED, {RECEIVABLE: 500, SALES: -500}, 0, 0),
        (ledger.balance_applied("SAR", 20), Verb.BALANCE_APPLIED, {BALANCE: 20, RECEIVABLE: -20}, -20, 20),
        (ledger.payment_recorded("USD", 35, 35), Verb.PAYMENT_RECORDED, {CASH: 35, RECEIVABLE: -35}, 0, 35),
        (ledger.payment_recorded("USD", 10, 35), Verb.PAYMENT_RECORDED, {CASH: 10, RECEIVABLE: -10}, 0, 10),
        (
            ledger.payment_recorded("USD", 50, 35),
            Verb.PAYMENT_RECORDED,
            {CASH: 50, RECEIVABLE: -35, BALANCE: -15},
            *(15, 35),
        ),
        (ledger.payment_recorded("USD", 35, 0), Verb.PAYMENT_RECORDED, {CASH: 35, BALANCE: -35}, 35, 0),
        (ledger.balance_topped_up("BRL", 99), Verb.BALANCE_TOPPED_UP, {CASH: 99, BALANCE: -99}, 99, 0),
        (ledger.invoice_settled("BRL", 35, 35), Verb.INVOICE_SETTLED, {CASH: 35, RECEIVABLE: -35}, 0, 35),
        (ledger.invoice_payment_recorded("GBP", 120), Verb.PAYMENT_RECORDED, {CASH: 120, BALANCE: -120}, 120, 0),
        (ledger.tax_billed("GBP", 20), Verb.TAX_BILLED, {RECEIVABLE: 20, TAX: -20}, 0, -20),
        (ledger.tax_billed("GBP", 0), Verb.TAX_BILLED, {}, 0, 0),
        (ledger.tax_paid("GBP", 20), Verb.TAX_PAID, {BALANCE: 20, RECEIVABLE: -20}, -20, 20),
        (
            ledger.tax_credited("GBP", 20, 5),
            Verb.TAX_CREDITED,
            {TAX: 20, RECEIVABLE: -15, BALANCE: -5},
            *(5, 15),
        ),
        (ledger.invoice_settled("BRL", 35, 0), Verb.INVOICE_SETTLED, {CASH: 35, BALANCE: -35}, 35, 0),
        (
            ledger.order_cancelled("USD", 31, 4, 0),
            Verb.ORDER_CANCELLED,
            {RECEIVABLE: -35, SALES: 31, COMMISSION: 4},
            *(0, 0),
        ),
        (
            ledger.order_cancelled("USD", 31, 4, 20),
            Verb.ORDER_CANCELLED,
            {RECEIVABLE: -15, SALES: 31, COMMISSION: 4, BALANCE: -20},
            *(20, -20),
        ),
        (
            ledger.order_refunded("USD", 31, 4, 35),
            Verb.ORDER_REFUNDED,
            {SALES: 31, COMMISSION: 4, BALANCE: -35},
            *(35, -35),
        ),
        (
            ledger.order_failed("USD", 31, 4, 35),
            Verb.ORDER_FAILED,
            {SALES: 31, COMMISSION: 4, BALANCE: -35},
            *(35, -35),
        ),
        (
            ledger.order_reduced("USD", (90, 10), (63, 7), 0),
            Verb.ORDER_REDUCED,
            {RECEIVABLE: -30, SALES: 27, COMMISSION: 3},
            *(0, 0),
        ),
        (
            ledger.order_reduced("USD", (90, 10), (63, 7), 80),
            Verb.ORDER_REDUCED,
            {RECEIVABLE: -20, SALES: 27, COMMISSION: 3, BALANCE: -10},
            *(10, -10),
        ),
        (
            ledger.order_reduced("USD", (1, 0), (0, 1), 1),
            Verb.ORDER_REDUCED,
            {SALES: 1, COMMISSION: -1},
            *(0, 0),
        ),
        (ledger.order_placed("USD", 0, 0), Verb.ORDER_PLACED, {}, 0, 0),
        (ledger.order_cancelled("USD", 0, 0, 0), Verb.ORDER_CANCELLED, {}, 0, 0),
    ],
)
def test_each_verb_writes_its_journal(journal: Journal, verb, expected, balance_change: int, paid_change: int):
    assert journal.verb is verb
    assert postings(journal) == expected
    assert journal.balance_change_minor == balance_change
    assert journal.paid_change_minor == paid_change


@pytest.mark.parametrize(
    "entries",
    [
        [(CASH, 5)],
        [(CASH, 5), (BALANCE, -4)],
        [(CASH, 5), (BALANCE, -5), (SALES, 0)],
        [(CASH, 5), (CASH, -5)],
    ],
)
def test_an_unbalanced_or_untidy_journal_cannot_exist(entries):
    with pytest.raises(ValueError, match=r"journal|posting"):
        Journal(Verb.PAYMENT_RECORDED, "USD", tuple(Posting(*entry) for entry in entries))


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        (ledger.order_placed, (-1, 0)),
        (ledger.order_placed, (1, -1)),
        (ledger.balance_applied, (-1,)),
        (ledger.payment_recorded, (-1, 5)),
        (ledger.payment_recorded, (1, -5)),
        (ledger.balance_topped_up, (-1,)),
        (ledger.invoice_settled, (-1, 0)),
        (ledger.tax_billed, (-1,)),
        (ledger.tax_paid, (-1,)),
        (ledger.tax_credited, (3, 4)),
        (ledger.tax_credited, (3, -1)),
        (ledger.order_cancelled, (31, 4, 36)),
        (ledger.order_cancelled, (31, 4, -1)),
        (ledger.order_reduced, ((63, 7), (90, 10), 0)),
        (ledger.order_reduced, ((90, 10), (63, 7), 101)),
    ],
)
def test_amounts_that_no_order_can_have_are_a_programming_fault(verb, arguments):
    with pytest.raises(ValueError, match=r"amount|total|cost"):
        verb("USD", *arguments)


amounts = st.integers(0, 1_000)
costs = st.tuples(amounts, amounts)


@st.composite
def steps(draw):
    return draw(st.lists(st.tuples(st.sampled_from(["apply", "pay", "top up", "settle", "reduce", "end"]), costs)))


@given(costs, steps())
def test_through_any_history_the_books_agree_with_the_order_and_the_balance(sale, history):
    """The order and the balance row are kept as an operation keeps them, and compared with the books at every step."""
    books: Counter[LedgerAccount] = Counter()
    offset_minor, commission_minor = sale
    paid_minor = balance_minor = cash_minor = 0

    def write(journal: Journal) -> None:
        nonlocal balance_minor, paid_minor
        for posting in journal.postings:
            books[posting.account] += posting.amount_minor
        balance_minor += journal.balance_change_minor
        paid_minor += journal.paid_change_minor
        assert sum(books.values()) == 0
        assert books[BALANCE] == -balance_minor
        assert balance_minor >= 0
        assert books[RECEIVABLE] == offset_minor + commission_minor - paid_minor >= 0
        assert (books[SALES], books[COMMISSION]) == (-offset_minor, -commission_minor)
        assert books[CASH] == cash_minor == balance_minor + paid_minor

    write(ledger.order_placed("USD", offset_minor, commission_minor))
    billed_minor = offset_minor + commission_minor
    for step, (first, second) in history:
        due_minor = offset_minor + commission_minor - paid_minor
        if step == "apply":
            write(ledger.balance_applied("USD", min(balance_minor, due_minor)))
        elif step == "pay":
            cash_minor += first
            write(ledger.payment_recorded("USD", first, due_minor))
        elif step == "top up":
            cash_minor += first
            write(ledger.balance_topped_up("USD", first))
        elif step == "settle":
            cash_minor += billed_minor
            write(ledger.invoice_settled("USD", billed_minor, due_minor))
            billed_minor = 0
        elif step == "reduce":
            before, total_minor = (offset_minor, commission_minor), offset_minor + commission_minor
            left_minor = min(first, total_minor)
            offset_minor = min(second, left_minor)
            commission_minor = left_minor - offset_minor
            write(ledger.order_reduced("USD", before, (offset_minor, commission_minor), paid_minor))
        else:
            before = (offset_minor, commission_minor)
            offset_minor = commission_minor = 0
            reverse_orders = (ledger.order_cancelled, ledger.order_refunded, ledger.order_failed)[first % 3]
            write(reverse_orders("USD", *before, paid_minor))
            assert paid_minor == 0
