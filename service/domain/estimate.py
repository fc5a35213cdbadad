"""What an activity emits: electricity, flights, freight and drives to grams of CO2e, with the factor that says so.

Knows nothing of prices or of who asks. The factors, their sources and their years are facts of public tables and stand
in `emission_factors.json` beside this file; nothing here may hold a figure of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from service.domain.airports import EARTH_RADIUS_KM, Airport, airport_of, great_circle_km
from service.domain.amounts import MASS_G_MAX, round_half_up
from service.errors import Code, Refused

ENERGY_KWH_MAX = 10**11
"""A hundred TWh, what a country uses in a season. This and the next four keep every estimate below `MASS_G_MAX`."""
FLIGHT_KM_MAX = 10**6
PASSENGERS_MAX = 10**6
FREIGHT_KG_MAX = 10**9
DRIVE_KM_MAX = 10**9
LONG_HAUL_FROM_KM = 3_700
"""From here on the UK's tables count a flight from or to the UK as long-haul."""


class EnergyUnit(StrEnum):
    """A unit of electrical energy."""

    WATT_HOUR = "Wh"
    KILOWATT_HOUR = "kWh"
    MEGAWATT_HOUR = "MWh"
    GIGAWATT_HOUR = "GWh"


class DistanceUnit(StrEnum):
    """A unit of distance: kilometre, international mile, nautical mile."""

    KILOMETRE = "km"
    MILE = "mi"
    NAUTICAL_MILE = "nm"


class CabinClass(StrEnum):
    """The part of the aircraft that a passenger sits in."""

    ECONOMY = "economy"
    PREMIUM_ECONOMY = "premium_economy"
    BUSINESS = "business"
    FIRST = "first"


class VehicleType(StrEnum):
    """A road vehicle, counted whole, whoever is aboard."""

    PASSENGER_CAR_VAN_OR_SUV = "passenger_car_van_or_suv"
    SMALL_BUS = "small_bus"
    SCHOOL_BUS = "school_bus"
    COACH_BUS = "coach_bus"


@dataclass(frozen=True, slots=True)
class Electricity:
    """Electricity used in a country (ISO 3166-1 alpha-3), or somewhere in the world when none is named."""

    amount: Fraction
    unit: EnergyUnit
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Distance:
    """How far."""

    amount: Fraction
    unit: DistanceUnit


@dataclass(frozen=True, slots=True)
class AirportPair:
    """From where to where, by IATA code."""

    origin: str
    destination: str


@dataclass(frozen=True, slots=True)
class Flight:
    """One way, all its passengers in the same cabin. A distance is taken as the great circle's, without detours."""

    route: Distance | AirportPair
    passengers: int = 1
    cabin_class: CabinClass = CabinClass.ECONOMY


@dataclass(frozen=True, slots=True)
class AirFreight:
    """Goods flown."""

    freight_mass_kg: Fraction
    distance_km: Fraction


@dataclass(frozen=True, slots=True)
class GroundTransport:
    """One vehicle driven."""

    distance_km: Fraction
    vehicle_type: VehicleType


@dataclass(frozen=True, slots=True)
class PlainMass:
    """Emissions that the caller has worked out already."""

    mass_g: int


Activity: TypeAlias = Electricity | Flight | AirFreight | GroundTransport | PlainMass


