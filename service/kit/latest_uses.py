"""Times of the latest use of things by name, kept in memory until they are stored by the caller."""

from collections.abc import Mapping
from datetime import datetime, timedelta


class LatestUses:
    """Times of uses. The time of a name is due if it lies at least `gap` after the one that was written last."""

    def __init__(self, gap: timedelta) -> None:
        self.gap = gap
        self._noted: dict[str, datetime] = {}
        self._written: dict[str, datetime] = {}

    def note(self, name: str, at: datetime) -> None:
        """Record a use. Costs one assignment, because each request makes it."""
        self._noted[name] = at

    def due(self, names_max: int) -> dict[str, datetime]:
        """Return at most `names_max` of the times that are due, and forget those that need not be stored."""
        noted, self._noted = self._noted, {}
        due = {name: at for name, at in noted.items() if self._is_due(name, at)}
        rest = list(due.items())[names_max:]
        for name, at in rest:
            self._noted[name] = at
            del due[name]
        return due

    def put_back(self, uses: Mapping[str, datetime]) -> None:
        """Record again the times that could not be stored, unless a later use has been recorded since."""
        for name, at in uses.items():
            self._noted.setdefault(name, at)

    def confirm(self, uses: Mapping[str, datetime]) -> None:
        """Record which times are now stored, also by other processes, and forget those that no longer delay a use."""
        self._written.update(uses)
        latest = max(self._written.values(), default=None)
        if latest is not None:
            self._written = {name: at for name, at in self._written.items() if at > latest - self.gap}

    def _is_due(self, name: str, at: datetime) -> bool:
        written = self._written.get(name)
        return written is None or at - written >= self.gap
