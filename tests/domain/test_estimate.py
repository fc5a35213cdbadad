from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.amounts import MASS_G_MAX
from service.domain.estimate import (
    AirFreight,
    AirportPair,
    CabinClass,
    Distance,
    DistanceUnit,
    Electricity,
    EnergyUnit,
    Flight,
    GroundTransport,
    PlainMass,
    VehicleType,
    estimate,
)
from service.errors import Code, Refused

KM, KWH = DistanceUnit.KILOMETRE, EnergyUnit.KILOWATT_HOUR
quantities = st.decimals("0.001", "1000000", places=3).map(Fraction)
factors_of_growth = st.integers(1, 50)


def refusal_of(activity):
    with pytest.raises(Refused) as refused:
        estimate(activity)
    assert refused.value.code == Code.BAD_USER_INPUT
    return refused.value.path


def test_electricity_uses_the_countrys_grid():
    # 1200 kWh x 215.79 g/kWh = 258 948 g
    british = estimate(Electricity(Fraction(1200), KWH, "GBR"))

    assert british.mass_g == 258_948
    assert british.factor.value == "215.79"
    assert british.working == ("1200 kWh (GBR) x 215.79 g/kWh = 258948 g",)


def test_electricity_without_a_country_uses_the_worlds_average():
    # 1 MWh = 1000 kWh; 1000 x 472.94 g/kWh = 472 940 g
    assert estimate(Electricity(Fraction(1), EnergyUnit.MEGAWATT_HOUR)).mass_g == 472_940


@pytest.mark.parametrize(
    ("amount", "unit"),
    [("2500000", "Wh"), ("2500", "kWh"), ("2.5", "MWh"), ("0.0025", "GWh")],
)
def test_the_same_energy_in_any_unit_emits_the_same(amount, unit):
    # 2500 kWh x 44.18 g/kWh = 110 450 g
    assert estimate(Electricity(Fraction(amount), EnergyUnit(unit), "FRA")).mass_g == 110_450


def test_half_a_gram_is_rounded_up():
    # 0.05 kWh x 550 g/kWh (Aruba) = 27.5 g -> 28 g
    assert estimate(Electricity(Fraction("0.05"), KWH, "ABW")).mass_g == 28


def test_a_flight_by_airports_is_the_great_circle_times_the_cabins_factor():
    # London Heathrow 51.4706 N 0.4619 W, New York JFK 40.6399 N 73.7787 W: 5540 km by haversine.
    # One UK end and 3700 km or more: long-haul. 5540 km x 2 x 0.11704 kg = 1296.8032 kg
    flight = estimate(Flight(AirportPair("lhr", "JFK"), passengers=2))

    assert flight.mass_g == 1_296_803
    assert "Long-haul" in flight.factor.source
    assert "5540 km great circle" in flight.working[0]


@pytest.mark.parametrize(
    ("origin", "destination", "cabin", "row", "value"),
    [
        ("LHR", "EDI", CabinClass.BUSINESS, "Domestic", "0.22928"),
        ("LHR", "CDG", CabinClass.ECONOMY, "Short-haul", "0.12576"),
        ("CDG", "LHR", CabinClass.FIRST, "Short-haul", "0.18863"),
        ("LHR", "JFK", CabinClass.PREMIUM_ECONOMY, "Long-haul", "0.18726"),
        ("LHR", "JFK", CabinClass.BUSINESS, "Long-haul", "0.33940"),
        ("LHR", "JFK", CabinClass.FIRST, "Long-haul", "0.46814"),
        ("RUH", "JED", CabinClass.ECONOMY, "International", "0.10916"),
        ("GRU", "LIS", CabinClass.FIRST, "International", "0.43663"),
    ],
)
def test_the_route_and_the_cabin_choose_the_published_row(origin, destination, cabin, row, value):
    factor = estimate(Flight(AirportPair(origin, destination), 1, cabin)).factor

    assert row in factor.source
    assert factor.value == value


@pytest.mark.parametrize(("amount", "unit"), [("1852", "km"), ("1000", "nm"), ("1150.779448023543", "mi")])
def test_a_flight_by_distance_is_the_same_in_any_unit(amount, unit):
    # 1852 km x 0.10916 kg = 202.16432 kg
    assert estimate(Flight(Distance(Fraction(amount), DistanceUnit(unit)))).mass_g == 202_164


def test_air_freight_is_tonnes_times_kilometres():
    # 250 kg = 0.25 t; 0.25 x 8000 x 0.89939 kg = 1798.78 kg
    assert estimate(AirFreight(Fraction(250), Fraction(8000))).mass_g == 1_798_780


