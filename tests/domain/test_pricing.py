from uuid import UUID

import pytest

from service.domain.amounts import (
    MASS_G_MAX,
    MINOR_MAX,
    MassUnit,
    mass_g_of,
    minor_units_below,
    minor_units_of,
    price_micros_of,
)
from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, PriceTier, selection_of
from service.domain.pricing import (
    Pricing,
    Terms,
    price_by_bundle_masses,
    price_by_mass,
    price_by_value,
    reprice,
)
from service.errors import Code, Refused

FOREST, OCEAN = UUID(int=1), UUID(int=2)
MOSTLY_FOREST = selection_of([(FOREST, 9_500), (OCEAN, 500)])
ONLY_FOREST = selection_of([(FOREST, None)])
TEN_PERCENT = Terms("USD", commission_hundredths=1_000)


def tariff_of(*prices: str) -> dict[UUID, list[PriceTier]]:
    return {UUID(int=place): [PriceTier(0, price_micros_of(price))] for place, price in enumerate(prices, start=1)}


def refused(code: Code, price, *arguments) -> None:
    with pytest.raises(Refused) as refusal:
        price(*arguments)
    assert refusal.value.code is code


def figures(pricing: Pricing) -> tuple[list[int], int, int, int, int]:
    return (
        [line.mass_g for line in pricing.lines],
        pricing.mass_g,
        pricing.offset_cost_minor,
        pricing.commission_minor,
        pricing.total_cost_minor,
    )


# The worked examples that Lune publishes.


def test_the_published_order_of_12_07_kg():
    mass_g = mass_g_of("12.07", MassUnit.KILOGRAM)
    pricing = price_by_mass(mass_g, MOSTLY_FOREST, tariff_of("13.57", "250"), TEN_PERCENT)
    assert figures(pricing) == ([11_466, 603], 12_069, 31, 4, 35)
    assert [line.gross_unit_price_micros for line in pricing.lines] == [15_080_000, 277_780_000]
    assert [line.offset_cost_minor for line in pricing.lines] == [16, 15]


def test_the_published_order_for_54_cents():
    value_minor = minor_units_below("0.54", "USD")
    pricing = price_by_value(value_minor, MOSTLY_FOREST, tariff_of("13.57", "250"), TEN_PERCENT)
    assert figures(pricing) == ([18_181, 956], 19_137, 49, 5, 54)
    assert [line.offset_cost_minor for line in pricing.lines] == [25, 24]


def test_the_published_order_of_1_040105_t():
    mass_g = mass_g_of("1.040105", MassUnit.TONNE)
    pricing = price_by_mass(mass_g, MOSTLY_FOREST, tariff_of("6.5", "250"), TEN_PERCENT)
    assert figures(pricing) == ([988_099, 52_005], 1_040_104, 1_942, 217, 2_159)
    assert [line.gross_unit_price_micros for line in pricing.lines] == [7_220_000, 277_780_000]


# Carbonext's price list: 71.5 BRL and 13 USD a credit from 20 credits, 77 and 14 below.


def carbonext(small: str, large: str) -> dict[UUID, list[PriceTier]]:
    return {FOREST: [PriceTier(0, price_micros_of(small)), PriceTier(20_000_000, price_micros_of(large))]}


BRL, USD = carbonext("77", "71.5"), carbonext("14", "13")


@pytest.mark.parametrize(
    ("amount", "currency", "tariff", "unit_price", "total"),
    [
        ("20", "BRL", BRL, "71.5", "1430"),
        ("19.999999", "BRL", BRL, "77", "1540"),
        ("1", "BRL", BRL, "77", "77"),
        ("20", "USD", USD, "13", "260"),
        ("100", "USD", USD, "13", "1300"),
        ("0.02", "USD", USD, "14", "0.28"),
    ],
)
def test_the_mass_asked_for_decides_the_tier(amount: str, currency: str, tariff, unit_price: str, total: str):
    terms = Terms(currency, whole_mass=True)
    pricing = price_by_mass(mass_g_of(amount, MassUnit.TONNE), ONLY_FOREST, tariff, terms)
    assert pricing.lines[0].unit_price_micros == price_micros_of(unit_price)
    assert pricing.mean_gross_unit_price_micros == price_micros_of(unit_price)
    assert pricing.total_cost_minor == minor_units_of(total, currency)
    assert pricing.commission_minor == 0


