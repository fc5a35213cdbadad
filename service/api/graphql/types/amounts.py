"""Masses and money as callers see and give them."""

from decimal import Decimal
from typing import ClassVar

import strawberry

from service.api.graphql.scalars import BigInt, CurrencyCode, DecimalText
from service.domain import amounts
from service.domain.amounts import MassUnit


@strawberry.type(description="A mass of CO2 equivalent, exact to the gram.")
class Mass:
    query_cost: ClassVar[int] = 0
    mass_g: strawberry.Private[int]

    @strawberry.field(description="In grams.")
    def grams(self) -> BigInt:
        return BigInt(self.mass_g)

    @strawberry.field(description="In kilograms, at most 3 decimals.")
    def kilograms(self) -> DecimalText:
        return DecimalText(amounts.mass_text(self.mass_g, MassUnit.KILOGRAM))

    @strawberry.field(description="In tonnes, at most 6 decimals. One tonne is one carbon credit.")
    def tonnes(self) -> DecimalText:
        return DecimalText(amounts.mass_text(self.mass_g, MassUnit.TONNE))


@strawberry.type(description="An amount of money, exact to the currency's minor unit.")
class Money:
    query_cost: ClassVar[int] = 0
    minor: strawberry.Private[int]
    currency: CurrencyCode = strawberry.field(description="ISO 4217 code.")

    @strawberry.field(description="In the currency's unit, with all of its decimals: `0.35`.")
    def amount(self) -> DecimalText:
        return DecimalText(amounts.money_text(self.minor, self.currency))

    @strawberry.field(description="In the currency's smallest unit: pence, halalas, yen.")
    def minor_units(self) -> BigInt:
        return BigInt(self.minor)


@strawberry.type(description="The price of one tonne.")
class UnitPrice:
    query_cost: ClassVar[int] = 0
    micros: strawberry.Private[int]
    currency: CurrencyCode = strawberry.field(description="ISO 4217 code.")

    @strawberry.field(description="Currency units for one tonne, at most 6 decimals.")
    def amount(self) -> DecimalText:
        return DecimalText(amounts.price_text(self.micros))


def money(minor: int, currency: str) -> Money:
    """The amount as the schema shows it."""
    return Money(minor=minor, currency=CurrencyCode(currency))


def unit_price(micros: int, currency: str) -> UnitPrice:
    """The price of a tonne as the schema shows it."""
    return UnitPrice(micros=micros, currency=CurrencyCode(currency))


@strawberry.input(description="A mass of CO2 equivalent. Digits below one gram are cut off.")
class MassInput:
    amount: Decimal = strawberry.field(description="How many units: a decimal string.")
    unit: MassUnit = strawberry.field(description="The unit of the amount.")

    def grams(self) -> int:
        return amounts.mass_g_of(format(self.amount, "f"), self.unit)


@strawberry.input(description="An amount of money. Decimals that the currency does not have are cut off.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="In the currency's unit: a decimal string.")
    currency: CurrencyCode = strawberry.field(description="ISO 4217 code.")

    def at_most(self) -> amounts.Money:
        """As a maximum: what is cut off is never overspent."""
        return amounts.Money(amounts.minor_units_below(format(self.amount, "f"), self.currency), self.currency)
