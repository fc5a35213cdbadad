"""Present availability of a database: does it answer, and could a write succeed?

It is updated by the watch (storage/watch.py) and the engines, and read by readiness checks and every new call. Does not
know the drivers.
"""

import asyncio
import time

import structlog

from service.storage.failures import (
    BROKEN,
    CONFLICT,
    DAMAGED,
    FULL,
    LOCKED,
    READ_ONLY,
    DatabaseUnavailable,
    Doing,
    Failure,
)

log = structlog.get_logger(__name__)

AWAY = Failure("the database is away")
AWAY_AFTER = 2
"""Number of failed probes in a row after which every call is refused at once."""
QUIET_S = 1.0
"""Seconds in which a kind of failure is logged at most once."""


class Availability:
    """Availability of one database. It begins as available, because the database has just answered when it was opened.
    One instance belongs to one event loop.
    """

    def __init__(self) -> None:
        self.is_away = False
        """True while new calls are refused at once and waiting calls are refused too."""
        self.is_watched = False
        """True while a watch runs that notices when the database answers again."""
        self.takes_writes = True
        """False after the database refused a write as read-only, until a session that began later accepts writes."""
        self.refused_write: Failure | None = None
        """Failure of the last write, FULL, BROKEN or LOCKED; None after a write that succeeded."""
        self.suspected = asyncio.Event()
        """Set by a call that failed, so that the watch probes at once."""
        self.failed_probes = 0
        self._is_damaged = False
        self._was_ready = True
        self._logged_s: dict[str, float] = {}

    @property
    def is_ready(self) -> bool:
        """Return True if a write could succeed."""
        return not (self.failed_probes or self._is_damaged or self.refused_write) and self.takes_writes

    def refuse_if_away(self, doing: Doing = Doing.READING) -> None:
        """Refuse `UNAVAILABLE` while the database is away."""
        if self.is_away:
            raise DatabaseUnavailable(AWAY, doing)

    def refuse_if_read_only(self) -> None:
        """Refuse `UNAVAILABLE` while the database is read-only, because each attempt would use up a session."""
        if self.is_watched and not self.takes_writes:
            raise DatabaseUnavailable(READ_ONLY, Doing.CHANGING)

    def note(self, error: BaseException) -> None:
        """Record a call's failure. A failure that says nothing about the database's state is ignored."""
        if not isinstance(error, DatabaseUnavailable) or error.failure in (CONFLICT, AWAY):
            return
        failure = error.failure
        if failure is DAMAGED:
            self._is_damaged = True
        elif failure is FULL or (failure is BROKEN and error.was_change):
            self.refused_write = failure
        elif failure is READ_ONLY:
            self.takes_writes = False
        self.suspected.set()
        self._log_failure(failure, error)
        self._log_change(failure.name)

    def note_probe(self, *, takes_writes: bool) -> None:
        """Record that the database has answered, and if it accepts writes."""
        self.failed_probes = 0
        self.is_away = False
        self.takes_writes = takes_writes
        self._log_change(READ_ONLY.name)

    def note_failed_probe(self, why: str) -> None:
        """Record that the database has not answered."""
        self.failed_probes += 1
        self.is_away = self.failed_probes >= AWAY_AFTER
        self._log_change(why)

    def note_locked(self) -> None:
        """Record that another process has locked the file for as long as a writer waits. Later writers do not wait."""
        self.refused_write = LOCKED
        self._log_change(LOCKED.name)

    def note_write(self) -> None:
        """Record that a write has succeeded."""
        self.refused_write = None
        self._log_change("")

    def _log_failure(self, failure: Failure, error: DatabaseUnavailable) -> None:
        now_s = time.monotonic()
        if not self.is_away and self._logged_s.get(failure.name, -QUIET_S) <= now_s - QUIET_S:
            self._logged_s[failure.name] = now_s
            log.warning("database_unavailable", failure=failure.name, error=error.detail)

    def _log_change(self, why: str) -> None:
        if self.is_ready is not self._was_ready:
            self._was_ready = self.is_ready
            self._log_readiness(why)

    def _log_readiness(self, why: str) -> None:
        if self.is_ready:
            log.warning("database_ready")
        else:
            log.warning("database_not_ready", why=why)
