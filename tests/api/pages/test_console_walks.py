"""Walks through the console: by the keyboard alone, across the end of a token, on paper, and the account's pages.

Seen to fail when: a control cannot be reached by Tab or shows no focus; the token is not renewed; a key that was
revoked keeps its pages; a printed page has menus, or light letters of the dark colours; a change is lost.
"""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from service.api.pages.console import BUNDLE
from tests.api.pages.conftest import missing
from tests.api.pages.test_console import ask, go, heading, open_console, sign_in
from tests.examples import Service, demo_service

EVERY_SCOPE = ("ORDERS_READ", "ORDERS_WRITE", "CATALOGUE_READ", "ACCOUNT_MANAGE")
TABS_MAX = 60
FOCUSED = """() => {
    const at = document.activeElement;
    if (at === document.body) return ["", "of the browser"];
    const name = at.labels?.[0]?.innerText ?? at.getAttribute("aria-label") ?? at.innerText;
    return [name.trim(), getComputedStyle(at).outlineStyle];
}"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if not (BUNDLE / "manifest.json").exists():
        missing("the bundled console (make console)")
    with demo_service(tmp_path_factory.mktemp("walks"), SERVICE_RETIRE_AFTER_MS="200") as service:
        yield service


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the control of that name has the focus, and shows it."""
    stops = []
    while not stops or not stops[-1].startswith(name):
        assert len(stops) < TABS_MAX, stops
        page.keyboard.press("Tab")
        stop, outline = page.evaluate(FOCUSED)
        assert outline != "none", f"{stop} shows no focus"
        stops.append(stop)


def test_credits_are_bought_and_their_certificate_is_opened_by_the_keyboard_alone(visit, service: Service):
    page = visit(service.address, path="/console").page
    tab_to(page, "API key")
    page.keyboard.type(service.keys["lune"])
    page.keyboard.press("Enter")
    heading(page, "Overview")
    tab_to(page, "Skip to the page")
    tab_to(page, "Buy credits")
    page.keyboard.press("Enter")
    heading(page, "Buy credits")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, "Mass in tonnes")
    page.keyboard.type("1")
    expect(page.get_by_text("for 1 t")).to_be_visible()
    tab_to(page, "Continue with this price")
    page.keyboard.press("Enter")
    heading(page, "Quote")
    tab_to(page, "Beneficiary")
    page.keyboard.type("Marram Books")
    tab_to(page, "Place the order")
    page.keyboard.press("Enter")
    heading(page, re.compile("^Order [0-9A-Z]+$"))
    number = page.get_by_role("heading", level=1).inner_text().removeprefix("Order ")
    tab_to(page, "Cancel the order")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel the order")).to_be_focused()

    read = "query ($n: String!) { order(by: {number: $n}) { id account { id } due { amount currency } } }"
    order = ask(service, "lune", read, n=number)["order"]
    paid = {"accountId": order["account"]["id"], "order": {"id": order["id"]}, "reference": number}
    pay = "mutation ($input: RecordPaymentInput!) { recordPayment(input: $input) { userErrors { message } } }"
    ask(service, "operator", pay, input={**paid, "amount": order["due"]})
    expect(page.get_by_role("link", name="Certificate as PDF")).to_be_visible()
    tab_to(page, "Certificate CR-")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Marram Books").first).to_be_visible()
    expect(page).to_have_url(re.compile("/certificates/"))


def test_a_token_is_renewed_before_it_ends_and_a_revoked_key_ends_the_session(visit, service: Service):
    key = key_of(service, "ORDERS_READ")
    opened = visit(service.address, path="/console/orders")
    page = opened.page
    tokens: list[str] = []
    exchanges: list[str] = []
    page.on("request", lambda sent: "SignIn" in (sent.post_data or "") and exchanges.append(sent.url))
    page.on("request", lambda sent: "Orders" in (sent.post_data or "") and tokens.append(sent.headers["authorization"]))
    page.clock.install()
    sign_in(page, key)
    heading(page, "Orders")
    page.clock.fast_forward("50:00")
    with page.expect_response(lambda got: "PLACED" in (got.request.post_data or "")):
        go(page, "/orders?status=PLACED")
    assert (len(set(tokens)), len(exchanges)) == (1, 1)
    page.clock.fast_forward("09:00")
    with page.expect_response(lambda got: "FULFILLED" in (got.request.post_data or "")):
        go(page, "/orders?status=FULFILLED")
    assert len(exchanges) > 1  # tokens of one second are equal, and the server's clock does not jump
    assert key not in "".join(tokens)

    revoke = "mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { userErrors { message } } }"
    account = ask(service, "lune", "{ account { id } }")["account"]["id"]
    headers = {"Authorization": f"Bearer {service.keys['operator']}", "Account-Id": account}
    asked = {"query": revoke, "variables": {"input": {"id": key.split("_")[2]}}}
    assert httpx.post(f"{service.address}/graphql", json=asked, headers=headers).json()["data"]["revokeApiKey"] == {
        "userErrors": []
    }
    page.clock.fast_forward("01:00:00")
    go(page, "/invoices")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("about:blank")  # ends requests whose status 401 the browser would still log
    opened.complaints.clear()


