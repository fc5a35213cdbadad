"""The plain explorer, as a person without the bundle meets it in a browser."""

import json
import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(visit, plain):
    return visit(plain).page


def run(page, document):
    page.get_by_label("Operation").fill(document)
    page.keyboard.press("Control+Enter")


def test_the_first_example_runs_as_it_stands(page):
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#response")).to_contain_text('"grams": "12070"')
    expect(page.locator("#status")).to_contain_text("Answered")


def test_the_key_is_sent_unless_the_user_sets_the_header(page):
    page.get_by_label("API key").fill("secret")
    run(page, "{ authorization }")
    expect(page.locator("#response")).to_contain_text('"authorization": "Bearer secret"')
    page.get_by_label("Headers").fill('{"authorization": "Bearer other"}')
    run(page, "{ authorization }")
    expect(page.locator("#response")).to_contain_text('"authorization": "Bearer other"')


def test_no_input_is_kept_after_a_reload(visit, plain):
    opened = visit(plain)
    opened.page.get_by_label("API key").fill("secret")
    opened.page.get_by_label("Headers").fill('{"Account-Id": "private"}')
    run(opened.page, "{ authorization }")
    expect(opened.page.locator("#response")).to_contain_text("Bearer secret")
    opened.page.reload()
    expect(opened.page.get_by_label("API key")).to_have_value("")
    expect(opened.page.get_by_label("Headers")).to_have_value("")
    assert opened.storage() == "[{},{}]"


def test_variables_are_sent_and_invalid_ones_are_reported(page):
    document = "mutation Q($m: MassInput!) { quoteByMass(input: {mass: $m}) { quote { mass { grams } } } }"
    page.get_by_label("Variables").fill('{"m": {"amount": "1.5", "unit": "TONNE"}}')
    run(page, document)
    expect(page.locator("#response")).to_contain_text('"grams": "1500000"')
    page.get_by_label("Variables").fill("{m")
    run(page, document)
    expect(page.locator("#response")).to_contain_text("The variables are not JSON")


def test_a_link_opens_the_operation_and_its_variables(visit, plain):
    page = visit(plain).page
    page.get_by_label("API key").fill("secret")
    page.get_by_label("Operation").fill("query Shared { authorization }")
    page.get_by_label("Variables").fill('{"answer": "42 & more"}')
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#status")).to_contain_text(re.compile("Link copied|address bar"))
    assert "secret" not in page.url
    other = visit(plain, path=page.url.removeprefix(plain)).page
    expect(other.get_by_label("Operation")).to_have_value("query Shared { authorization }")
    expect(other.get_by_label("Variables")).to_have_value('{"answer": "42 & more"}')
    expect(other.locator("#response")).to_have_text("")


def test_an_id_of_an_answer_is_filled_into_the_variables_of_a_later_example(page):
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#response")).to_contain_text('"id": "UXVvdGU6MQ"')
    page.get_by_role("button", name="Order from a quote").click()
    variables = json.loads(page.get_by_label("Variables").input_value())
    assert variables == {"quoteId": "UXVvdGU6MQ", "idempotencyKey": variables["idempotencyKey"]}
    assert variables["idempotencyKey"].startswith("explorer-")


def test_errors_are_counted(page):
    run(page, "{ nothingLikeIt }")
    expect(page.locator("#status")).to_contain_text("1 error ·")
    expect(page.locator("#response")).to_contain_text("Cannot query field")


def test_a_subscription_runs_until_it_is_stopped(page):
    run(page, "subscription { ticks }")
    expect(page.locator("#response")).to_contain_text(re.compile(r'"ticks":\s([3-9]|[1-9]\d)'))
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_contain_text("Ended")
    expect(page.get_by_role("button", name="Run")).to_be_visible()


def test_the_schema_can_be_read_and_searched(page):
    page.get_by_text("Schema", exact=True).last.click()
    expect(page.locator("#definitions")).to_contain_text("type Quote {")
    page.get_by_label("Find").fill("massunit enum")
    expect(page.locator("#definitions")).to_have_text("enum MassUnit { GRAM KILOGRAM TONNE }")
    expect(page.locator("#found")).to_contain_text("1 of")


def test_tab_indents_but_a_keyboard_can_leave(page):
    field = page.get_by_label("Operation")
    field.fill("")
    field.press("Tab")
    expect(field).to_have_value("  ")
    field.press("Escape")
    field.press("Tab")
    expect(page.get_by_label("Variables")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_use_it(visit, plain, tmp_path, scheme, width):
    opened = visit(plain, scheme, width)
    opened.page.get_by_role("button", name="Run").click()
    expect(opened.page.locator("#status")).to_contain_text("Answered")
    opened.page.get_by_text("Schema", exact=True).last.click()
    expect(opened.page.locator("#definitions")).to_contain_text("type Quote {")
    opened.page.screenshot(path=tmp_path / "page.png", full_page=True)
    assert opened.violations() == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
