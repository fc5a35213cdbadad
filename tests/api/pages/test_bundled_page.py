"""GraphiQL as we bundle it, as a person meets it in a browser that reaches nothing but our server."""

import json
import re
import time

import pytest
from playwright.sync_api import Page, expect

from service.api.pages.examples import read_examples
from service.api.pages.explorer import BUNDLE
from tests.api.pages.conftest import explorer_app, serve_app


@pytest.fixture
def page(visit, bundled):
    return ready(visit(bundled).page)


def ready(page: Page) -> Page:
    expect(page.locator(".graphiql-query-editor .view-line").first).to_contain_text("# Quote by mass")
    return page


EDITORS = {"Operation": "operation.graphql", "Variables": "variables.json", "Headers": "request-headers.json"}


def write(page: Page, editor: str, text: str) -> None:
    """Replaces what an editor holds and leaves the cursor in it. Not typed, because Monaco would close the brackets."""
    model = "__MONACO.editor.getModels().find(model => model.uri.path.endsWith(name))"
    page.evaluate(f"([name, text]) => {model}.setValue(text)", [EDITORS[editor], text])
    page.get_by_role("region", name=editor).locator(".view-lines:visible").click()


def until(page: Page, condition: str) -> None:
    """Waits for what the browser keeps; the page's policy forbids Playwright's own way of waiting for an expression."""
    deadline = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def run(page: Page, document: str) -> None:
    """Runs a document; one with a name only once GraphiQL has taken note of it, for the history takes its note."""
    write(page, "Operation", document)
    if named := re.match(r"query (\w+)", document):
        expect(page.locator(".graphiql-tab-active")).to_contain_text(named[1])
    page.keyboard.press("Control+Enter")


def response(page: Page):
    return page.locator(".result-window .view-lines")


def show(page: Page, panel: str) -> None:
    page.get_by_role("button", name=f"Show {panel}").click()


def test_the_examples_are_open_in_tabs_and_the_first_one_runs(page):
    assert page.locator(".graphiql-tab-button").all_inner_texts()[:2] == ["QuoteByMass", "OrderByMass"]
    page.get_by_role("button", name="Execute query").click()
    expect(response(page)).to_contain_text('"grams": "12070"')


def test_the_key_is_sent_from_every_tab_unless_the_user_sets_the_header(page):
    page.get_by_label("API key").fill("secret")
    run(page, "{ authorization }")
    expect(response(page)).to_contain_text('"authorization": "Bearer secret"')
    page.get_by_role("button", name="New tab").click()
    run(page, "{ again: authorization }")
    expect(response(page)).to_contain_text('"again": "Bearer secret"')
    page.get_by_role("button", name="Headers").click()
    write(page, "Headers", '{"Authorization": "Bearer by-hand"}')
    run(page, "{ authorization }")
    expect(response(page)).to_contain_text('"authorization": "Bearer by-hand"')


def test_headers_and_key_are_not_in_the_page_or_history_after_a_reload(visit, bundled):
    opened = visit(bundled)
    page = ready(opened.page)
    page.get_by_label("API key").fill("secret")
    page.get_by_role("button", name="Headers").click()
    write(page, "Headers", '{"Account-Id": "private"}')
    run(page, "query Mine { authorization }")
    expect(response(page)).to_contain_text("Bearer secret")
    until(page, "localStorage.getItem('graphiql:queries')?.includes('query Mine')")
    assert "secret" not in opened.storage()
    assert "private" not in opened.storage()
    page.reload()
    expect(page.locator(".graphiql-query-editor .view-line").first).to_contain_text("query Mine")
    expect(page.get_by_label("API key")).to_have_value("")
    run(page, "{ authorization }")
    expect(response(page)).to_contain_text('"authorization": null')


def test_headers_and_key_are_remembered_when_asked_until_no_longer_asked(visit, bundled):
    opened = visit(bundled)
    page = ready(opened.page)
    page.get_by_label("API key").fill("secret")
    page.get_by_label("Remember").check()
    page.get_by_role("button", name="Headers").click()
    write(page, "Headers", '{"Account-Id": "private"}')
    run(page, "query Mine { authorization }")
    until(page, "localStorage.getItem('graphiql:queries')?.includes('private')")
    page.reload()
    expect(page.get_by_label("Remember")).to_be_checked()
    expect(page.get_by_label("API key")).to_have_value("secret")
    page.get_by_label("Remember").uncheck()
    until(page, "!JSON.stringify(localStorage).includes('private')")
    assert "secret" not in opened.storage()


