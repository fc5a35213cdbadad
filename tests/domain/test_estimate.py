"""Estimates: what an activity emits, by which factor, and how it was calculated.

Seen to fail when: a haul is chosen by distance; a leg is counted by the factor of another; the sum of legs is rounded
leg by leg; radiative forcing or the supply chain of the fuel is left out; a country of two letters is not understood.
"""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
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
    Legs,
    PlainMass,
    VehicleType,
    estimate,
)
from service.errors import Code, Refused

KM, KWH = DistanceUnit.KILOMETRE, EnergyUnit.KILOWATT_HOUR
any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
quantities = st.decimals("0.001", "1000000", places=3).map(Fraction)
factors_of_growth = st.integers(1, 50)


def refusal_of(activity):
    with pytest.raises(Refused) as refused:
        estimate(activity)
    assert refused.value.code == Code.BAD_USER_INPUT
    return refused.value.path


DESNZ = "UK Government GHG Conversion Factors for Company Reporting 2026"
EMBER = "Ember, Yearly Electricity Data"


@pytest.mark.parametrize(
    ("activity", "mass_g", "source"),
    [
        # Ember, Yearly Electricity Data, spring 2026 release, emissions intensity of 2025: United Kingdom 217.41 g/kWh,
        # United States 384.4, Germany 329.65, world 458.49.
        (Electricity(Fraction(1000), KWH, "GBR"), 217_410, EMBER),
        (Electricity(Fraction(1000), KWH, "USA"), 384_400, EMBER),
        (Electricity(Fraction(1000), KWH, "DEU"), 329_650, EMBER),
        (Electricity(Fraction(1000), KWH), 458_490, EMBER),
        # DESNZ 2026, Business travel - air with RF, and WTT - business travel - air, kg a passenger-kilometre:
        # long-haul economy 0.11704 + 0.02461, domestic average 0.22928 + 0.03350, short-haul economy 0.12576 + 0.02249.
        (Flight(AirportPair("LHR", "JFK")), 784_741, DESNZ),  # 5540 km x 0.14165
        (Flight(AirportPair("LHR", "EDI")), 140_325, DESNZ),  # 534 km x 0.26278 = 140.32452
        (Flight(AirportPair("MAN", "CAI")), 555_048, DESNZ),  # 3744 km x 0.14825
        # DESNZ 2026, Freighting goods: freight flights, international, with RF 0.89939 kg a tonne-kilometre, and
        # WTT - delivery vehicles and freight 0.13516.
        (AirFreight(Fraction(1000), Fraction(1000)), 1_034_550, DESNZ),
        (AirFreight(Fraction(250), Fraction(8000)), 2_069_100, DESNZ),  # 2000 t.km x 1.03455
        # DESNZ 2026, Business travel - land: average car of unknown fuel 0.16591 kg a kilometre, and WTT 0.04399.
        (GroundTransport(Fraction(100), VehicleType.PASSENGER_CAR_VAN_OR_SUV), 20_990, DESNZ),
        (GroundTransport(Fraction(1), VehicleType.PASSENGER_CAR_VAN_OR_SUV), 210, DESNZ),  # 209.9 g
    ],
)
def test_estimates_equal_the_published_figures_to_the_gram(activity, mass_g, source):
    estimated = estimate(activity)

    assert estimated.mass_g == mass_g
    assert estimated.factor.source.startswith(source)


def test_electricity_uses_the_countrys_grid():
    # 1200 kWh x 217.41 g/kWh = 260 892 g
    british = estimate(Electricity(Fraction(1200), KWH, "GBR"))

    assert british.mass_g == 260_892
    assert british.factor.value == "217.41"
    assert british.working == ("1200 kWh (GBR) x 217.41 g/kWh = 260892 g",)


def test_electricity_without_a_country_uses_the_worlds_average():
    # 1 MWh = 1000 kWh; 1000 x 458.49 g/kWh = 458 490 g
    world = estimate(Electricity(Fraction(1), EnergyUnit.MEGAWATT_HOUR))

    assert world.mass_g == 458_490
    assert world.working == ("1000 kWh (world average) x 458.49 g/kWh = 458490 g",)


@pytest.mark.parametrize(
    ("two", "three", "mass_g"),
    [
        *[("GB", "GBR", 217_410), ("US", "USA", 384_400), ("DE", "DEU", 329_650), ("CH", "CHE", 39_220)],
        *[("XK", "XKX", 902_900), ("UA", "UKR", 250_470), ("FK", "FLK", 1_000_000), ("MS", "MSR", 1_000_000)],
    ],
)
def test_a_country_may_be_given_by_two_letters_or_three(two, three, mass_g):
    by_two, by_three = (estimate(Electricity(Fraction(1000), KWH, code)) for code in (two, three))

    assert by_two == by_three
    assert by_two.mass_g == mass_g


