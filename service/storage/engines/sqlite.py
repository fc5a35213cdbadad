"""SQLite: one connection that writes, in `BEGIN IMMEDIATE` transactions, and one that only reads.

Knows how values are stored in a file that has no types for them; must not know a table.
"""

import asyncio
import os
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

import aiosqlite
import orjson
from asyncpg.pgproto import pgproto  # type: ignore[import-untyped]
from tortoise.backends.sqlite.client import SqliteClient as TortoiseSqliteClient
from tortoise.backends.sqlite.client import SqliteTransactionWrapper

from service.storage.engines import UNNAMED, Encoders, json_text, uncancelled
from service.storage.engines.availability import Availability
from service.storage.engines.statement_watch import StatementWatch
from service.storage.failures import (
    LOCKED,
    LOST,
    DatabaseDefect,
    DatabaseUnavailable,
    Doing,
    NotDurableError,
    own_errors,
)

T = TypeVar("T")

BUSY_PAUSE_S = 0.005

STEPS_BETWEEN_CLOCK_READS = 100_000
"""Virtual machine steps between two checks of the deadline: a few milliseconds, so that the checks take no measurable
time.
"""


def instant_text(value: datetime) -> str:
    """Write the time in UTC with a fixed width, so that texts sort like times."""
    if value.tzinfo is None:
        raise ValueError(f"a naive datetime cannot be stored: {value!r}")
    return value.astimezone(UTC).isoformat(" ", "microseconds")


# Tortoise's adapter keeps the offset and drops zero microseconds, so its rows would not sort with ours. The registry
# belongs to the sqlite3 module and applies to the whole process.
sqlite3.register_adapter(datetime, instant_text)

DECODERS: Mapping[type, Callable[[Any], Any]] = {
    UUID: pgproto.UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    bool: bool,
    dict: orjson.loads,
}
"""Conversion of a column's text or integer to the value that PostgreSQL's driver would return; dict represents JSON.
`pgproto.UUID` is a subclass of the standard library's UUID that is parsed eight times as fast.
"""


ENCODERS = Encoders({UUID: str, datetime: instant_text, date: date.isoformat, dict: json_text, list: json_text})

reading = own_errors(Doing.READING)
_QUOTED_OR_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|\$(\d+)")


@lru_cache(maxsize=1_000)
def numbered(sql: str) -> str:
    """Replace `$1` by `?1`, because SQLite takes `$1` for a name and numbers names in the order of their appearance."""
    return _QUOTED_OR_PLACEHOLDER.sub(lambda found: f"?{found[1]}" if found[1] else found[0], sql)


def run_sql(
    connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]
) -> tuple[list[Any], tuple[str, ...], int]:
    cursor = connection.execute(sql, parameters)
    rows = cursor.fetchall()
    return rows, tuple(column[0] for column in cursor.description or ()), cursor.rowcount


def _begin(connection: sqlite3.Connection, wait_ms: int) -> None:
    connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
    # Immediate: a deferred transaction that reads and then writes fails at once when another process wrote in between.
    connection.execute("BEGIN IMMEDIATE")


