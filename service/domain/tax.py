"""Arithmetic of tax, and of amounts on documents, in minor units.

Tax is rounded once on an invoice, and cumulatively on its credit notes and part payments: if each were rounded alone,
five credits of 1 at 20 percent would return nothing of a tax of 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from service.domain.amounts import GRAMS_PER_TONNE, MICROS_PER_UNIT, minor_exponent, round_down, round_half_up
from service.domain.order import Order, OrderLine

HUNDREDTHS_IN_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class DocumentAmounts:
    """Amounts of an order on a document: one for each of its lines, in the same order, and the commission. They add up
    to the order's total.
    """

    lines_minor: tuple[int, ...]
    commission_minor: int


def tax_of(net_minor: int, rate_hundredths: int) -> int:
    """Return the tax on the net amount, rounded half up. The rate is in hundredths of a percent."""
    return round_half_up(net_minor * rate_hundredths, HUNDREDTHS_IN_WHOLE)


def share_of(tax_minor: int, part_minor: int, whole_minor: int) -> int:
    """Return the tax on a part of an amount, given the tax on the whole, rounded half up; 0 if the whole amount is 0.

    For successive parts, pass cumulative sums: the tax on a part is the result for the sum including it, less the
    result for the sum before it.
    """
    return round_half_up(tax_minor * part_minor, whole_minor) if whole_minor else 0


def document_amounts(order: Order, lines: Sequence[OrderLine]) -> DocumentAmounts:
    """Return the amounts of the order's lines and its commission as documents print them."""
    per_minor = MICROS_PER_UNIT * GRAMS_PER_TONNE
    minor_per_unit = 10 ** minor_exponent(order.currency)
    exact = [Fraction(line.mass_g * line.unit_price_micros * minor_per_unit, per_minor) for line in lines]
    return DocumentAmounts(tuple(rounded_to_sum(exact, order.offset_cost_minor)), order.commission_minor)


def rounded_to_sum(exact_minor: Sequence[Fraction], sum_minor: int) -> list[int]:
    """Return whole amounts that add up to the sum: each exact amount rounded down, then one unit added to those with
    the largest fractions, of equal ones to the first, until the sum is reached.

    If the exact amounts sum to a value that differs by more than rounding, they are scaled first: the stored total of
    an order may differ from the sum of its prices.
    """
    if not exact_minor:
        if sum_minor:
            raise ValueError(f"no lines make {sum_minor}")
        return []
    amounts = [round_down(amount) for amount in exact_minor]
    if not 0 <= sum_minor - sum(amounts) <= len(amounts):
        exact_sum = sum(exact_minor)
        if not exact_sum:
            return [sum_minor, *([0] * (len(amounts) - 1))]
        exact_minor = [amount * sum_minor / exact_sum for amount in exact_minor]
        amounts = [round_down(amount) for amount in exact_minor]
    by_fraction = sorted(range(len(amounts)), key=lambda index: amounts[index] - exact_minor[index])
    for index in by_fraction[: sum_minor - sum(amounts)]:
        amounts[index] += 1
    return amounts
