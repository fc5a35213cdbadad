"""Conditions of prices; SQL for checks of one state of the database: the rounding of domain/pricing.py written in SQL.

Products of grams and unit prices may exceed 64 bits, and SQLite silently turns them into floats. Where that is
possible, floats are compared with a tolerance.
"""

from service.domain.accounts import COMMISSION_HUNDREDTHS_MAX
from service.domain.currencies import CURRENCY_CODES, RESCALED_CURRENCIES, currency_of, rescaling_factor

_EXACT_BELOW = "4000000000000000000.0"
"""Products below this are computed exactly: twice as much still fits into 64 bits."""

_DECIMALS = {code: currency_of(code).decimals for code in CURRENCY_CODES}
_DIVISOR = (
    "CASE {currency} "
    + " ".join(f"WHEN '{code}' THEN {10 ** (12 - decimals)}" for code, decimals in _DECIMALS.items() if decimals != 2)
    + " ELSE 10000000000 END"
)
"""Divisor of grams times unit price (millionths a tonne) that gives minor units of the currency."""

_RESCALED = (
    "CASE {currency} "
    + " ".join(f"WHEN '{code}' THEN {rescaling_factor(code)}" for code in RESCALED_CURRENCIES)
    + " ELSE 1 END"
)
"""Today's minor units in one former minor unit of a currency whose decimals changed; older costs were rounded to former
ones.
"""


def cost_is_wrong(line: str, currency: str) -> str:
    """Return the condition that a line's offset cost is not its mass at its unit price, rounded half up, or that its
    unit price is negative or above its gross unit price.
    """
    divisor, rescaled = _DIVISOR.format(currency=currency), _RESCALED.format(currency=currency)
    product = f"{line}.mass_g * {line}.unit_price_micros"
    as_float = f"CAST({line}.mass_g AS DOUBLE PRECISION) * {line}.unit_price_micros"
    cost = f"{line}.offset_cost_minor"
    return (
        f"({line}.unit_price_micros < 0 OR {line}.gross_unit_price_micros < {line}.unit_price_micros"
        f" OR CASE WHEN {as_float} > {_EXACT_BELOW}"
        f" THEN abs({as_float} / ({divisor}) - {cost}) > 1 + {cost} * 1e-12"
        f" ELSE {cost} <> (2 * {product} + ({divisor})) / (2 * ({divisor}))"
        f" AND NOT ({rescaled} > 1 AND {cost} % ({rescaled}) = 0"
        f" AND abs({cost} - {product} / ({divisor})) <= {rescaled}) END)"
    )


def gross_price_is_wrong(line: str, terms: str, currency: str) -> str:
    """Return the condition that a line's gross unit price is more than a minor unit off its net one with commission."""
    minor_micros = f"({_DIVISOR.format(currency=currency)}) / 1000000 * ({_RESCALED.format(currency=currency)})"
    exact = f"{line}.unit_price_micros * 10000.0 / (10000 - {terms}.commission_hundredths)"
    return (
        f"(CASE WHEN {terms}.commission_hundredths = 0 THEN {line}.gross_unit_price_micros <> {line}.unit_price_micros"
        f" ELSE abs({line}.gross_unit_price_micros - {exact}) > {minor_micros} END)"
    )


def _unit(row: str) -> str:
    """Return the largest minor unit, in today's minor units, to which the row's amounts were rounded."""
    return f"({_RESCALED.format(currency=f'{row}.currency')})"


def total_is_wrong(row: str) -> str:
    """Return the condition that the total of an order or a quote is not its offset cost and its commission. The total
    with commission is rounded up, and the offset cost half up.
    """
    offset, commission = f"{row}.offset_cost_minor", f"{row}.commission_minor"
    kept, unit = f"(10000.0 - {row}.commission_hundredths)", _unit(row)
    return (
        f"({row}.total_cost_minor <> {offset} + {commission} OR {offset} < 0 OR {commission} < 0"
        f" OR {row}.commission_hundredths NOT BETWEEN 0 AND {COMMISSION_HUNDREDTHS_MAX}"
        f" OR CASE WHEN {row}.commission_hundredths = 0 THEN {commission} <> 0"
        f" ELSE abs({commission} - {offset} * {row}.commission_hundredths / {kept})"
        f" > {unit} * (1 + 5000 / {kept}) + {offset} * 1e-12 END)"
    )


def costs_more(row: str, lines: str, cost_minor: str) -> str:
    """Return the condition that the offset cost of an order or a quote is above `cost_minor`, the cost of its lines;
    `lines` is their number.

    Costs of lines and of the order are each rounded by half a minor unit at most. A minimum cost of one minor unit may
    be above the cost of the lines.
    """
    cost, more = f"{row}.offset_cost_minor", f"({lines} + 1) * {_unit(row)}"
    return f"({cost} > {_unit(row)} AND 2 * ({cost} - {cost_minor}) > {more})"


def costs_less(row: str, lines: str, cost_minor: str) -> str:
    """Return the condition that the offset cost is below that of the lines, with the tolerance of `costs_more`."""
    cost, less = f"{row}.offset_cost_minor", f"({lines} + 1) * {_unit(row)}"
    return f"(2 * ({cost} - {cost_minor}) < -{less})"
