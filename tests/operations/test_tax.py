"""Tax, part payments and credit notes of invoices, by the verbs that make them, with the audit after each test.

Planted defects that were seen caught here: reverse charge without the customer's tax number, and a cancel by a client
account that locks its own head only.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from service.domain.accounts import Account
from service.domain.amounts import Money
from service.domain.billing import Invoice, InvoiceStatus
from service.domain.credit_notes import CreditNote, CreditReason
from service.domain.ledger import LedgerAccount
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, Order, OrderRequest, PaymentStatus
from service.domain.parties import TaxCategory, TaxProfile
from service.domain.tax import share_of
from service.errors import Code, Refused
from service.kit.clock import system_clock
from service.operations.bill_orders import Period, bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.fail_order import fail_order
from service.operations.read_money import list_balances, list_funds, owed_on_invoices
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.set_billing import set_tax_profile
from service.operations.settle_invoice import settle_invoice
from service.storage.ledger import LEDGER
from service.storage.money import CREDIT_NOTES, INVOICES
from service.storage.orders import ORDERS
from tests.books import assert_audit_finds_nothing, rows_of
from tests.makers import LONG_AGO, make_caller, make_command, make_order_request
from tests.shop import Shop

YEAR = system_clock().year


@pytest.fixture
async def taxed(shop: Shop) -> AsyncIterator[Shop]:
    """The shop, whose account pays 20 percent of tax."""
    await tax(shop, TaxCategory.STANDARD, 2_000)
    yield shop
    await assert_audit_finds_nothing(shop.database)


async def tax(shop: Shop, category: TaxCategory, rate: int, valid_from=LONG_AGO, reason: str | None = None) -> None:
    profile = TaxProfile(
        account_id=shop.account.id,
        valid_from=valid_from.date(),
        category=category,
        rate_hundredths=rate,
        reason=reason,
    )
    await set_tax_profile(shop.resources, shop.caller, profile)


async def bill(shop: Shop, *orders: Order, reference: str = "bill") -> Invoice:
    refs = [OrderRef(id=order.id) for order in orders]
    return (await bill_orders(shop.resources, shop.caller, shop.account.id, reference, refs)).invoice


async def pay(shop: Shop, invoice: Invoice, amount_minor: int, reference: str = "wire") -> Invoice:
    amount = Money(amount_minor, "USD")
    done = await record_payment(shop.resources, shop.caller, shop.account.id, reference, amount, invoice_id=invoice.id)
    assert done.invoice is not None
    return done.invoice


async def cancel(shop: Shop, *orders: Order, **how: bool) -> None:
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id) for order in orders], **how)


async def undo(shop: Shop, how: str, holder: Account, order: Order) -> None:
    """Cancel, fail or refund the holder's order."""
    if how == "cancel":
        await cancel_orders(shop.resources, make_caller(holder), [OrderRef(id=order.id)])
    else:
        seller_undoes = fail_order if how == "fail" else refund_order
        await seller_undoes(shop.resources, shop.caller, holder.id, OrderRef(id=order.id))


async def stored(shop: Shop, invoice: Invoice) -> Invoice:
    return {each.id: each for each in await rows_of(shop.database, INVOICES)}[invoice.id]


async def notes(shop: Shop) -> list[CreditNote]:
    return sorted(await rows_of(shop.database, CREDIT_NOTES), key=lambda note: note.number)


async def balance_minor(shop: Shop) -> int:
    return sum(each.minor_units for each in await list_balances(shop.resources, shop.caller))


async def owed_minor(shop: Shop, invoice: Invoice) -> int:
    return (await owed_on_invoices(shop.resources, shop.caller, [await stored(shop, invoice)]))[0]


async def on(shop: Shop, account: LedgerAccount) -> int:
    return sum(each.amount_minor for each in await rows_of(shop.database, LEDGER) if each.ledger_account is account)


async def test_tax_is_owed_once_an_invoice_is_issued(taxed: Shop):
    order = await taxed.place(make_order_request(100_000))
    assert order.total_cost_minor == 283
    invoice = await bill(taxed, order)

    assert (invoice.total_minor, invoice.tax_minor, invoice.due_minor) == (283, 57, 340)
    assert (invoice.tax_category, invoice.tax_rate_hundredths) == (TaxCategory.STANDARD, 2_000)
    assert await owed_minor(taxed, invoice) == 340
    assert (await list_funds(taxed.resources, taxed.caller))["USD"].owed_minor == 340
    assert (await on(taxed, LedgerAccount.TAX), await on(taxed, LedgerAccount.RECEIVABLE)) == (-57, 340)


