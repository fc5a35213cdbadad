"""Inputs of operators for accounts. Refusals have the path of the faulty member."""

from uuid import UUID

import strawberry

from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.amounts import MoneyInput
from service.api.graphql.types.node import parse_id
from service.domain.amounts import minor_units_of
from service.errors import Code, Refused, at


@strawberry.input(description="An account, named by an operator.")
class AccountRefInput:
    account_id: strawberry.ID = strawberry.field(
        description="Id of the account, as the account's field `id` and the command line show it. The account's UUID "
        "is accepted as well."
    )

    def account(self) -> UUID:
        return parse_id("Account", self.account_id, "accountId")


@strawberry.input(
    description="Limits of a live account and its client accounts. Members that the input leaves out keep their values."
)
class SetAccountLimitsInput(AccountRefInput):
    credit_limit: MoneyInput | None = strawberry.field(
        default=None,
        description="Maximum debt in the currency of the amount: zero or more, with no more decimals than the currency "
        "has. Not allowed with `unlimitedCurrency`.",
    )
    unlimited_currency: CurrencyCode | None = strawberry.field(
        default=None, description="Currency (ISO 4217 code) whose maximum debt is removed. By default none is removed."
    )
    hold_percent_max: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Maximum share of a bundle's stock that quotes may set aside, in percent: 0 to 100. Null restores "
        "the limit of the service.",
    )
    open_holds_max: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="Maximum number of quotes that set credits aside at the same time: 0 to 1,000,000. Null restores "
        "the limit of the service.",
    )

    def credit(self) -> tuple[str, int | None] | None:
        if self.credit_limit is None:
            return None if self.unlimited_currency is None else (str(self.unlimited_currency), None)
        if self.unlimited_currency is not None:
            message = "Give either `creditLimit` or `unlimitedCurrency`, not both."
            raise Refused(Code.BAD_USER_INPUT, message, ("unlimitedCurrency",))
        text, currency = format(self.credit_limit.amount, "f"), str(self.credit_limit.currency)
        return currency, at(["creditLimit", "amount"], lambda: minor_units_of(text, currency))

    def holds(self) -> dict[str, int | None]:
        given = {"hold_percent_max": self.hold_percent_max, "open_holds_max": self.open_holds_max}
        return {name: value for name, value in given.items() if value is not strawberry.UNSET}
