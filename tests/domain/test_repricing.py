"""The price of what remains of an order: dearer where its mass is a smaller tier's, and never above the old total.

Seen to fail when: the frozen price stays; a price list that has risen is charged; the old total is exceeded; the gross
unit price stays that of the tier before.
"""

from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.amounts import price_micros_of
from service.domain.catalogue import PriceTier, Tariff, selection_of
from service.domain.pricing import Pricing, Terms, price_by_mass, price_by_value
from service.domain.repricing import reprice_remaining

FOREST, OCEAN = UUID(int=1), UUID(int=2)
TONNE_G = 10**6
ONLY_FOREST = selection_of([(FOREST, None)])
HALVES = selection_of([(FOREST, None), (OCEAN, None)])
NO_COMMISSION, TEN_PERCENT = Terms("USD"), Terms("USD", commission_hundredths=1_000)
MICROS_PER_MINOR = {"USD": 10**10, "JPY": 10**12, "KWD": 10**9}


def tiers(*steps: tuple[int, str]) -> list[PriceTier]:
    return [PriceTier(tonnes * TONNE_G, price_micros_of(price)) for tonnes, price in steps]


def remaining(
    ordered: Pricing, masses_g: list[int], tariff: Tariff, terms: Terms = NO_COMMISSION, ordered_g: int | None = None
) -> Pricing:
    return reprice_remaining(
        ordered.lines,
        masses_g,
        ordered_g=ordered.mass_g if ordered_g is None else ordered_g,
        tariff=tariff,
        terms=terms,
    )


LISTED = {FOREST: tiers((0, "77"), (20, "40"))}
MANY = {FOREST: tiers((0, "50"), (10, "45"), (20, "40"), (40, "30"))}


@pytest.mark.parametrize(
    ("ordered_t", "kept_g", "ordered_at", "listed", "unit_price", "total"),
    [
        pytest.param(20, 5_000_000, LISTED, LISTED, "77", 38_500, id="the smaller tier"),
        pytest.param(20, 1, LISTED, LISTED, "77", 1, id="a gram costs a minor unit"),
        pytest.param(20, 15_000_000, LISTED, LISTED, "53.333333", 80_000, id="no more than the old total"),
        pytest.param(60, 15_000_000, MANY, MANY, "45", 67_500, id="a tier in between"),
        pytest.param(60, 50_000_000, MANY, MANY, "30", 150_000, id="the same tier"),
        pytest.param(20, 5_000_000, LISTED, {}, "40", 20_000, id="a bundle without a price by now"),
        pytest.param(20, 5_000_000, LISTED, {FOREST: tiers((0, "80"))}, "40", 20_000, id="a list that rose"),
        pytest.param(20, 5_000_000, LISTED, {FOREST: tiers((0, "90"), (20, "50"))}, "80", 40_000, id="rose"),
        pytest.param(20, 5_000_000, LISTED, {FOREST: tiers((0, "70"), (20, "30"))}, "70", 35_000, id="fell"),
        pytest.param(20, 5_000_000, LISTED, {FOREST: tiers((0, "30"))}, "40", 20_000, id="dearer when ordered"),
        pytest.param(20, 5_000_000, {FOREST: tiers((20, "40"))}, {FOREST: tiers((20, "40"))}, "40", 20_000, id="one"),
        pytest.param(
            20, 500_000, {FOREST: tiers((1, "77"), (20, "40"))}, {FOREST: tiers((1, "77"), (20, "40"))}, "77", 3_850,
            id="below every minimum",
        ),
    ],
)  # fmt: skip
def test_what_remains_is_priced_at_its_own_tier(
    ordered_t: int, kept_g: int, ordered_at: Tariff, listed: Tariff, unit_price: str, total: int
):
    ordered = price_by_mass(ordered_t * TONNE_G, ONLY_FOREST, ordered_at, NO_COMMISSION)
    rest = remaining(ordered, [kept_g], listed)
    (line,) = rest.lines
    assert line.unit_price_micros == line.gross_unit_price_micros == price_micros_of(unit_price)
    assert (rest.mass_g, rest.total_cost_minor) == (kept_g, total)