def test_a_printed_page_has_no_menus_and_dark_letters_on_white(visit, service: Service):
    order = ask(
        service,
        "lune",
        """mutation { createOrderByMass(input: {mass: {amount: "2", unit: TONNE}, idempotencyKey: "print"}) {
            order { id number } } }""",
    )["createOrderByMass"]["order"]
    page = open_console(visit, service, path=f"/orders/{order['id']}", scheme="dark")
    heading(page, f"Order {order['number']}")
    expect(page.get_by_role("button", name="Cancel the order")).to_be_visible()
    for shown in (".top", ".side", ".actions"):
        expect(page.locator(shown).first).to_be_visible()  # a class that was renamed is found by no test below
    page.emulate_media(media="print", color_scheme="dark")
    for gone in (".top", ".side", ".actions"):
        for part in page.locator(gone).all():
            expect(part).to_be_hidden()
    expect(page.locator(".facts").first).to_be_visible()
    colours = page.evaluate("""() => ['dt', 'dd', 'th', 'td', 'h2'].map(name =>
        getComputedStyle(document.querySelector('main ' + name)).color.match(/[0-9]+/g).slice(0, 3).map(Number))""")
    assert max(part for colour in colours for part in colour) < 130
    assert page.pdf().startswith(b"%PDF")


def key_of(service: Service, *scopes: str, mode: str = "lune") -> str:
    """A key of the demo's customer with these scopes."""
    account = ask(service, mode, "{ account { id } }")["account"]["id"]
    document = """mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }"""
    given = {"idempotencyKey": " ".join(scopes), "name": "test", "scopes": list(scopes)}
    headers = {"Authorization": f"Bearer {service.keys['operator']}", "Account-Id": account}
    asked = {"query": document, "variables": {"input": given}}
    return httpx.post(f"{service.address}/graphql", json=asked, headers=headers).json()["data"]["createApiKey"][
        "secret"
    ]


def test_a_manager_sets_contacts_and_the_portfolio_and_changes_the_texts_of_an_order(visit, service: Service):
    page = open_console(visit, service, key=key_of(service, *EVERY_SCOPE), path="/account")
    page.get_by_role("button", name="Add a contact").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Ada Okafor")
    dialog.get_by_label("Mail address").fill("ada@example")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".refusal")).to_contain_text("mail address")
    dialog.get_by_label("Mail address").fill("ada@example.com")
    dialog.get_by_label("Invoices paid").uncheck()
    dialog.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name=re.compile("ada@example.com"))
    kinds = ["Orders placed", "Certificates", "Retirement certificates", "New invoices", "Invoices that are due"]
    expect(row.locator(".badge")).to_have_text(kinds)
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("There are no contacts, so nobody gets mail.")).to_be_visible()

    page.get_by_role("button", name="Change").click()
    dialog.get_by_label("Portfolio").select_option(label="Bundles of your choice")
    for field in dialog.get_by_label("Share of", exact=False).all():
        field.fill("")
    dialog.get_by_label("Share of Permanent Removal in percent").fill("100")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The default portfolio is saved.")).to_be_visible()
    own = ask(service, "lune", "{ account { portfolio { weights { percentage bundle { name } } } } }")["account"]
    assert own["portfolio"]["weights"] == [{"percentage": "100.00", "bundle": {"name": "Permanent Removal"}}]

    place = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: KILOGRAM}, idempotencyKey: "texts"}) {
        order { id } } }"""
    order = ask(service, "lune", place)["createOrderByMass"]["order"]["id"]
    go(page, f"/orders/{order}")
    page.get_by_role("button", name="Change the texts").click()
    dialog.get_by_label("Customer").fill("Tern Ferries")
    dialog.get_by_label("Data of your own").fill("Cost centre: 4100\nProject: A: B")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The texts are saved.")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("4100")
    read = "query ($id: ID!) { node(id: $id) { ... on Order { customer description metadata } } }"
    changed = {"customer": "Tern Ferries", "description": None, "metadata": {"Cost centre": "4100", "Project": "A: B"}}
    assert ask(service, "lune", read, id=order)["node"] == changed
    page.get_by_role("button", name="Revoke the links").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Revoke the links").click()
    expect(page.get_by_text("The links are revoked.")).to_be_visible()


def test_a_test_order_is_moved_to_its_certificate(visit, service: Service):
    place = """mutation { createOrderByMass(input: {mass: {amount: "1", unit: TONNE}, idempotencyKey: "trial"}) {
        order { id } } }"""
    order = ask(service, "test", place)["createOrderByMass"]["order"]["id"]
    page = open_console(visit, service, key="test", path=f"/orders/{order}")
    page.get_by_role("button", name="Simulate").click()
    page.get_by_label("What happens").select_option(label="It is paid, retired and certified")
    page.get_by_role("dialog").get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("link", name="Certificate as PDF")).to_be_visible()
    expect(page.locator(".badge", has_text="Complete")).to_be_visible()
