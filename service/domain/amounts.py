"""Counting, writing and rounding of mass and money: integer grams, integer minor units, integer millionths.

Knows nothing of goods or buyers. Amounts are rounded by the functions of this file; only pricing and repricing also
round down with `//`. Floats are never used, because 0.1 + 0.2 is not 0.3.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache

from service.domain import mass_units
from service.domain.currencies import CURRENCY_CODES, currency_of, fingerprinted_amount, rescaling_factor
from service.errors import Code, Refused

GRAMS_PER_TONNE = mass_units.GRAMS_PER_TONNE
MICROS_PER_UNIT = 1_000_000
MASS_G_MAX = 10**15
"""Maximum mass of an order, 10**9 tonnes: more than the whole voluntary market sells in decades. The sum of thousands
of such masses still fits into 64 bits.
"""
MINOR_MAX = 10**15
"""Maximum amount of money, 10**13 dollars. Below 2**53, so that a caller who reads JSON numbers as doubles reads them
exactly.
"""
PRICE_MICROS_MAX = 10**14
"""Maximum unit price, 10**8 currency units a tonne; even with the highest commission the gross price still fits into 64
bits.
"""

_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_DECIMAL_LENGTH_MAX = 40


class MassUnit(StrEnum):
    """A unit that a caller writes masses in, and the step that shares are rounded down to."""

    GRAM = "g"
    KILOGRAM = "kg"
    TONNE = "t"

    @property
    def grams(self) -> int:
        return _GRAMS[self]


_GRAMS = {MassUnit.GRAM: 1, MassUnit.KILOGRAM: 1_000, MassUnit.TONNE: GRAMS_PER_TONNE}
_DECIMALS = {MassUnit.GRAM: 0, MassUnit.KILOGRAM: 3, MassUnit.TONNE: 6}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the smallest unit of an ISO 4217 currency: cents, halalas, or whole yen."""

    minor_units: int
    currency: str

    def wire_form(self, *, former: bool = False) -> dict[str, int | str]:
        """Return the members under the names that stored fingerprints have: literals that no renaming may change.

        With `former` the amount is in minor units by the former decimals of its currency, as older fingerprints have
        it.
        """
        amount = fingerprinted_amount("minor_units", self.minor_units, self.currency, former=former)
        return {**amount, "currency": self.currency}


def parse_decimal(text: str) -> Fraction:
    """Parse ASCII digits with at most one point between them, exactly. No sign, exponent, blank, digit group or foreign
    digit is accepted, although Python's own parsers take all of these. Refuses `BAD_USER_INPUT`.
    """
    if len(text) > _DECIMAL_LENGTH_MAX or not _DECIMAL.fullmatch(text):
        raise Refused(Code.BAD_USER_INPUT, 'Give a decimal number in plain digits, such as "12.07".')
    whole, _, decimals = text.partition(".")
    return Fraction(int(whole + decimals), 10 ** len(decimals))


def mass_g_of(text: str, unit: MassUnit) -> int:
    """Return the mass in grams, rounded down to the gram; 0 is accepted. Refuses `BAD_USER_INPUT` above
    `MASS_G_MAX`.
    """
    return _bounded(round_down(parse_decimal(text) * unit.grams), MASS_G_MAX, "mass")


def mass_g_from(text: str, unit: MassUnit) -> int:
    """Return the mass in grams, rounded up to the gram. Used for bounds of filters, which are compared with whole
    grams. Refuses as `mass_g_of`.
    """
    return _bounded(round_up(parse_decimal(text) * unit.grams), MASS_G_MAX, "mass")


def mass_text(mass_g: int, unit: MassUnit) -> str:
    """Write the mass in the unit, without trailing zeros: "0.012069", "12.07", "0"; negative for returned grams."""
    return _trimmed(mass_g, _DECIMALS[unit])


def minor_exponent(currency: str) -> int:
    """Return how many decimals the currency's amounts have. Refuses `BAD_USER_INPUT` for anything but an ISO 4217 code.

    Stored amounts are in these decimals: a change of a currency's decimals needs a migration of all its amounts.
    """
    return currency_of(currency).decimals


