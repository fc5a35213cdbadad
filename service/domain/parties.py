"""Sellers and payers as invoices print them, and the tax of a payer's invoices.

The seller's tax adviser decides category, rate and wording; these rules refuse only contradictory values.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from service.domain.countries import is_alpha_2
from service.domain.texts import kept_text
from service.errors import Code, Refused
from service.kit.canonical_json import canonical_json

FIRST_SELLER_ID = UUID("00000000-0000-7000-8000-000000000001")
"""Id of the seller of each account without another one."""
FIRST_SELLER = "default"
"""Identifier of the seller with the id `FIRST_SELLER_ID`."""
PAYMENT_DAYS_MAX = 3_650
RATE_HUNDREDTHS_MAX = 10_000
IDENTIFIER_LENGTH_MAX = 64
REASON_LENGTH_MAX = 500
REASON_CODE_LENGTH_MAX = 32

LENGTHS: Mapping[str, int] = {
    "legal_name": 200,
    "address": 1_000,
    "tax_number": 64,
    "registration_number": 64,
    "purchase_order": 200,
    "bank_name": 200,
    "bank_account": 64,
    "bank_code": 64,
    "payment_terms": 500,
    "footer": 1_000,
    "retirement_statement": 1_000,
}
"""Maximum number of characters of each text."""
_PARTY = ("legal_name", "address", "country", "tax_number", "registration_number")
SELLER_FACTS = frozenset(
    (*_PARTY, "bank_name", "bank_account", "bank_code", "payment_days", "payment_terms", "footer")
) | {"retirement_statement"}
PAYER_FACTS = frozenset((*_PARTY, "purchase_order"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """A legal entity that issues invoices. `address` has several lines; `country` is an ISO 3166 code of two letters;
    `bank_code` is a BIC or a national code; `payment_days` is the time until an invoice is due.
    """

    id: UUID
    identifier: str
    legal_name: str | None = None
    address: str | None = None
    country: str | None = None
    tax_number: str | None = None
    registration_number: str | None = None
    bank_name: str | None = None
    bank_account: str | None = None
    bank_code: str | None = None
    payment_days: int = 30
    payment_terms: str | None = None
    footer: str | None = None
    retirement_statement: str | None = None
    logo_sha256: str | None = None
    """Digest of the logo's bytes, by which it is found."""
    created_at: datetime


UNNAMED_SELLER = Seller(id=FIRST_SELLER_ID, identifier=FIRST_SELLER, created_at=datetime(2026, 11, 30, tzinfo=UTC))
"""The first seller as it is before any of its facts is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingDetails:
    """Facts about a payer that its invoices print; without a legal name they print the account's name."""

    account_id: UUID
    seller_id: UUID | None = None
    legal_name: str | None = None
    address: str | None = None
    country: str | None = None
    tax_number: str | None = None
    registration_number: str | None = None
    purchase_order: str | None = None


class TaxCategory(StrEnum):
    """Categories of tax by the codes of EN 16931: standard rate, zero rate, exempt, reverse charge, export, outside the
    scope of tax.
    """

    STANDARD = "S"
    ZERO_RATED = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    EXPORT = "G"
    OUT_OF_SCOPE = "O"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxProfile:
    """The tax of a payer's invoices that are issued on `valid_from` (UTC) or later, until the next profile."""

    account_id: UUID
    valid_from: date
    category: TaxCategory
    rate_hundredths: int
    reason: str | None = None
    reason_code: str | None = None


def kept_facts(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Check and return the facts of a seller or payer that are to be stored. Refuses `BAD_USER_INPUT` for a text that
    is empty, too long or cannot be stored, a country that is no ISO 3166 code of two letters, and a number of days out
    of bounds. None removes a fact.
    """
    for name, value in changes.items():
        if name == "payment_days":
            if value is None or not 0 <= value <= PAYMENT_DAYS_MAX:
                raise Refused(Code.BAD_USER_INPUT, f"Give 0 to {PAYMENT_DAYS_MAX} days for the payment.", (name,))
        elif name == "country":
            if value is not None and not is_alpha_2(value):
                raise Refused(Code.BAD_USER_INPUT, "Give the two capital letters of a country, such as GB.", (name,))
        elif value is not None:
            kept_text(value, LENGTHS[name], name)
            if not value.strip():
                raise Refused(Code.BAD_USER_INPUT, "Give a text that is not blank, or null to remove it.", (name,))
    return dict(changes)


def checked_profile(profile: TaxProfile, tax_number: str | None) -> TaxProfile:
    """Return the profile of a payer with this tax number. Refuses `BAD_USER_INPUT` for a rate that the category does
    not have, a reason where none is owed or none where one is, and reverse charge without the payer's tax number.
    """
    is_standard = profile.category is TaxCategory.STANDARD
    if not 0 <= profile.rate_hundredths <= RATE_HUNDREDTHS_MAX or is_standard is (profile.rate_hundredths == 0):
        message = "Give a rate above 0 and up to 100 percent for the standard rate, and 0 for every other category."
        raise Refused(Code.BAD_USER_INPUT, message, ("rate",))
    has_reason = profile.reason is not None or profile.reason_code is not None
    if has_reason is (profile.category in {TaxCategory.STANDARD, TaxCategory.ZERO_RATED}):
        message = "Give a reason or its code for a category without tax, and none for the standard and the zero rate."
        raise Refused(Code.BAD_USER_INPUT, message, ("reason",))
    if profile.reason is not None:
        kept_text(profile.reason, REASON_LENGTH_MAX, "reason")
    if profile.reason_code is not None:
        kept_text(profile.reason_code, REASON_CODE_LENGTH_MAX, "reason_code")
    if profile.category is TaxCategory.REVERSE_CHARGE and tax_number is None:
        message = "Reverse charge needs the payer's tax number. Set it in the billing details first."
        raise Refused(Code.BAD_USER_INPUT, message, ("category",))
    return profile


def profile_on(profiles: Sequence[TaxProfile], day: date) -> TaxProfile | None:
    """Return the profile that is valid on the day: the one with the latest `valid_from` up to it; None before the
    first.
    """
    return max((each for each in profiles if each.valid_from <= day), key=lambda each: each.valid_from, default=None)


def frozen_parties(seller: Seller, payer: BillingDetails, name: str) -> str:
    """Return JSON of both parties as the invoice prints them; a payer without a legal name has its account's name."""
    printed = replace(payer, legal_name=payer.legal_name or name)
    logo = () if seller.logo_sha256 is None else ("logo_sha256",)
    return canonical_json(
        {
            "seller": {fact: getattr(seller, fact) for fact in ("identifier", *SELLER_FACTS, *logo)},
            "payer": {fact: getattr(printed, fact) for fact in PAYER_FACTS},
        }
    ).decode()


def thawed_parties(
    parties: str, seller_id: UUID, account_id: UUID, issued_at: datetime
) -> tuple[Seller, BillingDetails]:
    """Return the parties of an invoice from the JSON that `frozen_parties` made."""
    facts = json.loads(parties)
    seller = Seller(id=seller_id, created_at=issued_at, **facts["seller"])
    return seller, BillingDetails(account_id=account_id, seller_id=seller_id, **facts["payer"])
