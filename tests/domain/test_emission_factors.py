"""Emission factors: complete, of one boundary, and as their tables state them.

Seen to fail when: a part of a factor is mistyped; a country has the year of another release; a factor names no source.
"""

from decimal import Decimal

import pytest

from service.domain.countries import _ALPHA_3
from service.domain.emission_factors import grid_factor, transport_factor

FLIGHTS = {
    # DESNZ 2026, Business travel - air: without RF, with RF; WTT - business travel - air. kg a passenger-kilometre.
    "domestic/average": ("0.13552", "0.22928", "0.03350", "0.26278"),
    "short_haul/economy": ("0.07435", "0.12576", "0.02249", "0.14825"),
    "short_haul/business": ("0.11152", "0.18863", "0.03373", "0.22236"),
    "long_haul/economy": ("0.06926", "0.11704", "0.02461", "0.14165"),
    "long_haul/premium_economy": ("0.11081", "0.18726", "0.03937", "0.22663"),
    "long_haul/business": ("0.20083", "0.33940", "0.07137", "0.41077"),
    "long_haul/first": ("0.27701", "0.46814", "0.09844", "0.56658"),
    "international/economy": ("0.06449", "0.10916", "0.01656", "0.12572"),
    "international/premium_economy": ("0.10318", "0.17465", "0.02649", "0.20114"),
    "international/business": ("0.18701", "0.31656", "0.04802", "0.36458"),
    "international/first": ("0.25794", "0.43663", "0.06623", "0.50286"),
}
DRIVES = {
    # DESNZ 2026, kg a kilometre: the car as published; buses by fuel a litre x 3.785411784 / miles a gallon / 1.609344,
    # fuel burnt taking the remainder of rounding.
    "passenger_car_van_or_suv": ("0.16591", "0.04399", "0.20990"),
    "small_bus": ("0.779759", "0.200973", "0.980732"),
    "school_bus": ("0.892951", "0.230146", "1.123097"),
    "coach_bus": ("0.869494", "0.203882", "1.073376"),
}
ROWS = [*(f"flight/{row}" for row in FLIGHTS), "air_freight", *(f"ground/{row}" for row in DRIVES)]
GRIDS = [None, "GBR", "USA", "DEU", "ABW", "LSO", "IDN"]


@pytest.mark.parametrize(("row", "published"), FLIGHTS.items())
def test_a_flights_factor_is_the_sum_of_its_published_parts(row, published):
    without_forcing, with_forcing, upstream, total = published
    factor = transport_factor(f"flight/{row}")

    assert (factor.direct, factor.upstream, factor.value) == (without_forcing, upstream, total)
    assert Decimal(factor.direct) + Decimal(factor.radiative_forcing) == Decimal(with_forcing)


@pytest.mark.parametrize(("row", "published"), DRIVES.items())
def test_a_drives_factor_has_no_radiative_forcing(row, published):
    factor = transport_factor(f"ground/{row}")

    assert (factor.direct, factor.upstream, factor.value) == published
    assert factor.radiative_forcing is None


def test_air_freights_factor_is_the_sum_of_its_published_parts():
    # DESNZ 2026, Freighting goods: freight flights, international, 0.53130 without RF, 0.89939 with it; WTT 0.13516.
    factor = transport_factor("air_freight")

    assert (factor.direct, factor.radiative_forcing, factor.upstream) == ("0.53130", "0.36809", "0.13516")
    assert factor.value == "1.03455"


@pytest.mark.parametrize("name", ROWS)
def test_the_parts_add_up_to_the_factor(name):
    factor = transport_factor(name)
    assert sum(Decimal(value) for _, value in factor.parts) == Decimal(factor.value)


def test_a_grids_factor_has_no_parts():
    assert grid_factor("GBR").parts == ()


@pytest.mark.parametrize(
    ("country", "value", "data_year", "year"),
    [
        # Ember, spring 2026 release
        *[(None, "458.49", 2025, 2026), ("GBR", "217.41", 2025, 2026), ("USA", "384.4", 2025, 2026)],
        *[("DEU", "329.65", 2025, 2026), ("FRA", "41.45", 2025, 2026), ("UZB", "1000", 2025, 2026)],
        # Ember, 2025 release: countries that the later one has no figure of 2025 for
        *[("IDN", "682.43", 2023, 2025), ("UKR", "250.47", 2022, 2025), ("LSO", "20.83", 2022, 2025)],
        *[("SAU", "691.95", 2024, 2025), ("FLK", "1000", 2022, 2025), ("MSR", "1000", 2022, 2025)],
    ],
)
def test_each_country_has_its_newest_year_and_says_which(country, value, data_year, year):
    factor = grid_factor(country)
    assert (factor.value, factor.data_year, factor.year) == (value, data_year, year)
    assert str(year) in factor.edition


@pytest.mark.parametrize("country", ["AND", "GIB", "GGY", "IMN", "JEY", "LIE", "MCO", "SMR", "VAT", "CAF", "GB", ""])
def test_a_country_that_the_table_leaves_out_has_no_factor(country):
    assert grid_factor(country) is None


def test_no_grid_emits_less_than_a_gram_or_more_than_two_kilograms_a_kilowatt_hour():
    # A figure such as "1e3" that was cut short would look like a grid without emissions.
    countries = [code for code in _grid_countries() if not 10 <= Decimal(grid_factor(code).value) <= 2000]
    assert countries == []
    assert len(_grid_countries()) == 208


@pytest.mark.parametrize(
    ("country", "official"), [("GBR", "184.36 g/kWh"), ("USA", "349.667 g/kWh")]
)  # DESNZ 2026 with losses and supply chain; EPA eGRID2023 revision 2
def test_the_official_figure_is_named_where_there_is_one(country, official):
    assert official in grid_factor(country).notes


def test_every_factor_says_where_it_comes_from_and_what_it_counts():
    factors = [*(transport_factor(name) for name in ROWS), *(grid_factor(country) for country in GRIDS)]
    for factor in factors:
        assert factor.url.startswith("https://")
        assert factor.gases.startswith("CO2e (")
        assert factor.year in {2025, 2026}
        assert factor.data_year is None or 2014 <= factor.data_year <= 2025
        assert all([factor.source, factor.notes, factor.publisher, factor.edition])
        assert factor.boundary.startswith(("Well to ", "Life cycle of the electricity"))


def _grid_countries():
    return [code for code in _ALPHA_3 if grid_factor(code) is not None]
