import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID

import pypdf
import pypdfium2
import pytest
import zxingcpp
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from service.domain.catalogue import Mode
from service.domain.certificate import Certificate, Interval, RetiredBatch
from service.domain.certificate_pdf import certificate_pdf

VERIFY = "https://orders.example.com/certificates/3qZ8vUe0mJ2pT7wXbR5kYd"


def batch(index=0, name="Rimba Raya", mass_g=1_250_000, intervals=None):
    return RetiredBatch(
        batch_id=UUID(int=index + 1),
        project_id=UUID(int=100 + index),
        project_name=name,
        country="IDN",
        registry="Verra",
        vintage=2019,
        serial_prefix=f"VCS-{index}-",
        serial_start=412_000,
        intervals=intervals or (Interval(0, mass_g),),
    )


ONE = Certificate(
    number="CR-8C0D-ZV32-M0A3",
    token="secret",
    mode=Mode.LIVE,
    recipient="Fundação Amazônia",
    order_id=UUID(int=7),
    order_number="0HZ4XK7M2QJ9A",
    retired_at=datetime(2026, 5, 1, 9, 30, tzinfo=UTC),
    issued_at=datetime(2026, 5, 2, 10, 0, 1, tzinfo=UTC),
    batches=(batch(mass_g=12_345_678),),
)
ARABIC = replace(
    ONE, recipient="شركة أرامكو السعودية", batches=(batch(0, "熱帯雨林保護プロジェクト"), batch(1, "हिमालय वन"))
)


def text_of(certificate):
    (page,) = pypdfium2.PdfDocument(certificate_pdf(certificate, VERIFY))
    return page.get_textpage().get_text_range().replace("\r\n", "\n")


def test_the_page_states_the_facts_as_text():
    text = text_of(ONE)

    for fact in (
        *("CR-8C0D-ZV32-M0A3", "Fundação Amazônia", "12.345678 tonnes of CO₂ equivalent", "0HZ4XK7M2QJ9A"),
        *("Rimba Raya", "Indonesia", "Verra", "vintage 2019", "serials VCS-0-412000 to 412012", "12.345678 t"),
        *("1 May 2026", "09:30:00 UTC", "2 May 2026", "10:00:01 UTC", str(UUID(int=7))),
        *(ONE.fingerprint[:32], ONE.fingerprint[32:]),
    ):
        assert fact in text
    assert VERIFY in text.replace("\n", "")
    assert "secret" not in text
    assert "test mode" not in text


@pytest.mark.parametrize(
    ("mass_g", "words"),
    [
        (1, "1 gram of"),
        (603, "603 grams of"),
        (1000, "1 kilogram of"),
        (12_069, "12.069 kilograms of"),
        (10**6, "1 tonne of"),
        (1_040_104, "1.040104 tonnes of"),
    ],
)
def test_the_mass_is_exact_in_the_unit_that_reads_best(mass_g, words):
    assert words in text_of(replace(ONE, batches=(batch(mass_g=mass_g),)))


def test_other_scripts_are_text_too():
    (page,) = pypdf.PdfReader(BytesIO(certificate_pdf(ARABIC, VERIFY))).pages
    text = page.extract_text()  # in the order of reading; a tenth as fast as the other reader, which has it as drawn

    for name in ("شركة أرامكو السعودية", "熱帯雨林保護プロジェクト", "हिमालय वन"):
        assert name in text


def test_forty_batches_are_all_listed():
    text = text_of(replace(ONE, batches=tuple(batch(index, f"Project {index:02}") for index in range(40))))

    assert all(f"Project {index:02}" in text for index in range(40))
    assert all(f"serials VCS-{index}-412000 to 412001" in text for index in range(40))
    assert "more" not in text


def test_what_finds_no_place_is_summed():
    text = text_of(replace(ONE, batches=tuple(batch(index, f"Project {index:02}") for index in range(60))))

    assert "Project 38" in text
    assert "Project 39" not in text
    assert "and 21 more" in text
    assert "26.25 t" in text  # 21 x 1.25 t
    assert "75 tonnes of" in text


