"""A clock for tests of what ends at an instant: it stands still until it is set."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass
class SetClock:
    now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now