@pytest.mark.parametrize(
    ("amount", "unit"),
    [("2500000", "Wh"), ("2500", "kWh"), ("2.5", "MWh"), ("0.0025", "GWh")],
)
def test_the_same_energy_in_any_unit_emits_the_same(amount, unit):
    # 2500 kWh x 41.45 g/kWh = 103 625 g
    assert estimate(Electricity(Fraction(amount), EnergyUnit(unit), "FRA")).mass_g == 103_625


def test_half_a_gram_is_rounded_up():
    # 0.05 kWh x 550 g/kWh (Aruba) = 27.5 g -> 28 g
    assert estimate(Electricity(Fraction("0.05"), KWH, "ABW")).mass_g == 28


def test_a_flight_by_airports_is_the_great_circle_times_the_cabins_factor():
    # London Heathrow 51.4706 N 0.4619 W, New York JFK 40.6399 N 73.7787 W: 5540 km by haversine.
    # 5540 km x 2 x 0.14165 kg = 1569.482 kg, of which 0.06926 for fuel, 0.04778 for radiative forcing, 0.02461 for WTT.
    flight = estimate(Flight(AirportPair("lhr", "JFK"), passengers=2))

    assert flight.mass_g == 1_569_482
    assert flight.working == (
        (
            "London Heathrow Airport (LHR) to John F Kennedy International Airport (JFK): 5540 km great circle,"
            " mean earth radius 6371.0088 km"
        ),
        "Haul: long-haul from or to the UK, because USA is long-haul in the table's definition",
        "Fuel burnt: 5540 km x 2 passengers x 0.06926 kg/passenger.km = 767400.8 g",
        "Radiative forcing: 5540 km x 2 passengers x 0.04778 kg/passenger.km = 529402.4 g",
        "Supply chain of the fuel: 5540 km x 2 passengers x 0.02461 kg/passenger.km = 272678.8 g",
        "5540 km x 2 passengers x 0.14165 kg/passenger.km = 1569482 g",
    )


@pytest.mark.parametrize(
    ("origin", "destination"),
    [("EGLL", "KJFK"), ("egll", "JFK"), ("LHR", "kjfk")],
)
def test_airports_may_be_given_by_icao_code(origin, destination):
    assert estimate(Flight(AirportPair(origin, destination))) == estimate(Flight(AirportPair("LHR", "JFK")))


@pytest.mark.parametrize(
    ("origin", "destination", "cabin", "row", "value"),
    [
        ("LHR", "EDI", CabinClass.BUSINESS, "Domestic", "0.26278"),
        ("LHR", "CDG", CabinClass.ECONOMY, "Short-haul", "0.14825"),
        ("CDG", "LHR", CabinClass.FIRST, "Short-haul", "0.22236"),
        ("LHR", "JFK", CabinClass.PREMIUM_ECONOMY, "Long-haul", "0.22663"),
        ("LHR", "JFK", CabinClass.BUSINESS, "Long-haul", "0.41077"),
        ("LHR", "JFK", CabinClass.FIRST, "Long-haul", "0.56658"),
        ("RUH", "JED", CabinClass.ECONOMY, "International", "0.12572"),
        ("GRU", "LIS", CabinClass.PREMIUM_ECONOMY, "International", "0.20114"),
        ("GRU", "LIS", CabinClass.BUSINESS, "International", "0.36458"),
        ("GRU", "LIS", CabinClass.FIRST, "International", "0.50286"),
        # By territory, not by distance.
        ("LHR", "CAI", CabinClass.ECONOMY, "Short-haul", "0.14825"),  # 3531 km
        ("MAN", "CAI", CabinClass.ECONOMY, "Short-haul", "0.14825"),  # 3744 km
        ("LHR", "TLV", CabinClass.ECONOMY, "Long-haul", "0.14165"),  # 3589 km
        ("BFS", "YYT", CabinClass.ECONOMY, "Long-haul", "0.14165"),  # 3200 km
        ("LHR", "JER", CabinClass.ECONOMY, "Domestic", "0.26278"),
        ("GCI", "IOM", CabinClass.ECONOMY, "Domestic", "0.26278"),
        ("JER", "CDG", CabinClass.ECONOMY, "Short-haul", "0.14825"),
        # No end in the UK: a short flight counts as a domestic one of the UK.
        ("YVR", "YYJ", CabinClass.BUSINESS, "Domestic", "0.26278"),  # 63 km
        ("YUL", "YYZ", CabinClass.ECONOMY, "International", "0.12572"),  # 505 km
        ("BER", "MUC", CabinClass.ECONOMY, "Domestic", "0.26278"),  # 462 km
    ],
)
def test_the_route_and_the_cabin_choose_the_published_row(origin, destination, cabin, row, value):
    factor = estimate(Flight(AirportPair(origin, destination), 1, cabin)).factor

    assert f"{row}, to/from" in factor.source
    assert factor.value == value


