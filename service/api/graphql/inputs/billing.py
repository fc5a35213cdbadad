"""Inputs of operators for the seller, and for payers as their invoices print them."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from service.api.graphql.inputs.logos import bytes_of
from service.api.graphql.types.node import parse_id
from service.domain.parties import FIRST_SELLER, PAYER_FACTS, SELLER_FACTS, TaxCategory, TaxProfile
from service.errors import Code, Refused

_PAYER = "Id of the customer's account, as the account's field `id` shows it. Any account but a client account."


@strawberry.input(description="New facts of the seller. Members that are left out keep their values.")
class UpdateSellerInput:
    identifier: str = strawberry.field(
        default=FIRST_SELLER, description="Identifier of the seller, by default `default`, the first seller."
    )
    legal_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Legal name: 1 to 200 characters that documents can show. Null removes it.",
    )
    address: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Postal address without the country, on one or more lines: 1 to 1,000 characters "
        "that documents can show. Null removes it.",
    )
    country: str | None = strawberry.field(
        default=strawberry.UNSET, description="ISO 3166 code of two capital letters, such as `GB`. Null removes it."
    )
    tax_number: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Number for value added tax, or another tax number: 1 to 64 characters. Null removes it.",
    )
    registration_number: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Number in the register of companies: 1 to 64 characters. Null removes it.",
    )
    bank_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Name of the bank: 1 to 200 characters. Null removes it."
    )
    bank_account: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Account to which invoices are paid, such as an IBAN: 1 to 64 characters. Null removes it.",
    )
    bank_code: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="BIC, or a bank code of the country: 1 to 64 characters. Null removes it.",
    )
    payment_days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Number of days from an invoice's issue until it is due: 0 to 3,650. Must not be null.",
    )
    payment_terms: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Terms of payment as invoices state them: 1 to 500 characters. Null removes them.",
    )
    footer: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Text at the foot of each invoice: 1 to 1,000 characters. Null removes it.",
    )
    retirement_statement: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Sentence that states when the credits of an order are retired: 1 to 1,000 characters. Null "
        "removes it.",
    )

    logo: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Logo that new certificates and their pages show: a PNG, JPEG or SVG file of at most 65,536 bytes "
        "and 4,000 by 4,000 pixels, in Base64. An SVG file may hold shapes and gradients, but no scripts, links, "
        "style sheets or text. Null removes it.",
    )

    def changes(self) -> dict[str, Any]:
        changes = _given(self, SELLER_FACTS)
        if self.logo is not strawberry.UNSET:
            changes["logo"] = None if self.logo is None else bytes_of(self.logo, "logo")
        return changes


@strawberry.input(
    description="New billing details of a customer. Members that are left out keep their values. Issued invoices keep "
    "the details of their time."
)
class UpdateBillingDetailsInput:
    account_id: strawberry.ID = strawberry.field(description=_PAYER)
    seller: str | None = strawberry.field(
        default=None, description="Identifier of the seller who bills the customer. By default the seller stays."
    )
    legal_name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Legal name: 1 to 200 characters. Null removes it: invoices then print the account's name.",
    )
    address: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Postal address without the country, on one or more lines: 1 to 1,000 characters. Null removes it.",
    )
    country: str | None = strawberry.field(
        default=strawberry.UNSET, description="ISO 3166 code of two capital letters, such as `DE`. Null removes it."
    )
    tax_number: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Number for value added tax, or another tax number: 1 to 64 characters. Null removes it, but is "
        "refused while a tax profile of the customer is reverse charge.",
    )
    registration_number: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Number in the register of companies: 1 to 64 characters. Null removes it.",
    )
    purchase_order: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Reference that the customer wants on its invoices: 1 to 200 characters. Null removes it.",
    )

    def account(self) -> UUID:
        return parse_id("Account", self.account_id, "accountId")

    def changes(self) -> dict[str, Any]:
        return _given(self, PAYER_FACTS)


@strawberry.input(
    description="Tax of a customer's invoices that are issued on a day or later. The seller's tax adviser decides "
    "category, rate and wording."
)
class SetTaxProfileInput:
    account_id: strawberry.ID = strawberry.field(description=_PAYER)
    valid_from: date = strawberry.field(
        description="First day (UTC) of the profile. A profile of the same day is replaced."
    )
    category: TaxCategory = strawberry.field(
        description="Category of the tax. `REVERSE_CHARGE` needs the customer's tax number in its billing details."
    )
    rate: Decimal = strawberry.field(
        default=Decimal(0),
        description="Rate in percent of the net amount, with at most two decimals: above 0 and up to 100 for "
        "`STANDARD`, and 0, the default, for every other category.",
    )
    reason: str | None = strawberry.field(
        default=None,
        description="Reason why no tax is due, as invoices state it: 1 to 500 characters. A reason or its code is "
        "required for every category but `STANDARD` and `ZERO_RATED`, which must have none.",
    )
    reason_code: str | None = strawberry.field(
        default=None, description="Code of the reason, such as `VATEX-EU-AE`: 1 to 32 characters."
    )

    def profile(self) -> TaxProfile:
        hundredths = self.rate * 100
        if hundredths != int(hundredths):
            raise Refused(Code.BAD_USER_INPUT, "Give a percentage with at most two decimals, such as 7.7.", ("rate",))
        return TaxProfile(
            account_id=parse_id("Account", self.account_id, "accountId"),
            valid_from=self.valid_from,
            category=self.category,
            rate_hundredths=int(hundredths),
            reason=self.reason,
            reason_code=self.reason_code,
        )


def _given(members: object, names: frozenset[str]) -> dict[str, Any]:
    """Return the members with these names that the caller has given."""
    given = {name: getattr(members, name) for name in sorted(names)}
    return {name: value for name, value in given.items() if value is not strawberry.UNSET}
