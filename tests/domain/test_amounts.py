from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.amounts import (
    GRAMS_PER_TONNE,
    MASS_G_MAX,
    MINOR_MAX,
    PRICE_MICROS_MAX,
    MassUnit,
    currencies_by_decimals,
    mass_g_from,
    mass_g_of,
    mass_text,
    minor_exponent,
    minor_units_below,
    minor_units_of,
    money_text,
    parse_decimal,
    price_micros_of,
    price_text,
    round_down,
    round_half_up,
    round_up,
)
from service.domain.currencies import CURRENCY_CODES
from service.errors import Code, Refused

CURRENCIES = st.sampled_from(["USD", "SAR", "JPY", "KWD", "CLF"])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", Fraction(0)),
        ("12.07", Fraction(1207, 100)),
        ("007.50", Fraction(15, 2)),
        ("0.000001", Fraction(1, 1_000_000)),
        ("9" * 40, Fraction(10**40 - 1)),
    ],
)
def test_plain_digits_are_read_exactly(text: str, number: Fraction):
    assert parse_decimal(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", " 1", "1 ", "1\n", "+1", "-1", "1e3", "1E3", "1_000", "1,5", ".5", "5.", "1.2.3", "0x10", "1/2"),
        *(
            "NaN",
            "nan",
            "Infinity",
            "inf",
            "\uff11\uff12",
            "\u0661\u0662",
            "1\u0660",
            "\u00b2",
            "1\x00",
            "9" * 41,
            "0." + "1" * 39,
        ),
    ],
)
def test_anything_but_plain_digits_is_refused(text: str):
    with pytest.raises(Refused) as refusal:
        parse_decimal(text)
    assert refusal.value.code is Code.BAD_USER_INPUT


@pytest.mark.parametrize(
    ("text", "unit", "mass_g"),
    [
        ("12.07", MassUnit.KILOGRAM, 12_070),
        ("0.01207", MassUnit.TONNE, 12_070),
        ("0.0000019", MassUnit.TONNE, 1),
        ("0.9", MassUnit.GRAM, 0),
        ("0", MassUnit.TONNE, 0),
        ("1000000000", MassUnit.TONNE, MASS_G_MAX),
        ("1000000000.0000009", MassUnit.TONNE, MASS_G_MAX),
    ],
)
def test_a_mass_is_truncated_to_the_gram(text: str, unit: MassUnit, mass_g: int):
    assert mass_g_of(text, unit) == mass_g


@pytest.mark.parametrize(("text", "unit"), [("1000000000.000001", MassUnit.TONNE), ("9" * 40, MassUnit.GRAM)])
def test_a_mass_above_the_bound_is_refused(text: str, unit: MassUnit):
    with pytest.raises(Refused) as refusal:
        mass_g_of(text, unit)
    assert refusal.value.code is Code.BAD_USER_INPUT


@pytest.mark.parametrize(
    ("mass_g", "unit", "text"),
    [
        (12_069, MassUnit.TONNE, "0.012069"),
        (12_070, MassUnit.KILOGRAM, "12.07"),
        (12_070, MassUnit.GRAM, "12070"),
        (0, MassUnit.TONNE, "0"),
        (0, MassUnit.GRAM, "0"),
        (20_000_000, MassUnit.TONNE, "20"),
        (-500, MassUnit.KILOGRAM, "-0.5"),
    ],
)
def test_a_mass_is_written_without_trailing_zeros(mass_g: int, unit: MassUnit, text: str):
    assert mass_text(mass_g, unit) == text


@given(st.integers(0, MASS_G_MAX), st.sampled_from(MassUnit))
def test_a_mass_survives_the_trip_through_its_text(mass_g: int, unit: MassUnit):
    assert mass_g_of(mass_text(mass_g, unit), unit) == mass_g


def test_units_are_steps_in_grams():
    assert [unit.grams for unit in MassUnit] == [1, 1_000, GRAMS_PER_TONNE]