def test_headers_are_not_stored_after_storing_was_switched_off(visit, bundled):
    opened = visit(bundled)
    page = ready(opened.page)
    page.get_by_label("Remember").check()
    page.get_by_role("button", name="Headers").click()
    write(page, "Headers", '{"Account-Id": "private"}')
    page.get_by_label("Remember").uncheck()
    page.wait_for_timeout(1_000)
    assert "private" not in opened.storage()


def test_headers_typed_before_storing_was_switched_on_are_stored(visit, bundled):
    opened = visit(bundled)
    page = ready(opened.page)
    page.get_by_role("button", name="Headers").click()
    write(page, "Headers", '{"Account-Id": "private"}')
    page.wait_for_timeout(1_000)
    assert "private" not in opened.storage()
    page.get_by_label("Remember").check()
    until(page, "localStorage.getItem('graphiql:headers')?.includes('private')")
    page.reload()
    page.get_by_role("button", name="Headers").click()
    expect(page.get_by_role("region", name="Headers")).to_contain_text("private")


def test_the_history_gives_an_operation_back(page):
    run(page, "query Remarkable { authorization }")
    expect(response(page)).to_contain_text('"authorization": null')
    write(page, "Operation", "{ authorization }")
    show(page, "History")
    page.get_by_role("button", name="Remarkable").first.click()
    expect(page.locator(".graphiql-query-editor .view-line").first).to_contain_text("query Remarkable")


def test_the_documentation_leads_from_the_root_to_a_description(page):
    show(page, "Documentation Explorer")
    page.locator(".graphiql-doc-explorer").get_by_text("Mutation", exact=True).click()
    page.locator(".graphiql-doc-explorer").get_by_text("quoteByMass", exact=True).click()
    expect(page.locator(".graphiql-doc-explorer")).to_contain_text("Prices a mass and stores the quote.")


def test_the_query_builder_adds_a_field(page):
    write(page, "Operation", "{ __typename }")
    show(page, "Query builder")
    page.locator(".graphiql-explorer-root").get_by_text("authorization").click()
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text("authorization")


def test_an_example_opens_in_a_tab_of_its_own(page):
    tabs = page.locator(".graphiql-tab-button")
    before = tabs.count()
    show(page, "Examples")
    page.get_by_role("button", name="Order by mass").click()
    expect(tabs).to_have_count(before + 1)
    expect(tabs.last).to_have_text("OrderByMass")
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text("createOrderByMass")


def test_examples_that_need_a_scope_are_listed_separately_and_not_opened(page):
    show(page, "Examples")
    expect(page.get_by_role("heading", name="For operators")).to_be_visible()
    expect(page.get_by_role("button", name="Unpaid orders")).to_be_visible()
    expect(page.locator(".graphiql-tab-button", has_text="UnpaidOrders")).to_have_count(0)


def test_an_id_of_an_answer_is_filled_into_the_variables_of_a_later_example_until_one_is_written(page):
    variables = page.get_by_role("region", name="Variables")
    expect(page.locator(".graphiql-tab-button", has_text="OrderFromQuote")).to_have_count(1)
    open_tab(page, "OrderFromQuote")
    expect(variables).to_contain_text('"quoteId": ""')
    open_tab(page, "QuoteByMass")
    page.get_by_role("button", name="Execute query").click()
    expect(response(page)).to_contain_text('"id": "UXVvdGU6MQ"')
    open_tab(page, "OrderFromQuote")
    expect(variables).to_contain_text('"quoteId": "UXVvdGU6MQ"')

    write(page, "Variables", '{"quoteId": "my own"}')
    open_tab(page, "QuoteByMass")
    open_tab(page, "OrderFromQuote")
    expect(variables).to_contain_text('"quoteId": "my own"')


def test_a_link_holds_the_operation_and_its_variables_without_key_and_headers_and_runs_nothing(visit, bundled):
    opened = visit(bundled)
    page = ready(opened.page)
    page.get_by_label("API key").fill("secret")
    page.get_by_role("button", name="Headers").click()
    write(page, "Headers", '{"Account-Id": "private"}')
    page.get_by_role("button", name="Variables").click()
    write(page, "Variables", '{"answer": "42 & more"}')
    write(page, "Operation", "query Shared { authorization }")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").first).to_contain_text(re.compile("Link copied|address bar"))
    link = page.url
    assert link.startswith(f"{bundled}/graphql#query=")
    assert not {"secret", "private"} & set(re.findall(r"\w+", link))

    for tabs_before in (None, page.locator(".graphiql-tab-button").count()):
        other = visit(bundled, path=link.removeprefix(bundled)).page if tabs_before is None else page
        if tabs_before is not None:
            page.reload()
        expect(other.locator(".graphiql-tab-active")).to_contain_text("Shared")
        expect(other.locator(".graphiql-query-editor .view-lines")).to_contain_text("query Shared { authorization }")
        expect(other.get_by_role("region", name="Variables")).to_contain_text('"42 & more"')
        assert tabs_before in (None, other.locator(".graphiql-tab-button").count())
        other.wait_for_timeout(300)
        assert response(other).inner_text().strip() == ""


