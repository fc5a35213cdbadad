"""The certificate as a PDF: its facts as text, its claims, its own metadata, and the same bytes from every process.

Seen to fail when: the recipient's name is left out; the mark of test mode is; the date of the file is the clock's; the
QR code has another address; a batch is left out; the file's description lacks the recipient; the parts of credits are
counted from the batch's first gram.
"""

import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO

import pypdf
import pypdfium2
import pytest
import zxingcpp

from service.documents.ascii_copy import ascii_copy
from service.documents.certificate import certificate_texts
from service.documents.drawing import draw
from tests.documents.certificates import SELLER, SERIALS, URL, batch, certificate_facts, certificate_json
from tests.documents.names import SHOWN

TEN = [batch(name, 1_000_000 + index) for index, name in enumerate(list(SHOWN.values())[:10])]
AVOIDED = ("for good", "nobody can", "kept out of the atmosphere", "neutral", "net zero", "offset your", "permanent")


def pdf_of(*batches, **facts) -> bytes:
    return draw("certificate", certificate_json(*batches, **facts)).pdf


def text_of(pdf: bytes) -> str:
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    return " ".join("\n".join(pages).split())


def test_it_states_the_facts_as_text():
    text = text_of(pdf_of())

    for fact in (
        *("Certificate of assignment", "CR-8C0D-ZV32-M0A3", "Fundação Amazônia", "12.345678 tonnes", "0HZ4XK7M2QJ9A"),
        *("Meridian Climate GmbH", "Speicherstraße 4", "20457 Hamburg", "Germany", "VAT number DE123456789"),
        "issued by Verra for Rimba Raya were assigned to Bo in our records on 1 May 2026.",
        *("Registry: Verra, project VCS674", "Country: Indonesia", "Type: Forest conservation, emissions reduction"),
        *("Methodology: VM0004", "Vintage: 2019, monitored 1 January 2019 to 31 December 2019", "Labels: CCB Gold"),
        "Of credit 412012 only its first 345.678 kg",
        *("1 May 2026, 09:30:00 UTC", "2 May 2026, 10:00:01 UTC", "ab" * 32),
        *("Not yet recorded", "We retire credits at the registries within 30 days."),
    ):
        assert fact in text
    assert SERIALS in text.replace(" ", "")
    assert URL in text.replace(" ", "")
    assert "test mode" not in text


def test_it_claims_no_more_than_the_records_show():
    texts = json.dumps(certificate_texts(certificate_facts()), ensure_ascii=False)

    assert [phrase for phrase in AVOIDED if phrase in texts.lower()] == []
    assert "retire" not in texts.replace(
        "Not yet recorded: no registry entry shows these credits as retired", ""
    ).replace("We retire credits", "").replace("retirement_statement", "")


def test_several_projects_are_all_listed_with_their_shares():
    text = text_of(pdf_of(*TEN))

    assert "from the projects listed below were assigned to Bo in our records on 1 May 2026." in text
    assert text.count(SERIALS[:30]) == 10
    assert text.count("10.0 %") == 10
    masses = ["1 t", *(f"1.{index:06} t" for index in range(1, 10))]
    assert [mass for mass in masses if text.count(f" {mass} ") != 1] == []
    assert "Page 2 of 2" in text


def test_a_batch_alone_has_neither_share_nor_bar():
    assert "100.0 %" not in text_of(pdf_of())
    lines, bar = 2, 9
    assert (filled_rows(pdf_of()), filled_rows(pdf_of(*TEN[:2]))) == (lines, lines + bar)


def filled_rows(pdf: bytes) -> int:
    """The height in points of what is filled from the left to the right margin: lines of the table, and the bar."""
    picture = pypdfium2.PdfDocument(pdf)[0].render().to_pil().convert("L")
    width, height = picture.size
    left, right = 70, width - 70
    rows = (picture.crop((left, y, right, y + 1)).getextrema()[1] for y in range(60, height - 60))
    return sum(lightest < 220 for lightest in rows)


@pytest.mark.parametrize(
    ("intervals", "serials", "lines"),
    [
        ([[0, 3_000_000]], [["V-1", "V-3"]], ["V-1 to V-3"]),
        ([[0, 2_500_001]], [["V-1", "V-3"]], ["V-1 to V-3", "Of credit V-3 only its first 500.001 kg"]),
        ([[400_000, 1_000_000]], [["V-1", "V-1"]], ["V-1", "Of credit V-1 only its last 600 kg"]),
        (
            [[1_000_001, 1_000_002]],
            [["V-2", "V-2"]],
            ["V-2", "Of credit V-2 only 1 g after its first 1 g"],
        ),
        (
            [[999_999, 1_000_000], [1_999_999, 2_000_001]],
            [["V-1", "V-1"], ["V-2", "V-3"]],
            [
                *("V-1", "Of credit V-1 only its last 1 g", "V-2 to V-3"),
                *("Of credit V-2 only its last 1 g", "Of credit V-3 only its first 1 g"),
            ],
        ),
    ],
)
def test_parts_of_credits_are_said_in_words(intervals, serials, lines):
    mass_g = sum(end - start for start, end in intervals)
    stated = batch(mass_g=mass_g, intervals=intervals, serials=serials, written=None)

    assert certificate_texts(certificate_facts(stated))["batches"][0]["serials"] == lines


