"""Emissions of an activity: electricity, flights, freight and drives turned into grams of CO2e, with their factor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias

from service.domain.airports import EARTH_RADIUS_KM, airport_of, great_circle_km
from service.domain.amounts import MASS_G_MAX, round_half_up
from service.domain.countries import alpha_3_of
from service.domain.emission_factors import Factor, grid_factor, transport_factor
from service.domain.flight_hauls import Haul, haul_between, haul_outside_the_uk
from service.errors import Code, Refused

ENERGY_KWH_MAX = 10**11
"""Maximum energy of an estimate, 100 TWh: more than most countries use in a year."""
FLIGHT_KM_MAX = 10**6
"""Maximum distance of a flight, for all legs together."""
FLIGHT_LEGS_MAX = 20
PASSENGERS_MAX = 10**6
FREIGHT_KG_MAX = 10**9
DRIVE_KM_MAX = 10**9


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
    """A cabin class of an aircraft."""

    ECONOMY = "economy"
    PREMIUM_ECONOMY = "premium_economy"
    BUSINESS = "business"
    FIRST = "first"


class VehicleType(StrEnum):
    """A kind of road vehicle, whose emissions are counted for the whole vehicle, whatever the number of passengers."""

    PASSENGER_CAR_VAN_OR_SUV = "passenger_car_van_or_suv"
    SMALL_BUS = "small_bus"
    SCHOOL_BUS = "school_bus"
    COACH_BUS = "coach_bus"


@dataclass(frozen=True, slots=True)
class Electricity:
    """Electricity used in a country (ISO 3166-1, two or three letters), or anywhere in the world when none is named."""

    amount: Fraction
    unit: EnergyUnit
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Distance:
    """The great-circle distance of a flight whose airports are not known, without detours."""

    amount: Fraction
    unit: DistanceUnit


@dataclass(frozen=True, slots=True)
class AirportPair:
    """A non-stop flight between two airports, by IATA or ICAO code."""

    origin: str
    destination: str


Leg: TypeAlias = Distance | AirportPair


@dataclass(frozen=True, slots=True)
class Legs:
    """Several non-stop flights, each counted by a factor of its own."""

    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Flight:
    """A flight, one way, all its passengers in the same cabin."""

    route: Leg | Legs
    passengers: int = 1
    cabin_class: CabinClass = CabinClass.ECONOMY


@dataclass(frozen=True, slots=True)
class AirFreight:
    """Goods that were transported by air."""

    freight_mass_kg: Fraction
    distance_km: Fraction


@dataclass(frozen=True, slots=True)
class GroundTransport:
    """A drive of a road vehicle."""

    distance_km: Fraction
    vehicle_type: VehicleType


@dataclass(frozen=True, slots=True)
class PlainMass:
    """Emissions that the caller has calculated."""

    mass_g: int


Activity: TypeAlias = Electricity | Flight | AirFreight | GroundTransport | PlainMass


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mass of an activity's emissions, the factors used without duplicates, and the calculation as texts, one for
    each step.
    """

    mass_g: int
    factors: tuple[Factor, ...]
    working: tuple[str, ...]

    @property
    def factor(self) -> Factor | None:
        """Return the factor, if there is exactly one: None for a plain mass, and for legs with different factors."""
        return self.factors[0] if len(self.factors) == 1 else None


@dataclass(frozen=True, slots=True)
class _Term:
    """A quantity, with its description, and the factor that it is multiplied by; `steps` explain both.

    `label` distinguishes the lines of several legs.
    """

    quantity: Fraction
    words: str
    factor: Factor
    steps: tuple[str, ...] = ()
    label: str = ""


SIZE_MEMBERS: Mapping[type[Activity], str] = {
    Electricity: "amount",
    Flight: "route",
    AirFreight: "freight_mass_kg",
    GroundTransport: "distance_km",
    PlainMass: "mass",
}
"""Member of each activity that is named in a refusal when the emissions as a whole are out of bounds."""


def estimate(activity: Activity) -> Estimate:
    """Return the emissions of an activity, rounded half up to the gram.

    Refuses `BAD_USER_INPUT`, with the path of the field, for a quantity that is not positive or out of bounds, and for
    an unknown country or airport.
    """
    match activity:
        case Electricity():
            return _sum_of([_electricity(activity)], "amount")
        case Flight():
            return _sum_of(_flight(activity), "route")
        case AirFreight():
            return _sum_of([_air_freight(activity)], "freight_mass_kg")
        case GroundTransport():
            return _sum_of([_ground_transport(activity)], "distance_km")
        case PlainMass():
            mass_g = int(_bounded(Fraction(activity.mass_g), MASS_G_MAX, "mass"))
            return Estimate(mass_g, (), (f"{mass_g} g as given",))


def _electricity(activity: Electricity) -> _Term:
    energy_kwh = _bounded(activity.amount * _KWH[activity.unit], ENERGY_KWH_MAX, "amount")
    country = None if activity.country is None else alpha_3_of(activity.country)
    factor = None if country is None and activity.country is not None else grid_factor(country)
    if factor is None:
        message = (
            "There is no emission factor for the grid of this ISO 3166-1 country. Leave the country out to use "
            "the world's average."
        )
        raise Refused(Code.BAD_USER_INPUT, message, ("country",))
    return _Term(energy_kwh, f"{_text(energy_kwh)} kWh ({country or 'world average'})", factor)