def _commit(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("COMMIT")
    except BaseException:
        # after an error such as a full disk the transaction is still open, and every later one would fail inside it
        _roll_back(connection)
        raise


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


_WATCHED = (run_sql, _commit)
"""Steps of a connection's thread that run statements; beginning a transaction only waits for other writers."""


def _require(held: bool, otherwise: str) -> None:
    if not held:
        raise NotDurableError(otherwise, "Keep the file on a disk of this machine.")


class BoundedConnection(aiosqlite.Connection):
    """A connection that interrupts statements after `statement_timeout_ms` (`SQLITE_INTERRUPT`); 0 means no limit.

    Failures are recorded in `availability` and raised as errors of storage/failures.py.
    """

    statement_timeout_ms = 0
    _deadline = float("inf")

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        availability: Availability,
        watch: StatementWatch,
        *,
        only_reads: bool,
    ) -> None:
        super().__init__(connect, iter_chunk_size=64)
        self._availability = availability
        self._watch = watch
        self._only_reads = only_reads
        self._doing = Doing.READING if only_reads else Doing.CHANGING

    async def _execute(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        # Every statement passes here, including Tortoise's.
        return await self._run(fn, partial(fn, *args, **kwargs), args)

    async def _run(self, fn: Callable[..., Any], step: Callable[[], T], args: Sequence[Any]) -> T:
        """Run the step, which is `fn` with the arguments. Its time starts in the connection's thread, so that the wait
        behind other statements does not count.
        """
        took_s = 0.0

        def bounded() -> T:
            nonlocal took_s
            if self._only_reads and fn is run_sql:  # it may have been queued before the file became unavailable
                self._availability.refuse_if_away()
            began_s = time.monotonic()
            if self.statement_timeout_ms:
                self._deadline = began_s + self.statement_timeout_ms / 1_000
            try:
                return step()
            finally:
                took_s = time.monotonic() - began_s

        try:
            with own_errors(Doing.COMMITTING if fn is _commit else self._doing):
                result: T = await super()._execute(bounded)  # type: ignore[no-untyped-call]
        except DatabaseUnavailable as error:
            self._availability.note(error)
            raise
        finally:
            if fn in _WATCHED:
                self._watch.ended(args[1] if fn is run_sql else "COMMIT", took_s)
        return result

    async def limit_statements(self, timeout_ms: int) -> None:
        self.statement_timeout_ms = timeout_ms
        await self.set_progress_handler(lambda: time.monotonic() > self._deadline, STEPS_BETWEEN_CLOCK_READS)

    async def call(self, fn: Callable[..., T], *args: Any) -> T:
        """Run `fn(sqlite3_connection, *args)` as one step of the connection's thread, and return its result."""
        return await self._execute(fn, self._conn, *args)

    async def call_unless_left(self, fn: Callable[..., T], *args: Any) -> T:
        """Run `fn` as `call` does, alone on the connection. If this task is cancelled, `fn` is not started, or is
        interrupted at once; the task ends when the connection is free again.
        """
        is_left = False

        def unless_left() -> T:
            if is_left:
                raise sqlite3.OperationalError("interrupted: nobody waits for the rows")
            return fn(self._conn, *args)

        running = asyncio.ensure_future(self._run(fn, unless_left, (self._conn, *args)))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            is_left, self._deadline = True, 0.0
            with suppress(DatabaseUnavailable, DatabaseDefect):
                await uncancelled(_ended(running))
            raise


async def _ended(task: "asyncio.Future[T]") -> T:
    return await task


class SqliteClient(TortoiseSqliteClient):
    """Tortoise's client, with transactions that survive cancellation and durable settings that are checked."""

    _connection: BoundedConnection | None

    def __init__(
        self,
        file_path: str = "",
        *,
        connection_name: str = "sqlite",
        query_only: bool = False,
        create: bool = False,
        foreign_keys: bool = True,
        lock_timeout_ms: int = 2_000,
        statement_timeout_ms: int = 5_000,
        statement_cache_size: int = 100,
        availability: Availability | None = None,
        statement_watch: StatementWatch | None = None,
    ) -> None:
        super().__init__(file_path, connection_name=connection_name)
        self.availability = availability or Availability()
        self.statement_watch = statement_watch or StatementWatch()
        self.create = create
        self.lock_timeout_ms = lock_timeout_ms
        self.statement_timeout_ms = statement_timeout_ms
        self.statement_cache_size = statement_cache_size
        # FULL, because NORMAL may lose the last commits when power fails. FULL is the default of most builds, but not
        # of all.
        self.pragmas = {
            "busy_timeout": lock_timeout_ms,
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": int(foreign_keys),
            "query_only": int(query_only),
        }

    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002 - Tortoise's signature
        """Open the connection and read each of its settings back; NotDurableError when one was not accepted."""
        if not self.filename:
            raise RuntimeError(UNNAMED)
        await uncancelled(self._open())
        await self._post_connect()

    async def _open(self) -> None:
        connection = BoundedConnection(
            self.connect, self.availability, self.statement_watch, only_reads=bool(self.pragmas["query_only"])
        )
        try:
            with own_errors(Doing.READING):
                await connection
        except BaseException:
            # aiosqlite does not wait for its thread, which could then call an event loop that is closed.
            await asyncio.to_thread(connection._thread.join)  # noqa: SLF001 - it has no public way
            raise
        await connection.limit_statements(self.statement_timeout_ms)
        self._connection = connection

    def end_waiting(self) -> None:
        """Do nothing: reads of the file wait for a moment only, and writes for `lock_timeout_ms`."""

    async def _reopen(self) -> None:
        """Replace the connection by a new one: SQLite opens a file that it cannot write as read-only, and the
        connection stays so when the file becomes writable.
        """
        worn = self._connection
        await self._open()
        if worn is not None:
            await worn.close()

    def connect(self) -> sqlite3.Connection:
        """Open a connection with this client's settings, for the calling thread."""
        mode = "rwc" if self.create else "rw"
        location = f"file:{quote(str(Path(self.filename).absolute()))}?mode={mode}"
        if self.create:
            # Readable by the owner only, because the file contains digests of keys and names of customers. SQLite gives
            # its log files the same mode.
            with suppress(FileExistsError):
                os.close(os.open(self.filename, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(
            location, uri=True, isolation_level=None, cached_statements=self.statement_cache_size
        )
        try:
            connection.row_factory = sqlite3.Row
            for pragma, wanted in self.pragmas.items():
                self._set(connection, pragma, wanted)
                held = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
                _require(
                    held == wanted, f"SQLite holds {pragma} at {held!r}, not {wanted!r}: commits would not be safe."
                )
        except BaseException:
            connection.close()
            raise
        return connection

    def _set(self, connection: sqlite3.Connection, pragma: str, wanted: object) -> None:
        """Set the journal mode, with retries: if several processes open a new file at once, SQLite refuses all but one
        immediately, without regard to their `busy_timeout`.
        """
        give_up_at = time.monotonic() + self.lock_timeout_ms / 1000
        while True:
            try:
                connection.execute(f"PRAGMA {pragma} = {wanted}")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                    raise
                time.sleep(BUSY_PAUSE_S)
            else:
                return

    def _in_transaction(self) -> Any:
        return self.transaction()

    @asynccontextmanager
    async def transaction(self, lock_timeout_ms: int | None = None) -> AsyncIterator[SqliteTransactionWrapper]:
        """Commit at the end, roll back on any exception; a cancellation at any await has one of the two outcomes.

        Waits for other writers, of this process or of others, at most `lock_timeout_ms`, then refuses `UNAVAILABLE`.
        """
        timeout_ms = self.lock_timeout_ms if lock_timeout_ms is None else lock_timeout_ms
        if self.availability.refused_write is LOCKED:
            timeout_ms = 0  # other writers have waited in vain; until one succeeds, nobody waits
        asked_at = time.monotonic()
        self.availability.refuse_if_away(Doing.CHANGING)
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                await self._lock.acquire()
        except TimeoutError:
            raise DatabaseUnavailable(LOCKED, Doing.CHANGING) from None
        try:
            if not self.availability.takes_writes and self._connection is not None:
                await uncancelled(self._reopen())
            connection = self._connection
            if connection is None:
                raise DatabaseUnavailable(LOST, Doing.CHANGING)
            left_ms = max(0, timeout_ms - int((time.monotonic() - asked_at) * 1_000))
            try:
                await self._begin(connection, left_ms)
                transaction = SqliteTransactionWrapper(self)
                try:
                    yield transaction
                finally:
                    # A client that is used after the end must fail, not write into another task's transaction.
                    transaction._finalized, transaction._connection = True, None  # type: ignore[assignment]  # noqa: SLF001
            except BaseException:
                await uncancelled(connection.call(_roll_back))
                raise
            with self.statement_watch.span("COMMIT"):
                await uncancelled(connection.call(_commit))
        finally:
            self._lock.release()

    async def _begin(self, connection: BoundedConnection, wait_ms: int) -> None:
        try:
            await uncancelled(connection.call(_begin, wait_ms))
        except DatabaseUnavailable as error:
            if error.failure is LOCKED and wait_ms >= self.lock_timeout_ms / 2:
                self.availability.note_locked()
            raise
        if self.availability.refused_write is LOCKED:
            self.availability.note_write()


client_class = SqliteClient
