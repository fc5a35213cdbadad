"""Invoices: issued once for orders at their full prices, never changed, paid once.

Planted defects that were seen caught here: a period that forgets client accounts or its end, an invoice that bills the
debt of an order that is paid in part, a second invoice for an order, a settlement that books what was billed instead of
what the order still owes, one that is booked twice.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.amounts import Money
from service.domain.billing import Invoice, InvoiceLine, InvoiceStatus
from service.domain.catalogue import selection_of
from service.domain.listing import OrderRef
from service.domain.order import Order, OrderStatus, PaymentStatus
from service.domain.parties import FIRST_SELLER
from service.errors import Code, Refused
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.kit.keyset import PageRequest, Position
from service.operations import bill_orders as module
from service.operations.bill_orders import Billed, Period, bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.read_money import (
    invoices_of_ids,
    journals_of_ids,
    lines_of_invoices,
    list_balances,
    list_invoices,
    list_journals,
)
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.set_seller import update_seller
from service.operations.settle_invoice import settle_invoice
from service.storage.events import EVENTS
from service.storage.orders import ORDERS
from tests.books import rows_of
from tests.makers import LONG_AGO, TONNE_G, make_caller, make_command, make_order_request
from tests.shop import Shop

TOTAL_MINOR = 2_822
ALL = Period(currency="USD")
FAR_OFF = datetime(2999, 1, 1, tzinfo=UTC)


async def bill(shop: Shop, *what: Order, reference: str = "march", period: Period = ALL, **facts: int) -> Billed:
    asked = [OrderRef(id=order.id) for order in what] or period
    return await bill_orders(shop.resources, shop.caller, shop.account.id, reference, asked, **facts)


async def settle(shop: Shop, invoice: Invoice) -> Invoice:
    return await settle_invoice(shop.resources, shop.caller, shop.account.id, invoice.id)


async def pay(shop: Shop, order: Order, amount_minor: int) -> None:
    ref, amount = OrderRef(id=order.id), Money(amount_minor, "USD")
    await record_payment(shop.resources, shop.caller, shop.account.id, f"for {order.number}", amount, ref)


async def lines_of(shop: Shop, invoice: Invoice) -> list[InvoiceLine]:
    (page,) = await lines_of_invoices(shop.resources, shop.caller, [invoice], PageRequest(100))
    return list(page.items)


async def standing(shop: Shop, order: Order) -> Order:
    found = {each.id: each for each in await rows_of(shop.database, ORDERS)}
    return found[order.id]


async def balance_minor(shop: Shop) -> int:
    return sum(each.minor_units for each in await list_balances(shop.resources, shop.caller))


async def refused(shop: Shop, work) -> Refused:
    """Why it was refused; nothing changed."""
    before = await shop.everything()
    with pytest.raises(Refused) as caught:
        await work
    assert await shop.everything() == before
    return caught.value


async def test_an_invoice_is_due_after_the_days_of_the_seller_unless_others_are_given(shop: Shop):
    await update_seller(shop.resources, shop.caller, FIRST_SELLER, {"payment_days": 14})
    await shop.place(make_order_request(TONNE_G))
    first = await bill(shop)
    assert first.invoice.due_at - first.invoice.created_at == timedelta(days=14)

    await update_seller(shop.resources, shop.caller, FIRST_SELLER, {"payment_days": 7})
    before = await shop.everything()
    assert (await bill(shop)).invoice == first.invoice
    assert (await bill(shop, payment_days=30)).invoice == first.invoice
    assert await shop.everything() == before


async def test_orders_become_one_invoice_at_their_full_prices(shop: Shop):
    first, second = await shop.place(make_order_request(TONNE_G)), await shop.place(make_order_request(1_000))
    await pay(shop, first, 822)
    answer = await bill(shop, payment_days=14)

    invoice = answer.invoice
    assert (invoice.status, invoice.currency, invoice.paid_at) == (InvoiceStatus.PENDING, "USD", None)
    assert (invoice.total_minor, invoice.mass_g) == (TOTAL_MINOR + second.total_cost_minor, TONNE_G + 1_000)
    assert (invoice.prepaid_minor, invoice.due_minor) == (822, 2_000 + second.total_cost_minor)
    assert (invoice.tax_category, invoice.tax_rate_hundredths, invoice.tax_minor) == (None, 0, 0)
    assert invoice.due_at - invoice.created_at == timedelta(days=14)
    one, two = await lines_of(shop, invoice)
    assert (one.order_id, one.billed_minor, one.prepaid_minor, one.mass_g) == (first.id, TOTAL_MINOR, 822, TONNE_G)
    assert (two.order_id, two.billed_minor, two.prepaid_minor) == (second.id, second.total_cost_minor, 0)
    for order in (first, second):
        assert (await standing(shop, order)).payment_status is PaymentStatus.BILLED
    told = [event.event_type.value for event in await rows_of(shop.database, EVENTS)]
    assert (told.count("invoice.issued"), told.count("order.billed")) == (1, 2)


async def test_a_period_ends_before_its_end(shop: Shop):
    early = await shop.place(make_order_request(1_000))
    moment = system_clock()
    late = await shop.place(make_order_request(1_000))

    (answer,) = [await bill(shop, period=Period(currency="USD", created_until=moment))]
    assert answer.invoice.mass_g == 1_000
    assert (await standing(shop, early)).payment_status is PaymentStatus.BILLED
    assert (await standing(shop, late)).payment_status is PaymentStatus.ISSUED

    rest = await bill(shop, reference="april", period=Period(currency="USD", created_from=moment))
    assert rest.invoice.mass_g == 1_000
    assert (await standing(shop, late)).payment_status is PaymentStatus.BILLED


async def test_a_paid_order_is_invoiced_too_and_stays_paid(shop: Shop):
    paid, owed = await shop.place(make_order_request(TONNE_G)), await shop.place(make_order_request(1_000))
    await pay(shop, paid, TOTAL_MINOR)

    alone = (await bill(shop, paid, reference="alone")).invoice
    rest = (await bill(shop)).invoice

    assert (alone.total_minor, alone.prepaid_minor, alone.due_minor) == (TOTAL_MINOR, TOTAL_MINOR, 0)
    assert (alone.status, alone.paid_at, alone.settled_minor) == (InvoiceStatus.PAID, alone.created_at, 0)
    assert (await standing(shop, paid)).payment_status is PaymentStatus.PAID
    assert [line.order_id for line in await lines_of(shop, rest)] == [owed.id]
    assert (await refused(shop, bill(shop, paid, reference="again"))).details == {"payment_status": "PAID"}
    told = [event.event_type.value for event in await rows_of(shop.database, EVENTS) if "invo" in event.event_type]
    assert told == ["invoice.issued", "order.invoiced", "invoice.settled", "invoice.issued"]


async def test_what_is_cancelled_refunded_or_in_another_currency_is_not_billed(shop: Shop):
    refunded, cancelled = await shop.place(make_order_request(TONNE_G)), await shop.place(make_order_request(1_000))
    await pay(shop, refunded, TOTAL_MINOR)
    await refund_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=refunded.id))
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=cancelled.id)])
    refusal = await refused(shop, bill(shop))
    assert refusal.code is Code.NOT_FOUND
    refusal = await refused(shop, bill(shop, period=Period(currency="SAR")))
    assert refusal.code is Code.NOT_FOUND


async def test_an_invoice_has_the_orders_of_client_accounts_too(shop: Shop):
    client = await shop.another_account(parent_account_id=shop.account.id)
    stranger = await shop.another_account()
    own = await shop.place(make_order_request(1_000))
    (clients,) = await shop.place_all(make_command(client, make_order_request(TONNE_G)))
    (strangers,) = await shop.place_all(make_command(stranger, make_order_request(TONNE_G)))
    invoice = (await bill(shop)).invoice
    assert (invoice.account_id, invoice.mass_g) == (shop.account.id, TONNE_G + 1_000)
    lines = await lines_of(shop, invoice)
    assert {(line.order_account_id, line.order_id) for line in lines} == {
        (shop.account.id, own.id),
        (client.id, clients.order.id),
    }
    assert (await standing(shop, strangers.order)).payment_status is PaymentStatus.ISSUED

    await settle_invoice(shop.resources, shop.caller, client.id, invoice.id)
    assert (await standing(shop, clients.order)).payment_status is PaymentStatus.PAID
    assert (await standing(shop, own)).payment_status is PaymentStatus.PAID


async def test_named_orders_are_billed_and_no_others(shop: Shop):
    named, other = await shop.place(make_order_request(TONNE_G)), await shop.place(make_order_request(1_000))
    invoice = (await bill(shop, named, named)).invoice
    assert invoice.total_minor == TOTAL_MINOR
    assert (await standing(shop, other)).payment_status is PaymentStatus.ISSUED


async def test_a_named_order_that_is_not_owed_is_refused_with_all_others(shop: Shop):
    owed, cancelled = await shop.place(make_order_request(TONNE_G)), await shop.place(make_order_request(1_000))
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=cancelled.id)])
    refusal = await refused(shop, bill(shop, owed, cancelled))
    assert (refusal.code, refusal.path) == (Code.PAYMENT_STATE, ("orders", 1))
    await bill(shop, owed)
    refusal = await refused(shop, bill(shop, owed, reference="again"))
    assert (refusal.code, refusal.details) == (Code.PAYMENT_STATE, {"payment_status": "BILLED"})


async def test_an_invoice_is_in_one_currency(shop: Shop):
    forest = selection_of([(shop.forest.id, None)])
    dollars = await shop.place(make_order_request(TONNE_G, selection=forest))
    riyals = await shop.place(make_order_request(TONNE_G, selection=forest, currency="SAR"))
    refusal = await refused(shop, bill(shop, dollars, riyals))
    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, ("orders",))
    assert (await bill(shop, period=Period(currency="SAR"))).invoice.total_minor == riyals.total_cost_minor


async def test_a_reference_is_an_invoice_once(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    first = await bill(shop)
    later = await shop.place(make_order_request(1_000))
    before = await shop.everything()

    again = await bill(shop)
    assert (again.invoice, again.replayed, first.replayed) == (first.invoice, True, False)
    assert await shop.everything() == before
    assert (await refused(shop, bill(shop, later))).code is Code.IDEMPOTENCY_KEY_REUSED
    assert (await refused(shop, bill(shop, payment_days=31))).code is Code.IDEMPOTENCY_KEY_REUSED
    assert (await standing(shop, order)).payment_status is PaymentStatus.BILLED


@pytest.mark.parametrize(
    "period", [ALL, Period(currency="USD", created_from=LONG_AGO), Period(currency="USD", created_until=FAR_OFF)]
)
async def test_an_invoice_is_found_by_its_reference_though_too_many_orders_are_owed_by_now(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, period: Period
):
    monkeypatch.setattr(module, "ORDERS_AN_INVOICE_MAX", 2)
    await shop.place()
    first = await bill(shop, period=period)
    for _ in range(3):
        await shop.place()
    before = await shop.everything()

    again = await bill(shop, period=period)

    assert (again.invoice, again.replayed) == (first.invoice, True)
    other = Period(currency="USD", created_until=FAR_OFF - timedelta(days=1))
    assert (await refused(shop, bill(shop, period=other))).code is Code.IDEMPOTENCY_KEY_REUSED
    assert (await refused(shop, bill(shop, period=period, reference="april"))).code is Code.BAD_USER_INPUT
    assert await shop.everything() == before


async def test_an_invoice_is_found_by_its_reference_though_nothing_is_owed_by_now(shop: Shop):
    order = await shop.place()
    named = await bill(shop, order, reference="one")
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)])

    again = await bill(shop, order, reference="one")

    assert (again.invoice.id, again.replayed) == (named.invoice.id, True)
    assert (await refused(shop, bill(shop, reference="one"))).code is Code.IDEMPOTENCY_KEY_REUSED


@pytest.mark.parametrize("retry", ["march ", " march", "march\t", "  march\u00a0\n"])
async def test_blanks_around_a_reference_are_ignored(shop: Shop, retry: str):
    await shop.place()
    first = await bill(shop, reference="march")
    await shop.place()

    again = await bill(shop, reference=retry)

    assert (again.invoice, again.replayed) == (first.invoice, True)
    assert (await bill(shop, reference=retry.replace("march", "april"))).invoice.reference == "april"
    assert (await refused(shop, bill(shop, reference=" \t"))).code is Code.BAD_USER_INPUT


async def test_twins_of_a_bill_are_one_invoice(shop: Shop):
    await shop.place(make_order_request(TONNE_G))
    answers = await asyncio.gather(*(bill(shop) for _ in range(6)))
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 5
    assert len({answer.invoice.id for answer in answers}) == 1


async def test_an_order_is_on_one_invoice_though_two_reach_for_it(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    answers = await asyncio.gather(
        *(bill(shop, order, reference=f"bill-{index}") for index in range(4)),
        *(bill(shop, reference=f"all-{index}") for index in range(4)),
        return_exceptions=True,
    )
    (billed,) = [answer for answer in answers if isinstance(answer, Billed)]
    assert {answer.code for answer in answers if isinstance(answer, Refused)} <= {Code.PAYMENT_STATE, Code.NOT_FOUND}
    assert billed.invoice.total_minor == TOTAL_MINOR


async def test_a_settled_invoice_has_paid_its_orders(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await pay(shop, order, 822)
    invoice = (await bill(shop)).invoice
    paid = await settle(shop, invoice)

    assert paid.status is InvoiceStatus.PAID
    assert paid.paid_at is not None
    now = await standing(shop, order)
    assert (now.paid_minor, now.payment_status) == (TOTAL_MINOR, PaymentStatus.PAID)
    found = await invoices_of_ids(shop.resources, shop.caller, [invoice.id])
    assert found == {invoice.id: paid}
    assert await balance_minor(shop) == 0


async def test_an_invoice_is_settled_once(shop: Shop):
    await shop.place(make_order_request(TONNE_G))
    invoice = (await bill(shop)).invoice
    answers = await asyncio.gather(*(settle(shop, invoice) for _ in range(6)))
    assert answers == [answers[0]] * 6
    assert await balance_minor(shop) == 0


async def test_a_settlement_pays_what_is_left_of_an_invoice(shop: Shop):
    kept, paid, cancelled = [await shop.place(make_order_request(TONNE_G // 4)) for _ in range(3)]
    invoice = (await bill(shop)).invoice
    await pay(shop, paid, 100)
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=cancelled.id)])
    found = await invoices_of_ids(shop.resources, shop.caller, [invoice.id])
    assert found[invoice.id] == replace(invoice, credited_minor=cancelled.total_cost_minor)

    settled = await settle(shop, invoice)

    assert settled.settled_minor == kept.total_cost_minor + paid.total_cost_minor - 100
    assert await balance_minor(shop) == 0
    for order in (kept, paid):
        now = await standing(shop, order)
        assert (now.paid_minor, now.payment_status) == (order.total_cost_minor, PaymentStatus.PAID)
    now = await standing(shop, cancelled)
    assert (now.status, now.payment_status, now.paid_minor) == (OrderStatus.CANCELLED, PaymentStatus.BILLED, 0)


async def test_a_cancel_and_a_settlement_that_meet_lose_no_money(shop: Shop):
    received_minor = 0
    for index in range(4):
        order = await shop.place(make_order_request(TONNE_G))
        invoice = (await bill(shop, reference=f"bill-{index}")).invoice
        settled, _ = await asyncio.gather(
            settle(shop, invoice), cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)])
        )
        assert settled.settled_minor in {0, TOTAL_MINOR}
        received_minor += settled.settled_minor
        assert await balance_minor(shop) == received_minor


async def test_what_is_not_there_is_not_settled(shop: Shop):
    await shop.place(make_order_request(TONNE_G))
    invoice = (await bill(shop)).invoice
    other = await shop.another_account()
    for account_id, invoice_id in ((shop.account.id, uuid7()), (other.id, invoice.id), (uuid7(), invoice.id)):
        work = settle_invoice(shop.resources, shop.caller, account_id, invoice_id)
        assert (await refused(shop, work)).code is Code.NOT_FOUND


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE invoices SET total_minor = 1",
        "UPDATE invoices SET due_at = created_at",
        "UPDATE invoices SET tax_minor = 1",
        "UPDATE invoices SET prepaid_minor = 1",
        "DELETE FROM invoices",
        "UPDATE invoice_lines SET billed_minor = 1",
        "DELETE FROM invoice_lines",
        "UPDATE payments SET amount_minor = 1",
        "DELETE FROM payments",
    ],
)
async def test_the_database_itself_refuses_to_change_what_was_issued(shop: Shop, sql: str):
    order = await shop.place(make_order_request(TONNE_G))
    await pay(shop, order, 1_000)
    await bill(shop)
    before = await shop.everything()
    with pytest.raises(Exception, match="append-only"):
        await shop.execute(sql)
    assert await shop.everything() == before


async def test_a_paid_invoice_stays_paid(shop: Shop):
    await shop.place(make_order_request(TONNE_G))
    await settle(shop, (await bill(shop)).invoice)
    with pytest.raises(Exception, match="append-only"):
        await shop.execute("UPDATE invoices SET status = 'PENDING', paid_at = NULL")


async def test_invoices_are_listed_newest_first_and_only_ones_own(shop: Shop):
    issued = []
    for index in range(3):
        order = await shop.place(make_order_request(1_000 + index))
        issued.append((await bill(shop, order, reference=f"bill-{index}")).invoice)
    first = await list_invoices(shop.resources, shop.caller, PageRequest(2))
    assert (list(first.items), first.has_next) == ([issued[2], issued[1]], True)
    last = first.items[-1]
    rest = await list_invoices(shop.resources, shop.caller, PageRequest(2, after=Position(last.created_at, last.id)))
    assert (list(rest.items), rest.has_next) == ([issued[0]], False)
    stranger = make_caller(await shop.another_account())
    assert (await list_invoices(shop.resources, stranger, PageRequest(2))).items == ()
    assert await invoices_of_ids(shop.resources, stranger, [issued[0].id]) == {}


async def test_the_lines_of_invoices_are_read_page_by_page(shop: Shop):
    placed = [await shop.place(make_order_request(1_000 + index)) for index in range(5)]
    long = (await bill(shop, *placed[:3])).invoice
    short = (await bill(shop, *placed[3:], reference="short")).invoice

    def orders(pages) -> list[list[Order]]:
        by_id = {order.id: order for order in placed}
        return [[by_id[line.order_id] for line in page.items] for page in pages]

    async def read(request: PageRequest):
        return await lines_of_invoices(shop.resources, shop.caller, [short, long], request)

    first = await read(PageRequest(2))
    assert orders(first) == [placed[3:5], placed[:2]]
    assert [page.has_next for page in first] == [False, True]
    line = first[1].items[0]
    after = await read(PageRequest(2, after=Position(line.position, line.order_id)))
    assert orders(after) == [placed[4:5], placed[1:3]]
    last = await read(PageRequest(1, backward=True))
    assert orders(last) == [placed[4:5], placed[2:3]]
    before = await read(PageRequest(1, before=Position(2, placed[2].id), backward=True))
    assert orders(before) == [placed[4:5], placed[1:2]]


async def test_the_ledger_is_listed_journal_by_journal_newest_first(shop: Shop):
    order = await shop.place(make_order_request(TONNE_G))
    await pay(shop, order, TOTAL_MINOR)
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)])

    whole = await list_journals(shop.resources, shop.caller, PageRequest(10))
    assert [each.journal.verb.value for each in whole.items] == [
        "order_cancelled",
        "payment_recorded",
        "order_placed",
    ]
    assert all((each.order_account_id, each.order_id) == (order.account_id, order.id) for each in whole.items)
    page = await list_journals(
        shop.resources, shop.caller, PageRequest(1, after=Position(whole.items[0].created_at, whole.items[0].id))
    )
    assert (page.items, page.has_next) == (whole.items[1:2], True)
    backward = await list_journals(
        shop.resources,
        shop.caller,
        PageRequest(1, before=Position(whole.items[2].created_at, whole.items[2].id), backward=True),
    )
    assert backward.items == whole.items[1:2]
    assert await journals_of_ids(shop.resources, shop.caller, [whole.items[0].id]) == {
        whole.items[0].id: whole.items[0]
    }
    stranger = make_caller(await shop.another_account())
    assert (await list_journals(shop.resources, stranger, PageRequest(10))).items == ()
    assert await journals_of_ids(shop.resources, stranger, [whole.items[0].id]) == {}
