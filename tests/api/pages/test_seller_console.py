"""The console as the seller uses it, and what its work changes on a customer's screen.

Seen to fail when: a waiting order stays as it was after a batch came in; a page of the seller has a fault that axe
finds, or is wider than the screen; acting for a customer shows the account of the key.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.api.pages.console import BUNDLE
from tests.api.pages.conftest import missing
from tests.api.pages.test_console import ask, go, heading, open_console, sign_in
from tests.examples import Service, demo_service

NAMES = [
    *("customers", "orders", "queue", "stock", "batches", "evidence", "bundles", "portfolios", "invoices", "mails"),
    "identity",
]
PAGES = ["/", *(f"/seller/{name}" for name in NAMES)]
SERIALS = "GS1-DEMO-IN-GS90482-3-2019-30646-16001-16010"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if not (BUNDLE / "manifest.json").exists():
        missing("the bundled console (make console)")
    with demo_service(tmp_path_factory.mktemp("console"), SERVICE_RETIRE_AFTER_MS="200") as service:
        yield service


def test_a_waiting_order_fills_on_the_customers_screen_when_the_seller_receives_a_batch(visit, service: Service):
    bundles = ask(
        service, "lune", "{ bundles(first: 20) { nodes { id name available { tonnes } projects { name } } } }"
    )
    bundle = next(each for each in bundles["bundles"]["nodes"] if {"name": "Kutch Coast Wind"} in each["projects"])
    mass = {"amount": str(float(bundle["available"]["tonnes"]) + 10), "unit": "TONNE"}
    wanted = {"idempotencyKey": "waits", "bundleMasses": [{"bundleId": bundle["id"], "mass": mass}]}
    place = """mutation ($input: CreateOrderByMassInput!) { createOrderByMass(input: $input) {
        order { id number status } userErrors { message } } }"""
    order = ask(service, "lune", place, input=wanted)["createOrderByMass"]["order"]
    assert order["status"] == "PLACED"
    customer = open_console(visit, service, path=f"/orders/{order['id']}")
    expect(customer.locator(".badge", has_text="Waiting for credits")).to_be_visible()

    seller = open_console(visit, service, key="operator")
    seller.get_by_role("link", name="Waiting orders").click()
    expect(seller.get_by_role("link", name=order["number"])).to_be_visible()
    expect(seller.get_by_text(f"{bundle['name']}: 10 t")).to_be_visible()
    seller.get_by_role("link", name="Credit batches").click()
    seller.get_by_role("button", name="Receive a batch").click()
    seller.get_by_role("combobox", name="Project").select_option(label="Kutch Coast Wind (Gold Standard)")
    seller.get_by_label("Serial numbers", exact=False).first.fill(SERIALS)
    expect(seller.get_by_text("GS1-DEMO-IN-GS90482-3-2019-30646-16010-16010", exact=True)).to_be_visible()
    taken = SERIALS.replace("16001", "15999")
    seller.get_by_label("Serial numbers", exact=False).first.fill(taken)
    expect(seller.get_by_role("alert")).to_contain_text("Another batch has some of these serial numbers already")
    seller.get_by_label("Serial numbers", exact=False).first.fill(SERIALS)
    expect(seller.get_by_role("alert")).to_have_count(0)
    seller.get_by_label("Vintage").fill("2018")
    seller.get_by_role("button", name="Receive a batch").click()
    expect(seller.get_by_role("alert").or_(seller.locator(".refusal")).first).to_be_visible()
    seller.get_by_label("Vintage").fill("")
    seller.get_by_label("Further standards").fill("CCP, CORSIA Phase 1")
    seller.get_by_role("button", name="Receive a batch").click()
    expect(seller.get_by_text(re.compile("^10 t received: "))).to_be_visible()

    expect(customer.locator(".badge", has_text="Credits set aside")).to_be_visible()
    seller.get_by_role("link", name="Waiting orders").click()
    expect(seller.get_by_role("row", name=re.compile("Lindqvist Studio"))).to_be_visible()  # the demo's order waits on
    expect(seller.get_by_role("link", name=order["number"])).to_have_count(0)


def test_the_seller_creates_a_customer_gives_it_a_key_and_bills_its_order(visit, service: Service):
    seller = open_console(visit, service, key="operator", path="/seller/customers")
    seller.get_by_role("button", name="Create a customer").click()
    dialog = seller.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Marram Books")
    dialog.get_by_label("Currency").select_option("GBP")
    dialog.get_by_role("button", name="Create a customer").click()
    heading(seller, "Marram Books")
    customer_path = seller.url.split("/console")[1]
    seller.get_by_role("button", name="Credit limit").click()
    dialog.get_by_label("Maximum debt in GBP").fill("€5,000")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".refusal")).to_have_text("Write a number alone, such as 5,000.5.")
    dialog.get_by_label("Maximum debt in GBP").fill("£5,000")
    dialog.get_by_role("button", name="Save").click()
    expect(seller.get_by_text("Credit limit: £5,000.00")).to_be_visible()
    seller.get_by_role("button", name="Create a key").click()
    dialog.get_by_label("Name").fill("Web shop")
    dialog.get_by_role("button", name="Create a key").click()
    expect(seller.get_by_text("Copy the key now.")).to_be_visible()
    key = seller.locator(".secret").inner_text()
    seller.get_by_role("button", name="I have copied it").click()
    place = """mutation { createOrderByMass(input: {mass: {amount: "2", unit: TONNE}, idempotencyKey: "first"}) {
        order { number totalCost { amount } } } }"""
    order = ask(service, key, place)["createOrderByMass"]["order"]

    seller.get_by_role("button", name="Bill the orders").click()
    dialog.get_by_label("Reference").fill("2026-11")
    dialog.get_by_role("button", name="Bill the orders").click()
    heading(seller, re.compile("^Invoice INV-"))
    expect(seller.get_by_role("link", name=order["number"])).to_be_visible()
    seller.get_by_role("button", name="Mark as paid").click()
    seller.get_by_role("alertdialog").get_by_role("button", name="Mark as paid").click()
    expect(seller.locator(".badge", has_text="Paid")).to_be_visible()

    go(seller, customer_path)
    seller.get_by_role("button", name="Suspend").click()
    seller.get_by_role("alertdialog").get_by_role("button", name="Suspend").click()
    expect(seller.locator(".badge", has_text="Suspended")).to_be_visible()
    seller.get_by_role("button", name="Reinstate").click()
    expect(seller.locator(".badge", has_text="Suspended")).to_have_count(0)
    seller.get_by_role("button", name="Act for this customer").click()
    expect(seller.get_by_text("You act for Marram Books.")).to_be_visible()
    seller.get_by_role("link", name="Orders", exact=True).click()
    expect(seller.get_by_role("row")).to_have_count(2)
    expect(seller.get_by_role("link", name=order["number"])).to_be_visible()
    seller.get_by_role("button", name="Back to the seller's pages").click()
    expect(seller.get_by_role("link", name="Waiting orders")).to_be_visible()


def test_the_order_of_a_customer_appears_on_the_sellers_screen_without_a_poll(visit, service: Service):
    opened = visit(service.address, path="/console")
    seller = opened.page
    seller.clock.install()  # no timer of the page fires: what it reads again, it reads because of an event
    with seller.expect_request(lambda sent: "eventCount" in (sent.post_data or "")):
        sign_in(seller, service.keys["operator"])
    expect(seller.get_by_role("heading", name="Latest orders")).to_be_visible()
    seller.clock.pause_at(seller.evaluate("Date.now() + 1000"))
    place = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: "seen"}) {
        order { number } } }"""
    order = ask(service, "lune", place)["createOrderByMass"]["order"]
    expect(seller.get_by_role("link", name=order["number"])).to_be_visible()


