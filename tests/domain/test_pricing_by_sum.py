"""The most kilograms that a sum buys, beside a search that tries every kilogram.

PRICING_CASES is the number of sums. Seen to fail with 2,000 when: a tier is left out, or ends a kilogram late; the
truncated grams are not ordered; half a minor unit is not rounded up; the price is taken to grow with every kilogram.
"""

import os
import random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.amounts import MASS_G_MAX, MINOR_MAX, MassUnit, price_micros_of
from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, PriceTier, Selection, Tariff, Weight, selection_of
from service.domain.pricing import Pricing, Terms, price_by_mass
from service.domain.pricing_by_sum import price_by_sum
from service.errors import Code, Refused

COAST, STOVES = UUID(int=1), UUID(int=2)
COAST_AND_STOVES = selection_of([(COAST, 8_000), (STOVES, 2_000)])
RIYALS = {
    COAST: [PriceTier(0, price_micros_of("52")), PriceTier(100_000_000, price_micros_of("48.75"))],
    STOVES: [PriceTier(0, price_micros_of("64.5"))],
}
SAR = Terms("SAR")
CASES = int(os.environ.get("PRICING_CASES", "2000"))


def price_of(kilograms: int, selection: Selection, tariff: Tariff, terms: Terms) -> int | None:
    """The price of the kilograms in an order by mass; None where a bundle has no price for so few."""
    whole = Terms(terms.currency, terms.commission_hundredths, whole_mass=True)
    try:
        return price_by_mass(kilograms * 1_000, selection, tariff, whole).total_cost_minor
    except Refused as refusal:
        assert refusal.code is Code.CURRENCY_UNAVAILABLE  # noqa: PT017
        return None


def answer(sum_minor: int, selection: Selection, tariff: Tariff, terms: Terms) -> Pricing | Code:
    try:
        return price_by_sum(sum_minor, selection, tariff, terms)
    except Refused as refusal:
        return refusal.code


@pytest.mark.parametrize(
    ("halalas", "kilograms", "price"),
    [
        (1_000, 183, 997),
        (11, 2, 11),
        (1_000_000, 192_678, 999_999),
        (5, 1, 5),
        (996, 182, 992),
        (997, 183, 997),
        (519_000, 100_000, 519_000),
        (518_999, 95_229, 518_998),
        (544_800, 104_971, 544_799),
    ],
)
def test_a_sum_buys_the_most_kilograms_whose_price_is_within_it(halalas: int, kilograms: int, price: int):
    pricing = price_by_sum(halalas, COAST_AND_STOVES, RIYALS, SAR)
    assert (pricing.mass_g, pricing.total_cost_minor) == (kilograms * 1_000, price)
    assert price_of(kilograms, COAST_AND_STOVES, RIYALS, SAR) == price


def test_the_pricing_is_that_of_an_order_of_the_mass_whatever_the_step():
    by_the_tonne = Terms("SAR", step=MassUnit.TONNE)
    pricing = price_by_sum(1_000, COAST_AND_STOVES, RIYALS, by_the_tonne)
    assert pricing == price_by_mass(183_000, COAST_AND_STOVES, RIYALS, Terms("SAR", whole_mass=True))


def test_the_price_of_a_kilogram_more_may_be_lower_within_a_tier():
    """Truncation moves the grams of a dear first bundle to and fro, which a bisection would stumble over."""
    thirds = [UUID(int=place) for place in (2, 3, 4)]
    selection = (Weight(COAST, 1), *(Weight(bundle_id, 3_333) for bundle_id in thirds))
    tariff = {COAST: [PriceTier(0, 10**14)], **{bundle_id: [PriceTier(0, 1)] for bundle_id in thirds}}
    prices = {kilograms: price_of(kilograms, selection, tariff, SAR) for kilograms in range(1, 200)}
    assert list(prices.values())[:6] == [10_000, 20_000, 30_000, 10_000, 20_000, 30_000]
    assert answer(9_999, selection, tariff, SAR) is Code.QUANTITY_INVALID
    for sum_minor in range(10_000, 100_000, 5_000):
        most = max(kilograms for kilograms, price in prices.items() if price <= sum_minor)
        assert price_by_sum(sum_minor, selection, tariff, SAR).mass_g == most * 1_000


