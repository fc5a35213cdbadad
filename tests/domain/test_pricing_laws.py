"""What holds for the price of every portfolio, whatever its weights, prices and terms."""

from dataclasses import replace
from fractions import Fraction
from uuid import UUID

from hypothesis import assume, given
from hypothesis import strategies as st

from service.domain.amounts import MassUnit
from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, PriceTier, Selection, Tariff, Weight
from service.domain.pricing import Pricing, Terms, price_by_mass, price_by_value, reprice
from service.errors import Code, Refused

GRAM_MICROS_PER_MINOR = {"USD": 10**10, "SAR": 10**10, "EUR": 10**10, "JPY": 10**12, "KWD": 10**9}


@st.composite
def selections(draw) -> Selection:
    count = draw(st.integers(1, 8))
    cuts = draw(st.lists(st.integers(1, HUNDREDTHS_IN_WHOLE - 1), min_size=count - 1, max_size=count - 1, unique=True))
    edges = [0, *sorted(cuts), HUNDREDTHS_IN_WHOLE]
    return tuple(Weight(UUID(int=place), edges[place] - edges[place - 1]) for place in range(1, count + 1))


@st.composite
def baskets(draw) -> tuple[Selection, Tariff, Terms]:
    selection = draw(selections())
    cents = st.integers(1, 50_000).map(lambda cents: cents * 10_000)
    tiers = st.lists(st.integers(1, 100_000_000), max_size=3, unique=True)
    tariff = {
        weight.bundle_id: [
            PriceTier(minimum_g, draw(st.one_of(cents, st.integers(1, 500_000_000)))) for minimum_g in [0, *draw(tiers)]
        ]
        for weight in selection
    }
    terms = Terms(
        draw(st.sampled_from(sorted(GRAM_MICROS_PER_MINOR))),
        commission_hundredths=draw(st.sampled_from([0, 1, 50, 333, 1_000, 9_999])),
        step=draw(st.sampled_from(MassUnit)),
        whole_mass=draw(st.booleans()),
    )
    return selection, tariff, terms


masses = st.one_of(st.integers(1, 10**6), st.integers(1, 10**11))
values = st.one_of(st.integers(1, 10**4), st.integers(1, 10**8))


def kept_of(terms: Terms) -> Fraction:
    return 1 - Fraction(terms.commission_hundredths, HUNDREDTHS_IN_WHOLE)


def assert_sound(pricing: Pricing, terms: Terms) -> None:
    gram_micros = sum(line.mass_g * line.unit_price_micros for line in pricing.lines)
    net = Fraction(gram_micros, GRAM_MICROS_PER_MINOR[terms.currency])
    assert pricing.mass_g == sum(line.mass_g for line in pricing.lines) > 0
    assert all(line.mass_g >= 0 for line in pricing.lines)
    assert pricing.total_cost_minor >= max(net - Fraction(1, 2), 1)
    if not terms.commission_hundredths and net < Fraction(1, 2):
        assert pricing.offset_cost_minor == 1
    else:
        assert pricing.offset_cost_minor - Fraction(1, 2) <= net < pricing.offset_cost_minor + Fraction(1, 2)
    assert pricing.total_cost_minor >= pricing.offset_cost_minor
    assert pricing.offset_cost_minor + pricing.commission_minor == pricing.total_cost_minor
    if terms.commission_hundredths:
        assert pricing.total_cost_minor - 1 < net / kept_of(terms) <= pricing.total_cost_minor
    else:
        assert pricing.commission_minor == 0
    assert reprice(pricing.lines, [line.mass_g for line in pricing.lines], terms) == pricing


def priced_by_value(value_minor: int, selection: Selection, tariff: Tariff, terms: Terms) -> Pricing:
    """The pricing; requests that buy no step or more than an order can hold are not what these laws are about."""
    try:
        return price_by_value(value_minor, selection, tariff, terms)
    except Refused as refusal:
        assume(refusal.code not in {Code.QUANTITY_INVALID, Code.BAD_USER_INPUT})
        raise


