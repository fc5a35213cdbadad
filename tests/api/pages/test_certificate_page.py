"""The page of a certificate in a real browser: light, dark, on a phone, in right-to-left names, without a script.

Seen to fail: a table wider than the phone, a style that the policy does not name.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from service.api.pages.certificate import HEADERS, page_of
from service.domain.catalogue import Mode
from service.domain.certificate import (
    Certificate,
    Interval,
    IssuedCertificate,
    RetiredBatch,
    certificate_number,
    issued,
)
from service.domain.registry_evidence import RegistryRetirement, evidence_of, retired_in, retirement_certificate
from service.operations.read_registry_retirements import Certified
from tests.api.pages.conftest import Visit, serve_app
from tests.makers import make_batch, make_project

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
    "partly retired": PLAIN,
    "retired": PLAIN,
}


def certified(certificate: IssuedCertificate, batches: int) -> Certified:
    """Entries for the first batches, and the retirement certificate if these are all."""
    stock = {
        each.batch_id: make_batch(
            make_project(), 10**10, id=each.batch_id, serial_prefix=each.serial_prefix, serial_start=each.serial_start
        )
        for each in BATCHES
    }
    entries = [
        RegistryRetirement(
            id=UUID(int=number),
            reference=f"entry-{number}",
            fingerprint="",
            batch_id=batch.batch_id,
            account_id=None,
            order_id=None,
            start_g=0,
            end_g=2_000_000_000,
            retired_on=date(2026, 6, number),
            retirement_id=f"206-{number}" if number != 2 else None,
            url="https://registry.example/" + "retirement" * 20 if number != 2 else None,
            beneficiary_name="شركة النور للخدمات" if number == 2 else "Harbour & Hale Logistics",
            corrects_id=None,
            created_at=PLAIN.issued_at,
        )
        for number, batch in enumerate(BATCHES[:batches], start=1)
    ]
    evidence = evidence_of(ORDER_ID, retired_in(json.loads(certificate.facts)), entries)
    whole = retirement_certificate(certificate, evidence, stock, version=1, now=PLAIN.issued_at)
    return Certified(evidence, stock, whole if batches == len(BATCHES) else None)


CERTIFIED: dict[str, Callable[[IssuedCertificate], Certified]] = {
    "partly retired": partial(certified, batches=2),
    "retired": partial(certified, batches=3),
}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    def page(request: Request) -> Response:
        name = request.path_params["name"]
        certificate = issued(UUID(int=1), PAGES[name])
        return HTMLResponse(page_of(certificate, CERTIFIED.get(name, lambda _: None)(certificate)), headers=HEADERS)

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
    assert page.get_by_text("Retirement certificate").count() == (name == "retired")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["test", "retired"])
def test_it_is_accessible(visit: Callable[..., Visit], origin: str, scheme: str, name: str):
    assert visit(origin, scheme, 360, f"/{name}").violations() == []
