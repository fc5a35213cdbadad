"""The console as a person uses it: in a browser that reaches nothing but the service, on the demo data.

Seen to fail when: a second click or a lost answer orders twice; a page has a fault that axe finds, is wider than the
screen, logs an error or asks another host; a reload of a deep link leads elsewhere; a change of the certificate's file
is not noticed; on a page without TLS an order needs what browsers lack there.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from service.api.pages.console import BUNDLE
from tests.api.pages.conftest import missing
from tests.examples import Service, demo_service

CUSTOMER_PAGES = [
    *("/", "/buy", "/orders", "/certificates", "/verify", "/invoices", "/statement", "/clients", "/keys", "/webhooks"),
    "/account",
]


OVERFLOWING = """() => [...document.querySelectorAll('main .panel, main .gallery li')]
    .filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText)"""
"""Panels of the page whose contents are wider than they are."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if not (BUNDLE / "manifest.json").exists():
        missing("the bundled console (make console)")
    with demo_service(tmp_path_factory.mktemp("console"), SERVICE_RETIRE_AFTER_MS="200") as service:
        yield service


def ask(service: Service, key: str, document: str, /, **variables: object) -> dict:
    """The data of an answer of the API, beside the browser."""
    headers = {"Authorization": f"Bearer {service.keys.get(key, key)}"}
    asked = {"query": document, "variables": variables}
    body = httpx.post(f"{service.address}/graphql", json=asked, headers=headers, timeout=20).json()
    assert "errors" not in body, body
    return body["data"]


def count_orders(service: Service, key: str = "lune") -> int:
    return ask(service, key, "{ orders { totalCount } }")["orders"]["totalCount"]


def sign_in(page: Page, key: str) -> Page:
    page.get_by_label("API key", exact=True).fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def open_console(visit, service: Service, key: str = "lune", path: str = "", **screen) -> Page:
    return sign_in(visit(service.address, path=f"/console{path}", **screen).page, service.keys.get(key, key))


def go(page: Page, path: str) -> None:
    """Follows an address within the application, as a link does."""
    page.evaluate("path => history.pushState(null, '', `/console${path === '/' ? '' : path}`)", path)


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def quote(page: Page, tonnes: str) -> None:
    """Goes from the amount to the quote."""
    go(page, "/buy")
    page.get_by_label("Mass in tonnes of CO₂e").fill(tonnes)
    expect(page.get_by_text(f"for {tonnes} t")).to_be_visible()
    page.get_by_role("button", name="Continue with this price").click()
    heading(page, "Quote")
    expect(page.get_by_text("The price is kept for 14 min")).to_be_visible()


def test_a_customer_sees_the_price_orders_once_by_a_double_click_and_opens_the_certificate(
    visit, service: Service, tmp_path: Path
):
    page = open_console(visit, service)
    before = count_orders(service)
    quote(page, "1.5")
    page.get_by_label("Beneficiary").fill("Marram Books")
    quoted = page.url
    page.get_by_role("button", name="Place the order for £42.32").dblclick()
    heading(page, re.compile("^Order [0-9A-Z]+$"))
    expect(page.get_by_text("Marram Books").first).to_be_visible()
    expect(page.get_by_text("All credits set aside")).to_be_visible()
    assert count_orders(service) == before + 1

    number = page.get_by_role("heading", level=1).inner_text().removeprefix("Order ")
    order_url = page.url
    page.go_back()
    heading(page, "Buy credits")
    go(page, quoted.split("/console")[1])
    expect(page.get_by_text(f"Order {number} was placed from this quote.")).to_be_visible()
    page.get_by_role("link", name="Open the order").click()
    expect(page).to_have_url(order_url)
    assert count_orders(service) == before + 1

    pay = """mutation ($input: RecordPaymentInput!) { recordPayment(input: $input) { userErrors { message } } }"""
    order = ask(service, "lune", "query ($n: String!) { order(by: {number: $n}) { id account { id } } }", n=number)[
        "order"
    ]
    paid = {"accountId": order["account"]["id"], "order": {"id": order["id"]}, "reference": number}
    paid["amount"] = {"amount": "42.32", "currency": "GBP"}
    assert ask(service, "operator", pay, input=paid) == {"recordPayment": {"userErrors": []}}
    expect(page.get_by_text("Credits retired, certificate issued")).to_be_visible()

    page.get_by_role("link", name="Certificates", exact=True).click()
    page.get_by_text("Verify", exact=True).first.click()
    page.get_by_role("button", name="Compare the published contents").first.click()
    expect(page.get_by_text("The contents are those that were issued.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Contents as a file").first.click()
    facts = Path(download.value.path()).read_bytes()
    changed = tmp_path / "certificate.json"
    changed.write_bytes(facts.replace(b"Marram", b"Harram", 1))
    page.get_by_label("Compare a file that you received").first.set_input_files(changed)
    expect(page.get_by_text("The contents differ from those that were issued.")).to_be_visible()
    changed.write_bytes(facts)
    page.get_by_label("Compare a file that you received").first.set_input_files(changed)
    expect(page.get_by_text("The contents are those that were issued.")).to_be_visible()


def test_without_tls_the_console_warns_and_still_orders_and_says_what_needs_it(visit, service: Service):
    plain = service.address.replace("127.0.0.1", "plain.test")  # browsers take loopback for safe
    page = visit(plain, path="/console").page
    expect(page.get_by_role("note")).to_have_text(re.compile("without TLS: others on the network can read your key"))
    sign_in(page, service.keys["lune"])
    before = count_orders(service)
    quote(page, "1.25")
    page.get_by_role("button", name=re.compile("^Place the order for £")).click()
    heading(page, re.compile("^Order [0-9A-Z]+$"))
    assert count_orders(service) == before + 1

    go(page, "/verify")
    page.get_by_label("Link or number of the certificate").fill("CR-1A2B-3C4D-5E6F")
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_text("Files can be compared only on a page with TLS.")).to_be_visible()