async def test_the_profile_of_the_day_of_the_invoice_counts_and_later_ones_do_not_change_it(taxed: Shop):
    await tax(taxed, TaxCategory.EXEMPT, 0, system_clock() + timedelta(days=1), "Exempt")
    first = await bill(taxed, await taxed.place(), reference="first")
    await tax(taxed, TaxCategory.EXEMPT, 0, system_clock(), "Exempt")
    second = await bill(taxed, await taxed.place(), reference="second")

    assert (first.tax_category, first.tax_rate_hundredths, first.tax_reason) == (TaxCategory.STANDARD, 2_000, None)
    assert (second.tax_category, second.tax_rate_hundredths, second.tax_reason) == (TaxCategory.EXEMPT, 0, "Exempt")
    assert second.tax_minor == 0
    assert await stored(taxed, first) == first


async def test_reverse_charge_without_the_customers_number_is_not_billed(taxed: Shop):
    order = await taxed.place()
    await taxed.execute("UPDATE tax_profiles SET category = 'AE', rate_hundredths = 0, reason = 'Reverse charge'")
    before = await taxed.everything()
    with pytest.raises(Refused) as caught:
        await bill(taxed, order)
    assert (caught.value.code, caught.value.path) == (Code.BAD_USER_INPUT, ("account_id",))
    assert await taxed.everything() == before


async def test_part_payments_pay_net_and_tax_in_proportion_and_the_last_one_all(taxed: Shop):
    first, second = [await taxed.place(make_order_request(100_000)) for _ in range(2)]
    invoice = await bill(taxed, first, second)
    assert (invoice.total_minor, invoice.tax_minor) == (566, 113)

    part = await pay(taxed, invoice, 100, "one")
    assert (part.tax_paid_minor, part.status) == (17, InvoiceStatus.PENDING)
    part = await pay(taxed, invoice, 300, "two")
    assert (part.tax_paid_minor, await owed_minor(taxed, invoice)) == (67, 279)
    paid = {each.id: each for each in await rows_of(taxed.database, ORDERS)}
    assert (paid[first.id].paid_minor, paid[first.id].payment_status) == (283, PaymentStatus.PAID)
    assert (paid[second.id].paid_minor, paid[second.id].payment_status) == (50, PaymentStatus.BILLED)
    whole = await pay(taxed, invoice, 300, "three")

    assert (whole.tax_paid_minor, whole.status, whole.settled_minor) == (113, InvoiceStatus.PAID, 0)
    assert (await balance_minor(taxed), await on(taxed, LedgerAccount.RECEIVABLE)) == (21, 0)
    assert await on(taxed, LedgerAccount.CASH) == 700


async def test_a_settlement_pays_the_rest_of_net_and_tax(taxed: Shop):
    order = await taxed.place(make_order_request(100_000))
    invoice = await bill(taxed, order)
    await pay(taxed, invoice, 100)
    settled = await settle_invoice(taxed.resources, taxed.caller, taxed.account.id, invoice.id)

    assert (settled.status, settled.settled_minor, settled.tax_paid_minor) == (InvoiceStatus.PAID, 240, 57)
    assert (await balance_minor(taxed), await on(taxed, LedgerAccount.CASH)) == (0, 340)


async def test_a_payment_for_an_order_pays_the_order_then_tax_then_the_balance(taxed: Shop):
    order = await taxed.place(make_order_request(100_000))
    invoice = await bill(taxed, order)
    for reference, amount in (("net", 283), ("tax", 50), ("more", 50)):
        ref, account_id = OrderRef(id=order.id), taxed.account.id
        await record_payment(taxed.resources, taxed.caller, account_id, reference, Money(amount, "USD"), ref)
        now = await stored(taxed, invoice)
        expected = {
            "net": (0, InvoiceStatus.PENDING),
            "tax": (50, InvoiceStatus.PENDING),
            "more": (57, InvoiceStatus.PAID),
        }
        assert (now.tax_paid_minor, now.status) == expected[reference]
    assert await balance_minor(taxed) == 43


async def test_a_retry_of_a_payment_books_nothing_and_another_invoice_is_refused(taxed: Shop):
    invoice = await bill(taxed, await taxed.place(make_order_request(100_000)))
    other = await bill(taxed, await taxed.place(), reference="other")
    paid = await pay(taxed, invoice, 100)
    before = await taxed.everything()

    assert await pay(taxed, invoice, 100) == paid
    for wanted in (other, None):
        with pytest.raises(Refused) as caught:
            await record_payment(
                taxed.resources,
                taxed.caller,
                taxed.account.id,
                "wire",
                Money(100, "USD"),
                invoice_id=None if wanted is None else wanted.id,
            )
        assert caught.value.code is Code.IDEMPOTENCY_KEY_REUSED
    assert await taxed.everything() == before


