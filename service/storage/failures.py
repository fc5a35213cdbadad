"""Classification of a driver's exceptions: run the whole transaction again, or answer that the database is unreachable.

Knows SQLSTATEs and SQLite's result codes; it must not know an operation. Two Tortoise wrappers hide the original:
`OperationalError` and `IntegrityError` carry it as their only argument. Deadlocks, serialization failures, lost
connections and every failure of a COMMIT arrive as the driver raised them.
"""

import sqlite3
from collections.abc import Iterator

import asyncpg  # type: ignore[import-untyped]

RETRIED_SQLSTATES = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"})
OUTAGE_SQLSTATES = frozenset({"57P01", "57P02", "57P03", "57014", "53100", "53200", "53300", "58000", "58030"})
CONNECTION_CLASS = "08"

RETRIED_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
OUTAGE_SQLITE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_INTERRUPT}
)


def may_retry(error: BaseException) -> bool:
    """Return True when the same transaction, run again from its start, may succeed; the idempotency key tells the
    outcome of a lost COMMIT.

    Serialization failure, deadlock, lock timeout, server shutdown, lost connection, too many connections; busy SQLite.
    """
    return any(
        _sqlstate(each) in RETRIED_SQLSTATES or _is_lost_connection(each) or _sqlite_code(each) in RETRIED_SQLITE
        for each in _causes(error)
    )


def is_outage(error: BaseException) -> bool:
    """Return True when the database is unreachable, full or too slow to answer in time: the answer is
    `Code.UNAVAILABLE`.
    """
    return any(
        _sqlstate(each) in OUTAGE_SQLSTATES
        or _is_lost_connection(each)
        or isinstance(each, OSError)
        or _sqlite_code(each) in OUTAGE_SQLITE
        for each in _causes(error)
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and the errors it wraps, outermost first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = error.args[0] if error.args else None
        error = inner if isinstance(inner, BaseException) else error.__cause__  # type: ignore[assignment]


def _sqlstate(error: BaseException) -> str:
    return (error.sqlstate or "") if isinstance(error, asyncpg.PostgresError) else ""


def _is_lost_connection(error: BaseException) -> bool:
    # asyncpg raises one class for a lost connection, which its pool takes back at once, and for wrong arguments.
    if isinstance(error, asyncpg.InterfaceError):
        return any(word in str(error) for word in ("closed", "closing", "released back to the pool"))
    return isinstance(error, ConnectionError) or _sqlstate(error).startswith(CONNECTION_CLASS)


def _sqlite_code(error: BaseException) -> int:
    # Extended result codes keep the primary one in their low byte.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF if isinstance(error, sqlite3.Error) else 0