def test_it_says_for_whom_the_credits_count_if_not_for_the_recipient():
    assert "The credits count for Bo" in text_of(replace(ONE, beneficiary="Bo"))
    assert "The credits count" not in text_of(replace(ONE, beneficiary=ONE.recipient))


def test_a_test_account_gets_a_specimen():
    text = text_of(replace(ONE, mode=Mode.TEST))

    assert "No credit was retired" in text
    assert "S P E C I M E N".replace(" ", "") in text.replace(" ", "").replace("\n", "")


def test_a_camera_reads_the_address():
    picture = pypdfium2.PdfDocument(certificate_pdf(ONE, VERIFY))[0].render(scale=3).to_pil()

    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [VERIFY]


def test_the_address_can_be_clicked():
    (page,) = pypdf.PdfReader(BytesIO(certificate_pdf(ONE, VERIFY))).pages

    assert {annotation.get_object()["/A"]["/URI"] for annotation in page["/Annots"]} == {VERIFY}


def test_the_files_own_dates_are_the_certificates():
    information = pypdf.PdfReader(BytesIO(certificate_pdf(ONE, VERIFY))).metadata

    assert information.creation_date == information.modification_date == ONE.issued_at
    assert information.title == "Certificate of Retirement CR-8C0D-ZV32-M0A3"


def test_the_same_facts_make_the_same_bytes_whatever_was_made_before():
    first = certificate_pdf(ARABIC, VERIFY)
    certificate_pdf(ONE, VERIFY)
    certificate_pdf(replace(ARABIC, recipient="ببب العربية हिन्दी"), VERIFY)

    assert certificate_pdf(ARABIC, VERIFY) == first
    assert certificate_pdf(replace(ARABIC, order_number="0HZ4XK7M2QJ9B"), VERIFY) != first


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_another_process_makes_the_same_bytes(seed):
    program = (
        f"import hashlib, runpy; made = runpy.run_path({__file__!r});"
        "print(hashlib.sha256(made['certificate_pdf'](made['ARABIC'], made['VERIFY'])).hexdigest())"
    )
    environment = {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "12345", "LC_ALL": "C"}

    printed = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, check=True, capture_output=True, text=True
    ).stdout

    assert printed.strip() == hashlib.sha256(certificate_pdf(ARABIC, VERIFY)).hexdigest()


@settings(max_examples=15, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.text(max_size=400), st.integers(1, 60), st.integers(1, 10**15))
def test_whatever_the_names_it_is_one_page_of_ascii(name, count, mass_g):
    intervals = tuple(Interval(mass_g * index, mass_g * index + mass_g) for index in range(count))
    certificate = replace(ONE, recipient=name, batches=(batch(0, name, intervals=intervals),) * count)

    pdf = certificate_pdf(certificate, VERIFY)

    assert pdf.isascii()
    assert pdf.startswith(b"%PDF-1.")
    assert len(pypdfium2.PdfDocument(pdf)) == 1


def test_nothing_runs_over_the_edge_of_the_table():
    long = "Improved cook stoves and mangrove restoration in the coastal districts of several provinces " * 6
    intervals = tuple(Interval(index * 10**9, index * 10**9 + 1) for index in range(500))
    certificate = replace(ONE, recipient=long, batches=(batch(0, long, intervals=intervals),) * 5)
    page = pypdfium2.PdfDocument(certificate_pdf(certificate, VERIFY))[0].get_textpage()

    written = [page.get_charbox(index) for index in range(page.count_chars())]

    below = [box for box in written if box[3] < 310 and box[0] < 560]  # the table's side of the lower half
    assert below
    assert max(box[2] for box in below) <= 567
    assert min(box[1] for box in written if box[2] > box[0]) >= 50
    assert max(box[2] for box in written) <= 790