async def test_a_cancel_credits_the_orders_net_and_tax_and_lowers_what_is_due(taxed: Shop):
    kept, gone = [await taxed.place(make_order_request(100_000)) for _ in range(2)]
    invoice = await bill(taxed, kept, gone)
    await cancel(taxed, gone)
    await cancel(taxed, gone)

    (note,) = await notes(taxed)
    assert (note.number, note.reason, note.invoice_id) == (f"CN-{YEAR}-000001", CreditReason.CANCELLED, invoice.id)
    # Half of a tax of 113 is 56.5.
    assert (note.net_minor, note.tax_minor, note.returned_minor, note.lowered_minor) == (283, 57, 0, 340)
    assert await owed_minor(taxed, invoice) == 339
    assert (await balance_minor(taxed), await on(taxed, LedgerAccount.TAX)) == (0, -56)


async def test_what_was_paid_of_a_credited_order_goes_to_the_balance(taxed: Shop):
    order = await taxed.place(make_order_request(100_000))
    invoice = await bill(taxed, order)
    await settle_invoice(taxed.resources, taxed.caller, taxed.account.id, invoice.id)
    await refund_order(taxed.resources, taxed.caller, taxed.account.id, OrderRef(id=order.id))
    await cancel(taxed, order)

    (note,) = await notes(taxed)
    assert (note.reason, note.net_minor, note.tax_minor, note.returned_minor) == (CreditReason.REFUNDED, 283, 57, 340)
    now = await stored(taxed, invoice)
    assert (now.status, now.tax_paid_minor, now.tax_credited_minor) == (InvoiceStatus.PAID, 0, 57)
    assert await balance_minor(taxed) == 340


async def test_what_was_paid_of_a_cancelled_order_pays_the_rest_of_its_invoice(taxed: Shop):
    gone, kept = [await taxed.place(make_order_request(100_000)) for _ in range(2)]
    invoice = await bill(taxed, gone, kept)
    # 200 of 679: 33 of tax, and 167 of the first order.
    await pay(taxed, invoice, 200)
    await cancel(taxed, gone)

    (note,) = await notes(taxed)
    # Of a tax of 113, 57 is credited and 80 was owed.
    assert (note.net_minor, note.tax_minor, note.returned_minor, note.applied_minor) == (283, 57, 0, 167)
    assert note.lowered_minor == 340
    assert (await owed_minor(taxed, invoice), await balance_minor(taxed)) == (139, 0)
    now = await stored(taxed, invoice)
    # 200 of 339 pay 33 of a tax of 56.
    assert (now.status, now.tax_paid_minor, now.tax_owed_minor) == (InvoiceStatus.PENDING, 33, 23)
    (left,) = [each for each in await rows_of(taxed.database, ORDERS) if each.id == kept.id]
    assert (left.paid_minor, left.payment_status) == (167, PaymentStatus.BILLED)


@pytest.mark.parametrize("how", ["cancel", "fail", "refund"])
async def test_only_what_exceeds_the_rest_of_the_invoice_goes_to_the_balance(taxed: Shop, how: str):
    client = await taxed.another_account(parent_account_id=taxed.account.id)
    gone = await taxed.place(make_order_request(100_000))
    (answer,) = await taxed.place_all(make_command(client, make_order_request(50_000)))
    kept = answer.order
    assert kept.total_cost_minor == 142
    invoice = (
        await bill_orders(taxed.resources, taxed.caller, taxed.account.id, "all", Period(currency="USD"))
    ).invoice
    assert (invoice.total_minor, invoice.tax_minor) == (425, 85)
    # 300 of 510: 50 of tax, and 250 of the first order.
    await pay(taxed, invoice, 300)
    await undo(taxed, how, taxed.account, gone)

    (note,) = await notes(taxed)
    # 340 are credited of 210 due. Of a tax of 57, 35 was owed, so 250 and 22 had been paid.
    assert (note.gross_minor, note.returned_minor, note.applied_minor) == (340, 130, 142)
    assert (await owed_minor(taxed, invoice), await balance_minor(taxed)) == (0, 130)
    now = await stored(taxed, invoice)
    assert (now.status, now.settled_minor, now.tax_paid_minor) == (InvoiceStatus.PAID, 0, 28)
    (left,) = [each for each in await rows_of(taxed.database, ORDERS) if each.id == kept.id]
    assert (left.paid_minor, left.payment_status) == (142, PaymentStatus.PAID)


