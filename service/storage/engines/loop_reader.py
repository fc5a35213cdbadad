"""Short SQLite reads on the event loop's own thread, without two switches between threads, which take ten times as long
as the read.

A statement that exceeds its few milliseconds is interrupted and marked as slow: it runs again on the reader's thread,
and for a minute only there, so that scans rarely block the loop. The milliseconds are processor time, because on a busy
machine a short read may take long on any thread. Knows no table.
"""

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

STEPS_BETWEEN_CLOCK_READS = 1_000
"""Virtual machine steps between two checks of the deadline: some tens of microseconds."""
SLOW_KEPT_MAX = 1_000
SLOW_KEPT_S = 60


class LoopReader:
    """A read-only connection, opened by `connect` in the thread that will use it."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], *, budget_ms: int) -> None:
        self._budget_s = budget_ms / 1_000
        self._ends_at = float("inf")
        self._slow: OrderedDict[str, float] = OrderedDict()
        self._connection = connect()
        self._connection.row_factory = None
        # A wait for a lock must not stop the loop. In WAL mode a reader meets a lock only while the file is being
        # recovered.
        self._connection.execute("PRAGMA busy_timeout = 0")
        self._connection.set_progress_handler(lambda: time.thread_time() > self._ends_at, STEPS_BETWEEN_CLOCK_READS)

    def read(self, sql: str, parameters: Sequence[Any]) -> tuple[list[tuple[Any, ...]], tuple[str, ...]] | None:
        """Return the rows and the columns' names; None for a statement that has to go to a thread."""
        slow_until = self._slow.get(sql)
        if slow_until is not None:
            if time.monotonic() < slow_until:
                return None
            del self._slow[sql]
        self._ends_at = time.thread_time() + self._budget_s
        try:
            cursor = self._connection.execute(sql, parameters)
            rows = cursor.fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                self._slow[sql] = time.monotonic() + SLOW_KEPT_S
                if len(self._slow) > SLOW_KEPT_MAX:
                    self._slow.popitem(last=False)
            elif error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return None
        return rows, tuple(column[0] for column in cursor.description)

    def close(self) -> None:
        self._connection.close()
