"""Airports by IATA or ICAO code, and the great-circle distance between two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import nsmallest
from math import asin, cos, radians, sin, sqrt
from operator import itemgetter
from typing import Any

import airportsdata

from service.errors import Code, Refused
from service.kit.search_key import search_key

EARTH_RADIUS_KM = 6371.0088
"""The mean radius (2a + b) / 3 of the WGS 84 ellipsoid; the sphere is within 0.6 % of the ellipsoid's distances."""


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport. `code` is its IATA code, or its ICAO code where it has no other; `country` is ISO 3166-1 alpha-2."""

    code: str
    name: str
    country: str
    latitude_deg: float
    longitude_deg: float
    city: str


def airport_of(code: str, *path: str | int) -> Airport:
    """Return the airport with this IATA or ICAO code; letter case does not matter. Refuses `BAD_USER_INPUT` at `path`
    for an unknown code.
    """
    wanted = code.upper()
    airport = _airports().get(wanted)
    if airport is None and len(wanted) == _ICAO_LENGTH:
        airport = _airfields().get(wanted)
    if airport is None:
        message = "No airport has this code. Give an IATA code such as LHR, or an ICAO code such as EGLL."
        raise Refused(Code.BAD_USER_INPUT, message, path)
    return airport


def search_airports(text: str, limit: int) -> list[Airport]:
    """Return at most `limit` airports with an IATA code that match the text: first those with a code equal to it, then
    those whose city or name begins with it, then those whose city or name contains it; sorted by code within each
    group. Letter case does not matter. The first call loads the table and takes most of a second.
    """
    wanted = search_key(text)
    code, beginning = f"\n{wanted}\n", f"\n{wanted}"
    found = [
        (0 if code in codes else 1 if beginning in words else 2, airport.code, airport)
        for airport, codes, words in _searched()
        if wanted in words or code in codes
    ]
    return [airport for _, _, airport in nsmallest(limit, found, key=itemgetter(0, 1))]


def great_circle_km(a: Airport, b: Airport) -> int:
    """Return the haversine distance on the mean sphere, rounded to whole kilometres, so that every machine computes the
    same value.
    """
    latitude_a, latitude_b = radians(a.latitude_deg), radians(b.latitude_deg)
    longitudes = radians(b.longitude_deg - a.longitude_deg)
    h = sin((latitude_b - latitude_a) / 2) ** 2 + cos(latitude_a) * cos(latitude_b) * sin(longitudes / 2) ** 2
    return round(2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, h))))


_ICAO_LENGTH = 4


@cache
def _airports() -> Mapping[str, Airport]:
    """Return the airports that have an IATA code. Each is found by its IATA code and by its ICAO code."""
    rows = airportsdata.load("IATA").values()
    return {code: airport for row in rows for airport in [_airport(row)] for code in (row["iata"], row["icao"])}


@cache
def _searched() -> Sequence[tuple[Airport, str, str]]:
    """Return the airports that have an IATA code, each with two search texts: its codes, and its city and name, one a
    line.
    """
    return [
        (_airport(row), _lines(row["iata"], row["icao"]), _lines(row["city"], row["name"]))
        for row in airportsdata.load("IATA").values()
    ]


def _lines(*texts: str) -> str:
    return "".join(f"\n{search_key(text)}" for text in texts) + "\n"


@cache
def _airfields() -> Mapping[str, Airport]:
    """Return the airports without an IATA code, by ICAO code. They are loaded on first use, because they take 24 MB and
    are rarely needed.
    """
    return {icao: _airport(row) for icao, row in airportsdata.load("ICAO").items() if not row["iata"]}


def _airport(row: Mapping[str, Any]) -> Airport:
    return Airport(row["iata"] or row["icao"], row["name"], row["country"], row["lat"], row["lon"], row["city"])
