"""Texts of a credit note, from its facts as they are stored. All amounts are positive."""

import json
from datetime import datetime
from typing import Any

from service.documents import wording
from service.documents.invoice import tax_line, tax_note
from service.documents.parts import Facts, frame, party, seller_party
from service.domain.catalogue import Mode
from service.domain.credit_notes import CreditReason

TEMPLATE = "credit_note"
REASONS = {
    CreditReason.CANCELLED: "Cancelled by the customer",
    CreditReason.REDUCED: "Reduced by the mass that was not delivered",
    CreditReason.FAILED: "Not delivered by the seller",
    CreditReason.REFUNDED: "Refunded",
}


def credit_note_document(facts_json: str, *, logo: Facts | None = None) -> str:
    """Return the facts of the template as JSON. `logo` is the seller's, as `logo_texts` returns it."""
    facts = json.loads(facts_json)
    currency, seller, payer = facts["currency"], facts["parties"]["seller"], facts["parties"]["payer"]
    issued = datetime.fromisoformat(facts["issued_at"])
    gross_minor = facts["net_minor"] + facts["tax_minor"]
    details = [
        ("Credit note number", facts["number"]),
        ("Issue date", wording.day(issued)),
        ("For invoice", facts["invoice_number"]),
        ("Invoice of", wording.day(datetime.fromisoformat(facts["invoice_issued_at"]))),
        ("Reason", REASONS[CreditReason(facts["reason"])]),
        *([("Your reference", payer["purchase_order"])] if payer["purchase_order"] else []),
    ]
    document = frame(
        "Credit note",
        facts["number"],
        mode=Mode(facts["mode"]),
        at=issued,
        seller=seller_party(seller),
        about=wording.joined([payer["legal_name"], f"credit note {facts['number']}"]),
        details=details,
        logo=logo,
        currency=currency,
    )
    return json.dumps(
        {
            **document,
            "payer": party(payer),
            "lines": [_line(order, currency) for order in facts["orders"]],
            "totals": [
                ("Net amount credited", wording.money(facts["net_minor"], currency)),
                *tax_line(facts, facts["tax_minor"]),
                ("Total credited", wording.money(gross_minor, currency)),
            ],
            "effects": effects(facts, gross_minor),
            "tax_note": tax_note(facts),
            "seller_footer": seller["footer"],
        },
        ensure_ascii=False,
    )


def _line(order: Facts, currency: str) -> dict[str, Any]:
    placed = wording.day(datetime.fromisoformat(order["placed_at"]))
    return {
        "heading": f"Order {order['number']} of {placed}",
        "account": order["account"],
        "text": wording.joined(order["bundles"]) or "Carbon credits",
        "mass": wording.kilograms(order["mass_g"]),
        "amount": wording.money(order["net_minor"], currency),
    }


def effects(facts: Facts, gross_minor: int) -> list[str]:
    """Return the effects of the credit note: it lowers the amount due, and returns the rest to the balance."""
    currency, returned_minor = facts["currency"], facts["returned_minor"]
    lowered_minor = gross_minor - returned_minor
    sentences = []
    if lowered_minor:
        amount = wording.money(lowered_minor, currency)
        sentences.append(f"The amount due on invoice {facts['invoice_number']} is lowered by {amount} {currency}.")
    if returned_minor:
        sentences.append(f"{wording.money(returned_minor, currency)} {currency} were added to your prepaid balance.")
    return sentences
