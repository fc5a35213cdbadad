"""GraphQL types and inputs of masses and money."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import strawberry

from service.api.graphql.scalars import BigInt, CurrencyCode, DecimalText
from service.domain import amounts
from service.domain.amounts import MassUnit
from service.plans import attribute_field, composed_field, computed_field, needs


def _decimal_field(write: Callable[..., str], *paths: str, description: str) -> Any:
    """Return a field whose Decimal the function computes from the values at the paths."""
    return computed_field(write, *paths, written=DecimalText, description=description)


# Read from the enumeration once: before Python 3.12 its class takes ten times as long to look a member up.
_KILOGRAM, _TONNE = MassUnit.KILOGRAM, MassUnit.TONNE


def _tonnes(mass_g: int) -> str:
    return amounts.mass_text(mass_g, _TONNE)


def _kilograms(mass_g: int) -> str:
    return amounts.mass_text(mass_g, _KILOGRAM)


@strawberry.type(description="A mass of CO2 equivalent, exact to the gram.")
class Mass:
    query_cost: ClassVar[int] = 0
    mass_g: strawberry.Private[int]

    grams = attribute_field("mass_g", BigInt, description="The mass in grams: a whole number as a string.")

    kilograms = _decimal_field(_kilograms, "mass_g", description="The mass in kilograms, with at most 3 decimals.")

    tonnes = _decimal_field(
        _tonnes, "mass_g", description="The mass in tonnes, with at most 6 decimals. One tonne is one carbon credit."
    )


@strawberry.type(description="An amount of money, exact to the currency's smallest unit.")
class Money:
    query_cost: ClassVar[int] = 0
    minor: strawberry.Private[int]
    currency: CurrencyCode = strawberry.field(description="Currency of the amount (ISO 4217 code).")

    amount = _decimal_field(
        amounts.money_text,
        "minor",
        "currency",
        description="The amount in the currency's main unit, with all decimals of the currency, such as `0.35`.",
    )

    minor_units = attribute_field(
        "minor",
        BigInt,
        description="The amount in the currency's smallest unit (pence, halalas, yen): a whole number, written as a "
        "string.",
    )


@strawberry.type(description="The price of one tonne of CO2 equivalent.")
class UnitPrice:
    query_cost: ClassVar[int] = 0
    micros: strawberry.Private[int]
    currency: CurrencyCode = strawberry.field(description="Currency of the price (ISO 4217 code).")

    amount = _decimal_field(
        amounts.price_text,
        "micros",
        description="The price in the currency's main unit for one tonne, with at most 6 decimals.",
    )


def mass_field(mass_g: str, *, nullable: bool = False, description: str) -> Any:
    """Return a mass field; `path` leads to its grams."""
    return _amount_field(Mass, {"mass_g": mass_g}, nullable=nullable, description=description)


def money_field(minor: str, currency: str = "row.currency", *, nullable: bool = False, **options: Any) -> Any:
    """Return a money field; the paths lead to its minor units and currency. The options are those of
    `strawberry.field`.
    """
    return _amount_field(Money, {"minor": minor, "currency": currency}, nullable=nullable, **options)


def unit_price_field(micros: str, currency: str, *, description: str) -> Any:
    """Return a field with the price of a tonne; the paths lead to its millionths and currency."""
    return _amount_field(UnitPrice, {"micros": micros, "currency": currency}, nullable=False, description=description)


def _amount_field(type_: type, parts: dict[str, str], *, nullable: bool, **options: Any) -> Any:
    columns = [path.removeprefix("row.") for path in parts.values() if path.startswith("row.")]
    return composed_field(type_, parts, nullable=nullable, metadata=needs(*columns), **options)


def offset_cost_field(currency: str = "row.currency") -> Any:
    """Return the deprecated field whose new name is `net_cost`."""
    return money_field(
        "row.offset_cost_minor",
        currency,
        description="Former name of `netCost`, with the same value.",
        deprecation_reason="Use netCost. Removed after 2027-11-30.",
    )


def money(minor: int, currency: str) -> Money:
    """Return the amount as its GraphQL type."""
    return Money(minor=minor, currency=CurrencyCode(currency))


def unit_price(micros: int, currency: str) -> UnitPrice:
    """Return the price of a tonne as its GraphQL type."""
    return UnitPrice(micros=micros, currency=CurrencyCode(currency))


@strawberry.input(
    description="A mass of CO2 equivalent. Digits below one gram are cut off, but for the bounds of a filter."
)
class MassInput:
    amount: Decimal = strawberry.field(description='Mass in `unit`, as a decimal string such as `"1.5"`.')
    unit: MassUnit = strawberry.field(description="Unit in which `amount` is given.")

    def grams(self) -> int:
        return amounts.mass_g_of(format(self.amount, "f"), self.unit)

    def least_grams(self) -> int:
        """Return the smallest number of whole grams that is not below the mass."""
        return amounts.mass_g_from(format(self.amount, "f"), self.unit)


@strawberry.input(
    description="An amount of money. Decimals beyond the currency's smallest unit are cut off. Only `recordPayment` "
    "refuses such decimals."
)
class MoneyInput:
    amount: Decimal = strawberry.field(
        description='Amount in the currency\'s main unit, as a decimal string such as `"12.50"`.'
    )
    currency: CurrencyCode = strawberry.field(description="Currency of the amount (ISO 4217 code).")

    def at_most(self) -> amounts.Money:
        """Return the amount as a maximum: surplus decimals are cut off, so that it is never exceeded."""
        return amounts.Money(amounts.minor_units_below(format(self.amount, "f"), self.currency), self.currency)
