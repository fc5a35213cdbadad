"""Limits on holds: of a bundle's stock and in number, for a parent and its clients together, in live mode alone.

The shop has 11 t of Forest and 1 t of Ocean. Seen to fail when: the payer's head is not locked; holds through another
bundle, or of a client, do not count; the retry of a quote whose commit went unanswered counts its own hold.
"""

import asyncio
from typing import Any

import pytest

from service.domain.accounts import Account
from service.domain.catalogue import BundleProject, Mode
from service.domain.order import ByBundleMasses, FromQuote
from service.errors import Code, Refused
from service.operations.expire_holds import expire_holds
from service.operations.quote_order import Quoted, quote_order
from service.storage import holds
from service.storage.database import Database
from tests.api.graphql_api import open_graphql_api
from tests.makers import TONNE_G, make_batch, make_bundle, make_caller, make_command, make_order_request, store
from tests.makers import make_price as price
from tests.operations.test_interruptions import Faults, failing, lost
from tests.shop import Shop, open_shop

TENTH_G = 11 * TONNE_G // 10
LIMITED = {"hold_percent_max": None, "open_holds_max": None}


@pytest.fixture
async def customer(shop: Shop) -> Account:
    """An account with the limits of the service."""
    return await shop.another_account(**LIMITED)


async def hold(shop: Shop, account: Account, mass_g: int, *, bundle: Any = None) -> Quoted:
    order_request = make_order_request(ask=ByBundleMasses((((bundle or shop.forest).id, mass_g),)))
    return await quote_order(shop.resources, make_caller(account), order_request, valid_ms=60_000, hold=True)


async def refused(shop: Shop, account: Account, mass_g: int, **facts: Any) -> Refused:
    before = await shop.everything()
    with pytest.raises(Refused) as refusal:
        await hold(shop, account, mass_g, **facts)
    assert await shop.everything() == before
    return refusal.value


async def test_a_tenth_of_the_stock_is_held_and_not_a_gram_more(shop: Shop, customer: Account):
    refusal = await refused(shop, customer, TENTH_G + 1)
    assert (refusal.code, refusal.path) == (Code.HOLD_LIMIT_EXCEEDED, ("hold",))

    await hold(shop, customer, TENTH_G)

    assert (await refused(shop, customer, 1)).code is Code.HOLD_LIMIT_EXCEEDED
    assert await holds.held_g(shop.database.reader, [customer.id]) == {customer.id: TENTH_G}


async def test_a_hold_whose_commit_went_unanswered_does_not_count_against_its_own_retry(shop: Shop, customer: Account):
    faults = Faults(0, lost("commit"), "commit")
    order_request = make_order_request(ask=ByBundleMasses(((shop.forest.id, TENTH_G),)))

    quoted = await quote_order(failing(shop, faults), make_caller(customer), order_request, valid_ms=60_000, hold=True)

    assert faults.struck
    assert quoted.quote.mass_g == TENTH_G
    assert await holds.held_g(shop.database.reader, [customer.id]) == {customer.id: TENTH_G}
    assert await holds.count_open(shop.database.reader, customer.id) == 1


async def test_one_key_cannot_keep_another_customer_from_a_tonne(shop: Shop, customer: Account):
    """Renewed for ever, the holds of one customer leave nine tenths to the others."""
    for _ in range(86):
        try:
            await hold(shop, customer, TONNE_G)
        except Refused as refusal:
            assert refusal.code is Code.HOLD_LIMIT_EXCEEDED  # noqa: PT017 - most of them are refused

    order = await shop.place(make_order_request(ask=ByBundleMasses(((shop.forest.id, TONNE_G),))))

    assert order.fulfilled_g == TONNE_G
    assert await holds.count_open(shop.database.reader, customer.id) == 1


async def test_twenty_holds_are_open_and_no_more(shop: Shop, customer: Account):
    quotes = [await hold(shop, customer, 1) for _ in range(20)]
    assert (await refused(shop, customer, 1)).code is Code.HOLD_LIMIT_EXCEEDED

    await shop.place_all(make_command(customer, FromQuote(quotes[0].quote.id)))
    await hold(shop, customer, 1)
    assert (await refused(shop, customer, 1)).code is Code.HOLD_LIMIT_EXCEEDED

    await shop.execute("UPDATE quotes SET expires_at = created_at WHERE id = $1", quotes[1].quote.id)
    await expire_holds(shop.resources)
    await hold(shop, customer, 1)


async def test_a_parent_and_its_clients_hold_together(shop: Shop, customer: Account):
    clients = [await shop.another_account(parent_account_id=customer.id) for _ in range(2)]
    await hold(shop, clients[0], TENTH_G - 10)
    await hold(shop, clients[1], 5)
    await hold(shop, customer, 5)

    for account in (customer, *clients):
        assert (await refused(shop, account, 1)).code is Code.HOLD_LIMIT_EXCEEDED


