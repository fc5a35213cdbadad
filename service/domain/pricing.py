"""Prices of orders: conversion of a mass or an amount of money to shares of bundles, and their sums.

Does not know stock, accounts or time; the caller passes the tariff and the terms. All sums are exact until the one
rounding that each figure is defined by. An order of a positive mass costs at least its exact net price less half a
minor unit, and at least one minor unit: so no credits are free.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias
from uuid import UUID

from service.domain.amounts import (
    GRAMS_PER_TONNE,
    MASS_G_MAX,
    MICROS_PER_UNIT,
    MINOR_MAX,
    MassUnit,
    minor_exponent,
    round_down,
    round_half_up,
    round_up,
)
from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, PriceTier, Selection, Tariff
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms that an account's contract adds to the price list.

    `commission_hundredths` is in hundredths of a percent of the total (1000 = 10 %). Shares are rounded down to `step`;
    with `whole_mass` an order by mass gives the grams that are cut off to its first bundle, so that all of it is
    ordered.
    """

    currency: str
    commission_hundredths: int = 0
    step: MassUnit = MassUnit.GRAM
    whole_mass: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.commission_hundredths < HUNDREDTHS_IN_WHOLE:
            raise ValueError(f"a commission is at least 0 % and below 100 % of the total: {self.commission_hundredths}")


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A bundle's share, its price for a tonne without and with commission, and its cost without commission. Each line's
    cost is rounded independently, so the sum may differ from the order's cost.
    """

    bundle_id: UUID
    mass_g: int
    unit_price_micros: int
    gross_unit_price_micros: int
    offset_cost_minor: int


@dataclass(frozen=True, slots=True)
class Pricing:
    """The figures of an order or a quote; offset cost and commission sum to the total. A share may be 0 g."""

    currency: str
    lines: tuple[PricedLine, ...]
    mass_g: int
    offset_cost_minor: int
    commission_minor: int
    total_cost_minor: int

    @property
    def mean_gross_unit_price_micros(self) -> int:
        """Return the gross price of an average tonne of the order, rounded half up to the minor unit; 0 when nothing is
        left.
        """
        return mean_gross_unit_price_micros(
            self.currency, [(line.mass_g, line.gross_unit_price_micros) for line in self.lines]
        )


def mean_gross_unit_price_micros(currency: str, lines: Sequence[tuple[int, int]]) -> int:
    """Return the gross price of an average tonne of the lines, pairs of (grams, gross unit price), rounded half up to
    the minor unit; 0 when nothing is left.
    """
    mass_g = sum(line_g for line_g, _ in lines)
    if mass_g == 0:
        return 0
    weighed = sum(line_g * micros for line_g, micros in lines)
    micros_per_minor = _micros_per_minor(currency)
    return round_half_up(weighed, mass_g * micros_per_minor) * micros_per_minor


COST_MINOR_MIN = 1
"""Minimum cost of an order of a positive mass, in minor units of its currency."""

UnitPrice: TypeAlias = tuple[UUID, int, int]
"""Bundle id, net unit price and gross unit price, both in millionths of a currency unit for a tonne."""


def price_by_mass(mass_g: int, selection: Selection, tariff: Tariff, terms: Terms) -> Pricing:
    """Return the price of the mass, split by the weights and rounded down to the step; the mass as asked decides the
    tier.

    Refuses `QUANTITY_INVALID` when no gram results, `CURRENCY_UNAVAILABLE` when the tariff has no price for a bundle at
    this mass, and `BAD_USER_INPUT` beyond the limits of one order.
    """
    _check_mass(mass_g)
    prices = unit_prices_at(mass_g, (weight.bundle_id for weight in selection), tariff, terms)
    split = whole_shares if terms.whole_mass else _shares
    shares = split(mass_g, selection, terms.step)
    return _not_empty(_sum_up(prices, shares, terms))


def price_by_bundle_masses(masses: Sequence[tuple[UUID, int]], tariff: Tariff, terms: Terms) -> Pricing:
    """Return the price of a mass for each bundle, each rounded down to the step; their sum as asked decides the tier.

    `whole_mass` has no effect: grams for one bundle are not moved to another. Refuses `SELECTION_INVALID` when a bundle
    is named twice, else as `price_by_mass`.
    """
    bundle_ids = [bundle_id for bundle_id, _ in masses]
    if len(set(bundle_ids)) != len(bundle_ids):
        raise Refused(Code.SELECTION_INVALID, "Give one mass for each bundle.")
    requested_g = sum(mass_g for _, mass_g in masses)
    _check_mass(requested_g)
    if any(mass_g < 0 for _, mass_g in masses):
        raise Refused(Code.QUANTITY_INVALID, "Give a mass of at least zero for each bundle.")
    prices = unit_prices_at(requested_g, bundle_ids, tariff, terms)
    step_g = terms.step.grams
    return _not_empty(_sum_up(prices, [mass_g // step_g * step_g for _, mass_g in masses], terms))


def price_by_value(value_minor: int, selection: Selection, tariff: Tariff, terms: Terms) -> Pricing:
    """Return the price of the mass that the amount buys, commission included. The total is never above the amount.

    The unspent part of the amount is less than the sum of three parts: the price, with commission, of one step of each
    bundle; half a minor unit where there is no commission; and (gross - exact) / gross of the amount, where `gross` is
    the weighted mean of the gross unit prices, rounded to the minor unit as they are, and `exact` that of the unrounded
    ones. The last part is zero without a commission and wherever `gross` is not above `exact`.

    The tier is the one with the highest minimum that is reached by the mass it buys itself, before rounding. With
    `whole_mass` the grams that are cut off stay unordered all the same: in a more expensive first bundle they would
    overspend. Refuses `QUANTITY_INVALID` when the amount is not positive or too small for a step, else as
    `price_by_mass`.
    """
    if value_minor <= 0:
        raise Refused(Code.QUANTITY_INVALID, "Give an amount to spend above zero.")
    if value_minor > MINOR_MAX:
        raise Refused(Code.BAD_USER_INPUT, "The amount is too large for one order. Spend less.")
    bundle_ids = [weight.bundle_id for weight in selection]
    minimums = {tier.minimum_mass_g for bundle_id in bundle_ids for tier in tariff.get(bundle_id, ())}
    for minimum_g in sorted(minimums, reverse=True):
        prices = unit_prices_at(minimum_g, bundle_ids, tariff, terms)
        mass_g = _mass_bought(value_minor, selection, prices, terms)
        if mass_g >= minimum_g:
            return _not_empty(_sum_up(prices, _shares(mass_g, selection, terms.step), terms))
    raise Refused(
        Code.CURRENCY_UNAVAILABLE, f"The bundles have no price in {terms.currency} for so small an order. Order more."
    )


def reprice(lines: Sequence[PricedLine], masses_g: Sequence[int], terms: Terms) -> Pricing:
    """Return the price of other masses of the same lines at the unit prices that the lines froze, whatever the present
    tariff is. No mass at all costs nothing. The terms are those the lines were priced under.
    """
    if any(mass_g < 0 for mass_g in masses_g):
        raise ValueError(f"a line keeps a mass of at least 0 g: {list(masses_g)}")
    prices = [(line.bundle_id, line.unit_price_micros, line.gross_unit_price_micros) for line in lines]
    return _sum_up(prices, masses_g, terms)


def _check_mass(mass_g: int) -> None:
    if mass_g <= 0:
        raise Refused(Code.QUANTITY_INVALID, "Give a mass above zero.")
    if mass_g > MASS_G_MAX:
        raise Refused(Code.BAD_USER_INPUT, "The mass is too large for one order. Order less.")


def _not_empty(pricing: Pricing) -> Pricing:
    if pricing.mass_g <= 0:
        raise Refused(
            Code.QUANTITY_INVALID,
            "Nothing is left after the mass of each bundle is rounded down. Order more, or round to a smaller unit.",
        )
    return pricing


def unit_prices_at(mass_g: int, bundle_ids: Iterable[UUID], tariff: Tariff, terms: Terms) -> list[UnitPrice]:
    """Return each bundle's price in the tier that the mass of the whole order reaches."""
    prices = []
    for bundle_id in bundle_ids:
        reached = [tier for tier in tariff.get(bundle_id, ()) if tier.minimum_mass_g <= mass_g]
        if not reached:
            raise Refused(
                Code.CURRENCY_UNAVAILABLE,
                f"A bundle has no price in {terms.currency} for an order of this mass.",
                bundle_id=bundle_id,
            )
        net_micros = max(reached, key=_minimum_mass_g).unit_price_micros
        prices.append((bundle_id, net_micros, with_commission(net_micros, terms)))
    return prices


