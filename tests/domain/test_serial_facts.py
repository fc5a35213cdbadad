"""Facts that the text of a serial states of its credits, and the registries that imply a form."""

import pytest

from service.domain.serials.facts import CreditStatus, facts_of
from service.domain.serials.forms import SerialForm, form_of, implied_form
from service.domain.serials.reading import read_columns, read_range
from service.errors import Code
from tests.domain.serial_rows import by_number, refusal_of


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Verra", SerialForm.VERRA),
        ("verified carbon standard", SerialForm.VERRA),
        ("Gold Standard", SerialForm.GOLD_STANDARD),
        ("Climate Action Reserve", SerialForm.CAR),
        ("Puro.earth", SerialForm.PURO),
        ("BioCarbon Registry", SerialForm.BIOCARBON),
        ("Isometric", SerialForm.NONE),
        ("Woodland Carbon Code", None),
        ("EcoRegistry", None),
        ("", None),
    ],
)
def test_a_registry_implies_its_form_only_where_there_is_one(name: str, form: SerialForm | None):
    assert implied_form(name) is form


def test_the_form_that_is_given_goes_before_the_one_that_is_implied():
    assert form_of(SerialForm.KYOTO, "Gold Standard") is SerialForm.KYOTO
    assert form_of(None, "Gold Standard") is SerialForm.GOLD_STANDARD

    code, message, path = refusal_of(form_of, None, "Woodland Carbon Code")
    assert (code, path) == (Code.BAD_USER_INPUT, ("serial_form",))
    assert "one of plain, verra, gold_standard" in message


@pytest.mark.parametrize(
    ("number", "period", "vintage"),
    [
        (1, ("2019-01-01", "2019-12-31"), None),
        (3, ("2013-07-01", "2014-06-30"), None),
        (4, ("2006-04-01", "2007-03-18"), None),
        (7, (None, None), 2025),
        (11, (None, None), None),
        (13, (None, None), 2025),
        (17, (None, None), 2025),
        (20, (None, None), 2021),
        (22, ("2021-01-01", "2021-12-31"), None),
        (24, ("2023-10-01", "2023-12-31"), None),
        (25, (None, None), None),
        (27, (None, None), 2018),
        (28, (None, None), 2020),
        (29, (None, None), None),
        (32, ("2017-01-01", "2017-12-31"), None),
        (33, ("2011-01-01", "2020-12-31"), None),
        (34, (None, None), 2024),
        (35, (None, None), 2022),
        (36, (None, None), 2024),
        (40, (None, None), None),
    ],
)
def test_a_serial_states_its_period_or_its_vintage(number: int, period, vintage: int | None):
    facts = facts_of(by_number(number).read())

    stated = (facts.period_from, facts.period_to)
    assert tuple(day and day.isoformat() for day in stated) == period
    assert (facts.vintage, facts.status) == (vintage, CreditStatus.ISSUED)


def test_a_month_ends_on_its_last_day_in_a_leap_year_too():
    text = by_number(22).text.replace("2101-2112", "9911-2402")

    facts = facts_of(read_range(SerialForm.BIOCARBON, text))
    assert (str(facts.period_from), str(facts.period_to)) == ("1999-11-01", "2024-02-29")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (by_number(32).text, CreditStatus.ISSUED),
        (by_number(32).text.removesuffix("P") + "A", CreditStatus.EX_ANTE),
        (by_number(32).text.lower().removesuffix("p") + "a", CreditStatus.EX_ANTE),
        (by_number(33).text.replace("WCU", "PIU"), CreditStatus.PENDING),
        (by_number(33).text.replace("WCU", "PIU").removesuffix("P") + "A", CreditStatus.PENDING),
    ],
)
def test_marks_of_ex_ante_and_pending_units_are_seen(text: str, status: CreditStatus):
    assert facts_of(read_range(SerialForm.MARKIT, text)).status is status


def test_series_of_cercarbono_end_in_year_and_buffer_in_any_combination():
    years = {
        "CDC_8_1_1_321_14_CO_1_1": None,
        "CDC_8_1_1_321_14_CO_1_1_2010": 2010,
        "CDC_R_8_1_1_321_14_CO_1_1_2010_BF": 2010,
        "CDC_8_1_1_321_14_CO_1_1_BF": None,
        "CDC_2018_1_1_321_14_CO_1_1": None,
        "CDC_9_3_BFC_1_323_14_CO_1_2_2018": 2018,
    }

    assert {
        series: facts_of(read_columns(SerialForm.CERCARBONO, series, "1", "10")).vintage for series in years
    } == years