async def test_holds_of_other_customers_are_part_of_the_stock(shop: Shop, customer: Account):
    await hold(shop, shop.account, 5 * TONNE_G)

    await hold(shop, customer, TENTH_G)


async def test_credits_count_in_every_bundle_that_sells_them(shop: Shop, customer: Account):
    """A bundle over both projects has 12 t: a tenth of it, taken from Forest, is more than a tenth of Forest."""
    both = make_bundle(name="Both")
    await store(shop.database, both, price(both, "20"))
    await store(
        shop.database, BundleProject(both.id, shop.forest_project.id), BundleProject(both.id, shop.deep.project_id)
    )
    await hold(shop, customer, 1_000_000, bundle=both)
    assert (await refused(shop, customer, 150_000, bundle=both)).code is Code.HOLD_LIMIT_EXCEEDED
    assert (await refused(shop, customer, 100_001)).code is Code.HOLD_LIMIT_EXCEEDED
    await hold(shop, customer, 100_000)


@pytest.mark.parametrize(
    ("limits", "allowed_g"),
    [({"hold_percent_max": 0}, 0), ({"hold_percent_max": 50}, 5_500_000), ({"hold_percent_max": 100}, 11_000_000)],
)
async def test_an_accounts_own_share_stands_for_the_services(shop: Shop, limits: dict[str, int], allowed_g: int):
    account = await shop.another_account(**LIMITED | limits)
    if allowed_g < 11_000_000:
        assert (await refused(shop, account, allowed_g + 1)).code is Code.HOLD_LIMIT_EXCEEDED
    if allowed_g:
        await hold(shop, account, allowed_g)


async def test_an_accounts_own_number_stands_for_the_services(shop: Shop):
    account = await shop.another_account(**LIMITED | {"open_holds_max": 1})
    await hold(shop, account, 1)
    assert (await refused(shop, account, 1)).code is Code.HOLD_LIMIT_EXCEEDED


async def test_a_test_account_holds_what_there_is(shop: Shop):
    account = await shop.another_account(mode=Mode.TEST, **LIMITED)
    await store(shop.database, make_batch(shop.forest_project, TONNE_G, mode=Mode.TEST, serial_prefix="T-"))

    for _ in range(21):
        await hold(shop, account, 40_000)


async def test_a_quote_without_a_hold_has_no_limit(shop: Shop, customer: Account):
    order_request = make_order_request(ask=ByBundleMasses(((shop.forest.id, 11 * TONNE_G),)))
    for _ in range(21):
        await quote_order(shop.resources, make_caller(customer), order_request, valid_ms=60_000)


async def test_quotes_at_once_never_pass_a_limit_together(shop: Shop, customer: Account):
    accounts = [customer, *[await shop.another_account(parent_account_id=customer.id) for _ in range(3)]]

    answers = await asyncio.gather(
        *(hold(shop, accounts[number % 4], 200_000) for number in range(12)), return_exceptions=True
    )

    refusals = [answer for answer in answers if isinstance(answer, BaseException)]
    assert {getattr(each, "code", each) for each in refusals} == {Code.HOLD_LIMIT_EXCEEDED}
    assert len(answers) - len(refusals) == 5
    assert await holds.held_g(shop.database.reader, [customer.id]) == {customer.id: 1_000_000}


async def test_quotes_at_once_are_never_too_many_together(shop: Shop):
    parent = await shop.another_account(**LIMITED | {"open_holds_max": 3})
    accounts = [parent, *[await shop.another_account(parent_account_id=parent.id) for _ in range(3)]]

    answers = await asyncio.gather(
        *(hold(shop, accounts[number % 4], 1_000) for number in range(12)), return_exceptions=True
    )

    assert sum(isinstance(each, Quoted) for each in answers) == 3
    assert await holds.count_open(shop.database.reader, parent.id) == 3


async def test_graphql_refuses_by_the_limits_that_are_set(balanced: Database, database_url: str):
    shop = await open_shop(balanced, **LIMITED)
    query = """mutation ($g: Decimal!) { quoteByMass(input: {mass: {amount: $g, unit: TONNE}, hold: true}) {
        quote { id } userErrors { code path } } }"""
    async with open_graphql_api(shop, database_url, hold_percent_max=50, open_holds_max=2) as api:
        first = (await api.data(query, {"g": "5"}))["quoteByMass"]
        second = (await api.data(query, {"g": "5"}))["quoteByMass"]

    assert (first["userErrors"], second["quote"]) == ([], None)
    assert second["userErrors"] == [{"code": "HOLD_LIMIT_EXCEEDED", "path": ["input", "hold"]}]