@given(baskets(), masses)
def test_shares_keep_the_mass_to_the_step(basket, mass_g: int):
    selection, tariff, terms = basket
    step_g = terms.step.grams
    exact = [Fraction(mass_g * weight.hundredths, HUNDREDTHS_IN_WHOLE) for weight in selection]
    truncated = [int(share_g // step_g) * step_g for share_g in exact]
    try:
        pricing = price_by_mass(mass_g, selection, tariff, terms)
    except Refused as refusal:
        assert refusal.code is Code.QUANTITY_INVALID  # noqa: PT017 - the law says when this refusal is right
        assert sum(truncated) == 0
        assert not terms.whole_mass
        return
    assert_sound(pricing, terms)
    if terms.whole_mass:
        assert pricing.mass_g == mass_g
        assert [line.mass_g for line in pricing.lines[1:]] == truncated[1:]
    else:
        assert [line.mass_g for line in pricing.lines] == truncated
        assert mass_g - pricing.mass_g < len(selection) * step_g


@given(baskets(), values)
def test_a_value_is_never_overspent_and_hardly_left(basket, value_minor: int):
    selection, tariff, terms = basket
    pricing = priced_by_value(value_minor, selection, tariff, terms)
    assert_sound(pricing, terms)
    left_minor = value_minor - pricing.total_cost_minor
    prices = sum(line.unit_price_micros for line in pricing.lines)
    step_of_each = Fraction(terms.step.grams * prices, GRAM_MICROS_PER_MINOR[terms.currency]) / kept_of(terms)
    pairs = list(zip(selection, pricing.lines, strict=True))
    gross = sum(weight.hundredths * line.gross_unit_price_micros for weight, line in pairs)
    exact = sum(weight.hundredths * line.unit_price_micros for weight, line in pairs) / kept_of(terms)
    rounded_gross_prices = value_minor * max(gross - exact, 0) / gross
    rounded_cost = 0 if terms.commission_hundredths else Fraction(1, 2)
    assert 0 <= left_minor < step_of_each + rounded_gross_prices + rounded_cost


@given(baskets(), values)
def test_by_value_the_highest_tier_holds_that_its_own_mass_reaches(basket, value_minor: int):
    selection, tariff, terms = basket
    pricing = priced_by_value(value_minor, selection, tariff, terms)

    def lines_at(minimum_g: int):
        return price_by_mass(max(minimum_g, 1), selection, tariff, replace(terms, whole_mass=True)).lines

    def is_reached(minimum_g: int) -> bool:
        """Whether the minimum mass itself, at its own prices, is within the value, charged either way."""
        pairs = list(zip(selection, lines_at(minimum_g), strict=True))
        gross = sum(weight.hundredths * line.gross_unit_price_micros for weight, line in pairs)
        net = sum(weight.hundredths * line.unit_price_micros for weight, line in pairs) / kept_of(terms)
        budget = value_minor * GRAM_MICROS_PER_MINOR[terms.currency] * HUNDREDTHS_IN_WHOLE
        return minimum_g * max(gross, net) <= budget

    minimums = {tier.minimum_mass_g for tiers in tariff.values() for tier in tiers}
    expected = lines_at(max(filter(is_reached, minimums)))
    assert [line.unit_price_micros for line in pricing.lines] == [line.unit_price_micros for line in expected]


@given(baskets(), values)
def test_equal_requests_get_equal_answers(basket, amount: int):
    selection, tariff, terms = basket
    again = [Weight(UUID(int=weight.bundle_id.int), weight.hundredths) for weight in selection]
    reversed_tariff = {bundle_id: list(reversed(tiers)) for bundle_id, tiers in reversed(tariff.items())}
    bought = priced_by_value(amount, selection, tariff, terms)
    assert price_by_value(amount, tuple(again), reversed_tariff, terms) == bought


@given(baskets(), masses, st.lists(st.integers(0, 100), min_size=8, max_size=8))
def test_a_part_costs_no_more_than_the_whole_at_the_frozen_prices(basket, mass_g: int, kept_percents: list[int]):
    selection, tariff, terms = basket
    whole = price_by_mass(mass_g, selection, tariff, replace(terms, whole_mass=True))
    kept_g = [line.mass_g * percent // 100 for line, percent in zip(whole.lines, kept_percents, strict=False)]
    part = reprice(whole.lines, kept_g, terms)
    assert [line.mass_g for line in part.lines] == kept_g
    assert [line.unit_price_micros for line in part.lines] == [line.unit_price_micros for line in whole.lines]
    assert part.offset_cost_minor <= whole.offset_cost_minor
    assert part.total_cost_minor <= whole.total_cost_minor