def test_an_operation_that_holds_the_key_is_not_linked(page):
    page.get_by_label("API key").fill("secret")
    write(page, "Operation", "{ authorization } # secret")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status").first).to_contain_text("Not linked")
    assert "#" not in page.url


def test_the_strip_of_tabs_scrolls_to_the_tab_that_is_opened_and_with_the_wheel(visit, bundled):
    page = ready(visit(bundled, width=800).page)
    tabs = [each for each in read_examples() if not each.group]
    expect(page.locator(".graphiql-tab-button")).to_have_count(len(tabs))
    strip = page.locator(".graphiql-tabs")
    assert strip.evaluate("strip => [strip.scrollWidth > strip.clientWidth, strip.scrollLeft]") == [True, 0]
    strip.hover()
    page.mouse.wheel(0, 200)
    until(page, "document.querySelector('.graphiql-tabs').scrollLeft === 200")
    page.get_by_role("button", name="New tab").click()
    until(page, "document.querySelector('.graphiql-tabs').scrollLeft > 200")
    expect(page.locator(".graphiql-tab-active")).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("folder", ["bundled", "plain"])
def test_the_explorer_works_below_a_path(visit, bundled, tmp_path, folder):
    for origin in serve_app(explorer_app(BUNDLE if folder == "bundled" else tmp_path, "/carbon/api")):
        page = visit(origin, path="/carbon/api/graphql").page
        page.get_by_role("button", name="Execute query" if folder == "bundled" else "Run").click()
        expect(page.locator(".result-window, #response").first).to_contain_text('"grams": "12070"')
        if folder == "bundled":
            write(page, "Operation", "{ nothingLikeIt }")
            expect(page.locator(".graphiql-query-editor .squiggly-error").first).to_be_attached()
            page.get_by_role("button", name="Copy link").click()
            until(page, "location.pathname + location.hash === '/carbon/api/graphql#query=%7B+nothingLikeIt+%7D'")


def open_tab(page: Page, operation: str) -> None:
    page.locator(".graphiql-tab-button", has_text=re.compile(f"^{operation}$")).click()
    expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text(f" {operation}")


def test_the_editor_checks_a_document_against_the_schema_in_its_worker(page):
    write(page, "Operation", "{ nothingLikeIt }")
    expect(page.locator(".graphiql-query-editor .squiggly-error").first).to_be_attached()
    write(page, "Operation", "{ authorization }")
    expect(page.locator(".graphiql-query-editor .squiggly-error")).to_have_count(0)


def test_a_subscription_runs_until_it_is_stopped(page):
    run(page, "subscription { ticks }")
    expect(response(page)).to_contain_text(re.compile(r'"ticks":\s([3-9]|[1-9]\d)'))
    page.get_by_role("button", name="Stop query").click()
    expect(page.get_by_role("button", name="Execute query")).to_be_visible()
    page.wait_for_timeout(300)  # what had arrived is drawn
    heard = response(page).inner_text()
    page.wait_for_timeout(300)
    assert response(page).inner_text() == heard


def test_the_theme_in_the_settings_takes_precedence_over_the_system(page):
    page.get_by_role("button", name="Open settings dialog").click()
    page.get_by_role("button", name="Dark", exact=True).click()
    assert page.evaluate("[document.documentElement.className, getComputedStyle(document.body).colorScheme]") == [
        "dark",
        "dark",
    ]
    page.get_by_role("button", name="System", exact=True).click()
    page.emulate_media(color_scheme="dark")
    until(page, "document.documentElement.classList.contains('dark')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_use_it(visit, bundled, tmp_path, scheme, width):
    opened = visit(bundled, scheme, width)
    page = ready(opened.page)
    page.get_by_role("button", name="Execute query").click()
    expect(response(page)).to_contain_text('"grams": "12070"')
    found = {"operation": opened.violations()}
    # On a phone the panels differ in nothing but their place, which one of them shows.
    for panel in ("Documentation Explorer", "History", "Examples", "Query builder")[: 4 if width > 700 else 1]:
        show(page, panel)
        found[panel] = opened.violations(".graphiql-plugin")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.screenshot(path=tmp_path / "panel.png")
    page.get_by_role("button", name="Hide").last.click()
    page.get_by_role("button", name="Open settings dialog").click()
    found["settings"] = opened.violations(".graphiql-dialog")
    assert not any(found.values()), json.dumps(found, indent=1)