def _minimum_mass_g(tier: PriceTier) -> int:
    return tier.minimum_mass_g


def with_commission(net_micros: int, terms: Terms) -> int:
    """Return the gross unit price, in whole minor units; without a commission the net one unchanged, even if it is
    finer than a minor unit.

    The result is never below the net price. Otherwise rounding could remove a small commission, and part of a price
    that is finer than a minor unit.
    """
    if terms.commission_hundredths == 0:
        return net_micros
    micros_per_minor = _micros_per_minor(terms.currency)
    kept = HUNDREDTHS_IN_WHOLE - terms.commission_hundredths
    gross_micros = round_half_up(net_micros * HUNDREDTHS_IN_WHOLE, kept * micros_per_minor) * micros_per_minor
    return max(net_micros, gross_micros)


def _shares(mass_g: Fraction | int, selection: Selection, step: MassUnit) -> list[int]:
    step_g = step.grams
    return [round_down(mass_g * weight.hundredths, HUNDREDTHS_IN_WHOLE * step_g) * step_g for weight in selection]


def whole_shares(mass_g: int, selection: Selection, step: MassUnit) -> list[int]:
    """Return the grams of each bundle in an order of the whole mass: truncated to the step, the rest to the first."""
    shares = _shares(mass_g, selection, step)
    shares[0] += mass_g - sum(shares)
    return shares


