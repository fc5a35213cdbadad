"""Texts of an invoice, from its facts as they are stored."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from service.documents import wording
from service.documents.parts import ROUNDED, VAT_COUNTRIES, Facts, frame, group_of, is_rounded, party, seller_party
from service.documents.qr_code import qr_code
from service.domain.amounts import money_text
from service.domain.catalogue import Mode
from service.domain.parties import TaxCategory

TEMPLATE = "invoice"
SIMPLIFIED = "Simplified tax invoice"
CATEGORIES = {
    TaxCategory.ZERO_RATED: "Zero rate",
    TaxCategory.EXEMPT: "Exempt from tax",
    TaxCategory.REVERSE_CHARGE: "Reverse charge",
    TaxCategory.EXPORT: "Export, free of tax",
    TaxCategory.OUT_OF_SCOPE: "Outside the scope of tax",
}
"""Words for the categories without tax, beside the reason that the seller states."""
SAUDI_ARABIA = "SA"


def invoice_document(facts_json: str, *, logo: Facts | None = None) -> str:
    """Return the facts of the template as JSON. `logo` is the seller's, as `logo_texts` returns it."""
    facts = json.loads(facts_json)
    currency, seller, payer = facts["currency"], facts["parties"]["seller"], facts["parties"]["payer"]
    issued, due = (datetime.fromisoformat(facts[name]) for name in ("issued_at", "due_at"))
    title = SIMPLIFIED if is_simplified(facts) else "Invoice"
    gross_minor = facts["net_minor"] + facts["tax_minor"]
    due_minor = gross_minor - facts["prepaid_minor"]
    details = [
        ("Invoice number", facts["number"]),
        ("Issue date", wording.day(issued)),
        ("Due date", wording.day(due)),
        *([("Your reference", payer["purchase_order"])] if payer["purchase_order"] else []),
    ]
    document = frame(
        title,
        facts["number"],
        mode=Mode(facts["mode"]),
        at=issued,
        seller=seller_party(seller),
        about=wording.joined([payer["legal_name"], f"invoice {facts['number']}"]),
        details=details,
        logo=logo,
        currency=currency,
    )
    return json.dumps(
        {
            **document,
            "payer": party(payer),
            "groups": [group_of(order, currency) for order in facts["orders"]],
            "totals": [
                ("Net amount", wording.money(facts["net_minor"], currency)),
                *tax_line(facts, facts["tax_minor"]),
                ("Total", wording.money(gross_minor, currency)),
                *(
                    [("Prepaid", "\u2212" + wording.money(facts["prepaid_minor"], currency))]
                    if facts["prepaid_minor"]
                    else []
                ),
                ("Amount due", wording.money(due_minor, currency)),
            ],
            "tax_note": tax_note(facts),
            "payment": _payment(facts, seller) if due_minor else [],
            "terms": seller["payment_terms"],
            "seller_footer": seller["footer"],
            "notes": [ROUNDED] if is_rounded(facts["orders"], currency) else [],
            "qr_code": qr_code(saudi_code(facts)) if is_simplified(facts) else None,
        },
        ensure_ascii=False,
    )


def tax_line(facts: Facts, tax_minor: int) -> list[tuple[str, str]]:
    """Return the line of the tax in a list, which is empty for an invoice of a payer without a tax profile."""
    if facts["tax_category"] is None:
        return []
    name = tax_name(facts["parties"]["seller"]["country"], facts["tax_rate_hundredths"])
    return [(name, wording.money(tax_minor, facts["currency"]))]


def tax_name(country: str | None, rate_hundredths: int) -> str:
    """Return the name of the tax of a seller in the country, with its rate, such as "VAT 20 %"."""
    return f"{'VAT' if country in VAT_COUNTRIES else 'Tax'} {wording.rate(rate_hundredths)}"


def tax_note(facts: Facts) -> str | None:
    """Return the words required on an invoice without tax, such as "Reverse charge", and the seller's reason."""
    category = facts["tax_category"] and TaxCategory(facts["tax_category"])
    if category not in CATEGORIES:
        return None
    words, reason, code = CATEGORIES[category], facts["tax_reason"], facts["tax_reason_code"]
    said = reason if reason and words.casefold() in reason.casefold() else f"{words}: {reason}" if reason else words
    return f"{said} ({code})" if code else said


def is_simplified(facts: Facts) -> bool:
    """Return True for an invoice of a Saudi seller to a payer without a tax number, with tax at the standard rate."""
    seller, payer = facts["parties"]["seller"], facts["parties"]["payer"]
    is_saudi = seller["country"] == SAUDI_ARABIA and seller["legal_name"] and seller["tax_number"]
    return bool(is_saudi) and payer["tax_number"] is None and facts["tax_category"] == TaxCategory.STANDARD


def saudi_code(facts: Facts) -> str:
    """Return the text of the QR code of a simplified Saudi invoice: base64 of tag, length in bytes and value of seller,
    tax number, time, total and tax.
    """
    seller, currency = facts["parties"]["seller"], facts["currency"]
    issued = datetime.fromisoformat(facts["issued_at"]).astimezone(UTC)
    values = (
        _within(seller["legal_name"], 255),
        _within(seller["tax_number"], 255),
        issued.strftime("%Y-%m-%dT%H:%M:%SZ").encode(),
        money_text(facts["net_minor"] + facts["tax_minor"], currency).encode(),
        money_text(facts["tax_minor"], currency).encode(),
    )
    return b64encode(b"".join(bytes([tag, len(value)]) + value for tag, value in enumerate(values, start=1))).decode()


def _within(text: str, length: int) -> bytes:
    """Return the text in UTF-8, cut after a whole character, because the length of a value is stored in one byte."""
    return text.encode()[:length].decode(errors="ignore").encode()


def _payment(facts: Facts, seller: Facts) -> list[tuple[str, str]]:
    """Return the facts of the account that the invoice is paid to."""
    account = seller["bank_account"]
    given: list[tuple[str, Any]] = [
        ("Account holder", seller["legal_name"] if account else None),
        ("Bank", seller["bank_name"]),
        ("Account", account and wording.account_number(account)),
        ("Bank code", seller["bank_code"]),
        ("Reference", facts["number"]),
    ]
    return [(label, value) for label, value in given if value]