@pytest.mark.parametrize(
    ("vehicle", "mass_g"),
    [
        ("passenger_car_van_or_suv", 16_725),  # 100 km x 0.16725 kg
        ("small_bus", 77_776),  # 8.887 kg/gallon / 7.1 miles/gallon / 1.609344 = 0.777764 kg/km
        ("school_bus", 89_067),  # 8.887 / 6.2 / 1.609344 = 0.890665; x 100 km = 89.0665 kg, half up
        ("coach_bus", 87_855),  # 10.180 / 7.2 / 1.609344 = 0.878550
    ],
)
def test_a_drive_counts_the_whole_vehicle(vehicle, mass_g):
    assert estimate(GroundTransport(Fraction(100), VehicleType(vehicle))).mass_g == mass_g


def test_a_plain_mass_needs_no_factor():
    plain = estimate(PlainMass(12_070))

    assert (plain.mass_g, plain.factor) == (12_070, None)


@pytest.mark.parametrize(
    ("activity", "path"),
    [
        (Electricity(Fraction(0), KWH), ("amount",)),
        (Electricity(Fraction(-1), KWH), ("amount",)),
        (Electricity(Fraction(10**11 + 1), KWH), ("amount",)),
        (Electricity(Fraction(1), KWH, "XXX"), ("country",)),
        (Electricity(Fraction(1), KWH, "WORLD"), ("country",)),
        (Electricity(Fraction(1), KWH, "gbr"), ("country",)),
        (Flight(AirportPair("QQQ", "JFK")), ("route", "origin")),
        (Flight(AirportPair("JFK", "")), ("route", "destination")),
        (Flight(AirportPair("JFK", "JFK")), ("route", "destination")),
        (Flight(Distance(Fraction(0), KM)), ("route", "amount")),
        (Flight(Distance(Fraction(1), KM), 0), ("passengers",)),
        (Flight(Distance(Fraction(1), KM), 10**6 + 1), ("passengers",)),
        (AirFreight(Fraction(0), Fraction(1)), ("freight_mass_kg",)),
        (AirFreight(Fraction(1), Fraction(10**6 + 1)), ("distance_km",)),
        (GroundTransport(Fraction(0), VehicleType.SMALL_BUS), ("distance_km",)),
        (PlainMass(0), ("mass_g",)),
        (PlainMass(MASS_G_MAX + 1), ("mass_g",)),
    ],
)
def test_what_cannot_be_estimated_is_refused_at_its_field(activity, path):
    assert refusal_of(activity) == path


def test_the_largest_estimates_still_fit_an_order():
    largest = [
        Electricity(Fraction(10**11), KWH, "TKM"),  # the dirtiest grid of the table
        Flight(Distance(Fraction(10**6), KM), 10**6, CabinClass.FIRST),
        AirFreight(Fraction(10**9), Fraction(10**6)),
        GroundTransport(Fraction(10**9), VehicleType.SCHOOL_BUS),
    ]
    assert all(estimate(activity).mass_g <= MASS_G_MAX for activity in largest)


@given(quantities, factors_of_growth)
def test_more_of_a_quantity_never_emits_less(amount, growth):
    for small in (
        Electricity(amount, KWH, "DEU"),
        GroundTransport(amount, VehicleType.COACH_BUS),
        AirFreight(amount, Fraction(100)),
        AirFreight(Fraction(100), amount),
    ):
        for field in ("amount", "distance_km", "freight_mass_kg"):
            value = getattr(small, field, None)
            if value is not None and value * growth <= 10**6:
                assert estimate(replace(small, **{field: value * growth})).mass_g >= estimate(small).mass_g


@given(quantities, st.sampled_from(CabinClass), st.integers(1, 1000))
def test_a_flights_emissions_are_linear_in_its_passengers(distance, cabin, passengers):
    # Each rounding errs by at most half a gram, so n roundings of one seat lie within n/2 + 1/2 of one rounding of n.
    alone = estimate(Flight(Distance(distance, KM), 1, cabin)).mass_g
    together = estimate(Flight(Distance(distance, KM), passengers, cabin)).mass_g

    assert abs(together - passengers * alone) * 2 <= passengers + 1


@given(quantities)
def test_a_better_cabin_never_emits_less(distance):
    masses = [estimate(Flight(Distance(distance, KM), 1, cabin)).mass_g for cabin in CabinClass]

    assert masses == sorted(masses)


def test_every_factor_says_where_it_comes_from():
    some = [
        estimate(Electricity(Fraction(1), KWH)),
        estimate(Flight(AirportPair("LHR", "EDI"))),
        estimate(AirFreight(Fraction(1), Fraction(1))),
        *(estimate(GroundTransport(Fraction(1), vehicle)) for vehicle in VehicleType),
    ]
    for factor in (each.factor for each in some):
        assert factor.url.startswith("https://")
        assert factor.gases in {"CO2e", "CO2 only"}
        assert 2014 <= factor.year <= 2026
        assert factor.source
        assert factor.notes