def test_an_order_whose_answer_is_lost_is_sent_again_under_the_same_key(visit, service: Service):
    opened = visit(service.address, path="/console")
    page = sign_in(opened.page, service.keys["lune"])
    before = count_orders(service)
    keys: list[str] = []

    def lose(route: Route) -> None:
        """Lets the service have the request, and the browser no answer."""
        body = json.loads(route.request.post_data)
        if "createOrderFromQuote" not in body["query"]:
            route.continue_()
            return
        keys.append(body["variables"]["input"]["idempotencyKey"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/graphql", lose)
    quote(page, "2")
    page.get_by_role("button", name=re.compile("^Place the order")).click()
    expect(page.get_by_role("alert")).to_contain_text("Failed to fetch")
    page.get_by_role("button", name=re.compile("^Place the order")).click()
    heading(page, re.compile("^Order [0-9A-Z]+$"))
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert count_orders(service) == before + 1
    assert "console.pending" not in opened.storage()
    page.unroute_all(behavior="wait")
    opened.complaints.clear()  # the browser logs the lost answer


def test_an_order_that_another_program_changes_is_shown_without_a_poll(visit, service: Service):
    place = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "live"}) {
        order { id } } }"""
    order = ask(service, "lune", place)["createOrderByMass"]["order"]["id"]
    opened = visit(service.address, path=f"/console/orders/{order}")
    page = opened.page
    page.clock.install()  # no timer of the page fires: what it reads again, it reads because of an event
    with page.expect_request(lambda sent: "orderEvents" in (sent.post_data or "")):
        sign_in(page, service.keys["lune"])
    expect(page.locator(".badge", has_text="Credits set aside")).to_be_visible()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    cancel = """mutation ($id: ID!) { cancelOrder(input: {order: {id: $id}}) { userErrors { message } } }"""
    ask(service, "lune", cancel, id=order)
    expect(page.locator(".badge", has_text="Cancelled")).to_be_visible()


def test_an_order_is_cancelled_after_a_question(visit, service: Service):
    page = open_console(visit, service)
    quote(page, "3")
    page.get_by_role("button", name=re.compile("^Place the order")).click()
    heading(page, re.compile("^Order [0-9A-Z]+$"))
    page.get_by_role("button", name="Cancel the order").click()
    question = page.get_by_role("alertdialog")
    payment = page.locator(".badge", has_text="Not paid")
    expect(payment).to_be_visible()
    expect(question).to_contain_text("Its credits (3 t) go back to stock.")
    question.get_by_role("button", name="Leave it as it is").click()
    expect(question).to_have_count(0)
    page.get_by_role("button", name="Cancel the order").click()
    question.get_by_role("button", name="Cancel the order").click()
    expect(page.locator(".badge", has_text="Cancelled")).to_be_visible()
    expect(payment).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel the order")).to_have_count(0)


def test_a_flight_is_estimated_and_priced(visit, service: Service):
    page = open_console(visit, service, path="/buy?kind=flight")
    for label, typed, found in (("From", "LHR", "Heathrow"), ("To", "MAD", "Madrid")):
        page.get_by_role("combobox", name=label, exact=True).press_sequentially(typed)
        page.get_by_role("option", name=re.compile(found)).first.click()
    page.get_by_role("button", name="Calculate the emissions").click()
    expect(page.get_by_text(re.compile(r"^Emissions: 0\.\d+ t$"))).to_be_visible()
    page.get_by_role("button", name="Continue with this price").click()
    heading(page, "Quote")


def test_the_list_of_orders_keeps_its_view_in_the_address(visit, service: Service):
    for number in range(22):
        document = """mutation ($key: String!) { createOrderByMass(input:
            {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: $key, customer: "Tern Ferries"}) { order { id } } }"""
        ask(service, "lune", document, key=f"list-{number}")
    page = open_console(visit, service, path="/orders?text=Tern")
    expect(page.get_by_text("Entries: 22")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(21)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("row")).to_have_count(3)
    expect(page).to_have_url(re.compile(r"text=Tern&after="))
    page.go_back()
    expect(page.get_by_role("row")).to_have_count(21)
    page.get_by_label("Status").select_option("Cancelled")
    expect(page.get_by_text("No entry matches the filters.")).to_be_visible()
    page.get_by_role("button", name="Remove the filters").click()
    expect(page).to_have_url(f"{service.address}/console/orders")


def test_the_key_is_kept_only_if_asked_and_a_deep_link_survives_a_reload(visit, service: Service):
    opened = visit(service.address, path="/console/orders?status=CANCELLED")
    page = sign_in(opened.page, service.keys["lune"])
    heading(page, "Orders")
    assert service.keys["lune"] not in opened.storage()
    page.reload()
    page.get_by_label("Keep the key in this browser").check()
    sign_in(page, service.keys["lune"])
    expect(page).to_have_url(f"{service.address}/console/orders?status=CANCELLED")
    page.reload()
    heading(page, "Orders")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page).to_have_url(f"{service.address}/console/")
    assert service.keys["lune"] not in opened.storage()


def test_a_wrong_key_is_refused_with_the_message_of_the_api(visit, service: Service):
    opened = visit(service.address, path="/console")
    opened.page.get_by_label("API key", exact=True).fill("co_live_wrong")
    opened.page.get_by_role("button", name="Sign in").click()
    expect(opened.page.get_by_role("alert")).to_contain_text("API key")
    opened.complaints.clear()  # the browser logs the status 401


def test_the_pages_are_those_that_the_scopes_of_the_key_permit(visit, service: Service):
    page = open_console(visit, service)
    shown = page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()
    assert shown == [
        "Overview",
        "Buy credits",
        "Orders",
        "Certificates",
        "Verify a certificate",
        "Invoices",
        "Yearly statement",
        "Client accounts",
        "Webhooks",
        "Account",
    ]
    reading = 'mutation { createApiKey(input: {idempotencyKey: "r", name: "r", scopes: [ORDERS_READ]}) { secret } }'
    account = ask(service, "lune", "{ account { id } }")["account"]["id"]
    headers = {"Authorization": f"Bearer {service.keys['operator']}", "Account-Id": account}
    made = httpx.post(f"{service.address}/graphql", json={"query": reading}, headers=headers).json()
    page = open_console(visit, service, key=made["data"]["createApiKey"]["secret"], path="/orders")
    shown = page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()
    certified = ["Certificates", "Verify a certificate"]
    assert shown == ["Overview", "Orders", *certified, "Invoices", "Yearly statement", "Client accounts", "Account"]
    expect(page.get_by_role("link", name="Buy credits")).to_have_count(0)
    go(page, "/buy")
    expect(page.get_by_text("Your API key lacks the permission “Place and change orders”.")).to_be_visible()
    order = ask(service, "lune", "{ orders(first: 1) { nodes { id } } }")["orders"]["nodes"][0]["id"]
    for path, heard in (("/", "Overview"), ("/statement", "Yearly statement"), (f"/orders/{order}", "Order")):
        go(page, path)
        heading(page, re.compile(f"^{heard}"))
        expect(page.locator(".skeleton")).to_have_count(0)
        expect(page.locator(".problem")).to_have_count(0)
    expect(page.get_by_text("Your API key lacks the permission “Read the catalogue”.")).to_be_visible()
    expect(page.get_by_role("button", name="Change the texts")).to_have_count(0)


SCREENS = [("light", 1280, "en"), ("dark", 390, "ar"), ("dark", 1280, "pt"), ("light", 390, "ar"), ("light", 390, "en")]


@pytest.mark.parametrize(("scheme", "width", "language"), SCREENS)
def test_every_page_of_a_customer_is_readable_on_every_screen(
    visit, service: Service, tmp_path: Path, scheme: str, width: int, language: str
):
    opened = visit(service.address, scheme, width, "/console")
    page = opened.page
    page.locator(".choices select").first.select_option(language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    assert opened.violations() == []
    page.locator("input[name=key]").fill(service.keys["lune"])
    page.locator("button[type=submit]").click()
    place = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "readable"}) {
        order { id } } }"""
    price = """mutation { quoteByMass(input: {mass: {amount: "1234.567891", unit: TONNE}}) { quote { id } } }"""
    order = f"/orders/{ask(service, 'lune', place)['createOrderByMass']['order']['id']}"
    quoted = f"/buy/quotes/{ask(service, 'lune', price)['quoteByMass']['quote']['id']}"
    for path in [*CUSTOMER_PAGES, order, quoted]:
        go(page, path)
        expect(page.locator(".layout main h1")).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        page.screenshot(path=tmp_path / f"{path.split('/')[1] or 'overview'}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
        assert page.evaluate(OVERFLOWING) == [], path
        assert opened.violations() == [], path


@pytest.mark.parametrize("width", [320, 390, 800, 1000, 1280])
def test_the_table_of_a_quote_is_as_wide_as_its_panel_on_every_screen(visit, service: Service, width: int):
    price = """mutation { quoteByMass(input: {mass: {amount: "1234.567891", unit: TONNE}}) { quote { id } } }"""
    quoted = ask(service, "lune", price)["quoteByMass"]["quote"]["id"]
    page = open_console(visit, service, path=f"/buy/quotes/{quoted}", width=width)
    expect(page.get_by_role("cell", name="Permanent Removal")).to_be_visible()
    assert page.evaluate(OVERFLOWING) == []


def test_a_key_is_created_shown_once_and_revoked(visit, service: Service):
    managing = """mutation { createApiKey(input: {idempotencyKey: "m", name: "Admin", scopes:
        [ORDERS_READ, ACCOUNT_MANAGE]}) { secret } }"""
    account = ask(service, "lune", "{ account { id } }")["account"]["id"]
    headers = {"Authorization": f"Bearer {service.keys['operator']}", "Account-Id": account}
    made = httpx.post(f"{service.address}/graphql", json={"query": managing}, headers=headers).json()
    page = open_console(visit, service, key=made["data"]["createApiKey"]["secret"], path="/keys")
    page.get_by_role("button", name="Create a key").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Place and change orders")).to_have_count(0)
    dialog.get_by_label("Name").fill("Reports")
    dialog.get_by_role("button", name="Create a key").click()
    expect(page.get_by_text("Copy the key now.")).to_be_visible()
    secret = page.locator(".secret").inner_text()
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    expect(page.locator(".secret")).to_have_text(secret)
    page.get_by_role("button", name="I have copied it").click()
    expect(page.locator(".secret")).to_have_count(0)
    assert ask(service, secret, "{ orders { totalCount } }")["orders"]["totalCount"] >= 0
    row = page.get_by_role("row", name=re.compile("Reports"))
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Revoke").click()
    expect(row.get_by_text("Revoked")).to_be_visible()


@pytest.mark.parametrize(
    ("languages", "day", "tonnes"),
    [
        ("en-US", r"[A-Z][a-z]{2} \d{1,2}, \d{4}", "1,234.5 t"),
        ("en-GB,en-US", r"\d{1,2} [A-Z][a-z]{2,3} \d{4}", "1,234.5 t"),
        ("en", r"\d{1,2} [A-Z][a-z]{2,3} \d{4}", "1,234.5 t"),
        ("de-DE,de,en-US", r"\d{1,2} [A-Z][a-z]{2,3} \d{4}", "1.234,5 t"),
        ("en-BR,pt-BR", r"\d{1,2} [A-Z][a-z]{2,3} \d{4}", "1,234.5 t"),
        ("pt-PT,en-US", r"\d{2}/\d{2}/\d{4}", "1234,5 t"),
        ("ar-SA,en-US", r"\u200f?[٠-٩]{2}\u200f/[٠-٩]{2}\u200f/[٠-٩]{4}", "١٬٢٣٤٫٥ طن"),  # noqa: RUF001 - digits of Arabic
    ],
)
def test_dates_and_numbers_are_written_as_in_the_region_of_the_reader(
    visit, service: Service, languages: str, day: str, tonnes: str
):
    place = """mutation { createOrderByMass(input: {mass: {amount: "1234.5", unit: TONNE}, idempotencyKey: "region",
        customer: "Region"}) { order { id } } }"""
    ask(service, "lune", place)
    page = visit(service.address, path="/console/orders?text=Region", languages=languages).page
    page.locator("input[name=key]").fill(service.keys["lune"])
    page.locator("button[type=submit]").click()
    cells = page.locator(".list tbody tr").first.get_by_role("cell")
    expect(cells.nth(1)).to_have_text(re.compile(f"^{day}$"))
    assert re.sub("[\u2068\u2069]", "", cells.nth(5).inner_text()) == tonnes


def test_a_certificate_from_others_is_verified_by_its_link_and_its_files(visit, service: Service, tmp_path: Path):
    place = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "verified",
        beneficiary: {recipient: {name: "Marram Books"}}}) { order { id account { id } due { amount currency } } } }"""
    order = ask(service, "lune", place)["createOrderByMass"]["order"]
    pay = """mutation ($input: RecordPaymentInput!) { recordPayment(input: $input) { userErrors { message } } }"""
    paid = {"accountId": order["account"]["id"], "order": {"id": order["id"]}, "reference": "v", "amount": order["due"]}
    ask(service, "operator", pay, input=paid)
    retire = """mutation ($input: RetireOrderInput!) { retireOrder(input: $input) { userErrors { message } } }"""
    ask(service, "operator", retire, input={"accountId": order["account"]["id"], "order": {"id": order["id"]}})
    read = "query ($id: ID!) { node(id: $id) { ... on Order { certificate { number url pdfUrl sha256 } } } }"
    certificate = ask(service, "lune", read, id=order["id"])["node"]["certificate"]

    opened = visit(service.address, path="/console/verify")
    page = sign_in(opened.page, service.keys["carbonext"])  # the certificate is of another account
    link = page.get_by_label("Link or number of the certificate")
    link.fill(f"see {certificate['pdfUrl']} please")
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_text("Issued by this service")).to_be_visible()
    for shown in (certificate["number"], "Marram Books", "1 t", certificate["sha256"]):
        expect(page.locator("main")).to_contain_text(shown)

    for suffix, kind in ((".pdf", "Certificate (PDF)"), (".json", "Contents of the certificate (JSON)")):
        issued = httpx.get(f"{certificate['url']}{suffix}").content
        file = tmp_path / f"received{suffix}"
        file.write_bytes(issued)
        page.locator(".drop input").set_input_files(file)
        expect(page.get_by_text("The file is the one that was issued.")).to_be_visible()
        expect(page.locator("main")).to_contain_text(kind)
        file.write_bytes(issued[:-5] + bytes([issued[-5] ^ 1]) + issued[-4:])
        page.locator(".drop input").set_input_files(file)
        expect(page.get_by_text("The file differs from all that were issued.")).to_be_visible()

    link.fill(certificate["number"])
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_role("alert")).to_contain_text("This account has no certificate of this number.")
    link.fill(certificate["url"][:-1])
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no link or number of a certificate.")
    link.fill(f"{service.address}/certificates/{'A' * 43}")
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_role("alert")).to_contain_text("This service issued no certificate under this link")
    opened.complaints.clear()  # the browser logs the status 404

    page = open_console(visit, service, path="/verify")
    page.get_by_label("Link or number of the certificate").fill(certificate["number"].lower())
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_text("Issued by this service")).to_be_visible()


def test_an_order_that_is_not_paid_says_so_where_its_credits_are_set_aside(visit, service: Service):
    place = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "unpaid"}) {
        order { id number } } }"""
    order = ask(service, "lune", place)["createOrderByMass"]["order"]
    page = open_console(visit, service)
    row = page.get_by_role("row", name=re.compile(order["number"]))
    expect(row.locator(".badge")).to_have_text(["Credits set aside", "Not paid"])
    go(page, f"/orders/{order['id']}")
    steps = page.get_by_role("list", name="Progress of the order").get_by_role("listitem")
    expect(steps).to_have_text(["Waiting for credits", "Credits set aside", "Not paid", "Retiring", "Complete"])
    expect(page.locator(".steps .reached")).to_have_text(["Waiting for credits", "Credits set aside"])
