"""Sellers, billing details and tax profiles: set by the operator, refused where they contradict themselves.

Planted defects that were seen caught here: reverse charge without the payer's number, a number that is removed under
reverse charge, a profile that begins a day late, a change that forgets a fact which was not given.
"""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from service.domain.api_keys import Scope
from service.domain.parties import FIRST_SELLER, TaxCategory, TaxProfile, profile_on
from service.errors import Code, Refused
from service.operations.set_billing import enter_billing_details, read_billing, set_tax_profile, update_billing_details
from service.operations.set_seller import list_sellers, seller_of_account, set_seller, update_seller
from service.storage import sellers
from service.storage.events import EVENTS
from tests.books import assert_audit_finds_nothing, rows_of
from tests.makers import make_caller
from tests.shop import Shop

NEW_YEAR = date(2027, 1, 1)


def profile(shop: Shop, category: TaxCategory = TaxCategory.STANDARD, rate: int = 2_000, **facts: Any) -> TaxProfile:
    named = {"account_id": shop.account.id, "valid_from": NEW_YEAR, **facts}
    return TaxProfile(category=category, rate_hundredths=rate, **named)


async def all_rows(shop: Shop) -> list[Any]:
    tables = (sellers.SELLERS, sellers.DETAILS, sellers.PROFILES, EVENTS)
    return [row for table in tables for row in await rows_of(shop.database, table)]


async def refused(shop: Shop, work: Any) -> tuple[Code, tuple[str | int, ...]]:
    """The code and the path of the refusal; nothing changed."""
    before = await all_rows(shop)
    with pytest.raises(Refused) as caught:
        await work
    assert await all_rows(shop) == before
    return caught.value.code, tuple(caught.value.path)


async def test_a_new_database_has_one_seller_who_sells_to_everybody(shop: Shop):
    (first,) = await list_sellers(shop.resources)
    assert (first.identifier, first.legal_name, first.payment_days) == (FIRST_SELLER, None, 30)
    assert await seller_of_account(shop.resources, shop.caller) == first


async def test_facts_of_the_seller_that_are_not_given_stay(shop: Shop):
    await update_seller(shop.resources, shop.caller, FIRST_SELLER, {"legal_name": "Carbon Desk Ltd", "country": "GB"})
    changed = await update_seller(shop.resources, shop.caller, FIRST_SELLER, {"country": "IE", "payment_days": 14})
    again = await update_seller(shop.resources, shop.caller, FIRST_SELLER, {"country": "IE"})

    assert (changed.legal_name, changed.country, changed.payment_days) == ("Carbon Desk Ltd", "IE", 14)
    assert await list_sellers(shop.resources) == [changed] == [again]
    told = [event.payload for event in await rows_of(shop.database, EVENTS)]
    assert told == [
        {"seller": "default", "changed": ["country", "legal_name"]},
        {"seller": "default", "changed": ["country", "payment_days"]},
    ]


@pytest.mark.parametrize(
    "facts",
    [
        *({"legal_name": ""}, {"legal_name": " "}, {"country": "gb"}, {"country": "ZZ"}),
        *({"payment_days": 3_651}, {"payment_days": None}, {"footer": "x" * 1_001}),
    ],
)
async def test_facts_that_no_invoice_could_print_are_refused(shop: Shop, facts: dict[str, Any]):
    answer = await refused(shop, update_seller(shop.resources, shop.caller, FIRST_SELLER, facts))
    assert answer == (Code.BAD_USER_INPUT, tuple(facts))


async def test_another_seller_is_created_once_and_bills_the_accounts_that_name_it(shop: Shop):
    created = await set_seller(shop.resources, "eu", {"legal_name": "Carbon Desk BV", "country": "NL"})
    changed = await set_seller(shop.resources, "eu", {"tax_number": "NL1"})
    assert changed == replace(created, tax_number="NL1")
    assert [seller.identifier for seller in await list_sellers(shop.resources)] == ["default", "eu"]

    await update_billing_details(shop.resources, shop.caller, shop.account.id, {}, "eu")
    assert await seller_of_account(shop.resources, shop.caller) == changed
    client = await shop.another_account(parent_account_id=shop.account.id)
    assert await seller_of_account(shop.resources, make_caller(client)) == changed
    await enter_billing_details(shop.resources, shop.account.id, {}, FIRST_SELLER)
    assert (await seller_of_account(shop.resources, shop.caller)).identifier == FIRST_SELLER
    await assert_audit_finds_nothing(shop.database)