def test_with_a_commission_the_gross_price_rises_with_the_net_one():
    ordered = price_by_mass(20 * TONNE_G, ONLY_FOREST, LISTED, TEN_PERCENT)
    rest = remaining(ordered, [5 * TONNE_G], LISTED, TEN_PERCENT)
    assert rest == price_by_mass(5 * TONNE_G, ONLY_FOREST, LISTED, TEN_PERCENT)
    assert rest.lines[0].gross_unit_price_micros == price_micros_of("85.56")
    assert (rest.offset_cost_minor, rest.total_cost_minor) == (38_500, 42_778)


def test_every_bundle_is_priced_by_all_that_remains():
    tariff = {FOREST: tiers((0, "77"), (20, "40")), OCEAN: tiers((0, "12"), (8, "10"))}
    ordered = price_by_mass(20 * TONNE_G, HALVES, tariff, NO_COMMISSION)
    rest = remaining(ordered, [4 * TONNE_G, 6 * TONNE_G], tariff)
    # 10 t reach the ocean's tier of 8 t though only 6 t are the ocean's; the forest's rise is cut at the old total.
    assert ordered.total_cost_minor == 50_000
    assert [line.unit_price_micros for line in rest.lines] == [77_000_000, 10_000_000]
    assert rest.total_cost_minor == 36_800


def test_a_rise_beyond_the_old_total_is_shared_in_proportion():
    tariff = {FOREST: tiers((0, "80"), (20, "40")), OCEAN: tiers((0, "30"), (20, "10"))}
    ordered = price_by_mass(20 * TONNE_G, HALVES, tariff, NO_COMMISSION)
    rest = remaining(ordered, [8 * TONNE_G, 8 * TONNE_G], tariff)
    # 500.00 less 400.00 at the frozen prices leave 100.00 of the 480.00 that the tiers would add.
    assert [line.unit_price_micros for line in rest.lines] == [48_333_333, 14_166_666]
    assert (ordered.total_cost_minor, rest.total_cost_minor) == (50_000, 50_000)


def test_the_tier_that_truncated_grams_had_reached_counts_as_the_orders_own():
    tariff = {FOREST: tiers((0, "0.77"), (3, "0.7"))}
    ordered = price_by_value(210, ONLY_FOREST, tariff, NO_COMMISSION)
    truncated_g = 3 * TONNE_G - 1
    assert ordered.lines[0].unit_price_micros == 700_000
    assert remaining(ordered, [TONNE_G], tariff, ordered_g=truncated_g).lines[0].unit_price_micros == 770_000


@st.composite
def orders(draw) -> tuple[Pricing, list[int], Tariff, Terms]:
    prices = st.integers(1, 10**9)
    minimums = st.lists(st.integers(1, 50 * TONNE_G), max_size=3, unique=True)
    selection = HALVES if draw(st.booleans()) else ONLY_FOREST

    def drawn_tariff() -> Tariff:
        return {weight.bundle_id: [PriceTier(g, draw(prices)) for g in [0, *draw(minimums)]] for weight in selection}

    terms = Terms(
        draw(st.sampled_from(sorted(MICROS_PER_MINOR))),
        commission_hundredths=draw(st.sampled_from([0, 0, 50, 1_000, 9_000])),
        whole_mass=True,
    )
    ordered_at = drawn_tariff()
    ordered = price_by_mass(draw(st.integers(1, 60 * TONNE_G)), selection, ordered_at, terms)
    kept_g = [draw(st.integers(0, line.mass_g)) for line in ordered.lines]
    return ordered, kept_g, draw(st.sampled_from([ordered_at, drawn_tariff()])), terms


@given(orders())
def test_the_rest_is_never_below_its_frozen_price_nor_above_the_old_total(drawn):
    ordered, kept_g, tariff, terms = drawn
    rest = remaining(ordered, kept_g, tariff, terms)
    assert [line.mass_g for line in rest.lines] == kept_g
    assert rest.total_cost_minor <= ordered.total_cost_minor
    for before, line in zip(ordered.lines, rest.lines, strict=True):
        assert line.unit_price_micros >= before.unit_price_micros
        assert line.gross_unit_price_micros >= max(line.unit_price_micros, before.gross_unit_price_micros)
    if rest.mass_g:
        net = sum(line.mass_g * line.unit_price_micros for line in rest.lines)
        least = Fraction(net, MICROS_PER_MINOR[terms.currency]) - Fraction(1, 2)
        assert rest.total_cost_minor >= max(1, least)
