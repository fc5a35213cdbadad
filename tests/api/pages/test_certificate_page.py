"""The page of a certificate in a real browser: light, dark, on a phone, in right-to-left names, without a script.

Seen to fail: a table wider than the phone, a style that the policy does not name.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from service.api.pages.certificate import HEADERS, page_of
from service.domain.catalogue import Mode
from service.domain.certificate import Certificate, Interval, RetiredBatch, certificate_number, issued
from tests.api.pages.conftest import Visit, serve_app

ORDER_ID = UUID(int=3)
BATCHES = tuple(
    RetiredBatch(
        batch_id=UUID(int=number),
        project_id=UUID(int=number),
        project_name=name,
        country=country,
        registry="Verified Carbon Standard",
        vintage=2019 + number % 4,
        serial_prefix="VCS-VCU-674-VER-ID-14-1305-01012019-31122019-",
        serial_start=5_000_000,
        intervals=(Interval(0, 999_999), Interval(3_500_000, 1_005_000_001))[: 1 + number % 2],
    )
    for number, (name, country) in enumerate(
        [
            ("Rimba Raya Biodiversity Reserve", "IDN"),
            ("مشروع زراعة المانغروف في دلتا النيل", "EGY"),
            ("Kariba REDD+ forest protection with an uncommonly long name that has to break somewhere", "ZWE"),
        ],
        start=1,
    )
)
PLAIN = Certificate(
    number=certificate_number(ORDER_ID),
    token="T" * 43,
    mode=Mode.LIVE,
    seller={
        "legal_name": "Meridian Climate GmbH",
        "address": "Speicherstraße 4\n20457 Hamburg",
        "country": "DE",
        "tax_number": "DE123456789",
        "registration_number": None,
        "retirement_statement": "We retire credits at the registries within 30 days.",
    },
    recipient="Harbour & Hale Logistics",
    order_id=ORDER_ID,
    order_number="0HZ4XK7M2QJ9A",
    retired_at=datetime(2026, 5, 1, 10, 20, 30, tzinfo=UTC),
    issued_at=datetime(2026, 5, 1, 10, 20, 31, tzinfo=UTC),
    batches=BATCHES,
)
PAGES = {
    "plain": PLAIN,
    "test": replace(PLAIN, mode=Mode.TEST, recipient="שלום בע״מ", beneficiary="<script>alert(1)</script>"),
    "long": replace(PLAIN, recipient="W" * 200, batches=BATCHES * 8),
}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    def page(request: Request) -> Response:
        certificate = PAGES[request.path_params["name"]]
        return HTMLResponse(page_of(issued(UUID(int=1), certificate)), headers=HEADERS)

    yield from serve_app(Starlette(routes=[Route("/{name}", page)]))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_it_reads_well_everywhere(visit: Callable[..., Visit], origin: str, name: str, scheme: str, width: int):
    page = visit(origin, scheme, width, f"/{name}").page

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    assert page.evaluate("getComputedStyle(document.body).margin") == "0px", "its style was refused"
    assert page.evaluate("document.scripts.length") == 0
    assert page.locator("h1").inner_text() == PAGES[name].recipient
    assert page.get_by_text(PAGES[name].fingerprint).is_visible()
    assert page.locator(".warning").count() == (name == "test")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(visit: Callable[..., Visit], origin: str, scheme: str):
    assert visit(origin, scheme, 360, "/test").violations() == []