def _flight(activity: Flight) -> list[_Term]:
    passengers = int(_bounded(Fraction(activity.passengers), PASSENGERS_MAX, "passengers"))
    if not isinstance(activity.route, Legs):
        return [_leg(activity.route, passengers, activity.cabin_class, "route")]
    legs = activity.route.legs
    if not 0 < len(legs) <= FLIGHT_LEGS_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give 1 to {FLIGHT_LEGS_MAX} legs for a flight.", ("route", "legs"))
    terms = [
        _leg(leg, passengers, activity.cabin_class, "route", "legs", index, label=f"Leg {index + 1}: ")
        for index, leg in enumerate(legs)
    ]
    _bounded(sum((term.quantity for term in terms), Fraction(0)) / passengers, FLIGHT_KM_MAX, "route", "legs")
    return terms


def _leg(leg: Leg, passengers: int, cabin_class: CabinClass, *path: str | int, label: str = "") -> _Term:
    match leg:
        case Distance(amount, unit):
            distance_km = _bounded(amount * _KM[unit], FLIGHT_KM_MAX, *path, "amount")
            haul, reason = haul_outside_the_uk(distance_km)
            route = f"{_text(distance_km)} km as given"
        case AirportPair():
            origin = airport_of(leg.origin, *path, "origin")
            destination = airport_of(leg.destination, *path, "destination")
            if origin == destination:
                raise Refused(
                    Code.BAD_USER_INPUT, "Give a destination that differs from the origin.", (*path, "destination")
                )
            distance_km = Fraction(great_circle_km(origin, destination))
            haul, reason = haul_between(origin.country, destination.country, distance_km)
            ends = f"{origin.name} ({origin.code}) to {destination.name} ({destination.code})"
            route = f"{ends}: {_text(distance_km)} km great circle, mean earth radius {EARTH_RADIUS_KM} km"
    words = f"{_text(distance_km)} km x {passengers} passenger{'s' if passengers > 1 else ''}"
    factor = transport_factor(f"flight/{haul}/{_LISTED_CABINS[haul][cabin_class]}")
    return _Term(distance_km * passengers, words, factor, (route, f"Haul: {reason}"), label)


def _air_freight(activity: AirFreight) -> _Term:
    freight_t = _bounded(activity.freight_mass_kg, FREIGHT_KG_MAX, "freight_mass_kg") / 1000
    distance_km = _bounded(activity.distance_km, FLIGHT_KM_MAX, "distance_km")
    words = f"{_text(freight_t)} t x {_text(distance_km)} km"
    return _Term(freight_t * distance_km, words, transport_factor("air_freight"))


def _ground_transport(activity: GroundTransport) -> _Term:
    distance_km = _bounded(activity.distance_km, DRIVE_KM_MAX, "distance_km")
    return _Term(distance_km, f"{_text(distance_km)} km", transport_factor(f"ground/{activity.vehicle_type}"))


def _sum_of(terms: list[_Term], *path: str) -> Estimate:
    """Return the sum of the terms, rounded once. Refuses at `path` a mass that is above the maximum of one order."""
    exact_g = [term.quantity * _grams(term.factor, term.factor.value) for term in terms]
    mass_g = round_half_up(sum(exact_g, Fraction(0)))
    if mass_g > MASS_G_MAX:
        raise Refused(Code.BAD_USER_INPUT, "The emissions are too large for one order. Give a smaller quantity.", path)
    working: list[str] = []
    for term, term_g in zip(terms, exact_g, strict=True):
        total = str(mass_g) if len(terms) == 1 else _text(term_g)
        product = f"{term.words} x {term.factor.value} {term.factor.unit} = {total} g"
        working += [term.label + step for step in (*term.steps, *_parts(term), product)]
    if len(terms) > 1:
        working.append(f"{' + '.join(map(_text, exact_g))} = {mass_g} g")
    return Estimate(mass_g, tuple(dict.fromkeys(term.factor for term in terms)), tuple(working))


def _parts(term: _Term) -> Iterable[str]:
    for name, value in term.factor.parts:
        part_g = _text(term.quantity * _grams(term.factor, value))
        yield f"{name}: {term.words} x {value} {term.factor.unit} = {part_g} g"


def _grams(factor: Factor, value: str) -> Fraction:
    """Return the grams for one unit of activity, from a value in the factor's unit."""
    return Fraction(value) * (1000 if factor.unit.startswith("kg/") else 1)


def _bounded(quantity: Fraction, maximum: int, *path: str | int) -> Fraction:
    if not 0 < quantity <= maximum:
        raise Refused(Code.BAD_USER_INPUT, "Give a quantity above zero and within the limit of one estimate.", path)
    return quantity


def _text(quantity: Fraction) -> str:
    whole, millionths = divmod(round_half_up(quantity * 10**6), 10**6)
    return f"{whole}.{millionths:06}".rstrip("0").rstrip(".")


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
# The table lists fewer cabins on shorter flights. A cabin that it leaves out counts as the next more spacious one that
# it lists, never as a smaller one.
_LISTED_CABINS: Mapping[Haul, Mapping[CabinClass, str]] = {
    Haul.DOMESTIC: dict.fromkeys(CabinClass, "average"),
    Haul.SHORT: {cabin: "economy" if cabin == CabinClass.ECONOMY else "business" for cabin in CabinClass},
    Haul.LONG: {cabin: cabin.value for cabin in CabinClass},
    Haul.INTERNATIONAL: {cabin: cabin.value for cabin in CabinClass},
}
