"""Tax and the amounts of documents: the worked examples of three countries, and laws over all orders.

Planted defects that were seen caught here: tax rounded on each credit note by itself, a half rounded down, the rest of
a sum given to the first lines instead of the largest fractions, a payment that pays net before tax.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import ledger
from service.domain.billing import Invoice, InvoiceLine, InvoiceStatus, invoice_lines, owed_minor, pay_invoice
from service.domain.credit_notes import Credit, UndoneSale, credit
from service.domain.order import Order, OrderLine
from service.domain.parties import TaxCategory
from service.domain.pricing import PricedLine, Pricing, Terms, reprice
from service.domain.tax import document_amounts, rounded_to_sum, share_of, tax_of
from tests.makers import make_account, make_order

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ACCOUNT = make_account(uuid4())


def priced(currency: str, lines: Sequence[tuple[int, int]], commission_hundredths: int = 0) -> Pricing:
    """Lines of (grams, millionths a tonne), priced as orders are."""
    at = [PricedLine(uuid4(), mass_g, micros, micros, 0) for mass_g, micros in lines]
    terms = Terms(currency=currency, commission_hundredths=commission_hundredths)
    return reprice(at, [mass_g for mass_g, _ in lines], terms)


def order_of(pricing: Pricing, **facts: object) -> tuple[Order, list[OrderLine]]:
    order = make_order(
        ACCOUNT,
        currency=pricing.currency,
        mass_g=pricing.mass_g,
        offset_cost_minor=pricing.offset_cost_minor,
        commission_minor=pricing.commission_minor,
        **facts,
    )
    lines = [
        OrderLine(
            account_id=ACCOUNT.id,
            order_id=order.id,
            position=position,
            bundle_id=line.bundle_id,
            mass_g=line.mass_g,
            fulfilled_g=0,
            unit_price_micros=line.unit_price_micros,
            gross_unit_price_micros=line.gross_unit_price_micros,
            offset_cost_minor=line.offset_cost_minor,
        )
        for position, line in enumerate(pricing.lines)
    ]
    return order, lines


def invoiced(orders: Sequence[Order], category: TaxCategory, rate_hundredths: int) -> tuple[Invoice, list[InvoiceLine]]:
    invoice_id = uuid4()
    lines = invoice_lines(invoice_id, ACCOUNT.id, orders)
    net_minor = sum(line.billed_minor for line in lines)
    return Invoice(
        account_id=ACCOUNT.id,
        id=invoice_id,
        number="INV-2026-000001",
        reference="one",
        fingerprint="0" * 64,
        currency=orders[0].currency,
        status=InvoiceStatus.PENDING,
        total_minor=net_minor,
        mass_g=sum(line.mass_g for line in lines),
        created_at=NOW,
        due_at=NOW,
        paid_at=None,
        seller_id=uuid4(),
        tax_category=category,
        tax_rate_hundredths=rate_hundredths,
        tax_minor=tax_of(net_minor, rate_hundredths),
        prepaid_minor=sum(line.prepaid_minor for line in lines),
    ), list(lines)


def credited(invoice: Invoice, order: Order, net_minor: int) -> Credit:
    """The invoice after a part of the order's sale, all of it offset cost, was undone."""
    before = order.offset_cost_minor, order.commission_minor
    after = order.offset_cost_minor - net_minor, order.commission_minor
    journal = ledger.order_reduced(order.currency, before, after, order.paid_minor)
    return credit(invoice, [UndoneSale(order, journal, 1_000)], note_id=uuid4(), now=NOW)


def test_an_invoice_in_pounds_at_twenty_percent_with_a_commission_of_ten():
    pricing = priced("GBP", [(11_466_000, 13_570_000), (603_000, 250_000_000)], 1_000)
    order, lines = order_of(pricing, paid_minor=100_00)
    assert (order.offset_cost_minor, order.commission_minor, order.total_cost_minor) == (306_34, 34_05, 340_39)
    amounts = document_amounts(order, lines)
    assert (amounts.lines_minor, amounts.commission_minor) == ((155_59, 150_75), 34_05)

    invoice, _ = invoiced([order], TaxCategory.STANDARD, 2_000)

    assert (invoice.total_minor, invoice.tax_minor, invoice.gross_minor) == (340_39, 68_08, 408_47)
    assert (invoice.prepaid_minor, invoice.due_minor) == (100_00, 308_47)
    first = credited(invoice, order, 100_00)
    assert (first.note.net_minor, first.note.tax_minor, first.note.gross_minor) == (100_00, 20_00, 120_00)
    rest = credited(first.invoice, replace(order, offset_cost_minor=306_34, commission_minor=0), 240_39)
    assert (rest.note.net_minor, rest.note.tax_minor) == (240_39, 48_08)
    assert (rest.invoice.tax_credited_minor, rest.invoice.tax_owed_minor) == (68_08, 0)