def a_case(chance: random.Random) -> tuple[int, int, Selection, Tariff, Terms]:
    """Some kilograms to try at most, a sum that buys fewer, and a price list whose tiers may rise."""
    tried_kg = chance.choice([15, 40, 120])
    count = chance.randint(1, 4)
    edges = [0, *sorted(chance.sample(range(1, HUNDREDTHS_IN_WHOLE), count - 1)), HUNDREDTHS_IN_WHOLE]
    selection = tuple(Weight(UUID(int=place), edges[place] - edges[place - 1]) for place in range(1, count + 1))
    dearest = 10 ** chance.randint(6, 12)
    tariff = {
        weight.bundle_id: [
            PriceTier(minimum_g, chance.randint(dearest // 100, dearest))
            for minimum_g in {
                chance.choice([0, 0, 0, 2_500]),
                *(chance.randint(1, tried_kg * 1_000) for _ in range(chance.randint(0, 3))),
            }
        ]
        for weight in selection
    }
    terms = Terms(chance.choice(["SAR", "USD", "JPY", "KWD"]), chance.choice([0, 0, 0, 50, 1_000]))
    cheapest = min(tier.unit_price_micros for tiers in tariff.values() for tier in tiers)
    minor = {"SAR": 10**4, "USD": 10**4, "JPY": 10**6, "KWD": 10**3}[terms.currency]
    # No more than what the kilograms cost where all is cheapest: the search over them then misses nothing.
    ceiling = max(1, cheapest * tried_kg // 1_000 // minor)
    return tried_kg, chance.randint(1, ceiling), selection, tariff, terms


def test_any_sum_buys_what_an_exhaustive_search_finds():
    chance = random.Random(20_261_130)
    bought = refused = 0
    for _ in range(CASES):
        tried_kg, sum_minor, selection, tariff, terms = a_case(chance)
        prices = {kg: price_of(kg, selection, tariff, terms) for kg in range(1, tried_kg + 2)}
        within = [kg for kg, price in prices.items() if price is not None and price <= sum_minor]
        found = answer(sum_minor, selection, tariff, terms)
        if not within:
            assert found in {Code.QUANTITY_INVALID, Code.CURRENCY_UNAVAILABLE}
            refused += 1
        elif max(within) <= tried_kg:
            assert isinstance(found, Pricing), (found, within)
            assert (found.mass_g, found.total_cost_minor) == (max(within) * 1_000, prices[max(within)])
            bought += 1
    assert bought > CASES // 2
    assert refused > CASES // 100


@given(st.integers(1, MINOR_MAX), st.integers(1, 10**9), st.sampled_from([0, 50, 1_000]))
def test_of_one_bundle_a_kilogram_more_is_too_dear(sum_minor: int, unit_price_micros: int, commission: int):
    selection, tariff = selection_of([(COAST, None)]), {COAST: [PriceTier(0, unit_price_micros)]}
    terms = Terms("SAR", commission)
    found = answer(sum_minor, selection, tariff, terms)
    if isinstance(found, Pricing):
        assert found.total_cost_minor <= sum_minor
        if found.mass_g < MASS_G_MAX and sum_minor < MINOR_MAX:
            assert price_of(found.mass_g // 1_000 + 1, selection, tariff, terms) > sum_minor
    elif found is Code.QUANTITY_INVALID:
        assert price_of(1, selection, tariff, terms) > sum_minor
    else:
        assert found is Code.BAD_USER_INPUT
        assert price_of(MASS_G_MAX // 1_000, selection, tariff, terms) <= sum_minor


def test_sums_that_buy_no_order_are_refused():
    bulk_only = {COAST: [PriceTier(1_000_000, 52_000_000)], STOVES: RIYALS[STOVES]}
    for sum_minor, tariff, code in (
        (0, RIYALS, Code.QUANTITY_INVALID),
        (-1, RIYALS, Code.QUANTITY_INVALID),
        (4, RIYALS, Code.QUANTITY_INVALID),
        (MINOR_MAX + 1, RIYALS, Code.BAD_USER_INPUT),
        (MINOR_MAX, {bundle: [PriceTier(0, 1)] for bundle in RIYALS}, Code.BAD_USER_INPUT),
        (1_000, {}, Code.CURRENCY_UNAVAILABLE),
        (1_000, {COAST: RIYALS[COAST]}, Code.CURRENCY_UNAVAILABLE),
        (1_000, bulk_only, Code.QUANTITY_INVALID),
    ):
        assert answer(sum_minor, COAST_AND_STOVES, tariff, SAR) is code, (sum_minor, code)
    assert price_by_sum(5_450, COAST_AND_STOVES, bulk_only, SAR).mass_g == 1_000_000
