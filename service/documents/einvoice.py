"""The structured copy of an invoice or a credit note: XML by EN 16931 in the form of Factur-X, from the facts as they
are stored.

Needs the extra `einvoice`. Amounts are decimal strings: the package would round numbers, and write large ones with an
exponent.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import pikepdf

from service.documents import wording
from service.documents.credit_note import REASONS, effects
from service.documents.invoice import CATEGORIES, tax_note
from service.documents.parts import Facts
from service.domain.amounts import MassUnit, mass_text, minor_exponent, money_text, price_text
from service.domain.catalogue import Mode
from service.domain.credit_notes import CreditReason
from service.domain.parties import TaxCategory
from service.domain.tax import tax_of

FILE = "factur-x.xml"
IS_INSTALLED = find_spec("facturx") is not None
"""True if the extra `einvoice` is installed."""
_INVOICE, _CREDIT_NOTE, _CREDIT_TRANSFER, _SEPA = "380", "381", "30", "58"
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_VAT_NUMBER = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,}")
_EXTENSION = """<rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>fx</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>
</rdf:li>"""
_PROPERTY = """<rdf:li rdf:parseType="Resource">
<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>
<pdfaProperty:category>external</pdfaProperty:category>
<pdfaProperty:description>{description}</pdfaProperty:description>
</rdf:li>"""
_PROPERTIES = {
    "DocumentFileName": "The name of the embedded XML document",
    "DocumentType": "The type of the hybrid document in capital letters, e.g. INVOICE or ORDER",
    "Version": "The actual version of the standard applying to the embedded XML document",
    "ConformanceLevel": "The conformance level of the embedded XML document",
}
_DESCRIPTION = f"""<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>{FILE}</fx:DocumentFileName>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
</rdf:Description>"""


def einvoice_of(facts_json: str) -> bytes | None:
    """Return the XML, which meets the package's schema. None for a document that lacks a fact which EN 16931
    demands: the seller's name or tax number, a country, or a tax profile; for one in test mode; and for a credit note
    whose cumulative tax is a whole unit of a currency without decimals off its rate, which EN 16931 does not allow.
    """
    facts = json.loads(facts_json)
    seller, payer = facts["parties"]["seller"], facts["parties"]["payer"]
    demanded = (seller["legal_name"], seller["tax_number"], seller["country"], payer["country"], facts["tax_category"])
    if not IS_INSTALLED or not all(demanded) or facts["mode"] == Mode.TEST or _is_unit_off(facts):
        return None
    facturx: Any = import_module("facturx")  # 14 MB, which is needed only to draw invoices

    generated = facturx.generate_xml(
        _credit_note_fields(facts) if is_credit_note(facts) else _fields(facts),
        flavor="factur-x",
        level="en16931",
        check_xsd=False,
        check_schematron=None,
    )
    # For an invoice without a day of supply the package writes a nil element, which the schema forbids.
    xml: bytes = generated.replace(b' xsi:nil="true"', b"")
    facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
    return xml


def is_credit_note(facts: Facts) -> bool:
    """Return True for the facts of a credit note, False for those of an invoice."""
    return "invoice_number" in facts


def _is_unit_off(facts: Facts) -> bool:
    off_minor = abs(facts["tax_minor"] - tax_of(facts["net_minor"], facts["tax_rate_hundredths"]))
    return bool(off_minor >= 10 ** minor_exponent(facts["currency"]))


def marked(pdf: bytes) -> bytes:
    """Return the PDF with metadata that identify the attachment with the invoice. Equal input gives equal output."""
    with pikepdf.open(BytesIO(pdf)) as document:
        metadata: Any = document.Root.Metadata
        text = metadata.read_bytes().decode()
        properties = "".join(_PROPERTY.format(name=name, description=each) for name, each in _PROPERTIES.items())
        head, bag, rest = text.partition("</rdf:Bag></pdfaExtension:schemas>")
        if not bag:
            raise ValueError("the metadata of the PDF have no extension schemas")
        text = head + _EXTENSION.format(properties=properties) + bag + rest
        metadata.write(text.replace("</rdf:RDF>", f"{_DESCRIPTION}</rdf:RDF>").encode())
        file = BytesIO()
        document.save(file, deterministic_id=True, fix_metadata_version=False)
    return file.getvalue()


def _fields(facts: Facts) -> dict[str, Any]:
    """Return the fields of an invoice by the names of EN 16931."""
    currency, seller = facts["currency"], facts["parties"]["seller"]
    gross_minor = facts["net_minor"] + facts["tax_minor"]
    fields = {
        **_common_fields(facts, [line for order in facts["orders"] for line in _lines(order, currency)]),
        "BT-3": _INVOICE,
        "BT-9": datetime.fromisoformat(facts["due_at"]).date(),
        "BT-20": seller["payment_terms"],
        "BT-72": _supplied_on(facts["orders"]),
        "BT-113": money_text(facts["prepaid_minor"], currency),
        "BT-115": money_text(gross_minor - facts["prepaid_minor"], currency),
        **_payment(facts, seller),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _credit_note_fields(facts: Facts) -> dict[str, Any]:
    """Return the fields of a credit note by the names of EN 16931; its effects stand in the place of terms of payment.
    All amounts are positive.
    """
    currency = facts["currency"]
    gross_minor = facts["net_minor"] + facts["tax_minor"]
    lines = [
        _single(
            f"{wording.joined(order['bundles']) or 'Carbon credits'}, order {order['number']}",
            money_text(order["net_minor"], currency),
        )
        for order in facts["orders"]
    ]
    fields = {
        **_common_fields(facts, lines),
        "BT-3": _CREDIT_NOTE,
        "BT-20": " ".join(effects(facts, gross_minor)),
        "BT-115": money_text(gross_minor, currency),
        "BG-1": [{"BT-22": REASONS[CreditReason(facts["reason"])]}],
        "BG-3": [
            {"BT-25": facts["invoice_number"], "BT-26": datetime.fromisoformat(facts["invoice_issued_at"]).date()}
        ],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _common_fields(facts: Facts, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the fields that invoices and credit notes share, by the names of EN 16931."""
    currency, seller, payer = facts["currency"], facts["parties"]["seller"], facts["parties"]["payer"]
    category = TaxCategory(facts["tax_category"])
    rate = {} if category is TaxCategory.OUT_OF_SCOPE else {"BT-152": _rate(facts)}
    return {
        "BT-1": facts["number"],
        "BT-2": datetime.fromisoformat(facts["issued_at"]).date(),
        "BT-5": currency,
        "BT-13": payer["purchase_order"],
        "BG-4": _party(seller, category),
        "BG-7": _party(payer, category),
        "BT-106": money_text(facts["net_minor"], currency),
        "BT-109": money_text(facts["net_minor"], currency),
        "BT-110": money_text(facts["tax_minor"], currency),
        "BT-112": money_text(facts["net_minor"] + facts["tax_minor"], currency),
        "BG-23": [_breakdown(facts, category)],
        "BG-25": [
            {"BT-126": str(position), "BT-151": category.value, **rate, **line}
            for position, line in enumerate(lines, start=1)
        ],
    }