def net_within(total_minor: int, terms: Terms) -> int:
    """Return the greatest net price whose total, rounded and with commission, is within `total_minor`.

    The net price is a sum of grams times unit prices in millionths a tonne.
    """
    per_minor = _micros_per_minor(terms.currency) * GRAMS_PER_TONNE
    if terms.commission_hundredths:
        return total_minor * per_minor * (HUNDREDTHS_IN_WHOLE - terms.commission_hundredths) // HUNDREDTHS_IN_WHOLE
    # A half is rounded up, so a net price with exactly half a minor unit more is too large: the bound is strict.
    return ((2 * total_minor + 1) * per_minor - 1) // 2


def _mass_bought(value_minor: int, selection: Selection, prices: Sequence[UnitPrice], terms: Terms) -> Fraction:
    """Return the exact mass that the amount buys. The amount limits it in two ways: by the gross unit prices, which are
    rounded, and by the net prices with the commission on their sum. The smaller mass satisfies both.
    """
    gross = sum(
        weight.hundredths * gross_micros for weight, (_, _, gross_micros) in zip(selection, prices, strict=True)
    )
    net = sum(weight.hundredths * net_micros for weight, (_, net_micros, _) in zip(selection, prices, strict=True))
    kept = HUNDREDTHS_IN_WHOLE - terms.commission_hundredths
    budget = value_minor * _micros_per_minor(terms.currency) * GRAMS_PER_TONNE
    bounds = [Fraction(budget * HUNDREDTHS_IN_WHOLE, gross)] if gross else []
    bounds += [Fraction(budget * kept, net)] if net else []
    if not bounds or min(bounds) > MASS_G_MAX:
        raise Refused(Code.BAD_USER_INPUT, "The amount buys more mass than one order can hold. Spend less.")
    return min(bounds)


def _sum_up(prices: Sequence[UnitPrice], masses_g: Sequence[int], terms: Terms) -> Pricing:
    per_minor = _micros_per_minor(terms.currency) * GRAMS_PER_TONNE
    lines = tuple(
        PricedLine(bundle_id, mass_g, net_micros, gross_micros, round_half_up(mass_g * net_micros, per_minor))
        for (bundle_id, net_micros, gross_micros), mass_g in zip(prices, masses_g, strict=True)
    )
    net = sum(line.mass_g * line.unit_price_micros for line in lines)
    offset_cost_minor = round_half_up(net, per_minor)
    if terms.commission_hundredths:
        kept = HUNDREDTHS_IN_WHOLE - terms.commission_hundredths
        total_cost_minor = round_up(net * HUNDREDTHS_IN_WHOLE, per_minor * kept)
    else:
        # With a commission the total is rounded up, so it is positive. Without one, less than half a minor unit would
        # be rounded to 0.
        offset_cost_minor = total_cost_minor = max(offset_cost_minor, COST_MINOR_MIN if sum(masses_g) else 0)
    if total_cost_minor > MINOR_MAX:
        raise Refused(Code.BAD_USER_INPUT, "The order costs more than one order may. Order less.")
    return Pricing(
        currency=terms.currency,
        lines=lines,
        mass_g=sum(masses_g),
        offset_cost_minor=offset_cost_minor,
        commission_minor=total_cost_minor - offset_cost_minor,
        total_cost_minor=total_cost_minor,
    )


def _micros_per_minor(currency: str) -> int:
    minor_units_per_unit: int = 10 ** minor_exponent(currency)
    return MICROS_PER_UNIT // minor_units_per_unit
