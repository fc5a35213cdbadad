"""Ranges of time cut into whole days and the rest: each moment of a range is in exactly one of the parts."""

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from service.domain.statistics import spans

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC)
EAST = timezone(timedelta(hours=9))
MOMENTS = st.integers(0, 96).map(lambda hours: (MIDNIGHT + timedelta(hours=hours)).astimezone(EAST))


def test_whole_days_leave_no_rest() -> None:
    assert spans(None, None) == ((None, None), [])
    assert spans(MIDNIGHT, None) == ((MIDNIGHT.date(), None), [])
    assert spans(MIDNIGHT, MIDNIGHT + timedelta(days=2)) == ((MIDNIGHT.date(), date(2026, 1, 4)), [])


def test_hours_before_and_after_whole_days_are_the_rest() -> None:
    until = NOON + timedelta(days=3)
    assert spans(NOON, until) == (
        (MIDNIGHT.date(), until.date()),
        [(NOON, MIDNIGHT), (datetime(2026, 1, 4, tzinfo=UTC), until)],
    )


def test_a_range_without_a_whole_day_is_one_rest() -> None:
    assert spans(NOON, NOON + timedelta(hours=20)) == (None, [(NOON, NOON + timedelta(hours=20))])


def test_an_empty_range_is_one_empty_rest() -> None:
    for until in (NOON, NOON - timedelta(days=3)):
        assert spans(NOON, until) == (None, [(NOON, until)])


def test_the_last_day_of_all_is_followed_by_none() -> None:
    last = datetime(9999, 12, 31, tzinfo=UTC)
    assert spans(last.replace(hour=12), None) == ((last.date(), None), [])
    assert spans(None, last.replace(hour=12)) == ((None, last.date()), [(last, last.replace(hour=12))])


@given(MOMENTS | st.none(), MOMENTS | st.none(), MOMENTS)
def test_each_moment_is_in_one_part(since: datetime | None, until: datetime | None, moment: datetime) -> None:
    days, edges = spans(since, until)
    day = moment.astimezone(UTC).date()
    is_whole = days is not None and (days[0] is None or days[0] <= day) and (days[1] is None or day < days[1])
    parts = sum(first <= moment < end for first, end in edges) + is_whole

    assert parts == ((since is None or since <= moment) and (until is None or moment < until))
