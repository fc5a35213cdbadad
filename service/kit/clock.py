"""What time it is. Knows nothing of who asks: rules are given an instant, never a clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Answers the present instant, aware and in UTC."""


def system_clock() -> datetime:
    """The machine's wall clock, aware and in UTC; it may step, so durations are measured with a monotonic one."""
    return datetime.now(UTC)


def utc_date(moment: datetime) -> date:
    """Return the day in UTC at this time."""
    return moment.astimezone(UTC).date()
