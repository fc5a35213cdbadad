"""Classification of the drivers' failures, and the errors that callers of `storage` get instead.

`own_error` converts them; the engines call it wherever they use a driver. The lists below give the meaning of each
code. Knows SQLSTATEs and SQLite's result codes; must not know an operation.
"""

import sqlite3
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Self

import asyncpg  # type: ignore[import-untyped]
import structlog
from tortoise.exceptions import BaseORMException

from service.errors import Code, Refused

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """A reason for which a database cannot run a statement at present.

    `again`: the same transaction may succeed if it is run again from its start. `retire`: the connection must not be
    used again, because its session is lost or keeps the cause of the failure.
    """

    name: str
    again: bool = False
    retire: bool = False


CONFLICT = Failure("another transaction was in the way", again=True)
LOCKED = Failure("another process holds the file")
LOST = Failure("the connection was lost", again=True, retire=True)
CROWDED = Failure("no connection is free", again=True)
SLOW = Failure("the statement took too long")
SILENT = Failure("the server does not answer", retire=True)
READ_ONLY = Failure("the database takes no writes", again=True, retire=True)
FULL = Failure("there is no space left")
BROKEN = Failure("the system below the database failed")
BARRED = Failure("the server admits no connection of this user to this database", retire=True)
UNGRANTED = Failure("the database user lacks a right, or the schema is missing")
DAMAGED = Failure("the data are damaged", retire=True)

POSTGRESQL: Mapping[str, Failure] = {
    "08": LOST,  # every connection exception
    "0A000/plan": CONFLICT,  # a prepared plan from before a migration; see _CLIENT_SIDE
    "25006": READ_ONLY,  # read_only_sql_transaction, as after a failover
    "25P03": LOST,  # idle_in_transaction_session_timeout
    "28": BARRED,  # the password or a rule of pg_hba.conf
    "3D000": BARRED,  # no such database
    "3F000": UNGRANTED,  # no such schema
    "40001": CONFLICT,  # serialization_failure
    "40P01": CONFLICT,  # deadlock_detected
    "42501": UNGRANTED,  # insufficient_privilege
    "53100": FULL,
    "53200": BROKEN,  # out_of_memory
    "53300": CROWDED,  # too_many_connections
    "53400": BROKEN,  # configuration_limit_exceeded
    "55P03": CONFLICT,  # lock_not_available: lock_timeout
    "57014": SLOW,  # query_canceled: statement_timeout
    "57P01": LOST,  # admin_shutdown
    "57P02": LOST,  # crash_shutdown
    "57P03": LOST,  # cannot_connect_now: the server is starting or shutting down
    "57P04": BARRED,  # database_dropped
    "57P05": LOST,  # idle_session_timeout
    "58": BROKEN,  # system and I/O errors
    "XX001": DAMAGED,  # data_corrupted
    "XX002": DAMAGED,  # index_corrupted
}
"""Failure by SQLSTATE, or by its first two characters for a whole class. Any other code is a defect."""

SQLITE: Mapping[int, Failure] = {
    sqlite3.SQLITE_BUSY: LOCKED,  # after busy_timeout, so waiting again at once is useless
    sqlite3.SQLITE_LOCKED: CONFLICT,
    sqlite3.SQLITE_INTERRUPT: SLOW,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: BROKEN,
    sqlite3.SQLITE_CANTOPEN: BROKEN,
    sqlite3.SQLITE_PERM: BROKEN,
    sqlite3.SQLITE_PROTOCOL: BROKEN,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
"""Failure by primary result code. Any other code is a defect."""

_CLIENT_SIDE: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.InvalidCachedStatementError, "0A000/plan"),
    (asyncpg.exceptions.OutdatedSchemaCacheError, "0A000/plan"),
    (asyncpg.exceptions.TargetServerAttributeNotMatched, "25006"),
    (asyncpg.exceptions.ClientConfigurationError, "28"),  # for example a certificate file that does not exist
)
"""Exceptions of asyncpg whose class is more precise than their SQLSTATE, or that have none."""

_LOST_WORDS = ("closed", "closing", "released back to the pool", "another operation", '"failed" state')
"""Words that identify a lost session, because asyncpg has one class for a connection in a wrong state and for wrong
arguments. A session that the server has just ended is in a wrong state until the end of the connection arrives.
"""

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    sqlite3.Error,
    BaseORMException,
    OSError,  # raised while connecting; includes TimeoutError
)
"""All exceptions that the drivers, and Tortoise around them, raise for a statement or a connection."""


