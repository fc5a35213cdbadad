"""Currencies: decimals by ISO 4217, and the decimals that stored amounts had before.

Seen to fail when: the Iraqi dinar has 2 decimals; the lek is missing from the frozen table; gold circulates; a code is
left out of the table.
"""

import babel
import pytest
from babel.numbers import get_currency_precision, list_currencies

from service.domain.currencies import (
    LIST_ONE_PUBLISHED,
    RESCALED_CURRENCIES,
    circulating_currency_of,
    currency_of,
    former_decimals_of,
    rescaling_factor,
)
from service.errors import Code, Refused

LUNE_CURRENCIES = [
    "GBP",
    "EUR",
    "USD",
    "SEK",
    "CHF",
    "PLN",
    "DKK",
    "NOK",
    "BGN",
    "INR",
    "SGD",
    "AED",
    "AUD",
    "HUF",
    "ISK",
    "CZK",
    "CAD",
]


@pytest.mark.parametrize(
    ("code", "decimals"),
    [
        *[("EUR", 2), ("USD", 2), ("GBP", 2), ("SAR", 2), ("BRL", 2), ("HUF", 2), ("COP", 2), ("IDR", 2)],
        *[("RSD", 2), ("ALL", 2), ("LBP", 2), ("IRR", 2), ("MGA", 2), ("MMK", 2), ("XCG", 2), ("ZWG", 2)],
        *[("JPY", 0), ("KRW", 0), ("ISK", 0), ("CLP", 0), ("UGX", 0), ("VND", 0), ("XAF", 0), ("XOF", 0)],
        *[("BHD", 3), ("IQD", 3), ("JOD", 3), ("KWD", 3), ("LYD", 3), ("OMR", 3), ("TND", 3)],
        *[("CLF", 4), ("UYW", 4), ("UYI", 0)],
    ],
)
def test_decimals_are_those_of_iso_4217(code, decimals):
    assert currency_of(code).decimals == decimals


def test_the_table_names_the_list_it_follows():
    assert LIST_ONE_PUBLISHED == "2026-01-01"


@pytest.mark.parametrize("code", ["EUR", "JPY", "IQD", "XAF", "XCD", "XCG", "SLE", "ZWG", "VED"])
def test_a_currency_in_circulation_may_be_chosen(code):
    assert circulating_currency_of(code) == currency_of(code)


@pytest.mark.parametrize(
    "code",
    [
        *["CHE", "CLF", "USN", "UYI", "UYW", "XAD", "XDR"],  # funds and units of account
        *["XAU", "XAG", "XPT", "XPD"],  # precious metals
        *["XTS", "XXX"],  # for tests, and for no currency at all
        *["BGN", "HRK", "ANG", "CUC", "ZWL", "DEM", "TRL"],  # replaced
    ],
)
def test_a_code_that_nobody_pays_with_is_readable_but_may_not_be_chosen(code):
    assert currency_of(code).circulates is False
    with pytest.raises(Refused) as refused:
        circulating_currency_of(code)
    assert refused.value.code is Code.BAD_USER_INPUT
    assert code in refused.value.message


@pytest.mark.parametrize("code", ["", "eur", "EURO", "E", "€", "BTC", "AAA", "EUR ", "XYZ"])
def test_what_is_no_code_of_iso_4217_is_refused(code):
    for read in (currency_of, circulating_currency_of, former_decimals_of, rescaling_factor):
        with pytest.raises(Refused) as refused:
            read(code)
        assert refused.value.code is Code.BAD_USER_INPUT


def test_thirteen_currencies_changed_their_decimals():
    factors = {code: rescaling_factor(code) for code in RESCALED_CURRENCIES}
    hundred = dict.fromkeys(["AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"], 100)
    assert factors == hundred | {"IQD": 1000}
    assert {former_decimals_of(code) for code in RESCALED_CURRENCIES} == {0}


@pytest.mark.parametrize("code", ["EUR", "JPY", "KWD", "HUF", "COP", "IDR", "ISK", "CLF", "BGN", "XAU", "XAD"])
def test_amounts_in_every_other_currency_stay_as_they_are(code):
    assert rescaling_factor(code) == 1
    assert former_decimals_of(code) == currency_of(code).decimals


def test_every_currency_of_lunes_published_list_is_known():
    assert [code for code in LUNE_CURRENCIES if not currency_of(code).circulates] == ["BGN"]


@pytest.mark.skipif(
    not babel.__version__.startswith("2.18."), reason="2.18 is the release that decided decimals before"
)
def test_former_decimals_are_those_of_the_library_that_decided_them():
    accepted = list_currencies()
    assert {code: former_decimals_of(code) for code in accepted} == {
        code: get_currency_precision(code) for code in accepted
    }
    assert {code for code in accepted if currency_of(code).decimals != get_currency_precision(code)} == set(
        RESCALED_CURRENCIES
    )
