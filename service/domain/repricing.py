"""The price of the remaining order after its customer cancels the part that waits for credits.

A tier's price is for the mass that was ordered, so cancelling most of an order does not keep the price of all of it.
The customer never pays more than the whole order cost, and later rises of the price list are not charged.
"""

from collections.abc import Sequence
from dataclasses import replace

from service.domain.catalogue import PriceTier, Tariff
from service.domain.pricing import PricedLine, Pricing, Terms, reprice, with_commission


def reprice_remaining(
    lines: Sequence[PricedLine],
    masses_g: Sequence[int],
    *,
    ordered_g: int,
    tariff: Tariff,
    terms: Terms,
) -> Pricing:
    """Return the price of the masses that remain of an order's lines.

    Each line costs the dearer of its frozen unit price and of the tariff's tier for all that remains, less what the
    tariff has risen since the order. If that would cost more than the whole order did, the rises of the unit prices are
    reduced in proportion until the exact net price is within the order's. `lines` have the masses that were ordered,
    and `ordered_g` is the mass that decided their tier.
    """
    remaining_g = sum(masses_g)
    wanted = [
        _dearer_price(line.unit_price_micros, tariff.get(line.bundle_id, ()), ordered_g, remaining_g) for line in lines
    ]
    rises = [micros - line.unit_price_micros for micros, line in zip(wanted, lines, strict=True)]
    frozen_net = sum(mass_g * line.unit_price_micros for mass_g, line in zip(masses_g, lines, strict=True))
    rise_net = sum(mass_g * rise for mass_g, rise in zip(masses_g, rises, strict=True))
    allowed_net = sum(line.mass_g * line.unit_price_micros for line in lines) - frozen_net
    if rise_net > allowed_net:
        rises = [rise * allowed_net // rise_net for rise in rises]
    raised = [_raised(line, rise, terms) for line, rise in zip(lines, rises, strict=True)]
    return reprice(raised, masses_g, terms)


def _dearer_price(frozen_micros: int, tiers: Sequence[PriceTier], ordered_g: int, remaining_g: int) -> int:
    if not tiers:
        return frozen_micros
    rise_micros = 0
    # A frozen price that is still in the list has not risen, even if the ordered mass reaches another tier now: an
    # order by value may have reached its tier with grams that rounding cut off.
    if all(tier.unit_price_micros != frozen_micros for tier in tiers):
        rise_micros = max(0, _price_at(tiers, ordered_g) - frozen_micros)
    return max(frozen_micros, _price_at(tiers, remaining_g) - rise_micros)


def _price_at(tiers: Sequence[PriceTier], mass_g: int) -> int:
    """Return the unit price of the tier that the mass reaches; of the lowest one for a mass below all minimums."""
    ordered = sorted(tiers, key=lambda tier: tier.minimum_mass_g)
    reached = [tier for tier in ordered if tier.minimum_mass_g <= mass_g] or ordered[:1]
    return reached[-1].unit_price_micros


def _raised(line: PricedLine, rise_micros: int, terms: Terms) -> PricedLine:
    if rise_micros == 0:
        return line
    net_micros = line.unit_price_micros + rise_micros
    gross_micros = max(line.gross_unit_price_micros, with_commission(net_micros, terms))
    return replace(line, unit_price_micros=net_micros, gross_unit_price_micros=gross_micros)