def test_the_seller_sets_a_price_with_a_tier_and_sees_what_a_tonne_costs(visit, service: Service):
    seller = open_console(visit, service, key="operator", path="/seller/bundles")
    seller.get_by_role("link", name="Permanent Removal").click()
    heading(seller, "Permanent Removal")
    seller.get_by_role("button", name="Add a tier").click()
    second = seller.get_by_role("group", name="Tier 2")
    second.get_by_label("From tonnes").fill("100")
    second.get_by_label("Price of a tonne").fill("240.5")
    expect(seller.get_by_role("row", name=re.compile("^10 t £250"))).to_be_visible()
    expect(seller.get_by_role("row", name=re.compile("^100 t £240.5"))).to_be_visible()
    seller.get_by_role("button", name="Set the prices").click()
    expect(seller.get_by_text("The prices of Permanent Removal are set.")).to_be_visible()
    prices = ask(service, "lune", "{ bundles(first: 20) { nodes { name prices { unitPrice { amount } } } } }")[
        "bundles"
    ]
    assert {
        "name": "Permanent Removal",
        "prices": [{"unitPrice": {"amount": "250"}}, {"unitPrice": {"amount": "240.5"}}],
    } in (prices["nodes"])

    second.get_by_label("Price of a tonne").fill("24O")
    second.get_by_label("From tonnes").fill("a lot")
    seller.get_by_role("button", name="Set the prices").click()
    expect(second.locator(".refusal")).to_have_text(["Write a number alone, such as 5,000.5."] * 2)
    expect(second.get_by_label("Price of a tonne")).to_have_attribute("aria-invalid", "true")
    second.get_by_label("From tonnes").fill("50")
    second.get_by_label("Price of a tonne").fill("-1")
    seller.get_by_role("button", name="Set the prices").click()
    expect(second.locator(".refusal")).to_have_text(["Write a number alone, such as 5,000.5."])
    second.get_by_label("Price of a tonne").fill("1000")  # 50 t would cost four times as much as 49 t
    seller.get_by_role("button", name="Set the prices").click()
    expect(second.locator(".refusal")).to_have_text(
        [re.compile("^The unit price must not rise with the minimum mass.")]
    )
    assert ask(service, "lune", "{ bundles(first: 20) { nodes { name prices { unitPrice { amount } } } } }") == {
        "bundles": prices
    }

    go(seller, "/seller/bundles")
    seller.get_by_role("link", name="Amazon Forests").click()
    heading(seller, "Amazon Forests")
    expect(seller.get_by_role("row", name="1 t Not sold", exact=True)).to_be_visible()
    seller.get_by_role("button", name="BRL", exact=True).click()
    expect(seller.get_by_role("row", name="1 t Priced in BRL", exact=True)).to_be_visible()