@pytest.mark.parametrize(("currency", "exponent"), [("SAR", 2), ("BRL", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)])
def test_each_currency_has_its_own_decimals(currency: str, exponent: int):
    assert minor_exponent(currency) == exponent


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDT", "ZZZ", "EU€", " EUR"])
def test_a_code_that_is_not_iso_4217_is_refused(currency: str):
    for attempt in (
        lambda: minor_exponent(currency),
        lambda: minor_units_of("1", currency),
        lambda: minor_units_below("1", currency),
        lambda: money_text(1, currency),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code is Code.BAD_USER_INPUT


@pytest.mark.parametrize(
    ("text", "currency", "minor_units"),
    [
        ("0.35", "USD", 35),
        ("0.350", "USD", 35),
        ("7176", "USD", 717_600),
        ("7176", "JPY", 7176),
        ("1.234", "KWD", 1234),
    ],
)
def test_money_is_read_exactly(text: str, currency: str, minor_units: int):
    assert minor_units_of(text, currency) == minor_units


@pytest.mark.parametrize(
    ("text", "currency"), [("0.355", "USD"), ("0.5", "JPY"), ("1.2345", "KWD"), ("10000000000000.01", "USD")]
)
def test_a_fraction_of_a_minor_unit_and_an_unbounded_amount_are_refused(text: str, currency: str):
    with pytest.raises(Refused) as refusal:
        minor_units_of(text, currency)
    assert refusal.value.code is Code.BAD_USER_INPUT


@pytest.mark.parametrize(
    ("text", "currency", "minor_units"), [("0.359", "USD", 35), ("0.009", "USD", 0), ("99.9", "JPY", 99)]
)
def test_a_maximum_spend_is_truncated(text: str, currency: str, minor_units: int):
    assert minor_units_below(text, currency) == minor_units


def test_a_maximum_spend_above_the_bound_is_refused():
    with pytest.raises(Refused) as refusal:
        minor_units_below("10000000000000.01", "USD")
    assert refusal.value.code is Code.BAD_USER_INPUT


@pytest.mark.parametrize(
    ("minor_units", "currency", "text"),
    [
        (35, "USD", "0.35"),
        (717_600, "USD", "7176.00"),
        (7176, "JPY", "7176"),
        (-5, "USD", "-0.05"),
        (-12_345, "KWD", "-12.345"),
        (0, "USD", "0.00"),
    ],
)
def test_money_is_written_with_all_its_decimals(minor_units: int, currency: str, text: str):
    assert money_text(minor_units, currency) == text


@given(st.integers(0, MINOR_MAX), CURRENCIES)
def test_money_survives_the_trip_through_its_text(minor_units: int, currency: str):
    assert minor_units_of(money_text(minor_units, currency), currency) == minor_units
    assert minor_units_below(money_text(minor_units, currency), currency) == minor_units


@pytest.mark.parametrize(
    ("text", "micros", "back"),
    [("13.57", 13_570_000, "13.57"), ("250.00", 250_000_000, "250"), ("0.000001", 1, "0.000001")],
)
def test_a_unit_price_is_read_exactly_and_written_trimmed(text: str, micros: int, back: str):
    assert price_micros_of(text) == micros
    assert price_text(micros) == back


@given(st.integers(0, PRICE_MICROS_MAX))
def test_a_unit_price_survives_the_trip_through_its_text(micros: int):
    assert price_micros_of(price_text(micros)) == micros


@pytest.mark.parametrize("text", ["0.0000001", "100000000.000001"])
def test_a_unit_price_finer_than_a_millionth_or_unbounded_is_refused(text: str):
    with pytest.raises(Refused) as refusal:
        price_micros_of(text)
    assert refusal.value.code is Code.BAD_USER_INPUT


@pytest.mark.parametrize(
    ("value", "half_up", "up", "down"),
    [
        (Fraction(5, 2), 3, 3, 2),
        (Fraction(-5, 2), -2, -2, -3),
        (Fraction(12, 5), 2, 3, 2),
        (Fraction(-12, 5), -2, -2, -3),
        (Fraction(-13, 5), -3, -2, -3),
        (Fraction(7), 7, 7, 7),
    ],
)
def test_roundings_say_where_they_go(value: Fraction, half_up: int, up: int, down: int):
    assert (round_half_up(value), round_up(value), round_down(value)) == (half_up, up, down)


@pytest.mark.parametrize(
    ("text", "unit", "grams"),
    [
        ("1.0000005", MassUnit.TONNE, 1_000_001),
        ("1", MassUnit.TONNE, 1_000_000),
        ("0.9999999", MassUnit.TONNE, 1_000_000),
        ("0.0000000000001", MassUnit.KILOGRAM, 1),
        ("0", MassUnit.GRAM, 0),
        ("5.5", MassUnit.GRAM, 6),
        ("1000000000", MassUnit.TONNE, 10**15),
    ],
)
def test_a_bound_of_masses_is_rounded_up(text: str, unit: MassUnit, grams: int):
    assert mass_g_from(text, unit) == grams


def test_a_bound_above_every_mass_is_refused():
    with pytest.raises(Refused):
        mass_g_from("1000000000.0000001", MassUnit.TONNE)


def test_every_currency_is_listed_once_under_its_decimals():
    listed = currencies_by_decimals()
    assert {code: decimals for decimals, codes in listed.items() for code in codes}.keys() == set(CURRENCY_CODES)
    assert all(minor_exponent(code) == decimals for decimals, codes in listed.items() for code in codes)
    assert sum(map(len, listed.values())) == len(CURRENCY_CODES)