@pytest.mark.parametrize(
    ("value", "currency", "tariff", "unit_price", "mass"),
    [
        ("1430", "BRL", BRL, "71.5", "20"),
        ("1429.99", "BRL", BRL, "77", "18.571298"),
        ("1500", "BRL", BRL, "71.5", "20.979020"),
        ("260", "USD", USD, "13", "20"),
        ("259.99", "USD", USD, "14", "18.570714"),
    ],
)
def test_by_value_the_cheapest_tier_that_its_own_mass_reaches_holds(value, currency, tariff, unit_price, mass):
    pricing = price_by_value(minor_units_of(value, currency), ONLY_FOREST, tariff, Terms(currency))
    assert pricing.lines[0].unit_price_micros == price_micros_of(unit_price)
    assert pricing.mass_g == mass_g_of(mass, MassUnit.TONNE)


def test_the_tier_is_reached_before_shares_are_truncated():
    thirds = selection_of([(FOREST, None), (OCEAN, None), (UUID(int=3), None)])
    tiers = [PriceTier(0, 30_000_000), PriceTier(4_000_000, 10_000_000)]
    tariff = {weight.bundle_id: tiers for weight in thirds}
    by_the_tonne = Terms("USD", step=MassUnit.TONNE)
    for pricing in (
        price_by_mass(4_000_000, thirds, tariff, by_the_tonne),
        price_by_value(4_000, thirds, tariff, by_the_tonne),
    ):
        assert [line.mass_g for line in pricing.lines] == [1_000_000] * 3
        assert pricing.total_cost_minor == 3_000


