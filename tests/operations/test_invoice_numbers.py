"""Numbers of invoices without gaps, and the parties that an invoice names for good.

Planted defect that was seen caught here: one series for live and test accounts.
"""

import asyncio
from dataclasses import replace
from itertools import chain, repeat
from uuid import UUID

import pytest

from service.api.graphql.types.money import invoice_of
from service.domain.accounts import Account
from service.domain.billing import Invoice
from service.domain.catalogue import Mode
from service.domain.numbering import DocumentKind, document_number
from service.domain.parties import FIRST_SELLER
from service.errors import Code, Refused
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations.bill_orders import Period, bill_orders
from service.operations.resources import Resources
from service.operations.set_billing import update_billing_details
from service.operations.set_seller import set_seller, update_seller
from service.storage.money import INVOICES
from tests.books import assert_audit_finds_nothing, rows_of
from tests.makers import make_order_request
from tests.shop import Shop

YEAR = system_clock().year


async def bill(shop: Shop, reference: str, resources: Resources | None = None) -> Invoice:
    """An invoice for a new order of the shop's account."""
    await shop.place(make_order_request(1_000))
    answer = await bill_orders(
        resources or shop.resources, shop.caller, shop.account.id, reference, Period(currency="USD")
    )
    return answer.invoice


def test_a_number_names_kind_and_year_and_has_six_digits_at_least():
    assert document_number(DocumentKind.INVOICE, Mode.LIVE, 2026, 42) == "INV-2026-000042"
    assert document_number(DocumentKind.CREDIT_NOTE, Mode.TEST, 2027, 1_234_567) == "TEST-CN-2027-1234567"


async def test_numbers_go_on_from_invoice_to_invoice(shop: Shop):
    numbers = [(await bill(shop, reference)).number for reference in ("first", "second", "first again")]
    assert numbers == [f"INV-{YEAR}-{number:06}" for number in (1, 2, 3)]
    await assert_audit_finds_nothing(shop.database)


async def test_an_invoice_that_is_rolled_back_takes_no_number(shop: Shop):
    ids = chain([uuid7()], repeat(None))

    def new_id() -> UUID:
        """The id of the invoice, and none for its events, which are written after its number."""
        if (found := next(ids)) is None:
            raise ConnectionResetError
        return found

    with pytest.raises(ConnectionResetError):
        await bill(shop, "lost", Resources(database=shop.database, clock=system_clock, new_id=new_id))
    assert await rows_of(shop.database, INVOICES) == []
    assert (await bill(shop, "kept")).number == f"INV-{YEAR}-000001"
    await assert_audit_finds_nothing(shop.database)


async def test_a_retry_and_payers_that_are_billed_at_once_share_the_series(shop: Shop):
    payers = [await shop.another_account() for _ in range(3)]
    for each in payers:
        await _of(shop, each).place(make_order_request(1_000))
    period = Period(currency="USD")
    answers = await asyncio.gather(
        *(bill_orders(shop.resources, shop.caller, each.id, "march", period) for each in payers),
        *(bill_orders(shop.resources, shop.caller, each.id, "march", period) for each in payers),
    )
    assert sorted({answer.invoice.number for answer in answers}) == [f"INV-{YEAR}-{n:06}" for n in (1, 2, 3)]
    await assert_audit_finds_nothing(shop.database)


def _of(shop: Shop, account: Account) -> Shop:
    """The shop, as another account sees it."""
    return replace(shop, account=account)


async def test_an_invoice_keeps_the_parties_of_its_time(shop: Shop):
    await update_seller(shop.resources, shop.caller, FIRST_SELLER, {"legal_name": "Carbon Desk Ltd", "country": "GB"})
    await update_billing_details(shop.resources, shop.caller, shop.account.id, {"tax_number": "DE1"})
    await bill(shop, "march")
    await update_seller(shop.resources, shop.caller, FIRST_SELLER, {"legal_name": "Another Ltd"})
    await update_billing_details(shop.resources, shop.caller, shop.account.id, {"legal_name": "GmbH"})

    (row,) = await rows_of(shop.database, INVOICES)
    shown = invoice_of(row)
    seller, payer = shown._parties() or pytest.fail("the invoice names nobody")
    assert (seller.legal_name, seller.country, seller.payment_days) == ("Carbon Desk Ltd", "GB", 30)
    assert (payer.legal_name, payer.tax_number) == (shop.account.name, "DE1")


async def test_an_account_that_has_invoices_stays_with_its_seller(shop: Shop):
    await set_seller(shop.resources, "eu", {"country": "NL"})
    await update_billing_details(shop.resources, shop.caller, shop.account.id, {}, "eu")
    assert (await bill(shop, "march")).number == f"INV-{YEAR}-000001"
    with pytest.raises(Refused) as caught:
        await update_billing_details(shop.resources, shop.caller, shop.account.id, {}, FIRST_SELLER)
    assert (caught.value.code, caught.value.path) == (Code.BAD_USER_INPUT, ("seller",))
    await update_billing_details(shop.resources, shop.caller, shop.account.id, {"country": "DE"}, "eu")
    assert (await bill(shop, "april")).number == f"INV-{YEAR}-000002"
    await assert_audit_finds_nothing(shop.database)


async def test_test_accounts_have_a_series_of_their_own(shop: Shop):
    await bill(shop, "live")
    twin = await shop.another_account(mode=Mode.TEST)
    await _of(shop, twin).place(make_order_request(1_000))
    answer = await bill_orders(shop.resources, shop.caller, twin.id, "test", Period(currency="USD"))
    assert answer.invoice.number == f"TEST-INV-{YEAR}-000001"