def test_an_invoice_in_euros_under_reverse_charge():
    order, lines = order_of(priced("EUR", [(1_000_000, 10_005_000)] * 3))
    assert order.total_cost_minor == 30_02
    assert document_amounts(order, lines).lines_minor == (10_01, 10_01, 10_00)

    invoice, _ = invoiced([order], TaxCategory.REVERSE_CHARGE, 0)

    assert (invoice.tax_minor, invoice.gross_minor, invoice.due_minor) == (0, 30_02, 30_02)


def test_an_invoice_in_yen_at_ten_percent_of_which_a_part_is_cancelled():
    order, lines = order_of(priced("JPY", [(333_000, 1_999_000_000), (667_000, 4_001_000_000)]))
    assert order.total_cost_minor == 3_334
    assert document_amounts(order, lines).lines_minor == (666, 2_668)

    invoice, _ = invoiced([order], TaxCategory.STANDARD, 1_000)
    assert (invoice.tax_minor, invoice.gross_minor) == (333, 3_667)

    reduced = priced("JPY", [(333_000, 1_999_000_000), (567_000, 4_001_000_000)])
    done = credited(invoice, order, order.total_cost_minor - reduced.total_cost_minor)
    assert (done.note.net_minor, done.note.tax_minor, done.note.lowered_minor) == (400, 40, 440)
    left = invoice.total_minor - done.invoice.credited_minor, invoice.tax_minor - done.invoice.tax_credited_minor
    assert left == (2_934, 293)


def test_five_credits_of_one_take_back_the_tax_of_one():
    order, _ = order_of(priced("GBP", [(1_000_000, 50_000)]))
    invoice, _ = invoiced([order], TaxCategory.STANDARD, 2_000)
    assert (invoice.total_minor, invoice.tax_minor) == (5, 1)
    taxes = []
    for _ in range(5):
        done = credited(invoice, order, 1)
        invoice, order = done.invoice, replace(order, offset_cost_minor=order.offset_cost_minor - 1)
        taxes.append(done.note.tax_minor)
    assert taxes == [0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("net_minor", "rate_hundredths", "tax_minor"),
    [(0, 2_000, 0), (2, 2_500, 1), (1, 4_999, 0), (1, 5_000, 1), (10**15, 10_000, 10**15), (340_39, 770, 26_21)],
)
def test_tax_is_rounded_half_up(net_minor: int, rate_hundredths: int, tax_minor: int):
    assert tax_of(net_minor, rate_hundredths) == tax_minor


def test_a_share_of_nothing_is_nothing():
    assert share_of(0, 0, 0) == 0


@pytest.mark.parametrize(
    ("exact", "sum_minor", "amounts"),
    [
        ([], 0, []),
        (["0.5", "0.5"], 1, [1, 0]),
        (["0.2", "0.7", "0.1"], 1, [0, 1, 0]),
        # A frozen sum that the prices no longer make is shared in their proportion.
        (["10", "30"], 20, [5, 15]),
        (["10", "30"], 100, [25, 75]),
        (["0.001", "0.003"], 9, [2, 7]),
        (["0", "0"], 3, [3, 0]),
    ],
)
def test_whole_amounts_make_the_sum(exact: list[str], sum_minor: int, amounts: list[int]):
    assert rounded_to_sum([Fraction(each) for each in exact], sum_minor) == amounts


def test_a_sum_of_no_lines_is_refused():
    with pytest.raises(ValueError, match="no lines"):
        rounded_to_sum([], 1)


masses = st.lists(st.tuples(st.integers(1, 10**10), st.integers(1, 10**9)), min_size=1, max_size=6)
currencies = st.sampled_from(["GBP", "JPY", "KWD"])