def _supplied_on(orders: Sequence[Facts]) -> date | None:
    """Return the day on which the last order was supplied; None if one is not supplied yet."""
    times = [order["supplied_at"] for order in orders]
    return None if None in times else max(datetime.fromisoformat(each).astimezone(UTC).date() for each in times)


def _rate(facts: Facts) -> str:
    return f"{facts['tax_rate_hundredths'] // 100}.{facts['tax_rate_hundredths'] % 100:02}"


def _breakdown(facts: Facts, category: TaxCategory) -> dict[str, str]:
    currency = facts["currency"]
    breakdown = {
        "BT-116": money_text(facts["net_minor"], currency),
        "BT-117": money_text(facts["tax_minor"], currency),
        "BT-118": category.value,
    }
    if category is not TaxCategory.OUT_OF_SCOPE:
        breakdown["BT-119"] = _rate(facts)
    if category in CATEGORIES and category is not TaxCategory.ZERO_RATED:
        breakdown["BT-120"] = facts["tax_reason"] or str(tax_note(facts))
        if facts["tax_reason_code"]:
            breakdown["BT-121"] = facts["tax_reason_code"]
    return breakdown


def _lines(order: Facts, currency: str) -> list[dict[str, Any]]:
    """Return the lines of an order. Credits are counted in kilograms, at the price of 1,000 of them."""
    lines = []
    for each in order["lines"]:
        net = money_text(each["net_minor"], currency)
        name = f"{each['bundle'] or 'Carbon credits'}, order {order['number']}"
        if each["unit_price_micros"] is None:
            lines.append(_single(name, net))
            continue
        quantity = mass_text(each["mass_g"], MassUnit.KILOGRAM)
        price = price_text(each["unit_price_micros"])
        lines.append(
            {"BT-153": name, "BT-129": quantity, "BT-130": "KGM", "BT-146": price, "BT-149": "1000", "BT-131": net}
        )
    if order["commission_minor"]:
        lines.append(_single(f"Commission, order {order['number']}", money_text(order["commission_minor"], currency)))
    return lines


def _single(name: str, net: str) -> dict[str, Any]:
    return {"BT-153": name, "BT-129": "1", "BT-130": "C62", "BT-146": net, "BT-131": net}


def _party(facts: Facts, category: TaxCategory) -> dict[str, Any]:
    """Return the party. A number without the prefix of a country, and each number where the tax is out of scope, is a
    number of the tax office instead of one of value added tax.
    """
    address = [line.strip() for line in (facts["address"] or "").splitlines() if line.strip()]
    number = (facts["tax_number"] or "").replace(" ", "")
    party: dict[str, Any] = {"name": facts["legal_name"], "country_code": facts["country"]}
    party |= {f"addr_l{index}": line for index, line in enumerate(address[:2], start=1)}
    if len(address) > 2:
        party["addr_l3"] = ", ".join(address[2:])
    if facts["registration_number"]:
        party["legal_identifier"] = facts["registration_number"]
    is_vat = _VAT_NUMBER.fullmatch(number) and category is not TaxCategory.OUT_OF_SCOPE
    if number and is_vat:
        party["vat_identifier"] = number
    elif number:
        party["tax_identifier"] = number
    return party


def _payment(facts: Facts, seller: Facts) -> Mapping[str, Any]:
    account = (seller["bank_account"] or "").replace(" ", "")
    if not account:
        return {"BT-83": facts["number"]}
    is_sepa = facts["currency"] == "EUR" and _IBAN.fullmatch(account) is not None
    return {"BT-81": _SEPA if is_sepa else _CREDIT_TRANSFER, "BT-83": facts["number"], "BT-84": account}