async def test_a_reduced_order_that_was_paid_pays_the_rest_of_its_invoice(taxed: Shop):
    short = await taxed.place(OrderRequest(ask=ByBundleMasses(((taxed.ocean.id, 2_000_000),))))
    kept = await taxed.place(make_order_request(100_000))
    invoice = await bill(taxed, short, kept)
    ref = OrderRef(id=short.id)
    amount = Money(short.total_cost_minor, "USD")
    await record_payment(taxed.resources, taxed.caller, taxed.account.id, "order", amount, ref)
    await cancel(taxed, short, only_unfulfilled=True)

    (note,) = await notes(taxed)
    (reduced,) = [each for each in await rows_of(taxed.database, ORDERS) if each.id == short.id]
    freed = short.total_cost_minor - reduced.total_cost_minor
    owed = kept.total_cost_minor + invoice.tax_minor - note.tax_minor
    assert note.reason is CreditReason.REDUCED
    assert (note.applied_minor, note.returned_minor) == (min(freed, owed), max(0, freed - owed))
    assert (await owed_minor(taxed, invoice), await balance_minor(taxed)) == (max(0, owed - freed), note.returned_minor)


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_is_paid_and_undone_the_invoice_the_ledger_and_the_balance_add_up(taxed: Shop, seed: int):
    chance = random.Random(seed)
    client = await taxed.another_account(parent_account_id=taxed.account.id)
    holders = {each.id: each for each in (taxed.account, client)}
    commands = [
        make_command(chance.choice(list(holders.values())), make_order_request(chance.randint(1_000, 90_000)))
        for _ in range(6)
    ]
    orders = [answer.order for answer in await taxed.place_all(*commands)]
    prepaid, account_id = orders[0].total_cost_minor // 2, taxed.account.id
    await record_payment(
        taxed.resources,
        taxed.caller,
        orders[0].account_id,
        "early",
        Money(prepaid or 1, "USD"),
        OrderRef(id=orders[0].id),
    )
    invoice = (await bill_orders(taxed.resources, taxed.caller, account_id, "all", Period(currency="USD"))).invoice
    left, paid, credited = list(orders), 0, 0
    for step in range(9):
        if chance.random() < 0.4:
            amount = chance.randint(1, invoice.due_minor)
            await pay(taxed, invoice, amount, f"wire-{step}")
            paid += amount
        elif left:
            undone = left.pop(chance.randrange(len(left)))
            try:
                await undo(taxed, chance.choice(["cancel", "fail", "refund"]), holders[undone.account_id], undone)
            except Refused:  # nothing was paid, so there is nothing to refund
                left.append(undone)
                continue
            credited += undone.total_cost_minor
        taken_back = sum(note.gross_minor for note in await notes(taxed))
        assert taken_back == credited + share_of(invoice.tax_minor, credited, invoice.total_minor)
        rest = invoice.due_minor - paid - taken_back
        assert (await owed_minor(taxed, invoice), await balance_minor(taxed)) == (max(0, rest), max(0, -rest))
        assert await on(taxed, LedgerAccount.RECEIVABLE) == max(0, rest)
        assert await on(taxed, LedgerAccount.BALANCE) == -max(0, -rest)
        await assert_audit_finds_nothing(taxed.database)


async def test_a_reduced_and_a_failed_order_are_credited_for_what_they_lost(taxed: Shop):
    request = OrderRequest(ask=ByBundleMasses(((taxed.ocean.id, 2_000_000),)))
    reduced, failed = await taxed.place(request), await taxed.place()
    invoice = await bill(taxed, reduced, failed)
    await cancel(taxed, reduced, only_unfulfilled=True)
    await fail_order(taxed.resources, taxed.caller, taxed.account.id, OrderRef(id=failed.id))

    one, two = await notes(taxed)
    assert (one.reason, two.reason) == (CreditReason.REDUCED, CreditReason.FAILED)
    (left,) = [each for each in await rows_of(taxed.database, ORDERS) if each.id == reduced.id]
    assert one.net_minor == reduced.total_cost_minor - left.total_cost_minor
    assert one.mass_g == reduced.mass_g - left.mass_g
    assert (two.net_minor, two.mass_g) == (failed.total_cost_minor, failed.mass_g)
    assert one.tax_minor + two.tax_minor == share_of(
        invoice.tax_minor, one.net_minor + two.net_minor, invoice.total_minor
    )