@given(currencies, masses, st.sampled_from([0, 1, 1_000, 5_000]), st.integers(-3, 3))
def test_the_lines_of_any_order_and_its_commission_add_up_to_its_total(currency, lines, commission, frozen):
    order, order_lines = order_of(priced(currency, lines, commission))
    order = replace(order, offset_cost_minor=max(0, order.offset_cost_minor + frozen))
    amounts = document_amounts(order, order_lines)
    assert sum(amounts.lines_minor) == order.offset_cost_minor
    assert amounts.commission_minor == order.commission_minor
    assert min(amounts.lines_minor) >= 0
    if not frozen:
        per_minor = 10**12 // 10 ** {"GBP": 2, "JPY": 0, "KWD": 3}[currency]
        exact = [Fraction(mass_g * micros, per_minor) for mass_g, micros in lines]
        least_one = order.offset_cost_minor == 1
        assert least_one or all(abs(a - b) < 1 for a, b in zip(amounts.lines_minor, exact, strict=True))


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(0, 500)), min_size=1, max_size=4),
    st.sampled_from([0, 1, 770, 2_000, 10_000]),
    st.lists(st.tuples(st.sampled_from(["pay", "credit"]), st.integers(1, 600)), max_size=12),
)
def test_through_any_payments_and_credits_tax_follows_the_net_amount(orders, rate, steps):
    """Tax paid and credited are the rounded shares of what was paid and credited so far, and nothing is lost."""
    made = [
        make_order(ACCOUNT, offset_cost_minor=total, commission_minor=0, paid_minor=min(paid, total))
        for total, paid in orders
    ]
    invoice, lines = invoiced(made, TaxCategory.STANDARD, rate)
    by_id = {order.id: order for order in made}
    received_minor = balance_minor = 0
    for verb, amount_minor in steps:
        if verb == "pay":
            paid = pay_invoice(invoice, lines, by_id, amount_minor)
            received_minor += amount_minor
            journals = [*paid.journals, *(each.journal for each in paid.orders)]
            invoice = paid.invoice
            by_id |= {each.order.id: each.order for each in paid.orders}
        else:
            order = made[amount_minor % len(made)]
            order = by_id[order.id]
            net_minor = min(amount_minor, order.offset_cost_minor)
            if not net_minor:
                continue
            done = credited(invoice, order, net_minor)
            returned = max(0, order.paid_minor - order.total_cost_minor + net_minor)
            by_id[order.id] = replace(
                order,
                offset_cost_minor=order.offset_cost_minor - net_minor,
                total_cost_minor=order.total_cost_minor - net_minor,
                paid_minor=order.paid_minor - returned,
            )
            invoice = done.invoice
            journals = [done.journal]
            balance_minor += returned
            assert done.note.returned_minor == returned + done.journal.balance_change_minor
        balance_minor += sum(journal.balance_change_minor for journal in journals)
        assert invoice.tax_credited_minor == share_of(invoice.tax_minor, invoice.credited_minor, invoice.total_minor)
        assert 0 <= invoice.tax_paid_minor <= invoice.tax_minor - invoice.tax_credited_minor
    prepaid_minor = sum(line.prepaid_minor for line in lines)
    held_minor = sum(order.paid_minor for order in by_id.values()) + invoice.tax_paid_minor + balance_minor
    assert held_minor == received_minor + prepaid_minor
    owed = sum(owed_minor(order) for order in by_id.values()) + invoice.tax_owed_minor
    settled = pay_invoice(invoice, lines, by_id, owed) if owed else None
    if settled is not None:
        by_id |= {each.order.id: each.order for each in settled.orders}
        assert settled.invoice.tax_owed_minor == 0
        assert sum(owed_minor(order) for order in by_id.values()) == 0


def test_part_payments_cover_net_and_tax_in_proportion():
    order = make_order(ACCOUNT, offset_cost_minor=100)
    invoice, lines = invoiced([order], TaxCategory.STANDARD, 2_000)
    covered = []
    for amount_minor in (7, 7, 50, 60):
        paid = pay_invoice(invoice, lines, {order.id: order}, amount_minor)
        covered.append((paid.invoice.tax_paid_minor - invoice.tax_paid_minor, -paid.journals[0].balance_change_minor))
        invoice = paid.invoice
        order = paid.orders[0].order
    assert [tax for tax, _ in covered] == [1, 1, 9, 9]
    assert (order.paid_minor, invoice.tax_paid_minor) == (100, 20)
