"""Invoices, credit notes, confirmations and receipts as PDF: their facts as text, their sums, their standards.

Seen to fail when: amounts of lines are rounded singly; the words of reverse charge are left out; what is prepaid is
added; the mark of test mode is left out; the length in the Saudi code counts characters; the amounts of a credit note
are negative; one of the documents is drawn without the logo.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
from base64 import b64decode
from dataclasses import asdict, replace
from datetime import timedelta
from fractions import Fraction
from io import BytesIO
from typing import Any

import pypdf
import pypdfium2
import pytest
import zxingcpp

from service.documents.credit_note import credit_note_document
from service.documents.drawing import draw
from service.documents.invoice import invoice_document
from service.documents.logo import logo_texts
from service.documents.order_confirmation import order_confirmation_document
from service.documents.parts import party
from service.documents.receipt import OrderPayment, receipt_document
from service.documents.retirement_statement import retirement_statement_document
from service.domain.amounts import minor_exponent, round_half_up
from service.domain.catalogue import Mode
from service.domain.logos import logo_of
from service.domain.parties import TaxCategory
from service.domain.retirement_statement import RetirementStatement, Year
from tests.documents.names import REFUSED, SHOWN
from tests.documents.orders import (
    BRITISH,
    EUROPEAN,
    ISSUED,
    JAPANESE,
    PAYER,
    SELLER,
    credit_note_json,
    facts_of,
    invoice_json,
    invoice_of,
    order,
)
from tests.domain.test_logos import png

SAUDI = replace(SELLER, legal_name="شركة أرامكو السعودية", country="SA", tax_number="310122393500003")
PRIVATE = replace(PAYER, tax_number=None)
AE = {"tax_category": TaxCategory.REVERSE_CHARGE, "tax_rate_hundredths": 0, "tax_reason_code": "VATEX-EU-AE"}


def invoice_pdf(*args, **facts) -> bytes:
    made = draw("invoice", invoice_document(invoice_json(*args, **facts)))
    assert made.missing == ""
    return made.pdf


def text_of(pdf: bytes) -> str:
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]
    return " ".join("\n".join(pages).split())


def confirmation_pdf(sold=BRITISH, **facts) -> bytes:
    given = {"recipient": "Fundação Amazônia", "beneficiary": "Bo", "mode": Mode.LIVE, **facts}
    document = order_confirmation_document(sold[0], facts_of(sold), seller=asdict(SELLER), buyer=asdict(PAYER), **given)
    return draw("order_confirmation", document).pdf


def receipt_pdf(mode: Mode = Mode.LIVE) -> bytes:
    paid = replace(BRITISH[0], paid_minor=34_039)
    payments = [
        OrderPayment(ISSUED, "Payment, reference wire-1", 30_000),
        OrderPayment(ISSUED + timedelta(days=2), "From the prepaid balance", 4_039),
    ]
    document = receipt_document(
        paid, facts_of((paid, BRITISH[1])), payments, mode=mode, seller=asdict(SELLER), payer=asdict(PAYER)
    )
    return draw("receipt", document).pdf


def test_an_invoice_states_what_a_tax_office_asks_for():
    text = text_of(invoice_pdf(prepaid_minor=10_000))

    for fact in (
        *("INV-2026-000042", "Issue date 30 November 2026", "Due date 30 December 2026", "Your reference PO-4711"),
        *("Meridian Climate GmbH", "Speicherstraße 4", "Germany", "VAT number DE123456789", "HRB 1234"),
        *("Harbour & Hale Logistics Ltd", "London E1 6AN", "United Kingdom", "VAT number GB123456789"),
        "Order 0HZ4XK7M2QJ9A of 3 November 2026 · supplied on retirement",
        *("Mangroves 11,466 13.57 155.59", "Biochar 603 250.00 150.75", "Commission 34.05"),
        *("Net amount 340.39 GBP", "VAT 20 % 68.08 GBP", "Total 408.47 GBP", "Prepaid −100.00 GBP"),  # noqa: RUF001
        *("Amount due 308.47 GBP", "DE89 3704 0044 0532 0130 00", "COBADEFFXXX", "Reference INV-2026-000042"),
        *("30 days net.", "Managing director: Ana Bauer"),
    ):
        assert fact in text
    assert "TEST" not in text


@pytest.mark.parametrize(
    ("country", "number", "label"),
    [
        ("DE", "DE123456789", "VAT number DE123456789"),
        ("DE", "27/123/45678", "Tax number 27/123/45678"),
        ("GR", "EL123456789", "VAT number EL123456789"),
        ("GB", "123 4567 89", "VAT number 123 4567 89"),
        ("SA", "310122393500003", "VAT number 310122393500003"),
        ("JP", "T1234567890123", "Tax number T1234567890123"),
        ("US", "12-3456789", "Tax number 12-3456789"),
        (None, "GB123456789", "Tax number GB123456789"),
    ],
)
def test_a_number_is_called_as_its_country_calls_it(country: str | None, number: str, label: str):
    stated = {**asdict(PAYER), "country": country, "tax_number": number}

    assert party(stated)["lines"][-1] == label


def documents_of(name: str, logo: dict[str, Any] | None = None) -> dict[str, str]:
    """The facts of each document about money or a year, by template; the customer has the name."""
    payer = replace(PAYER, legal_name=name)
    given = {"mode": Mode.LIVE, "seller": asdict(SELLER), "logo": logo}
    order_made, facts = BRITISH[0], facts_of(BRITISH)
    return {
        "invoice": invoice_document(invoice_json(payer=payer), logo=logo),
        "credit_note": credit_note_document(credit_note_json(payer=payer), logo=logo),
        "order_confirmation": order_confirmation_document(
            order_made, facts, buyer=asdict(payer), recipient=name, beneficiary=name, **given
        ),
        "receipt": receipt_document(order_made, facts, [], payer=asdict(payer), **given),
        "retirement_statement": retirement_statement_document(
            RetirementStatement.of(Year(2026), [], 0),
            account=asdict(payer),
            beneficiary=name,
            as_of=ISSUED,
            **given,
        ),
    }


def test_each_document_has_the_sellers_logo():
    logo = logo_texts(logo_of(png(60, 20), now=ISSUED))

    for template, document in documents_of("Bo", logo).items():
        (picture,) = pypdf.PdfReader(BytesIO(draw(template, document).pdf)).pages[0].images
        assert picture.image.size == (60, 20), template


@pytest.mark.parametrize("script", SHOWN)
def test_each_document_shows_a_name_in_this_script(script: str):
    missing = {template: draw(template, facts).missing for template, facts in documents_of(SHOWN[script]).items()}

    assert missing == dict.fromkeys(missing, "")


@pytest.mark.parametrize("script", REFUSED)
def test_each_document_names_the_characters_that_no_font_shows(script: str):
    letters = [each for each in dict.fromkeys(REFUSED[script]) if each != " "]

    for template, facts in documents_of(f"Acme {REFUSED[script]}").items():
        drawn = draw(template, facts)
        assert list(drawn.missing) == letters, template
        text = "".join(text_of(drawn.pdf).split())
        assert all(f"[U+{ord(each):04X}]" in text for each in letters), template


def test_another_process_makes_the_same_bytes_of_each_document():
    program = (
        "import hashlib; from tests.documents.test_orders import documents_of, draw;"
        "made = [draw(*each).pdf for each in documents_of('شركة Łukasz').items()];"
        "print(*(hashlib.sha256(each).hexdigest() for each in made))"
    )
    environment = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "12345", "LC_ALL": "C"}

    printed = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, check=True, capture_output=True, text=True
    ).stdout

    made = [draw(*each).pdf for each in documents_of("شركة Łukasz").items()]
    assert printed.split() == [hashlib.sha256(each).hexdigest() for each in made]


def test_reverse_charge_is_said_in_these_words():
    text = text_of(invoice_pdf(EUROPEAN, **AE, tax_reason="Intra-community supply"))

    assert "Reverse charge: Intra-community supply (VATEX-EU-AE)" in text
    for line in ("Mangroves 1,000 10.005 10.01", "Biochar 1,000 10.005 10.01", "Peatland 1,000 10.005 10.00"):
        assert line in text
    assert "Amount due 30.02 EUR" in text


@pytest.mark.parametrize(
    ("category", "words"),
    [
        (TaxCategory.ZERO_RATED, "Zero rate"),
        (TaxCategory.EXEMPT, "Exempt from tax"),
        (TaxCategory.EXPORT, "Export, free of tax"),
        (TaxCategory.OUT_OF_SCOPE, "Outside the scope of tax"),
    ],
)
def test_a_category_without_tax_is_named(category: TaxCategory, words: str):
    document = json.loads(invoice_document(invoice_json(tax_category=category, tax_rate_hundredths=0)))

    assert document["tax_note"] == words
    assert ["VAT 0 %", "0.00"] in document["totals"]


def test_without_a_tax_profile_no_tax_is_mentioned():
    document = json.loads(invoice_document(invoice_json(tax_category=None, tax_rate_hundredths=0)))

    assert document["totals"] == [["Net amount", "340.39"], ["Total", "340.39"], ["Amount due", "340.39"]]
    assert document["tax_note"] is None


def test_yen_have_no_decimals():
    text = text_of(invoice_pdf(JAPANESE, tax_rate_hundredths=1_000, seller=replace(SELLER, country="JP")))

    for fact in ("333 1,999 666", "667 4,001 2,668", "Net amount 3,334 JPY", "Tax 10 % 333 JPY", "Total 3,667 JPY"):
        assert fact in text


def test_a_client_account_and_a_test_order_are_marked():
    text = text_of(invoice_pdf(mode=Mode.TEST, account="Harbour & Hale Norway AS"))

    assert "ordered by Harbour & Hale Norway AS" in text
    assert "Made in test mode. No credit and no money was moved." in text


def test_the_code_of_a_simplified_saudi_invoice_has_the_five_facts():
    pdf = invoice_pdf(seller=SAUDI, payer=PRIVATE, tax_rate_hundredths=1_500)

    (code,) = zxingcpp.read_barcodes(pypdfium2.PdfDocument(pdf)[0].render(scale=3).to_pil())
    read, values = b64decode(code.text), []
    while read:
        values.append((read[0], read[2 : 2 + read[1]].decode()))
        read = read[2 + read[1] :]
    assert values == [
        *((1, "شركة أرامكو السعودية"), (2, "310122393500003"), (3, "2026-11-30T09:30:00Z")),
        *((4, "391.45"), (5, "51.06")),
    ]
    assert "Simplified tax invoice" in text_of(pdf)


@pytest.mark.parametrize(
    "facts", [{"payer": PAYER}, {"seller": SELLER}, {"tax_category": TaxCategory.ZERO_RATED, "tax_rate_hundredths": 0}]
)
def test_no_other_invoice_has_such_a_code(facts):
    document = json.loads(invoice_document(invoice_json(**{"seller": SAUDI, "payer": PRIVATE, **facts})))

    assert (document["title"], document["qr_code"]) == ("Invoice", None)


def test_a_long_seller_is_cut_to_the_length_that_the_code_can_state():
    name = "ش" * 200
    document = invoice_json(seller=replace(SAUDI, legal_name=name), payer=PRIVATE)

    assert json.loads(invoice_document(document))["qr_code"].startswith("<svg")


def test_a_credit_note_names_its_invoice_its_reason_and_its_effect():
    text = text_of(draw("credit_note", credit_note_document(credit_note_json())).pdf)

    for fact in (
        *("CN-2026-000007", "Issue date 3 December 2026", "For invoice INV-2026-000042", "Invoice of 30 November 2026"),
        *("Cancelled by the customer", "Order 0HZ4XK7M2QJ9A of 3 November 2026 Mangroves · Biochar 3,000 100.00"),
        *("Net amount credited 100.00 GBP", "VAT 20 % 20.00 GBP", "Total credited 120.00 GBP"),
        "The amount due on invoice INV-2026-000042 is lowered by 100.00 GBP.",
        "20.00 GBP were added to your prepaid balance.",
        *("VAT number DE123456789", "VAT number GB123456789"),
    ):
        assert fact in text


def test_a_confirmation_states_the_order_and_that_tax_comes_later():
    text = text_of(confirmation_pdf())

    for fact in (
        *("Order confirmation", "Order number 0HZ4XK7M2QJ9A", "3 November 2026, 08:00:00 UTC", "Mass 12.069 t"),
        *("All credits are set aside for this order.", "Total without tax 340.39 GBP", "Fundação Amazônia", "Bo"),
        "Tax is added on the invoice, where it is owed. This confirmation is no invoice.",
    ):
        assert fact in text


def test_credit_note_confirmation_and_receipt_of_a_test_order_are_marked():
    note = draw("credit_note", credit_note_document(credit_note_json(mode=Mode.TEST))).pdf

    for pdf in (note, confirmation_pdf(mode=Mode.TEST), receipt_pdf(Mode.TEST)):
        text = text_of(pdf)
        assert "Made in test mode. No credit and no money was moved." in text
        assert "TEST" in text


def test_a_receipt_states_the_payments_and_that_it_is_no_invoice():
    text = text_of(receipt_pdf())

    for fact in (
        *("RC-0HZ4XK7M2QJ9A", "Paid on 2 December 2026", "Amount received 340.39 GBP"),
        "30 November 2026 Payment, reference wire-1 300.00",
        *("2 December 2026 From the prepaid balance 40.39", "Paid in full 340.39 GBP"),
        "This receipt is not a tax invoice.",
    ):
        assert fact in text


def test_names_in_many_scripts_are_whole():
    names = list(SHOWN.values())
    ten = order(*[(1_234_567 + index, 13_570_000 + index) for index in range(10)], offset=16_753, commission=1_862)
    pdf = invoice_pdf(
        ten, names=tuple(names[:10]), payer=replace(PAYER, legal_name="W" * 200, address="\n".join(names[20:24]))
    )

    text = text_of(pdf)
    letters = "".join(text.split())
    assert "W" * 200 in letters
    for name in (SHOWN["latin"], SHOWN["greek"], SHOWN["cyrillic"], SHOWN["hebrew"], SHOWN["arabic"], *names[23:24]):
        assert "".join(name.split()) in letters
    box = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    assert max(box.get_charbox(index)[2] for index in range(box.count_chars())) < 595 - 60


def test_each_file_meets_the_standards_and_is_the_same_again():
    drawings = [
        invoice_pdf,
        lambda: draw("credit_note", credit_note_document(credit_note_json())).pdf,
        confirmation_pdf,
        receipt_pdf,
    ]
    for make in drawings:
        pdf = make()
        assert make() == pdf
        reader = pypdf.PdfReader(BytesIO(pdf))
        metadata = str(reader.xmp_metadata.rdf_root.toxml())
        assert all(mark in metadata for mark in ("<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<"))
        assert reader.metadata.author == "Meridian Climate GmbH"
        assert "Harbour & Hale Logistics Ltd" in reader.metadata.subject


def test_lines_commission_and_tax_add_up_in_ten_thousand_orders():
    chance = random.Random(19)
    for _ in range(10_000):
        currency = chance.choice(["EUR", "GBP", "JPY", "BHD"])
        parts = [
            (chance.randint(1, 10 ** chance.randint(1, 9)), chance.randint(1, 10 ** chance.randint(1, 9)))
            for _ in range(chance.randint(1, 10))
        ]
        exact = sum(Fraction(mass_g * micros * 10 ** minor_exponent(currency), 10**12) for mass_g, micros in parts)
        offset = max(1, round_half_up(exact)) if chance.random() < 0.9 else chance.randint(1, 10**6)
        made, lines = order(*parts, currency=currency, offset=offset, commission=chance.randint(0, offset))
        stated = facts_of((made, lines))
        rate = chance.choice([0, 700, 1_900, 2_000])
        printed = [line["net_minor"] for line in stated["lines"]]
        invoice = invoice_of(made, tax_rate_hundredths=rate)

        assert sum(printed) + stated["commission_minor"] == invoice.total_minor == made.total_cost_minor
        assert min(printed) >= 0
        assert abs(invoice.tax_minor * 10_000 - invoice.total_minor * rate) <= 5_000
        assert invoice.gross_minor == sum(printed) + stated["commission_minor"] + invoice.tax_minor