@cache
def currencies_by_decimals() -> Mapping[int, tuple[str, ...]]:
    """Return the codes of all currencies by the decimals of their amounts."""
    found: dict[int, list[str]] = {}
    for code in CURRENCY_CODES:
        found.setdefault(minor_exponent(code), []).append(code)
    return {decimals: tuple(codes) for decimals, codes in found.items()}


def minor_units_of(text: str, currency: str) -> int:
    """Parse an amount exactly, into minor units. Refuses `BAD_USER_INPUT` if it has a fraction of a minor unit ("0.355"
    dollars; zeros may trail) or is above `MINOR_MAX`.
    """
    exponent = minor_exponent(currency)
    minor_units = parse_decimal(text) * 10**exponent
    if minor_units.denominator != 1:
        raise Refused(Code.BAD_USER_INPUT, f"Give at most {exponent} decimals for an amount in {currency}.")
    return _bounded(minor_units.numerator, MINOR_MAX, "amount")


def minor_units_below(text: str, currency: str) -> int:
    """Return the amount truncated to the minor unit, for a maximum that must not be exceeded. Refuses `BAD_USER_INPUT`
    above `MINOR_MAX`; for a currency whose decimals have increased, above `MINOR_MAX` of its former minor units, so
    that a retry of an old command is not refused before its idempotency key is looked up.
    """
    bound = MINOR_MAX * rescaling_factor(currency)
    return _bounded(round_down(parse_decimal(text) * 10 ** minor_exponent(currency)), bound, "amount")


def money_text(minor_units: int, currency: str) -> str:
    """Write the amount with all decimals of its currency: "0.35", "7176.00", "-0.05", "7176" yen."""
    return _padded(minor_units, minor_exponent(currency))


def price_micros_of(text: str) -> int:
    """Parse a unit price into millionths of a currency unit. Refuses `BAD_USER_INPUT` for a price with more than six
    decimals or above `PRICE_MICROS_MAX`.
    """
    micros = parse_decimal(text) * MICROS_PER_UNIT
    if micros.denominator != 1:
        raise Refused(Code.BAD_USER_INPUT, "Give a unit price with at most 6 decimals.")
    return _bounded(micros.numerator, PRICE_MICROS_MAX, "unit price")


def price_text(micros: int) -> str:
    """Write the unit price without trailing zeros: "13.57", "250"."""
    return _trimmed(micros, len(str(MICROS_PER_UNIT)) - 1)


def round_half_up(value: Fraction | int, divisor: int = 1) -> int:
    """Return the nearest whole number to value / divisor; a half goes towards plus infinity: 2.5 is 3 and -2.5 is -2.

    The value is a whole number or a fraction, the divisor a positive whole number. No `Fraction` is made of the
    quotient, because its reduction to lowest terms would take most of the time.
    """
    whole = value.denominator * divisor
    return (2 * value.numerator + whole) // (2 * whole)


def round_up(value: Fraction | int, divisor: int = 1) -> int:
    """Return the least whole number not below value / divisor, towards plus infinity: 2.1 is 3 and -2.9 is -2."""
    return -(-value.numerator // (value.denominator * divisor))


def round_down(value: Fraction | int, divisor: int = 1) -> int:
    """Return the greatest whole number not above value / divisor, towards minus infinity: 2.9 is 2 and -2.1 is -3."""
    return value.numerator // (value.denominator * divisor)


def _bounded(amount: int, maximum: int, noun: str) -> int:
    if amount > maximum:
        raise Refused(Code.BAD_USER_INPUT, f"The {noun} is too large for one order. Give less.")
    return amount


def _padded(scaled: int, decimals: int) -> str:
    if decimals == 0:
        return str(scaled)
    digits = str(abs(scaled)).zfill(decimals + 1)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def _trimmed(scaled: int, decimals: int) -> str:
    text = _padded(scaled, decimals)
    return text.rstrip("0").rstrip(".") if decimals else text