def test_a_part_of_a_mass_without_numbers_is_said_in_words():
    stated = batch(mass_g=2_500_000, intervals=[[1_000_000, 3_500_000]], serials=[], written=["iss_1"])

    (shown,) = certificate_texts(certificate_facts(stated))["batches"]
    assert shown["serials"] == ["reference iss_1", "Of the mass under this reference only 2.5 t after its first 1 t"]


def test_three_projects_fit_on_one_page():
    seller = {**SELLER, "address": "Tower 3, Floor 12\nSpeicherstraße 4\n20457 Hamburg", "registration_number": "HRB 1"}
    three = [batch(f"Improved cook stoves and mangrove restoration in district {number}") for number in range(3)]
    names = {"recipient": "Harbour & Hale Logistics and Shipping Limited", "beneficiary": "Harbour & Hale Norway AS"}

    assert len(pypdfium2.PdfDocument(pdf_of(*three, seller=seller, **names))) == 1


def test_a_seller_without_a_name_is_said_to_have_none():
    assert "The issuer has not stated its name." in text_of(pdf_of(seller=None))


def test_a_certificate_of_an_earlier_release_keeps_its_title():
    facts = certificate_facts()
    older = {name: fact for name, fact in facts.items() if name not in {"kind", "seller"}}

    texts = certificate_texts(older)

    assert (texts["title"], texts["seller"], texts["retirement_statement"]) == ("Certificate of retirement", None, None)


def test_a_test_order_is_marked():
    text = text_of(pdf_of(mode="test"))

    assert "Made in test mode. No credit was assigned, and this document certifies nothing." in text
    assert {"T", "E", "S"} <= set(text.split()) or "TEST" in text


def test_a_camera_reads_the_address():
    picture = pypdfium2.PdfDocument(pdf_of())[0].render(scale=3).to_pil()

    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [URL]


def test_the_address_can_be_clicked():
    (page,) = pypdf.PdfReader(BytesIO(pdf_of())).pages

    assert {annotation.get_object()["/A"]["/URI"] for annotation in page["/Annots"]} == {URL}


def test_the_files_own_facts_are_the_certificates():
    reader = pypdf.PdfReader(BytesIO(pdf_of()))
    information, metadata = reader.metadata, str(reader.xmp_metadata.rdf_root.toxml())

    assert information.creation_date == information.modification_date == datetime(2026, 5, 2, 10, 0, 1, tzinfo=UTC)
    assert information.title == "Certificate of assignment CR-8C0D-ZV32-M0A3"
    assert information.author == "Meridian Climate GmbH"
    assert "Fundação Amazônia" in information.subject
    assert all(mark in metadata for mark in ("<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<"))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_same_facts_make_the_same_bytes_whatever_was_made_before():
    first = pdf_of(*TEN)
    pdf_of()
    pdf_of(recipient="ببب العربية हिन्दी")

    assert pdf_of(*TEN) == first
    assert pdf_of(*TEN, order_number="0HZ4XK7M2QJ9B") != first


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_another_process_makes_the_same_bytes(seed: str):
    program = (
        "import hashlib; from tests.documents.test_certificate import TEN, ascii_copy, pdf_of; made = pdf_of(*TEN);"
        "print(hashlib.sha256(made).hexdigest(), hashlib.sha256(ascii_copy(made)).hexdigest())"
    )
    environment = {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "12345", "LC_ALL": "C"}

    printed = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, check=True, capture_output=True, text=True
    ).stdout

    made = pdf_of(*TEN)
    assert printed.split() == [hashlib.sha256(each).hexdigest() for each in (made, ascii_copy(made))]


def test_the_copy_in_ascii_looks_the_same():
    made = pdf_of(*TEN)

    copy = ascii_copy(made)

    assert copy.isascii()
    assert text_of(copy) == text_of(made)
    pages = [[page.render().to_pil().tobytes() for page in pypdfium2.PdfDocument(each)] for each in (copy, made)]
    assert pages[0] == pages[1]
    assert ascii_copy(copy) is copy
