"""Currencies of ISO 4217: the decimals of their amounts, and which of them circulate.

The table in `currencies.json` follows List One ("current currency and funds") as its maintenance agency published it on
1 January 2026, after Amendment 180 (Bulgaria's change to the euro). Stored amounts are whole numbers of these minor
units, so the table must not change with the update of a package: changed decimals need a migration of every stored
amount.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from service.errors import Code, Refused, at


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency code, the decimals of its minor unit, and True if it is in circulation today."""

    code: str
    decimals: int
    circulates: bool


def currency_of(code: str) -> Currency:
    """Return the currency with this code, also one that is out of use, so that stored amounts stay readable.

    Refuses `BAD_USER_INPUT` for anything but an ISO 4217 code in capitals.
    """
    currency = _CURRENCIES.get(code)
    if currency is None:
        raise Refused(Code.BAD_USER_INPUT, "Give the currency as an ISO 4217 code in capital letters, such as EUR.")
    return currency


def is_currency(code: str) -> bool:
    """Return whether ISO 4217 has or had this code."""
    return code in _CURRENCIES


def circulating_currency_of(code: str, *path: str | int) -> Currency:
    """Return the currency with this code, for a new account or price.

    Refuses `BAD_USER_INPUT` with the path for an unknown code and for one that nobody pays with: funds, precious
    metals, units of account, test codes and currencies of the past.
    """
    currency = at(path, lambda: currency_of(code))
    if not currency.circulates:
        message = f"{code} is not a currency in circulation; choose one that is, such as EUR."
        raise Refused(Code.BAD_USER_INPUT, message, path)
    return currency


def former_decimals_of(code: str) -> int:
    """Return the decimals that amounts in this currency had before the service kept a table of its own.

    Refuses as `currency_of`.
    """
    return _FORMER_DECIMALS.get(code, currency_of(code).decimals)


def fingerprinted_amount(name: str, minor_units: int, code: str, *, former: bool = False) -> dict[str, int]:
    """Return the members that identify an amount in this currency in a fingerprint: the amount under `name`.

    If the currency's decimals have changed, the member `decimals` is added, so that 100 minor units of today and 100
    former ones have different fingerprints. `former` gives the older form: the amount is cut off to the former
    decimals, as commands of that time were.
    """
    if code not in _FORMER_DECIMALS:
        return {name: minor_units}
    if former:
        return {name: minor_units // rescaling_factor(code)}
    return {name: minor_units, "decimals": currency_of(code).decimals}


def rescaling_factor(code: str) -> int:
    """Return the number by which an amount in former minor units is multiplied to convert it to today's: 1, 100 or
    1000.

    Refuses as `currency_of`.
    """
    # No currency lost decimals, so the factor is a whole number and no amount is ever rounded.
    factor: int = 10 ** (currency_of(code).decimals - former_decimals_of(code))
    return factor


# Package data, read once: as fixed as the code, so this layer stays free of input and output.
_LISTED = json.loads(Path(__file__).with_name("currencies.json").read_bytes())
LIST_ONE_PUBLISHED: str = _LISTED["published"]
"""Date of the list of ISO 4217 that the table follows."""


def _currencies(kind: str, *, circulates: bool) -> dict[str, Currency]:
    return {
        code: Currency(code, int(decimals), circulates) for decimals, codes in _LISTED[kind].items() for code in codes
    }


_CURRENCIES: Mapping[str, Currency] = MappingProxyType(
    _currencies("circulating", circulates=True)
    # Codes of List One that are not used to pay. The list gives no minor unit to those that begin with X (but XAD);
    # they keep the two decimals under which amounts may have been stored.
    | _currencies("funds_metals_and_test_codes", circulates=False)
    # Codes outside List One that the service accepted before it kept this table, most of them of the past.
    | _currencies("out_of_use", circulates=False)
)
CURRENCY_CODES = tuple(sorted(_CURRENCIES))
"""Codes of all currencies of the table, circulating or not."""
CIRCULATING_CODES = frozenset(code for code, currency in _CURRENCIES.items() if currency.circulates)
"""Codes of the currencies that people pay with today."""
_FORMER_DECIMALS: Mapping[str, int] = MappingProxyType(
    # Until the table existed, decimals came from CLDR, which gives none to currencies whose coins are out of use.
    # Stored fingerprints and amounts of that time depend on this table, so it never changes.
    dict.fromkeys(["AFN", "ALL", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"], 0)
)
RESCALED_CURRENCIES = tuple(_FORMER_DECIMALS)
"""Codes of the currencies whose decimals changed when the service took its own table, in alphabetical order."""
