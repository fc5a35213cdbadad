"""The most whole kilograms that a sum of money buys, as carbon-engine counts them.

An order by sum is priced exactly as an order of its mass would be. The price may fall as the mass grows: at the start
of a tier, and where rounding moves single grams into the first bundle. So each tier is searched separately, in classes
of masses that differ by multiples of `PERIOD_KG`. Within a class every share grows with the mass, and so does the
price.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from service.domain.amounts import MASS_G_MAX, MINOR_MAX, MassUnit, round_down
from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, Selection, Tariff
from service.domain.pricing import Pricing, Terms, net_within, price_by_mass, unit_prices_at, whole_shares
from service.errors import Code, Refused

KILOGRAM_G = MassUnit.KILOGRAM.grams
PERIOD_KG = HUNDREDTHS_IN_WHOLE // KILOGRAM_G
"""Kilograms by which the masses of one class differ: this much more mass gives each bundle exactly its hundredths of a
percent in whole grams, so nothing is rounded.
"""
MASS_KG_MAX = MASS_G_MAX // KILOGRAM_G


def price_by_sum(sum_minor: int, selection: Selection, tariff: Tariff, terms: Terms) -> Pricing:
    """Return the price of the largest whole number of kilograms whose price is within the sum, commission included.

    Shares are truncated to the gram and the truncated grams go to the first bundle, whatever step the terms have.
    Refuses `QUANTITY_INVALID` when the sum is not positive or buys no kilogram, `CURRENCY_UNAVAILABLE` when the tariff
    has no price for any mass, and `BAD_USER_INPUT` beyond what one order can hold.
    """
    if sum_minor <= 0:
        raise Refused(Code.QUANTITY_INVALID, "Give an amount to spend above zero.")
    if sum_minor > MINOR_MAX:
        raise Refused(Code.BAD_USER_INPUT, "The amount is too large for one order. Spend less.")
    whole = replace(terms, step=MassUnit.GRAM, whole_mass=True)
    tiers = list(_tiers(selection, tariff))
    if not tiers:
        raise Refused(Code.CURRENCY_UNAVAILABLE, f"The bundles have no price in {terms.currency}.")
    # In a price list that rises, a tier of larger masses may be the more expensive one, so every tier is searched.
    bought_kg = [_most_within(sum_minor, tier, selection, tariff, whole) for tier in tiers]
    if max(bought_kg) == 0:
        raise Refused(Code.QUANTITY_INVALID, "The amount does not buy a kilogram. Spend more.")
    if max(bought_kg) > MASS_KG_MAX:
        raise Refused(Code.BAD_USER_INPUT, "The amount buys more mass than one order can hold. Spend less.")
    return price_by_mass(max(bought_kg) * KILOGRAM_G, selection, tariff, whole)


def _tiers(selection: Selection, tariff: Tariff) -> Iterator[range]:
    """Return the kilograms of each tier in which all bundles have a price; the last tier reaches beyond any order."""
    minimums = [[tier.minimum_mass_g for tier in tariff.get(weight.bundle_id, ())] for weight in selection]
    if not all(minimums):
        return
    lowest_g = max(min(each) for each in minimums)
    # A tier holds from the first whole kilogram at or above its minimum on; no order is smaller than one kilogram.
    starts = {max(1, -(-minimum_g // KILOGRAM_G)) for each in minimums for minimum_g in each if minimum_g >= lowest_g}
    ordered = sorted(starts)
    for start, stop in zip(ordered, [*ordered[1:], None], strict=True):
        if start <= MASS_KG_MAX:
            yield range(start, stop if stop is not None else MASS_KG_MAX + PERIOD_KG + 1)


def _most_within(sum_minor: int, tier: range, selection: Selection, tariff: Tariff, terms: Terms) -> int:
    """Return the most kilograms of the tier whose price is within the sum; 0 for none."""
    prices = unit_prices_at(tier.start * KILOGRAM_G, [weight.bundle_id for weight in selection], tariff, terms)
    net_micros = [micros for _, micros, _ in prices]
    budget = net_within(sum_minor, terms)
    period_net = _net(net_micros, [weight.hundredths for weight in selection])
    most_kg = 0
    for first_kg in tier[:PERIOD_KG]:
        left = budget - _net(net_micros, whole_shares(first_kg * KILOGRAM_G, selection, terms.step))
        if left < 0:
            continue
        periods_in_tier = (tier[-1] - first_kg) // PERIOD_KG
        periods = min(round_down(Fraction(left, period_net)), periods_in_tier) if period_net else periods_in_tier
        most_kg = max(most_kg, first_kg + periods * PERIOD_KG)
    return most_kg


def _net(net_micros: Sequence[int], masses_g: Sequence[int]) -> int:
    return sum(micros * mass_g for micros, mass_g in zip(net_micros, masses_g, strict=True))
