"""Airports: found by IATA or ICAO code, and as far apart as a great circle says.

Seen to fail when: ICAO codes are unknown; an airport is another one under its other code.
"""

import pytest

from service.domain.airports import airport_of, great_circle_km
from service.errors import Code, Refused


@pytest.mark.parametrize(
    ("icao", "iata"),
    [("EGLL", "LHR"), ("KJFK", "JFK"), ("egll", "lhr"), ("EGJJ", "JER"), ("RJTT", "HND"), ("SBGR", "GRU")],
)
def test_both_codes_name_the_same_airport(icao, iata):
    assert airport_of(icao) == airport_of(iata)
    assert airport_of(icao).code == iata.upper()


def test_an_airport_without_an_iata_code_is_found_by_its_icao_code():
    airport = airport_of("EGHF")  # Lee-on-the-Solent
    assert (airport.code, airport.country) == ("EGHF", "GB")
    assert great_circle_km(airport, airport_of("JER")) == 192


@pytest.mark.parametrize("code", ["", "Q", "QQQ", "LH", "EGLLX", "QQQQ", "LHR ", "\u212aJFK", "\uff2c\uff28\uff32"])
def test_an_unknown_code_is_refused_at_its_field(code):
    with pytest.raises(Refused) as refused:
        airport_of(code, "route", "origin")
    assert refused.value.code is Code.BAD_USER_INPUT
    assert refused.value.path == ("route", "origin")


@pytest.mark.parametrize(
    ("origin", "destination", "km"),
    [("LHR", "JFK", 5540), ("JFK", "LHR", 5540), ("SYD", "SCL", 11_340), ("SIN", "KUL", 297), ("NAN", "APW", 1210)],
)
def test_great_circles_cross_the_date_line_and_the_equator(origin, destination, km):
    assert great_circle_km(airport_of(origin), airport_of(destination)) == km
