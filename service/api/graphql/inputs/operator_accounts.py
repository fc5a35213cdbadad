"""Inputs of operators that create and change accounts. Refusals have the path of the faulty member."""

from decimal import Decimal
from typing import Any

import strawberry

from service.api.graphql.inputs.account_administration import AccountRefInput
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.node import parse_id
from service.domain.accounts import AccountContract
from service.errors import Code, Refused


@strawberry.input(description="Customer to create: a live account and its test account.")
class CreateAccountInput:
    reference: str = strawberry.field(
        description="Reference of the customer, chosen by the caller, such as its number in another system: 1 to 200 "
        "characters. A retry with the same reference and input returns the existing accounts. The same reference with "
        "another input is refused `IDEMPOTENCY_KEY_REUSED`."
    )
    name: str = strawberry.field(description="Name of the customer: 1 to 200 characters that documents can show.")
    currency: CurrencyCode = strawberry.field(
        description="Currency of its orders that name none: ISO 4217 code of a currency in circulation, in which every "
        "bundle of the portfolio has a price."
    )
    portfolio: strawberry.ID = strawberry.field(
        name="portfolioId",
        description="Id of a portfolio that all accounts share. Orders of the accounts buy it if they name neither "
        "bundles nor a portfolio.",
    )
    commission: Decimal = strawberry.field(
        default=Decimal(0),
        name="commissionPercent",
        description="Commission that is part of the total of an order, as a percentage with at most two decimals: 0, "
        "the default, to 90.",
    )
    contract: AccountContract = strawberry.field(
        default=AccountContract.GRAPHQL,
        description="API that the customer's programs were written for, by default GRAPHQL. Each account may use every "
        "API.",
    )
    beneficiary: str | None = strawberry.field(
        default=None,
        description="Name of the party for which credits are retired if an order's `beneficiary` names none: 1 to 200 "
        "characters that documents can show. By default the account's `name` is used.",
    )
    seller: str | None = strawberry.field(
        default=None, description="Identifier of the seller who bills the customer, by default the first seller."
    )

    def facts(self) -> dict[str, Any]:
        return {
            "reference": self.reference,
            "name": self.name,
            "currency": str(self.currency),
            "portfolio": str(parse_id("Portfolio", self.portfolio, "portfolio")),
            "commission_hundredths": hundredths_of(self.commission),
            "contract": self.contract.value,
            "beneficiary_name": self.beneficiary,
            "seller": self.seller,
        }


@strawberry.input(
    description="New facts of an account. Members that the input leaves out keep their values. Existing orders, "
    "certificates and invoices keep the facts of their time, and client accounts keep their own."
)
class UpdateAccountInput(AccountRefInput):
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New name of the customer: 1 to 200 characters that documents can show. The name must not be null.",
    )
    currency: CurrencyCode | None = strawberry.field(
        default=strawberry.UNSET,
        description="New currency of its orders that name none: ISO 4217 code of a currency in circulation, in which "
        "every bundle of the account's portfolio has a price. The currency must not be null.",
    )
    commission: Decimal | None = strawberry.field(
        default=strawberry.UNSET,
        name="commissionPercent",
        description="New commission that is part of the total of an order, as a percentage with at most two decimals: "
        "0 to 90. The commission must not be null.",
    )
    beneficiary: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="New name of the party for which credits are retired if an order's `beneficiary` names none: 1 to "
        "200 characters that documents can show. Null removes the name: the account's `name` is then used.",
    )

    def changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if self.name is not strawberry.UNSET:
            changes["name"] = self.name or ""
        if self.currency is None:
            raise Refused(Code.BAD_USER_INPUT, "Give a currency, or leave the member out.", ("currency",))
        if self.currency is not strawberry.UNSET:
            changes["currency"] = str(self.currency)
        if self.commission is None:
            raise Refused(Code.BAD_USER_INPUT, "Give a commission, or leave the member out.", ("commission",))
        if self.commission is not strawberry.UNSET:
            changes["commission_hundredths"] = hundredths_of(self.commission)
        if self.beneficiary is not strawberry.UNSET:
            changes["beneficiary_name"] = self.beneficiary
        return changes


def hundredths_of(percent: Decimal) -> int:
    """Return the commission in hundredths of a percent. Refuses `BAD_USER_INPUT` for more than two decimals."""
    hundredths = percent * 100
    if hundredths != int(hundredths):
        message = "Give a percentage with at most two decimals, such as 7.5."
        raise Refused(Code.BAD_USER_INPUT, message, ("commission",))
    return int(hundredths)
