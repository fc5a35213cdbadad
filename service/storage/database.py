"""A database of either dialect; SQL for the write that tests if the disk has space.

It has writing transactions, and a reader that never waits for them.

Knows how a database is opened and which dialect it uses; must not know a table.
"""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Unpack
from uuid import UUID

from service.kit.database_address import parse_address
from service.storage.engines import Dialect, Row, Statements, tortoise_context
from service.storage.engines.availability import Availability
from service.storage.engines.connection_pool import ConnectionPool
from service.storage.engines.limits import Limits
from service.storage.engines.postgresql import PostgresqlClient, PostgresqlStatements
from service.storage.engines.probes import PostgresqlProbe, SqliteProbe, is_writable
from service.storage.engines.sqlite import SqliteClient
from service.storage.engines.sqlite_reader import SqliteReader
from service.storage.engines.sqlite_statements import SqliteStatements
from service.storage.engines.statement_watch import StatementTracer, StatementWatch
from service.storage.failures import LOCKED
from service.storage.watch import Watch, watching

FILE_READ_WAIT_MS = 250
"""Time in milliseconds that a read of a SQLite file waits for a process that has locked the whole file. Writers never
make a read wait.
"""
CONNECTIONS_AT_START = 4
"""Connections to a PostgreSQL that are open before the service is ready, or the first burst would wait for them."""
PROBE_ROW = UUID(int=0)

__all__ = ["Database", "Dialect", "Row", "Statements", "placeholders"]


@lru_cache(maxsize=1_000)
def placeholders(start: int, count: int) -> str:
    """Return `$3, $4, $5` for (3, 3): an `IN` list or a row of `VALUES`. Cached, because lists have few lengths."""
    return ", ".join(f"${number}" for number in range(start, start + count))


class Database:
    """An open database. A process may open several, one after another, or at the same time if they have the same
    dialect.
    """

    dialect: Dialect

    def __init__(self, dialect: Dialect, writer: Any, reads: Any, availability: Availability) -> None:
        """Called by `open()` only."""
        self.dialect = dialect
        self.availability = availability
        self.statement_watch: StatementWatch = writer.statement_watch
        self._writer = writer
        self._reads = reads
        self._kinds: Mapping[str, type] = {}
        self.reader: Statements
        """Return the executor of statements outside any transaction, each seeing all that was committed before it; it
        never waits for a writer.
        """

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        loop_read_ms: int = 5,
        slow_statement_ms: int = 0,
        statement_tracer: StatementTracer | None = None,
        **limits: Unpack[Limits],
    ) -> "Database":
        """Return a database whose connections are open and whose durability was checked (RuntimeError when it does not
        hold).

        `loop_read_ms` is the time that a read of a SQLite file may block the event loop before it is moved to a thread;
        with 0 every read uses the thread. Statements that take longer than `slow_statement_ms`, unless it is 0, are
        logged. The tables are not checked.
        """
        availability = Availability()
        watch = StatementWatch(slow_ms=slow_statement_ms, tracer=statement_tracer)
        shared: dict[str, Any] = {"availability": availability, "statement_watch": watch}
        address = parse_address(url)
        if address.dialect == "sqlite":
            database = cls("sqlite", *_sqlite_clients(address.file, loop_read_ms, limits, shared), availability)
            availability.takes_writes = is_writable(address.file)
        else:
            pool = PostgresqlClient(url, **shared, **limits)
            database = cls("postgresql", pool, pool, availability)
        database._kinds = await tortoise_context.enter(database.dialect)
        try:
            for client in database._clients:
                await client.create_connection(with_db=True)
        except BaseException:
            await database.close()
            raise
        database.reader = database._statements(database._reads)
        return database

    @property
    def _clients(self) -> tuple[Any, ...]:
        # Writer first: it sets the journal mode that the reader then finds in the file.
        return (self._writer,) if self._reads is self._writer else (self._writer, self._reads)

    @property
    def pool(self) -> ConnectionPool | None:
        """Return the pool of connections to a PostgreSQL, None for a SQLite file."""
        return self._writer.connections if isinstance(self._writer, PostgresqlClient) else None

    async def warm(self, connections: int) -> None:
        """Open so many connections to a PostgreSQL, as far as that is possible. A SQLite file needs none."""
        if self.pool is not None:
            await self.pool.warm(connections)

    async def close(self) -> None:
        """Close the connections; call it when no transaction is running any more."""
        tortoise_context.leave(self.dialect)
        for client in self._clients:
            await client.close()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Context in which a cheap query a second updates `availability`; while the database is unreachable, calls are
        refused at once. Without it each call waits for its own failure.
        """
        is_file = self.dialect == "sqlite"
        probe = SqliteProbe(self._writer.filename) if is_file else PostgresqlProbe(self._writer)
        async with watching(Watch(probe, self.availability, self._writer.end_waiting, self._try_write), probe):
            yield

    async def _try_write(self) -> None:
        """After a write that the disk refused, write a row that needs space; otherwise only begin a write
        transaction.
        """
        async with self.transaction() as statements:
            if self.availability.refused_write is not LOCKED:
                await statements.execute(
                    "INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3)",
                    PROBE_ROW,
                    secrets.token_hex(8_192),  # incompressible, and too large for any existing page
                    datetime.fromtimestamp(0, UTC),
                )
                await statements.execute("DELETE FROM organisations WHERE id = $1", PROBE_ROW)

    def transaction(self, *, lock_timeout_ms: int | None = None) -> AbstractAsyncContextManager[Statements]:
        """Run the statements inside in one transaction, which commits at the end, or rolls back on any exception,
        cancellation included.

        A writer waits for other writers at most `lock_timeout_ms`. Code inside must not start or await a task, use the
        network or open another transaction. After a connection lost during COMMIT, only the idempotency key tells the
        outcome.
        """
        return self._transaction(lock_timeout_ms)

    @asynccontextmanager
    async def _transaction(self, lock_timeout_ms: int | None) -> AsyncIterator[Statements]:
        async with self._writer.transaction(lock_timeout_ms) as client:
            yield self._statements(client)

    def _statements(self, client: Any) -> Statements:
        if self.dialect == "sqlite":
            return SqliteStatements(client, self._kinds, self.statement_watch)
        return PostgresqlStatements(client, self.statement_watch)


def _sqlite_clients(
    file: str, loop_read_ms: int, limits: Limits, shared: Mapping[str, Any]
) -> tuple[SqliteClient, SqliteReader]:
    """Return the client that writes to the file and the one that reads from it."""
    names = ("lock_timeout_ms", "statement_timeout_ms", "statement_cache_size")
    of_file: dict[str, Any] = {name: value for name, value in limits.items() if name in names}
    writer = SqliteClient(file, **shared, **of_file)
    of_file["lock_timeout_ms"] = min(writer.lock_timeout_ms, FILE_READ_WAIT_MS)
    return writer, SqliteReader(file, loop_read_ms=loop_read_ms, **shared, **of_file)
