"""A database: writing transactions, a reader that never waits for them, and one form of SQL for both dialects.

Knows how a database is opened and which dialect it uses; it must not know a table.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from typing import Any

from service.kit.database_address import parse_address
from service.storage.engines import Dialect, Row, Statements, tortoise_context
from service.storage.engines.loop_reader import LoopReader
from service.storage.engines.postgresql import PostgresqlClient, PostgresqlStatements
from service.storage.engines.sqlite import SqliteClient, SqliteStatements

__all__ = ["Database", "Dialect", "Row", "Statements", "placeholders"]


@lru_cache(maxsize=1_000)
def placeholders(start: int, count: int) -> str:
    """Return `$3, $4, $5` for (3, 3): an `IN` list or a row of `VALUES`. Cached, because lists have few lengths."""
    return ", ".join(f"${number}" for number in range(start, start + count))


class Database:
    """An open database. Any number may be open in a process, one after another or, in one dialect, side by side."""

    dialect: Dialect

    def __init__(self, dialect: Dialect, writer: Any, reads: Any) -> None:
        """Called by `open()` only."""
        self.dialect = dialect
        self._writer = writer
        self._reads = reads
        self._kinds: Mapping[str, type] = {}
        self._loop_reader: LoopReader | None = None
        self.reader: Statements
        """Return the executor of statements outside any transaction, each seeing all that was committed before it; it
        never waits for a writer.
        """

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        pool_size_max: int = 16,
        lock_timeout_ms: int = 2_000,
        statement_timeout_ms: int = 5_000,
        pool_wait_ms: int = 1_000,
        statement_cache_size: int = 100,
        loop_read_ms: int = 5,
    ) -> "Database":
        """Open the connections and check their durability; RuntimeError if it is not guaranteed.

        `loop_read_ms` is the time that a read of an SQLite file may block the event loop before it goes to a thread;
        with 0 each goes there at once. `statement_cache_size=0` is for a PostgreSQL behind a transaction-pooling proxy.
        The tables are not checked.
        """
        limits: dict[str, Any] = {
            "lock_timeout_ms": lock_timeout_ms,
            "statement_timeout_ms": statement_timeout_ms,
            "statement_cache_size": statement_cache_size,
        }
        address = parse_address(url)
        if address.dialect == "sqlite":
            path = address.file
            database = cls("sqlite", SqliteClient(path, **limits), SqliteClient(path, query_only=True, **limits))
        else:
            pool = PostgresqlClient(url, pool_size_max=pool_size_max, pool_wait_ms=pool_wait_ms, **limits)
            database = cls("postgresql", pool, pool)
        database._kinds = await tortoise_context.enter(database.dialect)
        try:
            for client in database._clients:
                await client.create_connection(with_db=True)
            if address.dialect == "sqlite" and loop_read_ms:
                database._loop_reader = LoopReader(database._reads.connect, budget_ms=loop_read_ms)
        except BaseException:
            await database.close()
            raise
        database.reader = database._statements(database._reads, database._loop_reader)
        return database

    @property
    def _clients(self) -> tuple[Any, ...]:
        # Writer first: it sets the journal mode that the reader then finds in the file.
        return (self._writer,) if self._reads is self._writer else (self._writer, self._reads)

    async def close(self) -> None:
        """Close the connections; call it when no transaction is running any more."""
        tortoise_context.leave(self.dialect)
        if self._loop_reader is not None:
            self._loop_reader.close()
        for client in self._clients:
            await client.close()

    def transaction(self, *, lock_timeout_ms: int | None = None) -> AbstractAsyncContextManager[Statements]:
        """Run the statements inside in one transaction, which commits at the end, or rolls back on any exception,
        cancellation included.

        A writer waits for other writers at most `lock_timeout_ms`. Nothing inside may start a task, await one, call the
        network or another transaction. After a connection lost during COMMIT, only the idempotency key tells the
        outcome.
        """
        return self._transaction(lock_timeout_ms)

    @asynccontextmanager
    async def _transaction(self, lock_timeout_ms: int | None) -> AsyncIterator[Statements]:
        async with self._writer.transaction(lock_timeout_ms) as client:
            yield self._statements(client)

    def _statements(self, client: Any, loop_reader: LoopReader | None = None) -> Statements:
        if self.dialect == "sqlite":
            return SqliteStatements(client, self._kinds, loop_reader)
        return PostgresqlStatements(client)
