"""Take the pictures of docs/console.md: each page of the console, on demo data, in a browser.

`make images` runs it (`python -m tests.console_images FOLDER [NAME …]` takes some of them into another folder). Look
at the pictures before they are committed: nothing else checks what they show.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.api.pages.conftest import CHROMIUM, FLAGS
from tests.examples import ROOT, Service, demo_service

FOLDER = ROOT / "docs" / "images" / "console"
WIDTH, PHONE_WIDTH, HEIGHT, HEIGHT_MAX = 1180, 390, 760, 1500
COLOURS = 96


@dataclass(frozen=True)
class View:
    """A page to take: its address, the key that opens it, and what is done there first."""

    name: str
    path: str
    key: str = "lune"
    prepare: Callable[[Page], object] = lambda page: None
    language: str = "en"
    width: int = WIDTH
    scheme: str = "light"


def views(ids: dict[str, str]) -> Iterator[View]:
    """Yield each page of the console, with the objects of the demo that these ids name."""
    yield View("overview", "/")
    yield View("overview-dark", "/", scheme="dark")
    yield View("buy", "/buy", prepare=lambda page: page.get_by_label("Mass in tonnes of CO₂e").fill("25"))
    yield View("buy-flight", "/buy?kind=flight")
    yield View("quote", f"/buy/quotes/{ids['quote']}")
    yield View("orders", "/orders")
    yield View("order", f"/orders/{ids['order']}")
    yield View("certificates", "/certificates")
    yield View("invoices", "/invoices")
    yield View("invoice", f"/invoices/{ids['invoice']}", "billed")
    yield View("statement", "/statement")
    yield View("clients", "/clients")
    yield View("account", "/account", "manager")
    yield View("keys", "/keys", "manager")
    yield View("webhooks", "/webhooks")
    yield View("test-order", f"/orders/{ids['test_order']}", "test", prepare=_press("Simulate"))
    seller = "operator"
    yield View("seller-overview", "/", seller)
    yield View("seller-customers", "/seller/customers", seller)
    yield View("seller-customer", f"/seller/customers/{ids['customer']}", seller)
    yield View("seller-orders", "/seller/orders", seller)
    yield View("seller-order", f"/orders/{ids['order']}", seller)
    yield View("seller-queue", "/seller/queue", seller)
    yield View("seller-stock", "/seller/stock", seller)
    yield View("seller-batches", "/seller/batches", seller)
    yield View("seller-receive", "/seller/batches", seller, prepare=_paste_range)
    yield View("seller-evidence", "/seller/evidence", seller)
    yield View("seller-bundles", "/seller/bundles", seller)
    yield View("seller-bundle", f"/seller/bundles/{ids['bundle']}", seller)
    yield View("seller-portfolios", "/seller/portfolios", seller)
    yield View("seller-invoices", "/seller/invoices", seller)
    yield View("seller-mails", "/seller/mails", seller)
    yield View("seller-identity", "/seller/identity", seller)
    yield View("order-arabic-phone", f"/orders/{ids['order']}", language="ar", width=PHONE_WIDTH)
    yield View("buy-portuguese-phone", "/buy", language="pt", width=PHONE_WIDTH, scheme="dark")


def _press(button: str) -> Callable[[Page], object]:
    return lambda page: page.get_by_role("button", name=button).click()


def _paste_range(page: Page) -> None:
    page.get_by_role("button", name="Receive a batch").click()
    page.get_by_label("Project").select_option(label="Kutch Coast Wind (Gold Standard)")
    page.get_by_label("Serial numbers").first.fill("GS1-DEMO-IN-GS90482-3-2019-30646-16001-16010")
    page.get_by_text("30646-16010-16010").wait_for()


def ask(service: Service, key: str, document: str, account: str | None = None, **variables: Any) -> Any:
    headers = {"Authorization": f"Bearer {service.keys[key]}"} | ({"Account-Id": account} if account else {})
    sent = {"query": document, "variables": variables}
    body = httpx.post(f"{service.address}/graphql", json=sent, headers=headers, timeout=20).json()
    assert "errors" not in body, body
    return body["data"]


def prepare(service: Service) -> dict[str, str]:
    """Do what the pages are to show: an order of each kind, an invoice, contacts, and keys that manage an account."""
    pay = "mutation ($input: RecordPaymentInput!) { recordPayment(input: $input) { userErrors { message } } }"
    place = """mutation ($input: CreateOrderByMassInput!) { createOrderByMass(input: $input) {
        order { id account { id } due { amount currency } } } }"""
    orders = []
    texts = (("25", "Tern Ferries", "Freight of October"), ("3.5", "Marram Books", None), ("40", "Tern Ferries", None))
    for number, (tonnes, customer, note) in enumerate(texts):
        given = {"mass": {"amount": tonnes, "unit": "TONNE"}, "idempotencyKey": f"picture-{number}"}
        given |= {"customer": customer, "description": note, "metadata": {"Cost centre": "4100"}}
        orders.append(ask(service, "lune", place, input=given)["createOrderByMass"]["order"])
    paid = orders[0]
    account = paid["account"]["id"]
    payment = {"accountId": account, "order": {"id": paid["id"]}, "reference": "BACS 88120", "amount": paid["due"]}
    ask(service, "operator", pay, input=payment)
    bill = """mutation ($input: BillOrdersInput!) { billOrders(input: $input) { invoice { id } } }"""
    billed = {"accountId": account, "currency": "GBP", "reference": "2026-11", "paymentDays": 30}
    invoice = ask(service, "operator", bill, input=billed)["billOrders"]["invoice"]["id"]
    contacts = """mutation ($input: SetContactsInput!) { setContacts(input: $input) { userErrors { message } } }"""
    people = [
        {"name": "Ada Okafor", "email": "ada@example.com", "kinds": ["CERTIFICATE_READY", "ORDER_CONFIRMED"]},
        {
            "name": "Accounts payable",
            "email": "invoices@example.com",
            "kinds": ["INVOICE_ISSUED", "INVOICE_DUE", "INVOICE_PAID"],
            "optedOut": ["INVOICE_PAID"],
        },
    ]
    ask(service, "operator", contacts, account, input={"contacts": people})
    make_key = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }"""
    every = ["ORDERS_READ", "ORDERS_WRITE", "CATALOGUE_READ", "ACCOUNT_MANAGE"]
    named = {"idempotencyKey": "picture", "name": "Sustainability team", "scopes": every}
    service.keys["manager"] = ask(service, "operator", make_key, account, input=named)["createApiKey"]["secret"]
    service.keys["billed"] = service.keys["manager"]
    quote = """mutation { quoteByMass(input: {mass: {amount: "12", unit: TONNE}}) { quote { id } } }"""
    test = {"mass": {"amount": "2", "unit": "TONNE"}, "idempotencyKey": "picture"}
    found = ask(service, "operator", "{ bundles(first: 1) { nodes { id } } }")
    return {
        "order": paid["id"],
        "invoice": invoice,
        "customer": account,
        "quote": ask(service, "lune", quote)["quoteByMass"]["quote"]["id"],
        "test_order": ask(service, "test", place, input=test)["createOrderByMass"]["order"]["id"],
        "bundle": found["bundles"]["nodes"][0]["id"],
    }


@contextmanager
def signed_in(browser: Browser, service: Service, view: View) -> Iterator[Page]:
    """Yield the page of the view, opened with its key."""
    screen = {"width": view.width, "height": HEIGHT}
    context = browser.new_context(color_scheme=view.scheme, viewport=screen, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{service.address}/console{view.path}")
    page.locator(".choices select").first.select_option(view.language)
    page.locator("input[name=key]").fill(service.keys[view.key])
    page.locator("button[type=submit]").click()
    page.locator(".layout main h1").wait_for()
    page.wait_for_function("() => !document.querySelector('.skeleton')")
    view.prepare(page)
    page.wait_for_timeout(600)
    yield page
    context.close()


def save(page: Page, file: Path) -> None:
    """Save the page, at most a page and a half of it, with few colours: a picture takes a tenth of its bytes so."""
    height = min(page.evaluate("document.documentElement.scrollHeight"), HEIGHT_MAX)
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})  # type: ignore[index]
    picture = Image.open(BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with demo_service(Path(place), SERVICE_RETIRE_AFTER_MS="200") as service:
            for view in views(prepare(service)):
                if not names or view.name in names:
                    with signed_in(browser, service, view) as page:
                        save(page, folder / f"{view.name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER, sys.argv[2:])