@dataclass(frozen=True, slots=True)
class Factor:
    """How much a unit of activity emits, and which public table says so. `value` is an exact decimal of `unit`."""

    value: str
    unit: str
    gases: str
    source: str
    year: int
    url: str
    notes: str

    def wire_form(self) -> dict[str, str | int]:
        """Return the members under the names that stored estimates have: literals that no renaming may change."""
        return {
            "value": self.value,
            "unit": self.unit,
            "gases": self.gases,
            "source": self.source,
            "year": self.year,
            "url": self.url,
            "notes": self.notes,
        }


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mass, the factor it rests on (none for a plain mass), and the computation in words, a step a text."""

    mass_g: int
    factor: Factor | None
    working: tuple[str, ...]


def estimate(activity: Activity) -> Estimate:
    """The emissions of an activity, rounded half up to the gram. Refuses `BAD_USER_INPUT`, with the path of the field,
    for a quantity that is not positive or out of bounds, and for an unknown country or airport.
    """
    match activity:
        case Electricity():
            return _electricity(activity)
        case Flight():
            return _flight(activity)
        case AirFreight():
            return _air_freight(activity)
        case GroundTransport():
            return _ground_transport(activity)
        case PlainMass():
            mass_g = int(_bounded(Fraction(activity.mass_g), MASS_G_MAX, "mass_g"))
            return Estimate(mass_g, None, (f"{mass_g} g as given",))


def _electricity(activity: Electricity) -> Estimate:
    energy_kwh = _bounded(activity.amount * _KWH[activity.unit], ENERGY_KWH_MAX, "amount")
    factor = _grid_factor(activity.country)
    where = activity.country or "world average"
    return _result(energy_kwh, factor, f"{_text(energy_kwh)} kWh ({where})")


def _flight(activity: Flight) -> Estimate:
    passengers = int(_bounded(Fraction(activity.passengers), PASSENGERS_MAX, "passengers"))
    match activity.route:
        case Distance(amount, unit):
            distance_km = _bounded(amount * _KM[unit], FLIGHT_KM_MAX, "route", "amount")
            table, steps = "international", [f"{_text(distance_km)} km as given"]
        case AirportPair():
            origin = airport_of(activity.route.origin, "route", "origin")
            destination = airport_of(activity.route.destination, "route", "destination")
            if origin == destination:
                raise Refused(Code.BAD_USER_INPUT, "A flight goes to another airport.", ("route", "destination"))
            distance_km = Fraction(great_circle_km(origin, destination))
            table = _flight_table(origin, destination, distance_km)
            ends = f"{origin.name} ({origin.code}) to {destination.name} ({destination.code})"
            steps = [f"{ends}: {_text(distance_km)} km great circle, mean earth radius {EARTH_RADIUS_KM} km"]
    factor = _factor(f"flight/{table}/{_LISTED_CABINS[table][activity.cabin_class]}")
    what = f"{_text(distance_km)} km x {passengers} passenger{'s' if passengers > 1 else ''}"
    return _result(distance_km * passengers, factor, what, *steps)


def _flight_table(origin: Airport, destination: Airport, distance_km: Fraction) -> str:
    match (origin.country, destination.country).count("GB"):
        case 2:
            return "domestic"
        case 1:
            return "long_haul" if distance_km >= LONG_HAUL_FROM_KM else "short_haul"
        case _:
            return "international"


def _air_freight(activity: AirFreight) -> Estimate:
    freight_t = _bounded(activity.freight_mass_kg, FREIGHT_KG_MAX, "freight_mass_kg") / 1000
    distance_km = _bounded(activity.distance_km, FLIGHT_KM_MAX, "distance_km")
    return _result(freight_t * distance_km, _factor("air_freight"), f"{_text(freight_t)} t x {_text(distance_km)} km")


def _ground_transport(activity: GroundTransport) -> Estimate:
    distance_km = _bounded(activity.distance_km, DRIVE_KM_MAX, "distance_km")
    return _result(distance_km, _factor(f"ground/{activity.vehicle_type}"), f"{_text(distance_km)} km")


def _result(quantity: Fraction, factor: Factor, what: str, *steps: str) -> Estimate:
    grams = 1000 if factor.unit.startswith("kg/") else 1
    mass_g = round_half_up(quantity * Fraction(factor.value) * grams)
    return Estimate(mass_g, factor, (*steps, f"{what} x {factor.value} {factor.unit} = {mass_g} g"))


def _bounded(quantity: Fraction, maximum: int, *path: str) -> Fraction:
    if not 0 < quantity <= maximum:
        raise Refused(
            Code.BAD_USER_INPUT, "The quantity is not above zero, or is beyond what one estimate takes.", path
        )
    return quantity


def _text(quantity: Fraction) -> str:
    whole, millionths = divmod(round_half_up(quantity * 10**6), 10**6)
    return f"{whole}.{millionths:06}".rstrip("0").rstrip(".")


@cache
def _table() -> Mapping[str, Any]:
    # Package data, read once: as fixed as the code, so the domain stays free of input and output.
    table: Mapping[str, Any] = json.loads(Path(__file__).with_name("emission_factors.json").read_bytes())
    return table


@cache
def _factor(name: str) -> Factor:
    return Factor(**_table()["factors"][name])


def _grid_factor(country: str | None) -> Factor:
    grid = _table()["electricity"]
    value = grid["world"] if country is None else grid["countries"].get(country)
    if value is None:
        message = "No grid factor for this ISO 3166-1 alpha-3 country; leave it out for the world's average."
        raise Refused(Code.BAD_USER_INPUT, message, ("country",))
    described = {name: grid[name] for name in ("unit", "gases", "source", "year", "url", "notes")}
    return Factor(value=value, **described)


_KWH = {
    EnergyUnit.WATT_HOUR: Fraction(1, 1000),
    EnergyUnit.KILOWATT_HOUR: Fraction(1),
    EnergyUnit.MEGAWATT_HOUR: Fraction(1000),
    EnergyUnit.GIGAWATT_HOUR: Fraction(10**6),
}
_KM = {
    DistanceUnit.KILOMETRE: Fraction(1),
    DistanceUnit.MILE: Fraction(1_609_344, 10**6),
    DistanceUnit.NAUTICAL_MILE: Fraction(1852, 1000),
}
# The UK's tables list fewer cabins on shorter flights; a cabin they leave out counts as the next more spacious one
# that they list, never as a smaller one.
_LISTED_CABINS: Mapping[str, Mapping[CabinClass, str]] = {
    "domestic": dict.fromkeys(CabinClass, "average"),
    "short_haul": {cabin: "economy" if cabin == CabinClass.ECONOMY else "business" for cabin in CabinClass},
    "long_haul": {cabin: cabin.value for cabin in CabinClass},
    "international": {cabin: cabin.value for cabin in CabinClass},
}
