"""Hauls: the classes of flights in the UK government's conversion factors.

The table defines hauls by territory, not by distance (sheet "Haul definition" of the 2026 edition, the same since
2023): domestic, short-haul and long-haul are flights from or to the UK, and every other flight is "international".
"""

from enum import StrEnum
from fractions import Fraction

from service.domain.countries import alpha_3_of

DOMESTIC_BELOW_KM = 483
"""Distance below which a flight outside the UK counts as a domestic one: 300 miles. The UK's table has no row for them;
the US EPA's factor for flights below 300 miles equals the UK's domestic one to 0.3 %, without radiative forcing.
"""

_DOMESTIC = frozenset(["GBR", "GGY", "IMN", "JEY"])
_SHORT_HAUL_CODES = """
    ALB DZA AUT BLR BEL BIH BGR HRV CYP CZE DNK EGY EST FRO FIN FRA DEU GIB GRC GRL HUN ISL IRL ITA XKX LVA LBY LTU LUX
    MKD MLT MNE MAR NLD NOR POL PRT ROU SRB SVK SVN ESP SWE CHE TUN TUR ESH
"""
_SHORT_HAUL = frozenset(_SHORT_HAUL_CODES.split())


class Haul(StrEnum):
    """A kind of flight that the table has factors for."""

    DOMESTIC = "domestic"
    SHORT = "short_haul"
    LONG = "long_haul"
    INTERNATIONAL = "international"


def haul_between(origin: str, destination: str, distance_km: Fraction | int) -> tuple[Haul, str]:
    """Return the haul of a flight between two countries (ISO 3166-1 alpha-2), and the reason in words."""
    ends = [alpha_3_of(origin) or origin, alpha_3_of(destination) or destination]
    abroad = [end for end in ends if end not in _DOMESTIC]
    match abroad:
        case []:
            return Haul.DOMESTIC, f"domestic, because {' and '.join(ends)} are both domestic in the table's definition"
        case [end] if end in _SHORT_HAUL:
            return Haul.SHORT, f"short-haul from or to the UK, because {end} is short-haul in the table's definition"
        case [end]:
            return Haul.LONG, f"long-haul from or to the UK, because {end} is long-haul in the table's definition"
        case _:
            return haul_outside_the_uk(distance_km)


def haul_outside_the_uk(distance_km: Fraction | int) -> tuple[Haul, str]:
    """Return the haul of a flight without a known end in the UK, and the reason in words."""
    if distance_km < DOMESTIC_BELOW_KM:
        return Haul.DOMESTIC, f"counted as domestic, because it is below {DOMESTIC_BELOW_KM} km (300 miles)"
    return Haul.INTERNATIONAL, "international, because it has no known end in the UK"
