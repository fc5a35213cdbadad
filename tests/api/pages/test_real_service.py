"""The pages of the real service on the demo data: every example of the explorer runs, every contract can be tried."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from service.api.pages.examples import Example, read_examples
from service.api.pages.references import BUNDLE
from service.api.rest.contracts import CONTRACTS
from service.api.rest.openapi import openapi_document
from tests.api.pages.conftest import missing
from tests.api.pages.test_bundled_page import ready, response, show
from tests.examples import Service, demo_service

EXAMPLES = read_examples()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, bundled: str) -> Iterator[Service]:
    """`bundled` says when there is no bundle to be looked at."""
    with demo_service(tmp_path_factory.mktemp("pages")) as service:
        yield service


def operation_of(example: Example) -> str:
    return re.search(r"(?:query|mutation|subscription) (\w+)", example.query)[1]


def answer_of(page: Page, operation: str) -> dict[str, object]:
    """The data that running the tab of this operation got, and that the page then shows."""
    page.locator(".graphiql-tab-button", has_text=re.compile(f"^{operation}$")).first.click()
    return run_tab(page, operation)


def run_tab(page: Page, operation: str) -> dict[str, object]:
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(f" {operation}")
    # Not any answer: the question for the schema may still be under way.
    with page.expect_response(lambda got: f" {operation}" in (got.request.post_data or "")) as got:
        page.get_by_role("button", name="Execute query").click()
    body = got.value.json()
    assert "errors" not in body, body
    expect(response(page)).to_contain_text('"data"')
    (data,) = body["data"].values()
    assert data.get("userErrors", []) == [], data
    return data


def open_explorer(visit, service: Service, scheme: str = "light", width: int = 1280) -> Page:
    page = ready(visit(service.address, scheme, width).page)
    page.get_by_label("API key").fill(service.keys["lune"])
    return page


def test_every_example_of_the_explorer_runs_on_the_demo_data(visit, service: Service) -> None:
    page = open_explorer(visit, service)
    ran = [
        "OrderByMass",
        "PageThroughOrders",
        "EstimateFlight",
        "OrderEstimate",
        "QuoteByMass",
        "OrderFromQuote",
        "CancelOrder",
    ]
    answers = {operation: answer_of(page, operation) for operation in ran}

    page.locator(".graphiql-tab-button", has_text=re.compile("^FollowOrders$")).first.click()
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(" FollowOrders")
    page.get_by_role("button", name="Execute query").click()
    expect(response(page)).to_contain_text('"order.cancelled"')  # the latest of the past events is shown
    page.get_by_role("button", name="Stop query").click()
    expect(page.get_by_role("button", name="Execute query")).to_be_visible()

    page.get_by_label("API key").fill(service.keys["test"])
    for operation in ("QuoteByMass", "OrderFromQuote", "CompleteTestOrder", "ShowCertificate"):
        answers[f"{operation} of a test account"] = answer_of(page, operation)
    certificate = answers["ShowCertificate of a test account"]["certificate"]
    assert certificate["number"] == answers["CompleteTestOrder of a test account"]["order"]["certificate"]["number"]

    page.get_by_label("API key").fill(service.keys["operator"])
    show(page, "Examples")
    for each in EXAMPLES:
        if each.group == "For operators":
            page.get_by_role("button", name=f"{each.title} {each.about}").click()
            answers[operation_of(each)] = run_tab(page, operation_of(each))

    answered = {name.removesuffix(" of a test account") for name in answers} | {"FollowOrders"}
    assert sorted(answered) == sorted(map(operation_of, EXAMPLES))
    assert answers["BillOrder"]["invoice"]["status"] == "PENDING"
    assert answers["RecordPayment"]["payment"]["amount"] == {"amount": "25.00", "currency": "USD"}
    assert answers["QuoteByMass"]["quote"]["mass"]["grams"] == "12069"
    assert answers["OrderByMass"]["order"]["status"] == "FULFILLED"
    assert answers["OrderFromQuote"]["order"]["status"] == "FULFILLED"
    assert answers["PageThroughOrders"]["totalCount"] == 1
    assert answers["CancelOrder"]["order"]["status"] == "CANCELLED"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_explorer_shows_an_answer_beside_its_documentation(
    visit, service: Service, tmp_path: Path, scheme: str, width: int
) -> None:
    page = open_explorer(visit, service, scheme, width)
    answer_of(page, "QuoteByMass")
    expect(response(page)).to_contain_text('"grams": "12069"')
    page.screenshot(path=tmp_path / "answer.png")
    show(page, "Documentation Explorer")
    page.locator(".graphiql-doc-explorer").get_by_text("Mutation", exact=True).click()
    page.locator(".graphiql-doc-explorer").get_by_text("createOrderByMass", exact=True).click()
    expect(page.locator(".graphiql-doc-explorer")).to_contain_text("CreateOrderByMassInput")
    page.screenshot(path=tmp_path / "documentation.png")


@pytest.mark.parametrize("path", ["/", "/problems", "/nothing"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_the_first_page_is_readable_on_every_screen(
    visit, service: Service, tmp_path: Path, path: str, scheme: str, width: int
) -> None:
    opened = visit(service.address, scheme, width, path)
    opened.complaints.clear()  # a browser logs the status 404 of a page as an error
    opened.page.screenshot(path=tmp_path / "page.png", full_page=True)

    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.violations() == []
    if path != "/problems":
        opened.page.get_by_role("link", name="GraphQL explorer").click()
        expect(opened.page).to_have_url(re.compile("/graphql$"))


def order_by(steps: list[str], paths: dict[str, Any], address: str, key: str) -> None:
    """Take the steps to a first order as a page names them, with the examples of its document and the order's id."""
    requests = [found.groups() for step in steps if (found := re.fullmatch(r"(GET|POST) (/v1/\S+)", step))]
    id_ = ""
    for method, path in requests:
        operation = paths[path][method.lower()]
        examples = [each["example"] for each in operation.get("requestBody", {}).get("content", {}).values()]
        query = {
            each["name"]: each["example"]
            for each in operation.get("parameters", ())
            if each.get("required") and each["in"] == "query"
        }
        answer = httpx.request(
            method,
            address + path.replace("{id}", id_),
            headers={"Authorization": f"Bearer {key}"},
            params=query,
            json=next(iter(examples), None),
            timeout=20,
        )
        if path.endswith("/certificate"):
            assert answer.status_code == 404, answer.text  # the order is not complete yet
            continue
        assert answer.is_success, (method, path, answer.text)
        if operation["summary"] in {"Place an order", "Create an order by mass"}:
            (placed,) = answer.json() if isinstance(answer.json(), list) else [answer.json()]
            id_ = placed.get("id") or placed["_id"]
        elif id_:
            assert id_ in answer.text or answer.text == ""
    assert len(requests) >= 4


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_a_contract_is_read_and_tried_with_a_key_of_its_account(
    visit, service: Service, tmp_path: Path, contract, scheme: str, width: int
) -> None:
    if not (BUNDLE / "manifest.json").exists():
        missing("the bundled references (make references)")
    paths = openapi_document(contract, "")["paths"]
    first = next(iter(next(iter(paths.values())).values()))["summary"]
    opened = visit(service.address, scheme, width, f"/{contract.name}/docs")
    page = opened.page
    page.get_by_text("Rate limit.").scroll_into_view_if_needed()  # what is below is drawn when it comes into sight
    expect(page.get_by_role("heading", name=first).first).to_be_visible()
    page.screenshot(path=tmp_path / f"{contract.name}.png")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.violations() == []
    if width > 700:
        steps = page.locator("p", has_text="First order.").locator("code").all_inner_texts()
        order_by(steps, paths, f"{service.address}/{contract.name}", service.keys[contract.name])
        page.get_by_placeholder("Token").first.fill(service.keys[contract.name])
        listing = next(each["get"] for path, each in paths.items() if path == "/v1/orders")
        page.evaluate("place => { location.hash = place }", f"tag/{listing['tags'][0].lower()}/GET/v1/orders")
        listing = listing["summary"]
        page.get_by_role("region", name=listing).get_by_role("button", name=re.compile("Test Request")).click()
        with page.expect_response(lambda got: "/v1/orders" in got.url) as got:
            page.get_by_role("dialog").get_by_role("button", name=re.compile("^Send")).first.click()
        assert got.value.status == 200, got.value.text()
