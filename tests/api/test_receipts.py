"""Pages of receipts: seller, sums and tax, links to files, and addresses that expire and can be revoked.

Seen to fail when: prices lose their decimals; the tax of an invoice with two orders is shown on one of them; a client
account's page shows the invoice of its parent, or has the file with its payments; an address outlives its end; a former
address outlives a revocation, or ends with one of an earlier release.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from service.api import document_links
from service.api.receipt_links import former_receipt_path
from service.domain.amounts import Money
from service.domain.listing import OrderRef
from service.domain.order import ByBundleMasses, Order, OrderRequest
from service.domain.parties import TaxCategory, TaxProfile
from service.operations.bill_orders import bill_orders
from service.operations.record_payment import record_payment
from service.operations.revoke_document_links import revoke_document_links, revoke_links_of_account
from service.operations.set_billing import set_tax_profile
from service.operations.set_seller import set_seller
from tests.api.graphql_api import PEPPER, GraphQLApi
from tests.makers import LONG_AGO

RECEIPTS = "{ orders { nodes { number receiptUrl } } }"
NOBODY = "There is no such receipt, or its address has expired or was revoked.\n"


@pytest.fixture
async def sold(api: GraphQLApi) -> GraphQLApi:
    """The API of a shop whose seller is named, with 20 percent of tax."""
    shop = api.shop
    await set_seller(shop.resources, "default", {"legal_name": "Meridian GmbH", "country": "GB", "tax_number": "GB1"})
    profile = TaxProfile(
        account_id=shop.account.id,
        valid_from=LONG_AGO.date(),
        category=TaxCategory.STANDARD,
        rate_hundredths=2_000,
    )
    await set_tax_profile(shop.resources, shop.caller, profile)
    return api


async def place(api: GraphQLApi, mass_g: int = 2_500_000, **facts) -> Order:
    return await api.shop.place(OrderRequest(ask=ByBundleMasses(((api.shop.forest.id, mass_g),))), **facts)


async def bill(api: GraphQLApi, *orders: Order) -> str:
    refs = [OrderRef(id=order.id) for order in orders]
    return (await bill_orders(api.shop.resources, api.shop.caller, api.shop.account.id, "b", refs)).invoice.number


async def pay(api: GraphQLApi, order: Order, amount_minor: int) -> None:
    shop, amount = api.shop, Money(amount_minor, "USD")
    await record_payment(shop.resources, shop.caller, order.account_id, "wire", amount, OrderRef(id=order.id))


async def path_of(api: GraphQLApi, order: Order, key: str | None = None) -> str:
    shown = (await api.data(RECEIPTS, key=key))["orders"]["nodes"]
    (url,) = (each["receiptUrl"] for each in shown if each["number"] == order.number)
    assert url.startswith("http://127.0.0.1:8000/receipts/")
    return urlsplit(url).path


async def page_at(api: GraphQLApi, path: str) -> str | None:
    answer = await api.client.get(path)
    if answer.status_code == 404:
        assert answer.text == NOBODY
        return None
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return answer.text


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page.partition("<body>")[2]).split())


def files_of(page: str) -> Iterator[tuple[str, str]]:
    for address, label in re.findall(r'href="([^"]*)">([^<]*)<', page):
        assert address.startswith("../documents/")
        yield label, address.removeprefix("..")


async def test_it_shows_the_seller_and_the_sums(sold: GraphQLApi):
    order = await place(sold)
    page = await page_at(sold, await path_of(sold, order))
    assert page is not None

    text = words(page)
    for fact in (
        *("2.5 t of CO₂ equivalent", "Seller Meridian GmbH United Kingdom VAT number GB1"),
        *("Forest 2.5 t 13.57 33.93", "Credits 33.93 Commission 3.77 Total 37.70 Paid 0.00 Due in USD 37.70"),
        "All amounts are without tax. Where tax is owed, it is added on the invoice.",
    ):
        assert fact in text
    ((label, address),) = files_of(page)
    assert label == "Order confirmation as PDF"
    assert (await sold.client.get(address)).headers["content-type"] == "application/pdf"


async def test_an_order_alone_on_its_invoice_has_its_tax(sold: GraphQLApi):
    order = await place(sold)
    number = await bill(sold, order)
    await pay(sold, order, 4_524)
    page = await page_at(sold, await path_of(sold, order))
    assert page is not None

    text = words(page)
    assert "Total without tax 37.70 VAT 20 % 7.54 Total 45.24 Paid 45.24 Due in USD 0.00" in text
    assert f"Invoice {number} of " in text
    files = dict(files_of(page))
    assert list(files) == ["Receipt as PDF", "Order confirmation as PDF"]
    for address in files.values():
        assert (await sold.client.get(address)).content[:5] == b"%PDF-"


async def test_orders_that_share_an_invoice_have_no_tax_of_their_own(sold: GraphQLApi):
    order, other = await place(sold), await place(sold, 1_000_000)
    number = await bill(sold, order, other)
    page = await page_at(sold, await path_of(sold, order))
    assert page is not None

    text = words(page)
    assert "Total 37.70 Paid 0.00 Due in USD 37.70" in text
    assert f"without tax. VAT 20 % is added on invoice {number} of " in text


async def test_a_client_accounts_page_shows_nothing_of_the_parents_invoice(sold: GraphQLApi):
    shop = sold.shop
    client = await shop.another_account(parent_account_id=shop.account.id, currency="USD")
    order = await place(sold, account_id=client.id)
    shown = await bill_orders(shop.resources, shop.caller, client.id, "c", [OrderRef(id=order.id)])
    await pay(sold, order, 4_524)
    key = await sold.new_key(account=client)
    page = await page_at(sold, await path_of(sold, order, key))
    assert page is not None

    text = words(page)
    assert shown.invoice.number not in text
    assert "Where tax is owed, it is added on the invoice." in text
    assert [label for label, _ in files_of(page)] == ["Order confirmation as PDF"]


async def test_an_address_expires_and_can_be_revoked(sold: GraphQLApi, monkeypatch: pytest.MonkeyPatch):
    order = await place(sold)
    now = sold.shop.resources.clock()
    monkeypatch.setattr(document_links, "system_clock", lambda: now - timedelta(days=32))
    expired = await path_of(sold, order)
    monkeypatch.undo()
    path = await path_of(sold, order)
    assert await page_at(sold, expired) is None
    page = await page_at(sold, path)
    assert page is not None
    assert await page_at(sold, path[:-1] + ("A" if path[-1] != "A" else "B")) is None
    file = dict(files_of(page))["Order confirmation as PDF"]
    assert (await sold.client.get(file.replace("/documents/", "/receipts/").removesuffix(".pdf"))).status_code == 404
    assert (await sold.client.get(path.replace("/receipts/", "/documents/") + ".pdf")).status_code == 404

    await revoke_document_links(sold.shop.resources, sold.shop.caller, order.id)

    assert await page_at(sold, path) is None
    assert (await sold.client.get(file)).status_code == 404
    assert await page_at(sold, await path_of(sold, order)) is not None


async def test_an_address_of_an_earlier_release_is_valid_until_it_is_revoked(sold: GraphQLApi):
    order, shop = await place(sold), sold.shop
    await revoke_document_links(shop.resources, shop.caller, order.id)
    await revoke_links_of_account(shop.resources, shop.account.id)
    await shop.execute("UPDATE document_links SET pages_kept = revision")  # as the migration does
    path = former_receipt_path(shop.account.id, order.id, PEPPER)
    page = await page_at(sold, path)
    assert page is not None
    assert "Forest 2.5 t 13.57 33.93" in words(page)
    ((_, file),) = files_of(page)
    assert (await sold.client.get(file)).status_code == 200

    await revoke_links_of_account(shop.resources, shop.account.id)

    assert await page_at(sold, path) is None
    assert await page_at(sold, await path_of(sold, order)) is not None
