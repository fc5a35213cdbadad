"""Amounts, dates and countries as documents print them, in English whatever the machine's locale."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.dates import format_date, format_datetime

from service.domain.amounts import GRAMS_PER_TONNE, MassUnit, mass_text, minor_exponent, money_text, price_text

ENGLISH = Locale("en")


def mass(mass_g: int) -> str:
    """Return the exact mass in the unit that reads best, such as "12.5 kg"."""
    if mass_g < GRAMS_PER_TONNE // 1000:
        return f"{mass_g} g"
    if mass_g < GRAMS_PER_TONNE:
        return f"{mass_text(mass_g, MassUnit.KILOGRAM)} kg"
    return f"{mass_text(mass_g, MassUnit.TONNE)} t"


def mass_in_words(mass_g: int) -> str:
    """Return the exact mass with its unit in words, such as "12.5 kilograms"."""
    number, unit = mass(mass_g).split()
    word = {"g": "gram", "kg": "kilogram", "t": "tonne"}[unit]
    return f"{number} {word}" if number == "1" else f"{number} {word}s"


def country(code: str) -> str:
    """Return the English name of a country, by its code of two or three letters."""
    alpha_2 = get_global("territory_aliases").get(code, [code])[0]
    return str(ENGLISH.territories.get(alpha_2, code))


def day(value: date) -> str:
    """Return a day, such as "1 May 2026"; of a time the day in UTC."""
    return format_date(value.astimezone(UTC) if isinstance(value, datetime) else value, "d MMMM y", locale=ENGLISH)


def time(value: datetime) -> str:
    """Return a time to the second, such as "1 May 2026, 09:30:00 UTC"."""
    return f"{format_datetime(value.astimezone(UTC), 'd MMMM y, HH:mm:ss', locale=ENGLISH)} UTC"


def date_parts(value: datetime) -> list[int]:
    """Return year to second in UTC, from which a template makes the file's own date."""
    return list(value.astimezone(UTC).timetuple()[:6])


def joined(parts: Sequence[Any]) -> str:
    """Return the parts that are stated, with points between them."""
    return " · ".join(str(part) for part in parts if part)


def percent(part: int, whole: int) -> str:
    """Return the share to one decimal, such as "33.3 %"; "< 0.1 %" for a smaller one that is not nothing."""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10} %" if tenths or not part else "< 0.1 %"


def money(minor_units: int, currency: str) -> str:
    """Return the amount with all its decimals and groups of three digits, such as "7,176.00"."""
    return _grouped(money_text(minor_units, currency))


def price(micros: int, currency: str) -> str:
    """Return the unit price with all its decimals, at least those of the currency, such as "13.57" or "250.00"."""
    whole, _, decimals = price_text(micros).partition(".")
    decimals = decimals.ljust(minor_exponent(currency), "0")
    return _grouped(f"{whole}.{decimals}" if decimals else whole)


def kilograms(mass_g: int) -> str:
    """Return the exact mass in kilograms, without the unit, such as "11,466" or "0.5"."""
    return _grouped(mass_text(mass_g, MassUnit.KILOGRAM))


def rate(hundredths: int) -> str:
    """Return a rate in hundredths of a percent without trailing zeros, such as "20 %" or "7.7 %"."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + " %"


def account_number(text: str) -> str:
    """Return the number of a bank account, an IBAN in groups of four characters."""
    plain = text.replace(" ", "")
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", plain):
        return text
    return " ".join(plain[index : index + 4] for index in range(0, len(plain), 4))


def _grouped(number: str) -> str:
    whole, point, decimals = number.partition(".")
    return f"{int(whole):,}{point}{decimals}"
