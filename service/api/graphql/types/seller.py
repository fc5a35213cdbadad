"""GraphQL types of the seller, and of payers as their invoices print them."""

from datetime import date
from decimal import Decimal

import strawberry

from service.api.graphql.context import Info
from service.domain import parties
from service.domain.parties import TaxCategory


@strawberry.type(
    description="The seller of credits as its invoices name it. Facts that were never set are null. Issued invoices "
    "keep the facts of the time at which they were issued."
)
class Seller:
    row: strawberry.Private[parties.Seller]

    @strawberry.field(description="Identifier of the seller. The first seller of a service has `default`.")
    def identifier(self) -> str:
        return self.row.identifier

    @strawberry.field(description="Legal name of the seller as it stands in its register of companies.")
    def legal_name(self) -> str | None:
        return self.row.legal_name

    @strawberry.field(description="Postal address of the seller, without the country. It may have several lines.")
    def address(self) -> str | None:
        return self.row.address

    @strawberry.field(description="Country of the seller (ISO 3166 code of two letters, such as `GB`).")
    def country(self) -> str | None:
        return self.row.country

    @strawberry.field(description="Number under which the seller pays value added tax, or another tax number.")
    def tax_number(self) -> str | None:
        return self.row.tax_number

    @strawberry.field(description="Number of the seller in its register of companies, if it has one.")
    def registration_number(self) -> str | None:
        return self.row.registration_number

    @strawberry.field(description="Name of the bank to which invoices are paid.")
    def bank_name(self) -> str | None:
        return self.row.bank_name

    @strawberry.field(description="Account to which invoices are paid, such as an IBAN.")
    def bank_account(self) -> str | None:
        return self.row.bank_account

    @strawberry.field(description="Code of the seller's bank: a BIC, or a code of its country.")
    def bank_code(self) -> str | None:
        return self.row.bank_code

    @strawberry.field(description="Number of days from an invoice's issue until it is due.")
    def payment_days(self) -> int:
        return self.row.payment_days

    @strawberry.field(description="Terms of payment as invoices state them.")
    def payment_terms(self) -> str | None:
        return self.row.payment_terms

    @strawberry.field(description="Text at the foot of each invoice.")
    def footer(self) -> str | None:
        return self.row.footer

    @strawberry.field(
        description="Address of the seller's logo, a PNG, JPEG or SVG file, as new certificates and their pages show "
        "it. Readers need no API key. Null if there is none."
    )
    def logo_url(self, info: Info) -> str | None:
        digest = self.row.logo_sha256
        return None if digest is None else f"{info.context.public_address}/logos/{digest}"

    @strawberry.field(description="Sentence that states when the seller retires the credits of an order.")
    def retirement_statement(self) -> str | None:
        return self.row.retirement_statement


@strawberry.type(
    description="A customer as its invoices name it. Facts that were never set are null. Issued invoices keep the "
    "facts of the time at which they were issued."
)
class BillingDetails:
    row: strawberry.Private[parties.BillingDetails]

    @strawberry.field(description="Legal name of the customer. Null if invoices print the account's `name`.")
    def legal_name(self) -> str | None:
        return self.row.legal_name

    @strawberry.field(description="Postal address of the customer, without the country. It may have several lines.")
    def address(self) -> str | None:
        return self.row.address

    @strawberry.field(description="Country of the customer (ISO 3166 code of two letters, such as `DE`).")
    def country(self) -> str | None:
        return self.row.country

    @strawberry.field(description="Number under which the customer pays value added tax, or another tax number.")
    def tax_number(self) -> str | None:
        return self.row.tax_number

    @strawberry.field(description="Number of the customer in its register of companies.")
    def registration_number(self) -> str | None:
        return self.row.registration_number

    @strawberry.field(description="Reference that the customer wants on its invoices, such as a purchase order number.")
    def purchase_order(self) -> str | None:
        return self.row.purchase_order


@strawberry.type(
    description="Tax of a customer's invoices that are issued on or after a day, until the next profile begins."
)
class TaxProfile:
    row: strawberry.Private[parties.TaxProfile]

    @strawberry.field(description="First day (UTC) on which invoices are issued under the profile.")
    def valid_from(self) -> date:
        return self.row.valid_from

    @strawberry.field(description="Category of the tax on the invoices.")
    def category(self) -> TaxCategory:
        return self.row.category

    @strawberry.field(description="Rate of the tax in percent of the net amount, with at most two decimals.")
    def rate(self) -> Decimal:
        return Decimal(self.row.rate_hundredths).scaleb(-2)

    @strawberry.field(description="Reason why no tax is due, as invoices state it.")
    def reason(self) -> str | None:
        return self.row.reason

    @strawberry.field(description="Code of the reason, such as `VATEX-EU-AE`.")
    def reason_code(self) -> str | None:
        return self.row.reason_code


def seller_of(row: parties.Seller) -> Seller:
    return Seller(row=row)