class Doing(Enum):
    """Kind of work that failed, which decides what the caller may be told."""

    READING = auto()
    CHANGING = auto()
    """Inside a transaction, before its COMMIT."""
    COMMITTING = auto()


_MESSAGES = {
    Doing.READING: "The database cannot be reached or is too busy; try again.",
    Doing.CHANGING: "The database cannot be reached or is too busy; try again with the same key.",
    Doing.COMMITTING: "The database did not confirm the change, which may have been made: try again with the same key.",
}


class NotDurableError(RuntimeError):
    """The database's settings allow it to lose a transaction whose commit it confirmed; `advice` says what to do."""

    def __init__(self, found: str, advice: str) -> None:
        super().__init__(found)
        self.advice = advice


class DatabaseUnavailable(Refused):
    """A temporary failure of the database, shown as `UNAVAILABLE`. Its `__cause__` is the driver's exception."""

    def __init__(self, failure: Failure, doing: Doing = Doing.READING) -> None:
        super().__init__(Code.UNAVAILABLE, _MESSAGES[doing])
        self.failure = failure
        self.was_change = doing is not Doing.READING
        self.is_uncertain = doing is Doing.COMMITTING
        """True if the transaction may have been committed nevertheless."""
        self.may_retry = failure is not DAMAGED

    @property
    def may_run_again(self) -> bool:
        """Return True if the same transaction, run again from its start, may succeed at once. The transaction must be
        safe to run again after a commit whose answer was lost.
        """
        return self.failure.again

    @property
    def detail(self) -> str:
        """Return the first line of the driver's own message, for operators."""
        return str(self.__cause__ or "").partition("\n")[0] or self.failure.name


class DatabaseDefect(Exception):  # noqa: N818 - told from the errors of the drivers by its name
    """A statement that the database refused because of a defect of the program.

    `code` is the SQLSTATE or the name of SQLite's result code, empty if there is none. `__cause__` is the driver's.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


def own_error(error: BaseException, doing: Doing) -> BaseException:
    """Return the error to raise instead of a driver's exception; any other exception is returned unchanged."""
    if not isinstance(error, DRIVER_ERRORS) and not _met_a_cut_connection(error):
        return error
    cause = _driver_error(error)
    failure = failure_of(cause)
    own: Exception
    if failure is None:
        own = DatabaseDefect(f"{type(cause).__name__}: {cause}", _code(cause))
    else:
        # A server that reports a conflict has not committed.
        certain = failure is CONFLICT and doing is Doing.COMMITTING
        own = DatabaseUnavailable(failure, Doing.CHANGING if certain else doing)
    if failure is DAMAGED:
        log.critical("database_damaged", error=repr(cause))
    own.__cause__ = cause
    return own


def failure_of(error: BaseException) -> Failure | None:
    """Return the classification of a driver's exception, None for a defect."""
    if isinstance(error, sqlite3.Error):
        # Extended result codes contain the primary one in their low byte.
        return SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(error, TimeoutError):
        return SILENT
    if isinstance(error, OSError | AttributeError):
        return LOST
    for kind, name in _CLIENT_SIDE:
        if isinstance(error, kind):
            return POSTGRESQL[name]
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return LOST if any(word in str(error) for word in _LOST_WORDS) else None
    code = _code(error)
    return POSTGRESQL.get(code) or POSTGRESQL.get(code[:2])


class own_errors:  # noqa: N801 - used like a function
    """Context manager around calls of a driver, whose exceptions leave it as errors of this module. It never awaits, so
    all tasks can share one instance.
    """

    __slots__ = ("_doing",)

    def __init__(self, doing: Doing) -> None:
        self._doing = doing

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if error is not None and (own := own_error(error, self._doing)) is not error:
            raise own from error


def _met_a_cut_connection(error: BaseException) -> bool:
    """Return True for asyncpg's error when a connection is cut between the preparation of a statement and its
    execution: `'NoneType' object has no attribute 'bind_execute'`.
    """
    if not isinstance(error, AttributeError) or error.obj is not None or error.__traceback__ is None:
        return False
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__")).startswith("asyncpg.")


def _driver_error(error: BaseException) -> BaseException:
    """Return the driver's exception below Tortoise's wrappers, which carry it as their only argument."""
    while isinstance(error, BaseORMException) and error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    return error


def _code(error: BaseException) -> str:
    return str(getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or "")