@pytest.mark.parametrize(("amount", "unit"), [("1852", "km"), ("1000", "nm"), ("1150.779448023543", "mi")])
def test_a_flight_by_distance_is_the_same_in_any_unit(amount, unit):
    # 1852 km x 0.12572 kg = 232.83344 kg
    assert estimate(Flight(Distance(Fraction(amount), DistanceUnit(unit)))).mass_g == 232_833


@pytest.mark.parametrize(("km", "mass_g"), [("482.9", 126_896), ("483", 60_723)])
def test_a_flight_by_distance_below_300_miles_counts_as_a_domestic_one(km, mass_g):
    # 482.9 km x 0.26278 kg = 126.896462 kg; 483 km x 0.12572 kg = 60.72276 kg
    assert estimate(Flight(Distance(Fraction(km), KM))).mass_g == mass_g


def test_each_leg_of_a_flight_is_counted_by_its_own_factor():
    # 5540 km x 0.14165 kg + 300 km x 0.26278 kg = 863.575 kg; the same way back.
    there = Legs((AirportPair("LHR", "JFK"), AirportPair("JFK", "BOS")))
    back = Legs((*there.legs, AirportPair("BOS", "JFK"), AirportPair("JFK", "LHR")))
    estimated = estimate(Flight(there))

    assert estimated.mass_g == 863_575
    assert estimate(Flight(back)).mass_g == 2 * 863_575
    assert [factor.value for factor in estimated.factors] == ["0.14165", "0.26278"]
    assert estimated.factor is None
    assert estimated.working[6] == (
        "Leg 2: John F Kennedy International Airport (JFK) to General Edward Lawrence Logan International Airport"
        " (BOS): 300 km great circle, mean earth radius 6371.0088 km"
    )
    assert estimated.working[-2:] == (
        "Leg 2: 300 km x 1 passenger x 0.26278 kg/passenger.km = 78834 g",
        "784741 + 78834 = 863575 g",
    )


def test_the_sum_of_legs_is_rounded_once():
    # Two legs of 2 m: 0.002 x 0.26278 kg = 0.52556 g each, which is 1 g alone; 1.05112 g together.
    legs = Legs((Distance(Fraction("0.002"), KM), Distance(Fraction("0.002"), KM)))
    estimated = estimate(Flight(legs))

    assert estimated.mass_g == 1
    assert estimated.working[-1] == "0.52556 + 0.52556 = 1 g"
    assert estimated.factor == estimated.factors[0]  # both legs have the same one


def test_legs_are_counted_as_flights_of_their_own():
    legs = (AirportPair("BER", "LHR"), AirportPair("LHR", "SIN"), Distance(Fraction(300), DistanceUnit.NAUTICAL_MILE))
    together = estimate(Flight(Legs(legs), 7, CabinClass.BUSINESS)).mass_g
    apart = sum(estimate(Flight(leg, 7, CabinClass.BUSINESS)).mass_g for leg in legs)

    assert abs(together - apart) <= 1


def test_one_leg_is_the_flight_itself():
    alone, leg = (estimate(Flight(route)) for route in (AirportPair("LHR", "JFK"), Legs((AirportPair("LHR", "JFK"),))))

    assert (leg.mass_g, leg.factors) == (alone.mass_g, alone.factors)


def test_air_freight_is_tonnes_times_kilometres():
    # 250 kg = 0.25 t; 0.25 x 8000 x 1.03455 kg = 2069.1 kg
    freight = estimate(AirFreight(Fraction(250), Fraction(8000)))

    assert freight.mass_g == 2_069_100
    assert freight.working == (
        "Fuel burnt: 0.25 t x 8000 km x 0.53130 kg/tonne.km = 1062600 g",
        "Radiative forcing: 0.25 t x 8000 km x 0.36809 kg/tonne.km = 736180 g",
        "Supply chain of the fuel: 0.25 t x 8000 km x 0.13516 kg/tonne.km = 270320 g",
        "0.25 t x 8000 km x 1.03455 kg/tonne.km = 2069100 g",
    )


