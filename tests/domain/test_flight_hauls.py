"""Hauls: chosen by the territories that the UK's table lists.

Seen to fail when: Jersey is abroad; Egypt is long-haul; the limit of short flights outside the UK is 482 km.
"""

import pytest

from service.domain.flight_hauls import _SHORT_HAUL, Haul, haul_between, haul_outside_the_uk


@pytest.mark.parametrize(
    ("origin", "destination", "haul"),
    [
        *[("GB", "GB", Haul.DOMESTIC), ("GB", "JE", Haul.DOMESTIC), ("GG", "IM", Haul.DOMESTIC)],
        *[
            ("GB", country, Haul.SHORT)
            for country in ("FR", "EG", "MA", "TN", "DZ", "LY", "TR", "GL", "GI", "EH", "XK")
        ],
        *[("GB", country, Haul.LONG) for country in ("US", "CA", "IL", "RU", "UA", "GE", "CV", "AE", "IN", "AU", "MD")],
        *[("EG", "GB", Haul.SHORT), ("IL", "JE", Haul.LONG)],
    ],
)
def test_flights_from_and_to_the_uk_go_by_territory(origin, destination, haul):
    assert haul_between(origin, destination, 1)[0] is haul
    assert haul_between(origin, destination, 10_000)[0] is haul
    assert haul_between(destination, origin, 10_000)[0] is haul


@pytest.mark.parametrize(("km", "haul"), [(482, Haul.DOMESTIC), (483, Haul.INTERNATIONAL), (9000, Haul.INTERNATIONAL)])
def test_flights_elsewhere_go_by_distance(km, haul):
    assert haul_between("CA", "CA", km)[0] is haul
    assert haul_between("DE", "FR", km)[0] is haul
    assert haul_outside_the_uk(km)[0] is haul


def test_the_definition_lists_47_short_haul_territories():
    assert len(_SHORT_HAUL) == 47


@pytest.mark.parametrize(
    ("origin", "destination", "reason"),
    [
        ("GB", "IM", "domestic, because GBR and IMN are both domestic in the table's definition"),
        ("EG", "GB", "short-haul from or to the UK, because EGY is short-haul in the table's definition"),
        ("GB", "IL", "long-haul from or to the UK, because ISR is long-haul in the table's definition"),
        ("CA", "CA", "counted as domestic, because it is below 483 km (300 miles)"),
    ],
)
def test_the_reason_names_what_decided(origin, destination, reason):
    assert haul_between(origin, destination, 400)[1] == reason
