"""Countries: both codes of ISO 3166-1 name one country."""

import airportsdata
import pytest
from babel import Locale

from service.domain.countries import alpha_3_of

NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
"""Reserved codes of CLDR that ISO 3166-1 assigns to nobody."""


@pytest.mark.parametrize(
    ("code", "alpha_3"),
    [
        *[("GB", "GBR"), ("DE", "DEU"), ("CH", "CHE"), ("UA", "UKR"), ("SA", "SAU"), ("KR", "KOR"), ("KP", "PRK")],
        *[("SK", "SVK"), ("SI", "SVN"), ("AT", "AUT"), ("AU", "AUS"), ("NE", "NER"), ("NG", "NGA"), ("XK", "XKX")],
        *[("GBR", "GBR"), ("XKX", "XKX"), ("JEY", "JEY")],
    ],
)
def test_either_code_names_the_country(code, alpha_3):
    assert alpha_3_of(code) == alpha_3


@pytest.mark.parametrize("code", ["", "G", "gb", "gbr", "UK", "EU", "XX", "XXX", "WORLD", "GB ", "826"])
def test_no_other_text_names_a_country(code):
    assert alpha_3_of(code) is None


def test_every_country_that_cldr_knows_has_a_code_of_three_letters_of_its_own():
    territories = {code for code in Locale("en").territories if len(code) == 2 and code.isalpha()} - NO_COUNTRIES
    assert len(territories) == 250
    assert len({alpha_3_of(code) for code in territories} - {None}) == 250


def test_every_airport_is_in_a_country():
    countries = {row["country"] for row in airportsdata.load("ICAO").values()}
    assert {country for country in countries if alpha_3_of(country) is None} == set()
