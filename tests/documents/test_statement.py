"""The retirement statement of a year: what it counts, its sums, its PDF and its CSV.

Seen to fail when: an order of the year that was retired later is counted; the last moment of the year is left out; a
cell that begins with an equals sign stays a formula; what the registries' entries show is left out, or counts orders
that were retired later.
"""

import csv
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pypdf
import pypdfium2
import pytest

from service.documents.drawing import draw
from service.documents.retirement_statement import (
    ORDERS_PRINTED_MAX,
    retirement_statement_csv,
    retirement_statement_document,
)
from service.domain.catalogue import Mode
from service.domain.retirement_statement import RetiredOrder, RetirementStatement, Year, checked_year
from service.errors import Refused
from tests.documents.certificates import batch, certificate_facts
from tests.documents.names import SHOWN
from tests.documents.orders import PAYER, SELLER

YEAR = Year(2026)
PLACED = datetime(2026, 4, 30, tzinfo=UTC)


def retired(
    *batches: dict[str, Any], at: datetime, placed: datetime = PLACED, recorded_g: int = 0, **facts: Any
) -> RetiredOrder:
    return RetiredOrder(certificate_facts(*batches, retired_at=at.isoformat(), **facts), placed, {"0192": recorded_g})


LAST = YEAR.end - timedelta(microseconds=1)
FOUND = [
    retired(
        batch("Oaks", 600_000, country="DEU", offset_type="carbon_removal"), at=YEAR.start, number="CR-1", placed=PLACED
    ),
    retired(batch("Oaks", 400_000, country="DEU", offset_type="carbon_removal"), at=LAST, number="CR-2"),
    retired(batch("Wind", 1_000_000, article6_authorisation="BR-1"), at=PLACED, recorded_g=750_000, number="CR-3"),
    retired(batch("Wind", 50_000), at=YEAR.end, recorded_g=50_000, number="CR-4"),
    retired(batch("Wind", 70_000), at=YEAR.end, placed=YEAR.end, number="CR-5"),
    retired(batch("Wind", 90_000), at=YEAR.start - timedelta(microseconds=1), number="CR-6"),
]
STATEMENT = RetirementStatement.of(YEAR, FOUND, pending_g=12_500)


def pdf_of(statement: RetirementStatement = STATEMENT, as_of: datetime = YEAR.end, mode: Mode = Mode.LIVE) -> bytes:
    document = retirement_statement_document(
        statement, mode=mode, seller=asdict(SELLER), account=asdict(PAYER), beneficiary="Harbour & Hale", as_of=as_of
    )
    return draw("retirement_statement", document).pdf


def text_of(pdf: bytes) -> str:
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    return " ".join("\n".join(pages).split())


def test_only_what_was_retired_in_the_year_is_counted():
    assert [each.facts["number"] for each in STATEMENT.retired] == ["CR-1", "CR-3", "CR-2"]
    assert [each.facts["number"] for each in STATEMENT.later] == ["CR-4"]
    assert STATEMENT.mass_g == 2_000_000


def test_projects_and_kinds_add_up():
    assert [(each.project, each.mass_g) for each in STATEMENT.projects()] == [("Oaks", 1_000_000), ("Wind", 1_000_000)]
    assert STATEMENT.kinds() == [
        *(("Carbon removal", 1_000_000), ("Emissions reduction", 1_000_000), ("Registry: Verra", 2_000_000)),
        *(("Projects in the European Union", 1_000_000), ("With an Article 6 authorisation", 1_000_000)),
        ("Shown as retired by a recorded entry of the registry", 750_000),
    ]


def test_the_pdf_states_period_masses_and_certificates():
    text = text_of(pdf_of())

    for fact in (
        *("Retirement statement 2026", "Period 1 January 2026 to 31 December 2026", "Certificates 3"),
        *("Meridian Climate GmbH", "Harbour & Hale Logistics Ltd", "Beneficiary Harbour & Hale", "2 t", "12.5 kg"),
        *("Carbon removal 1 t 50.0 %", "Registry: Verra 2 t 100.0 %", "CR-1 1 January 2026 Bo 600 kg"),
        "Shown as retired by a recorded entry of the registry 750 kg 37.5 %",
        *(
            "Ordered in the year, assigned later",
            "CR-4 1 January 2027 Bo 50 kg",
            "Do not deduct them from your emissions.",
        ),
    ):
        assert fact in text
    assert "CR-5" not in text
    assert "CR-6" not in text


def test_the_present_year_is_stated_so_far():
    text = text_of(pdf_of(as_of=datetime(2026, 6, 30, tzinfo=UTC), mode=Mode.TEST))

    assert "Period 1 January 2026 to 30 June 2026 (so far)" in text
    assert "Made in test mode." in text


def test_an_empty_year_is_stated_too():
    text = text_of(pdf_of(RetirementStatement.of(YEAR, [], 0)))

    assert "Certificates 0" in text
    assert "0 g" in text


def test_the_file_meets_the_standards_and_is_the_same_again():
    many = [retired(batch(name, 1_000), at=PLACED, number=f"CR-{name}") for name in list(SHOWN.values())[:10]]
    statement = RetirementStatement.of(YEAR, many, 0)
    pdf = pdf_of(statement)

    assert pdf_of(statement) == pdf
    metadata = str(pypdf.PdfReader(BytesIO(pdf)).xmp_metadata.rdf_root.toxml())
    assert all(mark in metadata for mark in ("<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<"))
    letters = "".join(text_of(pdf).split())
    assert all("".join(SHOWN[script].split()) in letters for script in ("latin", "greek", "cyrillic", "arabic"))


def test_what_is_not_printed_is_in_the_csv():
    many = [retired(batch("Oaks", 1), at=PLACED, number=f"CR-{index}") for index in range(ORDERS_PRINTED_MAX + 1)]
    statement = RetirementStatement.of(YEAR, many, 0)
    document = retirement_statement_document(
        statement, mode=Mode.LIVE, seller=asdict(SELLER), account=asdict(PAYER), beneficiary="B", as_of=YEAR.end
    )

    assert "Only the first 1,000 certificates of each list are printed." in document
    assert retirement_statement_csv(statement).count(b"\r\n") == ORDERS_PRINTED_MAX + 2


def test_the_csv_has_a_row_for_each_batch():
    formula = retired(batch("=1+1", 1_500, labels=[]), batch("Oaks", 2_000), at=PLACED, number="CR-7")
    statement = RetirementStatement.of(YEAR, [*FOUND, formula], 0)

    rows = list(csv.DictReader(StringIO(retirement_statement_csv(statement).decode())))

    assert [(row["certificate"], row["project"], row["tonnes"], row["counted"]) for row in rows] == [
        *(("CR-1", "Oaks", "0.6", "yes"), ("CR-3", "Wind", "1", "yes"), ("CR-7", "'=1+1", "0.0015", "yes")),
        *(("CR-7", "Oaks", "0.002", "yes"), ("CR-2", "Oaks", "0.4", "yes"), ("CR-4", "Wind", "0.05", "later")),
    ]
    assert rows[0]["serials"].startswith("9344-82012543")
    assert [row["registryRetiredTonnes"] for row in rows] == ["0", "0.75", "0", "0", "0", "0.05"]
    assert rows[0]["placedAt"] == "2026-04-30T00:00:00+00:00"


@pytest.mark.parametrize("year", [1999, 2027, 0, -1])
def test_a_year_that_has_not_begun_is_refused(year: int):
    with pytest.raises(Refused) as caught:
        checked_year(year, LAST)
    assert caught.value.path == ("year",)
