"""The rule of vintages, on the day before, the day itself and the day after."""

from datetime import date

import pytest

from service.domain.serials.facts import CreditStatus, SerialFacts
from service.domain.vintages import VintageFault, agreed_period_end, vintage_fault, vintage_refusal
from service.errors import Code, Refused

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("vintage", "period_end", "fault"),
    [
        (2025, None, None),
        (1990, None, None),
        (2026, None, VintageFault.YEAR_NOT_OVER),
        (2031, None, VintageFault.YEAR_NOT_OVER),
        (2200, None, VintageFault.YEAR_NOT_OVER),
        (2026, date(2026, 11, 29), None),
        (2026, date(2026, 11, 30), VintageFault.PERIOD_NOT_OVER),
        (2026, date(2026, 12, 1), VintageFault.PERIOD_NOT_OVER),
        (2020, date(2027, 1, 1), VintageFault.PERIOD_NOT_OVER),
        (2017, date(2019, 8, 16), None),
        (2031, date(2020, 12, 31), VintageFault.YEAR_AFTER_PERIOD),
        (2031, date(2031, 12, 31), VintageFault.PERIOD_NOT_OVER),
    ],
)
def test_the_time_that_credits_stand_for_is_over(vintage: int, period_end: date | None, fault: VintageFault | None):
    assert vintage_fault(vintage=vintage, period_end=period_end, today=TODAY) is fault


def test_a_year_is_over_on_the_first_of_january():
    assert vintage_fault(vintage=2026, period_end=None, today=date(2026, 12, 31)) is VintageFault.YEAR_NOT_OVER
    assert vintage_fault(vintage=2026, period_end=None, today=date(2027, 1, 1)) is None


@pytest.mark.parametrize(
    ("status", "fault"), [(CreditStatus.EX_ANTE, VintageFault.EX_ANTE), (CreditStatus.PENDING, VintageFault.PENDING)]
)
def test_units_that_are_not_issued_never_may(status: CreditStatus, fault: VintageFault):
    past = {"vintage": 2011, "period_end": date(2012, 12, 31), "today": TODAY}

    assert vintage_fault(status=status, **past) is fault
    assert vintage_fault(status=CreditStatus.ISSUED, **past) is None


@pytest.mark.parametrize(
    ("fault", "said", "path"),
    [
        (VintageFault.EX_ANTE, "are ex ante. Receive them when", ("serial_range",)),
        (VintageFault.PENDING, "are pending. Receive them when", ("serial_range",)),
        (VintageFault.PERIOD_NOT_OVER, "ends on 2027-06-30. Receive the credits on a later day", ("period_end",)),
        (VintageFault.YEAR_NOT_OVER, "year 2031 is not over. Give the end of the", ("vintage",)),
        (VintageFault.YEAR_AFTER_PERIOD, "vintage 2031 is after the monitoring period", ("vintage",)),
    ],
)
def test_a_refusal_says_what_to_do(fault: VintageFault, said: str, path: tuple[str, ...]):
    refusal = vintage_refusal(fault, vintage=2031, period_end=date(2027, 6, 30), path=("serial_range",))

    assert (refusal.code, refusal.path) == (Code.BAD_USER_INPUT, path)
    assert said in refusal.message


PERIOD = SerialFacts(date(2019, 7, 1), date(2020, 6, 30))


def test_the_period_ends_as_the_serial_or_the_operator_says():
    assert agreed_period_end(PERIOD, vintage=2019, stated=None) == date(2020, 6, 30)
    assert agreed_period_end(PERIOD, vintage=2020, stated=date(2020, 6, 30)) == date(2020, 6, 30)
    assert agreed_period_end(SerialFacts(vintage=2017), vintage=2017, stated=date(2019, 8, 16)) == date(2019, 8, 16)
    assert agreed_period_end(SerialFacts(), vintage=2017, stated=None) is None


@pytest.mark.parametrize(
    ("facts", "vintage", "stated", "path", "said"),
    [
        (PERIOD, 2018, None, "vintage", "Give one of these years"),
        (PERIOD, 2021, None, "vintage", "Give one of these years"),
        (PERIOD, 2019, date(2020, 6, 29), "period_end", "ends on 2020-06-30"),
        (SerialFacts(vintage=2031), 2020, None, "vintage", "is of vintage 2031, not 2020"),
        (SerialFacts(vintage=2031), 2020, date(2020, 12, 31), "vintage", "is of vintage 2031, not 2020"),
    ],
)
def test_an_operator_cannot_state_another_time_than_the_serial(facts, vintage: int, stated, path: str, said: str):
    with pytest.raises(Refused) as caught:
        agreed_period_end(facts, vintage=vintage, stated=stated)

    assert (caught.value.code, caught.value.path) == (Code.BAD_USER_INPUT, (path,))
    assert said in caught.value.message
