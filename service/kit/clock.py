"""The present time. Rules are given a time as an argument, never a clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""A function that returns the present time, aware and in UTC."""


def system_clock() -> datetime:
    """Return the machine's wall clock, aware and in UTC. It may step, so durations are measured with a
    monotonic clock.
    """
    return datetime.now(UTC)


def utc_date(moment: datetime) -> date:
    """Return the day in UTC at this time."""
    return moment.astimezone(UTC).date()