async def test_an_invoice_of_which_everything_is_credited_is_paid(taxed: Shop):
    orders = [await taxed.place(make_order_request(1_000)) for _ in range(5)]
    invoice = await bill(taxed, *orders)
    assert (invoice.total_minor, invoice.tax_minor) == (15, 3)
    for order in orders:
        await cancel(taxed, order)

    now = await stored(taxed, invoice)
    assert (now.status, now.settled_minor, now.tax_owed_minor) == (InvoiceStatus.PAID, 0, 0)
    assert [note.tax_minor for note in await notes(taxed)] == [1, 0, 1, 0, 1]
    assert [note.number for note in await notes(taxed)] == [f"CN-{YEAR}-{n:06}" for n in range(1, 6)]


async def test_orders_that_are_cancelled_together_are_on_one_credit_note(taxed: Shop):
    orders = [await taxed.place(make_order_request(1_000)) for _ in range(3)]
    await bill(taxed, *orders)
    await cancel(taxed, *orders)
    (note,) = await notes(taxed)
    assert (note.net_minor, note.mass_g) == (9, 3_000)


async def test_an_order_on_no_invoice_has_no_credit_note(taxed: Shop):
    await cancel(taxed, await taxed.place())
    assert await notes(taxed) == []


@pytest.mark.parametrize(("turn", "paid_minor"), [(0, 11), (1, 11), (2, 11), (0, 3), (1, 3), (2, 3)])
async def test_cancels_by_several_accounts_and_a_payment_at_once_round_the_tax_together(
    taxed: Shop, turn: int, paid_minor: int
):
    clients = [await taxed.another_account(parent_account_id=taxed.account.id) for _ in range(2)]
    holders = [taxed.account, *clients]
    answers = await taxed.place_all(*(make_command(each, make_order_request(1_000 + turn)) for each in holders * 2))
    orders = [answer.order for answer in answers]
    invoice = (
        await bill_orders(taxed.resources, taxed.caller, taxed.account.id, "all", Period(currency="USD"))
    ).invoice

    by_id = {each.id: each for each in holders}
    undone = [undo(taxed, "cancel", by_id[order.account_id], order) for order in orders[:5]]
    await asyncio.gather(*undone, pay(taxed, invoice, paid_minor))

    now = await stored(taxed, invoice)
    credited = sum(order.total_cost_minor for order in orders[:5])
    assert now.credited_minor == credited
    assert now.tax_credited_minor == share_of(invoice.tax_minor, credited, invoice.total_minor)
    assert sum(note.tax_minor for note in await notes(taxed)) == now.tax_credited_minor
    assert [note.number for note in await notes(taxed)] == [f"CN-{YEAR}-{n:06}" for n in range(1, 6)]
    left = orders[5].total_cost_minor + invoice.tax_minor - now.tax_credited_minor
    # Whoever was first, what was paid for a cancelled order pays the rest of the invoice before the balance grows.
    assert await owed_minor(taxed, invoice) == max(0, left - paid_minor)
    assert await balance_minor(taxed) == max(0, paid_minor - left)
    await assert_audit_finds_nothing(taxed.database)


async def test_an_invoice_of_an_earlier_release_is_settled_as_billed_and_has_no_credit_notes(shop: Shop):
    kept, gone = [await shop.place(make_order_request(100_000)) for _ in range(2)]
    invoice = await bill(shop, kept, gone)
    await _as_of_an_earlier_release(shop)
    with pytest.raises(Refused) as caught:
        await pay(shop, invoice, 100)
    assert (caught.value.code, caught.value.path) == (Code.PAYMENT_STATE, ("invoice_id",))
    await cancel(shop, gone)
    settled = await settle_invoice(shop.resources, shop.caller, shop.account.id, invoice.id)

    assert (settled.status, settled.settled_minor, settled.is_former) == (InvoiceStatus.PAID, None, True)
    assert (await notes(shop), await balance_minor(shop)) == ([], 283)
    await assert_audit_finds_nothing(shop.database)


async def _as_of_an_earlier_release(shop: Shop) -> None:
    """Take the rate from all invoices, which the trigger of the table refuses. The SQLite file is the test's own."""
    is_sqlite = shop.database.dialect == "sqlite"
    lift = "DROP TRIGGER invoices_issued_once" if is_sqlite else "ALTER TABLE invoices DISABLE TRIGGER USER"
    async with shop.database.transaction() as statements:
        await statements.execute(lift)
        await statements.execute("UPDATE invoices SET tax_rate_hundredths = NULL")
        if not is_sqlite:
            await statements.execute("ALTER TABLE invoices ENABLE TRIGGER USER")