async def test_an_unknown_seller_is_refused(shop: Shop):
    nobody = update_seller(shop.resources, shop.caller, "eu", {"country": "NL"})
    assert await refused(shop, nobody) == (Code.NOT_FOUND, ("identifier",))
    bills = update_billing_details(shop.resources, shop.caller, shop.account.id, {}, "eu")
    assert await refused(shop, bills) == (Code.NOT_FOUND, ("seller",))


async def test_reverse_charge_needs_the_payers_number_and_keeps_it(shop: Shop):
    reverse = profile(shop, TaxCategory.REVERSE_CHARGE, 0, reason="Reverse charge")
    refusal = await refused(shop, set_tax_profile(shop.resources, shop.caller, reverse))
    assert refusal == (Code.BAD_USER_INPUT, ("category",))

    await update_billing_details(shop.resources, shop.caller, shop.account.id, {"tax_number": "DE1", "country": "DE"})
    await set_tax_profile(shop.resources, shop.caller, reverse)
    removal = update_billing_details(shop.resources, shop.caller, shop.account.id, {"tax_number": None})
    assert await refused(shop, removal) == (Code.BAD_USER_INPUT, ("tax_number",))
    billing = await read_billing(shop.resources, shop.account.id)
    assert (billing.details.tax_number, billing.profiles) == ("DE1", (reverse,))


@pytest.mark.parametrize(
    ("category", "rate", "facts", "member"),
    [
        (TaxCategory.STANDARD, 0, {}, "rate"),
        (TaxCategory.STANDARD, 10_001, {}, "rate"),
        (TaxCategory.ZERO_RATED, 1, {}, "rate"),
        (TaxCategory.EXEMPT, 500, {"reason": "Exempt"}, "rate"),
        (TaxCategory.EXEMPT, 0, {}, "reason"),
        (TaxCategory.OUT_OF_SCOPE, 0, {}, "reason"),
        (TaxCategory.STANDARD, 2_000, {"reason": "Exempt"}, "reason"),
        (TaxCategory.EXPORT, 0, {"reason": "x" * 501}, "reason"),
        (TaxCategory.EXPORT, 0, {"reason_code": "x" * 33}, "reason_code"),
    ],
)
async def test_a_profile_that_contradicts_itself_is_refused(
    shop: Shop, category: TaxCategory, rate: int, facts: dict[str, Any], member: str
):
    work = set_tax_profile(shop.resources, shop.caller, profile(shop, category, rate, **facts))
    assert await refused(shop, work) == (Code.BAD_USER_INPUT, (member,))


async def test_a_profile_is_valid_from_its_day_until_the_next_one(shop: Shop):
    old = profile(shop, valid_from=date(2026, 1, 1))
    new = profile(shop, rate=2_100)
    for each in (new, profile(shop, rate=2_200), new, old):
        await set_tax_profile(shop.resources, shop.caller, each)
    profiles = (await read_billing(shop.resources, shop.account.id)).profiles
    assert profiles == (old, new)
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), NEW_YEAR)
    assert [profile_on(profiles, day) for day in days] == [None, old, old, new]


async def test_a_client_account_is_billed_to_its_parent(shop: Shop):
    client = await shop.another_account(parent_account_id=shop.account.id)
    details = update_billing_details(shop.resources, shop.caller, client.id, {"country": "DE"})
    assert await refused(shop, details) == (Code.BAD_USER_INPUT, ("account_id",))
    tax = set_tax_profile(shop.resources, shop.caller, profile(shop, account_id=client.id))
    assert await refused(shop, tax) == (Code.BAD_USER_INPUT, ("account_id",))


async def test_only_an_operator_sets_them(shop: Shop):
    caller = make_caller(shop.account, scopes=frozenset({Scope.ORDERS_READ, Scope.ORDERS_WRITE}))
    for work in (
        update_seller(shop.resources, caller, FIRST_SELLER, {"country": "GB"}),
        update_billing_details(shop.resources, caller, shop.account.id, {"country": "GB"}),
        set_tax_profile(shop.resources, caller, profile(shop)),
    ):
        assert (await refused(shop, work))[0] is Code.FORBIDDEN