@pytest.mark.parametrize(
    ("vehicle", "mass_g"),
    [
        ("passenger_car_van_or_suv", 20_990),  # 100 km x (0.16591 + 0.04399) kg
        # Litres a US gallon 3.785411784, kilometres a mile 1.609344, DESNZ's mineral fuels in kg CO2e a litre:
        ("small_bus", 98_073),  # (2.35372 + 0.60664) x 3.785411784 / 7.1 miles a gallon / 1.609344 = 0.980732
        ("school_bus", 112_310),  # the same petrol / 6.2 miles a gallon = 1.123097
        ("coach_bus", 107_338),  # (2.66155 + 0.62409) x 3.785411784 / 7.2 / 1.609344 = 1.073376
    ],
)
def test_a_drive_counts_the_whole_vehicle(vehicle, mass_g):
    assert estimate(GroundTransport(Fraction(100), VehicleType(vehicle))).mass_g == mass_g


def test_a_plain_mass_needs_no_factor():
    plain = estimate(PlainMass(12_070))

    assert (plain.mass_g, plain.factor, plain.factors) == (12_070, None, ())


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
        (Flight(AirportPair("LHR", "EGLL")), ("route", "destination")),
        (Flight(AirportPair("EGLLX", "JFK")), ("route", "origin")),
        (Flight(Legs(())), ("route", "legs")),
        (Flight(Legs((Distance(Fraction(1), KM),) * 21)), ("route", "legs")),
        (Flight(Legs((Distance(Fraction(600_000), KM),) * 2)), ("route", "legs")),
        (Flight(Legs((AirportPair("LHR", "JFK"), AirportPair("JFK", "QQQ")))), ("route", "legs", 1, "destination")),
        (Flight(Legs((Distance(Fraction(1), KM), Distance(Fraction(0), KM)))), ("route", "legs", 1, "amount")),
        (Electricity(Fraction(1), KWH, "UK"), ("country",)),
        (Electricity(Fraction(1), KWH, ""), ("country",)),
        (Electricity(Fraction(1), KWH, "MC"), ("country",)),  # Monaco: in no release
        (Electricity(Fraction(1), KWH, "CAF"), ("country",)),  # published as zero, which no grid is
        (AirFreight(Fraction(10**9), Fraction(10**6)), ("freight_mass_kg",)),  # 1.03 * 10**15 g
        (Flight(Distance(Fraction(0), KM)), ("route", "amount")),
        (Flight(Distance(Fraction(1), KM), 0), ("passengers",)),
        (Flight(Distance(Fraction(1), KM), 10**6 + 1), ("passengers",)),
        (AirFreight(Fraction(0), Fraction(1)), ("freight_mass_kg",)),
        (AirFreight(Fraction(1), Fraction(10**6 + 1)), ("distance_km",)),
        (GroundTransport(Fraction(0), VehicleType.SMALL_BUS), ("distance_km",)),
        (PlainMass(0), ("mass",)),
        (PlainMass(MASS_G_MAX + 1), ("mass",)),
    ],
)
def test_what_cannot_be_estimated_is_refused_at_its_field(activity, path):
    assert refusal_of(activity) == path


def test_the_largest_estimates_still_fit_an_order():
    largest = [
        Electricity(Fraction(10**11), KWH, "TKM"),  # the dirtiest grid of the table
        Flight(Distance(Fraction(10**6), KM), 10**6, CabinClass.FIRST),
        Flight(Legs((Distance(Fraction(10**5), KM),) * 10), 10**6, CabinClass.FIRST),
        AirFreight(Fraction(9 * 10**8), Fraction(10**6)),
        GroundTransport(Fraction(10**9), VehicleType.SCHOOL_BUS),
    ]
    assert all(estimate(activity).mass_g <= MASS_G_MAX for activity in largest)


@any_speed
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


@any_speed
@given(quantities, st.sampled_from(CabinClass), st.integers(1, 1000))
def test_a_flights_emissions_are_linear_in_its_passengers(distance, cabin, passengers):
    # Each rounding errs by at most half a gram, so n roundings of one seat lie within n/2 + 1/2 of one rounding of n.
    alone = estimate(Flight(Distance(distance, KM), 1, cabin)).mass_g
    together = estimate(Flight(Distance(distance, KM), passengers, cabin)).mass_g

    assert abs(together - passengers * alone) * 2 <= passengers + 1


@any_speed
@given(quantities)
def test_a_better_cabin_never_emits_less(distance):
    masses = [estimate(Flight(Distance(distance, KM), 1, cabin)).mass_g for cabin in CabinClass]

    assert masses == sorted(masses)
