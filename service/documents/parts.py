"""Parts that documents about orders have in common, as texts: parties, lines of orders, and the frame of the file."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from service.documents import wording
from service.domain.amounts import GRAMS_PER_TONNE, MICROS_PER_UNIT, minor_exponent
from service.domain.catalogue import Mode

Facts: TypeAlias = Mapping[str, Any]
Pairs: TypeAlias = Sequence[tuple[str, str]]
"""Labels, each with its value."""
EU_VAT_PREFIXES = {
    **{code: code for code in ("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "HR", "HU", "IE")},
    **{code: code for code in ("IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK")},
    "GR": "EL",
}
"""Letters that a number of value added tax begins with, by member state of the European Union."""
VAT_COUNTRIES = frozenset({*EU_VAT_PREFIXES, "AE", "BH", "CH", "GB", "NO", "OM", "SA", "ZA"})
"""Countries whose tax is called value added tax in English."""
ROUNDED = (
    "Amounts are rounded such that the lines of an order add up to its total: an amount may differ by one unit of its "
    "last decimal from mass times price."
)


def frame(
    title: str,
    number: str,
    *,
    mode: Mode,
    at: datetime,
    seller: Mapping[str, Any] | None,
    about: str,
    details: Pairs,
    logo: Facts | None,
    currency: str | None = None,
) -> dict[str, Any]:
    """Return the members that every document about orders has. `at` becomes the date of the file, and `about` its
    description; `logo` is the seller's, as `logo_texts` returns it.
    """
    return {
        "title": title,
        "number": number,
        "test": mode is Mode.TEST,
        "seller": seller,
        "logo": logo,
        "date": wording.date_parts(at),
        "subject": about,
        "footer": f"{title} {number}",
        "details": [list(pair) for pair in details],
        "currency": currency,
    }


def seller_party(facts: Facts | None) -> dict[str, Any] | None:
    """Return the seller's name and the lines below it; None if it has not stated its name."""
    return party(facts) if facts and facts["legal_name"] else None


def party(facts: Facts) -> dict[str, Any]:
    """Return the name of a seller or payer, and the lines below it: address, country and numbers."""
    address = (facts["address"] or "").splitlines()
    country = [wording.country(facts["country"])] if facts["country"] else []
    tax_number, registration_number = facts["tax_number"], facts["registration_number"]
    numbers = [
        *([f"{_tax_number_label(facts['country'], tax_number)} {tax_number}"] if tax_number else []),
        *([f"Registration number {registration_number}"] if registration_number else []),
    ]
    return {"name": facts["legal_name"], "lines": [line for line in (*address, *country, *numbers) if line.strip()]}


def _tax_number_label(country: str | None, number: str) -> str:
    """Return the words before a tax number. In the European Union, a number without the letters of its country is one
    of the tax office instead of one of value added tax.
    """
    prefix = EU_VAT_PREFIXES.get(country or "", "")
    is_vat = country in VAT_COUNTRIES and number.lstrip().upper().startswith(prefix)
    return "VAT number" if is_vat else "Tax number"


def group_of(order: Facts, currency: str) -> dict[str, Any]:
    """Return the heading and the lines of one order. The last line is its commission, if it has one."""
    lines = [
        {
            "text": each["bundle"] or "Carbon credits",
            "mass": wording.kilograms(each["mass_g"]),
            "price": _price(each["unit_price_micros"], currency),
            "amount": wording.money(each["net_minor"], currency),
        }
        for each in order["lines"]
    ]
    if order["commission_minor"]:
        amount = wording.money(order["commission_minor"], currency)
        lines.append({"text": "Commission", "mass": "", "price": "", "amount": amount})
    placed = wording.day(datetime.fromisoformat(order["placed_at"]))
    return {
        "heading": f"Order {order['number']} of {placed}",
        "account": order["account"],
        "supplied": _supplied(order["supplied_at"]),
        "lines": lines,
    }


def is_rounded(orders: Iterable[Facts], currency: str) -> bool:
    """Return True if the amount of a line is not exactly its mass times its price."""
    return any(
        each["net_minor"] * MICROS_PER_UNIT * GRAMS_PER_TONNE
        != each["mass_g"] * each["unit_price_micros"] * 10 ** minor_exponent(currency)
        for order in orders
        for each in order["lines"]
        if each["unit_price_micros"] is not None
    )


def _price(micros: int | None, currency: str) -> str:
    return "" if micros is None else wording.price(micros, currency)


def _supplied(at: str | None) -> str:
    return "supplied on retirement" if at is None else f"supplied on {wording.day(datetime.fromisoformat(at))}"