def test_the_seller_changes_its_texts_and_its_logo(visit, service: Service, tmp_path: Path):
    seller = open_console(visit, service, key="operator", path="/seller/identity")
    seller.get_by_label("Country").fill("XX")
    seller.get_by_role("button", name="Save").click()
    expect(seller.locator(".refusal")).to_be_visible()
    seller.get_by_label("Country").fill("pt")
    seller.get_by_label("Text at the foot of invoices").fill("Thank you.")
    seller.get_by_role("button", name="Save").click()
    expect(seller.get_by_text("The seller's details are saved.")).to_be_visible()
    told = ask(service, "lune", "{ seller { country footer legalName } }")["seller"]
    assert told == {"country": "PT", "footer": "Thank you.", "legalName": "Credit Desk Ltd"}
    logo = tmp_path / "logo.svg"
    logo.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
    )
    seller.get_by_label("File").set_input_files(logo)
    seller.get_by_role("button", name="Use this logo").click()
    shown = seller.get_by_role("img", name="Logo")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 40
    seller.get_by_role("button", name="Remove the logo").click()
    seller.get_by_role("alertdialog").get_by_role("button", name="Remove the logo").click()
    expect(seller.get_by_text("Documents show no logo.")).to_be_visible()


@pytest.mark.parametrize(
    ("scheme", "width", "language"), [("dark", 1280, "en"), ("light", 390, "ar"), ("dark", 390, "pt")]
)
def test_every_page_of_the_seller_is_readable_on_every_screen(
    visit, service: Service, tmp_path: Path, scheme: str, width: int, language: str
):
    found = ask(service, "operator", "{ accounts(first: 1) { nodes { id } } bundles(first: 1) { nodes { id } } }")
    customer = f"/seller/customers/{found['accounts']['nodes'][0]['id']}"
    bundle = f"/seller/bundles/{found['bundles']['nodes'][0]['id']}"
    opened = visit(service.address, scheme, width, "/console")
    page = opened.page
    page.locator(".choices select").first.select_option(language)
    page.locator("input[name=key]").fill(service.keys["operator"])
    page.locator("button[type=submit]").click()
    for path in [*PAGES, customer, bundle]:
        go(page, path)
        expect(page.locator(".layout main h1")).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        page.screenshot(path=tmp_path / f"{path.replace('/', '-')}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
        assert opened.violations() == [], path
