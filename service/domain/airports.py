"""Where airports are and how far apart: IATA codes to positions, positions to great-circle kilometres.

Knows nothing of flights or emissions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import asin, cos, radians, sin, sqrt

import airportsdata

from service.errors import Code, Refused

EARTH_RADIUS_KM = 6371.0088
"""The mean radius (2a + b) / 3 of the WGS 84 ellipsoid; the sphere is within 0.6 % of the ellipsoid's distances."""


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport; `country` is its ISO 3166-1 alpha-2 code."""

    iata: str
    name: str
    country: str
    latitude_deg: float
    longitude_deg: float


def airport_of(iata: str, *path: str | int) -> Airport:
    """The airport with this IATA code, whatever its case. Refuses `BAD_USER_INPUT` at `path` for an unknown code."""
    airport = _airports().get(iata.upper())
    if airport is None:
        raise Refused(Code.BAD_USER_INPUT, "No airport has this IATA code; give three letters, such as LHR.", path)
    return airport


def great_circle_km(a: Airport, b: Airport) -> int:
    """The haversine distance on the mean sphere, to the nearest kilometre, so that every machine gets the same one."""
    latitude_a, latitude_b = radians(a.latitude_deg), radians(b.latitude_deg)
    longitudes = radians(b.longitude_deg - a.longitude_deg)
    h = sin((latitude_b - latitude_a) / 2) ** 2 + cos(latitude_a) * cos(latitude_b) * sin(longitudes / 2) ** 2
    return round(2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, h))))


@cache
def _airports() -> Mapping[str, Airport]:
    return {
        iata: Airport(iata, row["name"], row["country"], row["lat"], row["lon"])
        for iata, row in airportsdata.load("IATA").items()
    }