def test_bundles_with_different_tiers_meet_at_every_minimum_of_either():
    tariff = {
        FOREST: [PriceTier(0, 20_000_000), PriceTier(10_000_000, 10_000_000)],
        OCEAN: [PriceTier(0, 40_000_000), PriceTier(5_000_000, 30_000_000)],
    }
    halves = selection_of([(FOREST, None), (OCEAN, None)])

    def unit_prices(value_minor: int) -> tuple[int, ...]:
        pricing = price_by_value(value_minor, halves, tariff, Terms("USD"))
        return tuple(line.unit_price_micros // 1_000_000 for line in pricing.lines)

    assert unit_prices(12_499) == (20, 40)
    assert unit_prices(12_500) == (20, 30)
    assert unit_prices(19_999) == (20, 30)
    assert unit_prices(20_000) == (10, 30)


def test_tiers_need_no_order():
    backwards = {FOREST: list(reversed(BRL[FOREST]))}
    assert price_by_mass(20_000_000, ONLY_FOREST, backwards, Terms("BRL")).total_cost_minor == 143_000
    assert price_by_mass(19_000_000, ONLY_FOREST, backwards, Terms("BRL")).total_cost_minor == 146_300


# Splitting and truncating.


def test_a_share_is_truncated_to_the_step():
    tariff = tariff_of("10", "20")
    halves = selection_of([(FOREST, None), (OCEAN, None)])
    for step, share_g in ((MassUnit.GRAM, 1_250_500), (MassUnit.KILOGRAM, 1_250_000), (MassUnit.TONNE, 1_000_000)):
        pricing = price_by_mass(2_501_001, halves, tariff, Terms("USD", step=step))
        assert [line.mass_g for line in pricing.lines] == [share_g, share_g]


def test_the_truncated_grams_go_to_the_first_bundle_where_the_whole_mass_is_ordered():
    halves = selection_of([(FOREST, None), (OCEAN, None)])
    terms = Terms("SAR", step=MassUnit.KILOGRAM, whole_mass=True)
    pricing = price_by_mass(7_000, halves, tariff_of("10", "20"), terms)
    assert [line.mass_g for line in pricing.lines] == [4_000, 3_000]


def test_a_share_below_the_step_stays_as_a_line_without_mass():
    pricing = price_by_mass(15, MOSTLY_FOREST, tariff_of("13.57", "250"), Terms("USD"))
    assert [line.mass_g for line in pricing.lines] == [14, 0]
    assert pricing.lines[1].offset_cost_minor == 0


def test_by_value_truncated_grams_are_not_bought_even_where_the_whole_mass_is_ordered():
    halves = selection_of([(FOREST, None), (OCEAN, None)])
    terms = Terms("SAR", step=MassUnit.KILOGRAM, whole_mass=True)
    pricing = price_by_value(30_000, halves, tariff_of("1000", "10"), terms)
    assert [line.mass_g for line in pricing.lines] == [297_000, 297_000]
    assert pricing.total_cost_minor == 29_997


def test_a_mass_for_each_bundle_is_truncated_and_their_sum_as_asked_decides_the_tier():
    tariff = {bundle: [PriceTier(0, 20_000_000), PriceTier(3_000_000, 10_000_000)] for bundle in (FOREST, OCEAN)}
    terms = Terms("USD", step=MassUnit.TONNE, whole_mass=True)
    pricing = price_by_bundle_masses([(OCEAN, 1_900_000), (FOREST, 1_100_000)], tariff, terms)
    assert [(line.bundle_id, line.mass_g) for line in pricing.lines] == [(OCEAN, 1_000_000), (FOREST, 1_000_000)]
    assert pricing.total_cost_minor == 2_000


# Commission and rounding.


def test_the_order_is_rounded_once_and_not_line_by_line():
    halves = selection_of([(FOREST, None), (OCEAN, None)])
    pricing = price_by_mass(1_000_000, halves, tariff_of("0.01", "0.01"), Terms("USD"))
    assert [line.offset_cost_minor for line in pricing.lines] == [1, 1]
    assert pricing.offset_cost_minor == 1


def test_without_commission_a_fine_price_stays_as_it_stands_and_the_mean_is_rounded():
    pricing = price_by_mass(1_000_000, ONLY_FOREST, tariff_of("13.575"), Terms("USD"))
    assert pricing.lines[0].gross_unit_price_micros == 13_575_000
    assert pricing.mean_gross_unit_price_micros == 13_580_000
    assert (pricing.offset_cost_minor, pricing.total_cost_minor) == (1_358, 1_358)


def test_the_mean_unit_price_is_weighed_by_mass():
    pricing = price_by_bundle_masses([(FOREST, 3_000_000), (OCEAN, 1_000_000)], tariff_of("10", "20"), Terms("BRL"))
    assert pricing.mean_gross_unit_price_micros == 12_500_000


def test_the_currency_decides_what_a_minor_unit_is():
    tariff = tariff_of("1500.5")
    assert price_by_mass(1_000_000, ONLY_FOREST, tariff, Terms("JPY")).total_cost_minor == 1_501
    assert price_by_mass(1_000_000, ONLY_FOREST, tariff, Terms("KWD")).total_cost_minor == 1_500_500
    in_yen = price_by_mass(1_000_000, ONLY_FOREST, tariff, Terms("JPY", commission_hundredths=1_000))
    assert in_yen.lines[0].gross_unit_price_micros == 1_667_000_000
    assert figures(in_yen)[2:] == (1_501, 167, 1_668)


@pytest.mark.parametrize(
    ("currency", "hundredths", "price", "gross"),
    [
        ("JPY", 50, "60.1", "60.1"),
        ("EUR", 50, "0.9003", "0.9003"),
        ("JPY", 1, "0.4", "0.4"),
        ("JPY", 100, "1000.49", "1011"),
        ("USD", 1, "0.000001", "0.000001"),
        ("KWD", 10, "0.0004", "0.0004"),
        ("EUR", 200, "12.3449", "12.6"),
    ],
)
def test_the_gross_unit_price_is_never_below_the_net_one(currency: str, hundredths: int, price: str, gross: str):
    pricing = price_by_mass(7_000_000, ONLY_FOREST, tariff_of(price), Terms(currency, commission_hundredths=hundredths))
    (line,) = pricing.lines
    assert (line.unit_price_micros, line.gross_unit_price_micros) == (price_micros_of(price), price_micros_of(gross))
    assert pricing.total_cost_minor >= pricing.offset_cost_minor


@pytest.mark.parametrize(
    ("mass_g", "currency", "price"),
    [
        (96, "SAR", "52"),
        (50, "USD", "99.99"),
        (64, "BRL", "77"),
        (1, "KWD", "499"),
        (499_999, "JPY", "1"),
        (1, "USD", "0.000001"),
        (1_000_000, "USD", "0.004999"),
    ],
)
def test_no_mass_is_had_for_nothing(mass_g: int, currency: str, price: str):
    tariff, terms = tariff_of(price), Terms(currency)
    free = figures(price_by_mass(mass_g, ONLY_FOREST, tariff, terms))
    assert free == ([mass_g], mass_g, 1, 0, 1)
    assert figures(price_by_bundle_masses([(FOREST, mass_g)], tariff, terms)) == free
    more = price_by_mass(mass_g + 10**6, ONLY_FOREST, tariff, terms)
    assert figures(reprice(more.lines, [mass_g], terms)) == free


def test_with_a_commission_the_total_alone_is_rounded_up_to_a_minor_unit():
    pricing = price_by_mass(50, ONLY_FOREST, tariff_of("52"), TEN_PERCENT)
    assert figures(pricing)[2:] == (0, 1, 1)


def test_one_minor_unit_buys_what_it_pays_for_and_costs_one():
    pricing = price_by_value(1, ONLY_FOREST, tariff_of("52"), Terms("SAR"))
    assert (pricing.mass_g, pricing.total_cost_minor) == (192, 1)
    dear = price_by_value(1, ONLY_FOREST, tariff_of("9000"), Terms("SAR"))
    assert (dear.mass_g, dear.total_cost_minor) == (1, 1)


def test_a_commission_of_everything_is_a_programming_fault():
    for hundredths in (-1, HUNDREDTHS_IN_WHOLE):
        with pytest.raises(ValueError, match="commission"):
            Terms("USD", commission_hundredths=hundredths)


# Refusals.


def test_no_mass_and_no_money_are_refused():
    tariff = tariff_of("10", "20")
    for mass_g in (0, -1):
        refused(Code.QUANTITY_INVALID, price_by_mass, mass_g, ONLY_FOREST, tariff, TEN_PERCENT)
        refused(Code.QUANTITY_INVALID, price_by_value, mass_g, ONLY_FOREST, tariff, TEN_PERCENT)
        refused(Code.QUANTITY_INVALID, price_by_bundle_masses, [(FOREST, mass_g)], tariff, TEN_PERCENT)
    refused(Code.QUANTITY_INVALID, price_by_bundle_masses, [(FOREST, 5), (OCEAN, -1)], tariff, TEN_PERCENT)
    refused(Code.QUANTITY_INVALID, price_by_bundle_masses, [], tariff, TEN_PERCENT)


def test_a_mass_that_truncates_to_nothing_is_refused():
    tariff, by_the_tonne = tariff_of("10", "20"), Terms("USD", step=MassUnit.TONNE)
    refused(Code.QUANTITY_INVALID, price_by_mass, 999_999, ONLY_FOREST, tariff, by_the_tonne)
    refused(Code.QUANTITY_INVALID, price_by_bundle_masses, [(FOREST, 9), (OCEAN, 9)], tariff, by_the_tonne)
    refused(Code.QUANTITY_INVALID, price_by_value, 999, ONLY_FOREST, tariff, by_the_tonne)
    assert price_by_value(1_000, ONLY_FOREST, tariff, by_the_tonne).mass_g == 1_000_000


def test_a_bundle_without_a_price_for_this_currency_and_mass_is_refused():
    bulk_only = {FOREST: [PriceTier(1_000_000, 10_000_000)], OCEAN: [PriceTier(0, 10_000_000)]}
    halves = selection_of([(FOREST, None), (OCEAN, None)])
    for tariff in ({}, {FOREST: []}, {OCEAN: bulk_only[OCEAN]}, bulk_only):
        refused(Code.CURRENCY_UNAVAILABLE, price_by_mass, 999_999, halves, tariff, TEN_PERCENT)
        refused(Code.CURRENCY_UNAVAILABLE, price_by_bundle_masses, [(OCEAN, 1), (FOREST, 2)], tariff, TEN_PERCENT)
        refused(Code.CURRENCY_UNAVAILABLE, price_by_value, 99, halves, tariff, TEN_PERCENT)
    refused(Code.CURRENCY_UNAVAILABLE, price_by_value, 999, ONLY_FOREST, bulk_only, Terms("USD"))
    assert price_by_value(1_000, ONLY_FOREST, bulk_only, Terms("USD")).mass_g == 1_000_000


def test_a_bundle_named_twice_is_refused():
    masses = [(FOREST, 10), (FOREST, 10)]
    refused(Code.SELECTION_INVALID, price_by_bundle_masses, masses, tariff_of("10"), TEN_PERCENT)


def test_what_no_order_can_hold_is_refused():
    tariff, terms = tariff_of("1000000"), Terms("USD")
    refused(Code.BAD_USER_INPUT, price_by_mass, MASS_G_MAX + 1, ONLY_FOREST, tariff, terms)
    refused(Code.BAD_USER_INPUT, price_by_mass, MASS_G_MAX, ONLY_FOREST, tariff, terms)
    refused(Code.BAD_USER_INPUT, price_by_value, MINOR_MAX + 1, ONLY_FOREST, tariff, terms)
    refused(Code.BAD_USER_INPUT, price_by_value, MINOR_MAX, ONLY_FOREST, tariff_of("0.000001"), terms)
    refused(Code.BAD_USER_INPUT, price_by_value, 100, ONLY_FOREST, tariff_of("0"), terms)


def test_nothing_kept_costs_nothing():
    whole = price_by_mass(12_070, MOSTLY_FOREST, tariff_of("13.57", "250"), TEN_PERCENT)
    nothing = reprice(whole.lines, [0, 0], TEN_PERCENT)
    assert figures(nothing) == ([0, 0], 0, 0, 0, 0)
    assert nothing.mean_gross_unit_price_micros == 0


def test_a_line_cannot_keep_less_than_nothing():
    whole = price_by_mass(12_070, MOSTLY_FOREST, tariff_of("13.57", "250"), TEN_PERCENT)
    with pytest.raises(ValueError, match="0 g"):
        reprice(whole.lines, [1, -1], TEN_PERCENT)
