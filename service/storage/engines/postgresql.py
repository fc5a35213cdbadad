"""PostgreSQL through asyncpg: a pool of connections whose sessions never change state.

Knows the types of values and the server settings that make acknowledged orders durable; must not know a table.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from itertools import count
from types import TracebackType
from typing import Any, cast
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
from asyncpg.pgproto import pgproto  # type: ignore[import-untyped]
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import ConnectionWrapper, NestedTransactionContext

from service.kit.database_address import parse_address
from service.storage.engines import UNNAMED, Dialect, Encoders, Row, Statements, json_text, uncancelled
from service.storage.engines.availability import Availability
from service.storage.engines.connection_pool import ConnectionPool
from service.storage.engines.hosts import connect_to_first
from service.storage.engines.postgresql_session import (
    IS_DISTRIBUTED,
    SESSION,
    TAKES_WRITES,
    decode_json,
    keep_alive,
    require_durable,
)
from service.storage.engines.query_batcher import QueryBatcher
from service.storage.engines.statement_watch import StatementWatch
from service.storage.failures import DatabaseDefect, DatabaseUnavailable, Doing, own_error, own_errors

_savepoints = count()

ANSWERED = (asyncpg.PostgresError, asyncpg.InterfaceError)
"""Errors about a statement, after which the connection is either usable or known to be closed."""


def _retires(error: BaseException) -> bool:
    """Return True if the connection that the error came from must not be used again."""
    return isinstance(error, DatabaseUnavailable) and error.failure.retire


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a naive datetime cannot be stored: {value!r}")
    return value


PLAIN = frozenset({UUID, pgproto.UUID, str, int, bool, bytes, type(None)})
"""Types that asyncpg takes unchanged; one set look-up for each parameter, because a group of reads has hundreds."""

ENCODERS = Encoders({datetime: _aware, dict: json_text, list: json_text})


class PostgresqlClient(AsyncpgDBClient):
    """Tortoise's client, with a limited wait for a connection and transactions that survive cancellation."""

    def __init__(
        self,
        url: str = "",
        *,
        connection_name: str = "postgresql",
        pool_size_max: int = 16,
        lock_timeout_ms: int = 2_000,
        statement_timeout_ms: int = 5_000,
        pool_wait_ms: int = 1_000,
        statement_cache_size: int = 100,
        idle_transaction_ms: int = 3_000,
        pooled: bool = False,
        query_batching: bool = True,
        availability: Availability | None = None,
        statement_watch: StatementWatch | None = None,
    ) -> None:
        super().__init__(connection_name=connection_name)
        self.url = url
        self.availability = availability or Availability()
        self.statement_watch = statement_watch or StatementWatch()
        self.pool_size_max = pool_size_max
        self.lock_timeout_ms = lock_timeout_ms
        self.pool_wait_s = pool_wait_ms / 1_000
        self.statement_timeout_ms = statement_timeout_ms
        self.pooled = pooled or statement_cache_size == 0
        self.statement_cache_size = 0 if self.pooled else statement_cache_size
        self.idle_transaction_ms = idle_transaction_ms
        self.connections: ConnectionPool | None = None
        self.is_distributed = False
        statements = PostgresqlStatements(self, self.statement_watch)
        self.query_batcher = QueryBatcher(
            lambda sql, parameters: statements.run_sql("fetch", sql, parameters),
            pool_size_max,
            batches=query_batching,
        )
        # The server itself ends a slow statement; this limit is for a server that no longer answers.
        self.silence_s = statement_timeout_ms / 1_000 + 1 if statement_timeout_ms else None

    @property
    def _opened(self) -> ConnectionPool:
        assert self.connections is not None  # noqa: S101 - asked for a connection that came from there
        return self.connections

    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002 - Tortoise's signature
        """Open the pool and check that the server's commits are durable; NotDurableError if its settings say
        otherwise.
        """
        if not self.url:
            raise RuntimeError(UNNAMED)
        connection = await self.connect()
        try:
            with own_errors(Doing.READING):
                async with self._one_session(connection):
                    await require_durable(connection)
                    takes_writes = await connection.fetchval(TAKES_WRITES)
                    self.is_distributed = await connection.fetchval(IS_DISTRIBUTED)
            self.availability.note_probe(takes_writes=takes_writes)
        except BaseException:
            connection.terminate()
            raise
        if self.connections is not None:  # another task opened the pool at the same time
            connection.terminate()
            return
        self.connections = ConnectionPool(self.connect, size_max=self.pool_size_max, wait_s=self.pool_wait_s)
        self.connections.add(connection)
        await self._post_connect()

    async def connect(self) -> Any:
        """Open and return a connection with this client's limits that does not belong to the pool."""
        settings = SESSION | {name: str(ms) for name, ms in self._timeouts_ms().items()}
        address = parse_address(self.url)
        settings |= address.server_settings
        with own_errors(Doing.READING):
            connection = await connect_to_first(
                address.connection,
                statement_cache_size=self.statement_cache_size,
                command_timeout=self.silence_s,
                server_settings={} if self.pooled else settings,
            )
            try:
                keep_alive(connection)
                async with self._one_session(connection):
                    await decode_json(connection)
            except BaseException:
                connection.terminate()
                raise
        return connection

    async def take(self, doing: Doing = Doing.READING) -> Any:
        """Return a connection for this task only, until it is given back; waits at most `pool_wait_ms` (`Refused`)."""
        self.availability.refuse_if_away(doing)
        if self.connections is None:
            await self.create_connection(with_db=True)
        try:
            with own_errors(doing):
                return await self._opened.take()
        except DatabaseUnavailable as error:
            self.availability.note(error)
            raise

    def end_waiting(self) -> None:
        """Cut every connection and end the wait for one: waiting tasks are refused at once."""
        if self.connections is not None:
            self.connections.cut()

    async def close(self) -> None:
        """Close all connections, and open none again."""
        if self.connections is not None:
            await self.connections.close()

    def acquire_connection(self) -> Any:
        return self._pooled_connection() if self.pooled else _Lease(self)

    @asynccontextmanager
    async def _pooled_connection(self) -> AsyncIterator[Any]:
        async with _Lease(self) as connection, self._one_session(connection):
            yield connection

    @asynccontextmanager
    async def _one_session(self, connection: Any) -> AsyncIterator[None]:
        """Context in which every message of a statement reaches the same session.

        A pooler reassigns a session as soon as the server is ready for a query, and that is also so between the parsing
        of a statement and its execution. Outside of a transaction a statement could therefore get the rows of another
        client's statement.
        """
        if self.pooled:
            await connection.execute(self._begin(None))
        yield
        if self.pooled:  # after a failed statement it is inside a transaction, so it is replaced instead of given back
            await connection.execute("COMMIT")

    @contextmanager
    def returning(self, connection: Any, doing: Doing) -> Iterator[None]:
        """Give the connection back if all statements inside were answered completely; otherwise cut it, because its
        next user would receive the rest of the answer. Failures of the driver become errors of storage/failures.py.
        """
        try:
            yield
        except BaseException as error:
            own = self.failed(connection, error, doing)
            if own is error:
                raise
            raise own from error
        self.give_back(connection)

    def give_back(self, connection: Any) -> None:
        """Give back a connection whose statements were answered completely."""
        self._opened.give_back(connection)

    def failed(self, connection: Any, error: BaseException, doing: Doing) -> BaseException:
        """Give a connection back after a failed statement, or cut it; return the error to raise."""
        own = own_error(error, doing)
        self.availability.note(own)
        if isinstance(error, ANSWERED) and not _retires(own):
            self._opened.give_back(connection)
        else:
            self._opened.abandon(connection)
        return own

    def _in_transaction(self) -> Any:
        return self.transaction()

    @asynccontextmanager
    async def transaction(self, lock_timeout_ms: int | None = None) -> AsyncIterator["PostgresqlTransaction"]:
        """Commit at the end, roll back on any exception; a cancellation at any await has one of the two outcomes.

        Waits for a connection at most `pool_wait_ms` (`Refused`) and for each lock at most `lock_timeout_ms` (55P03).
        """
        self.availability.refuse_if_read_only()
        connection = await self.take(Doing.CHANGING)
        try:
            with own_errors(Doing.CHANGING):
                await connection.execute(self._begin(lock_timeout_ms))
            transaction = PostgresqlTransaction(self, connection)
            try:
                yield transaction
            finally:
                transaction.end()
        except BaseException as error:
            self.availability.note(error)
            if _retires(error):
                self._opened.abandon(connection)
            else:
                await uncancelled(self._roll_back(connection))
            raise
        await uncancelled(self._commit(connection))

    def _begin(self, lock_timeout_ms: int | None) -> str:
        """Return the text that begins a transaction and makes all its settings in one round trip. A text without
        parameters may contain several statements.
        """
        begin, limits = "BEGIN", {}
        if self.pooled:  # its sessions get no settings at their start
            begin, limits = "BEGIN ISOLATION LEVEL READ COMMITTED", self._timeouts_ms()
        if lock_timeout_ms is not None:
            limits["lock_timeout"] = lock_timeout_ms
        return "; ".join([begin, *(f"SET LOCAL {name} = {ms}" for name, ms in limits.items())])

    def _timeouts_ms(self) -> dict[str, int]:
        return {
            "lock_timeout": self.lock_timeout_ms,
            "statement_timeout": self.statement_timeout_ms,
            # The server ends a process's transaction that is idle, because it would keep its locks.
            "idle_in_transaction_session_timeout": self.idle_transaction_ms,
        }

    async def _commit(self, connection: Any) -> None:
        with self.returning(connection, Doing.COMMITTING):
            try:
                async with asyncio.timeout(self.silence_s):
                    said = await self.statement_watch.run("COMMIT", connection.execute("COMMIT"))
            except BaseException:
                connection.terminate()
                raise
        # A statement failed and the error was swallowed: the server rolls back, but reports no error.
        if said != "COMMIT":
            raise DatabaseDefect("the transaction had failed before its commit")

    async def _roll_back(self, connection: Any) -> None:
        with suppress(DatabaseUnavailable, DatabaseDefect), self.returning(connection, Doing.READING):
            try:
                async with asyncio.timeout(self.pool_wait_s):
                    await connection.execute("ROLLBACK")
            except BaseException:
                connection.terminate()
                raise


client_class = PostgresqlClient


class PostgresqlTransaction(TransactionWrapper):
    """The client that Tortoise uses inside a transaction. Its savepoints are plain SQL: asyncpg's refuse a transaction
    that was begun by hand.
    """

    def __init__(self, parent: Any, connection: Any) -> None:
        super().__init__(parent)
        self._connection = connection
        self.is_distributed: bool = parent.is_distributed
        self._savepoint = f"savepoint_{next(_savepoints)}"

    def acquire_connection(self) -> "_OwnErrors":
        return _OwnErrors(self._lock, self)

    def end(self) -> None:
        """Make the client fail from now on if it is used after the end, instead of writing into another task's
        transaction.
        """
        self._finalized, self._connection = True, None

    def _in_transaction(self) -> NestedTransactionContext:
        return NestedTransactionContext(PostgresqlTransaction(self, self._connection))

    async def savepoint(self) -> None:
        await self._connection.execute(f"SAVEPOINT {self._savepoint}")

    async def release_savepoint(self) -> None:
        await self._connection.execute(f"RELEASE {self._savepoint}")

    async def savepoint_rollback(self) -> None:
        await self._connection.execute(f"ROLLBACK TO {self._savepoint}")


class _OwnErrors(ConnectionWrapper[Any]):
    """Converter of the errors of a transaction's statements."""

    __slots__ = ()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await super().__aexit__(exc_type, exc_val, exc_tb)
        if exc_val is not None and (own := own_error(exc_val, Doing.CHANGING)) is not exc_val:
            raise own from exc_val


class _Lease:
    """A connection for one task, which is given back or cut as by `PostgresqlClient.returning`. A class, because a
    generator-based context manager takes as long as encoding the parameters.
    """

    __slots__ = ("_client", "_connection")

    def __init__(self, client: PostgresqlClient) -> None:
        self._client = client

    async def __aenter__(self) -> Any:
        self._connection = await self._client.take()
        return self._connection

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._client.give_back(self._connection)
        elif (own := self._client.failed(self._connection, error, Doing.READING)) is not error:
            raise own from error


class PostgresqlStatements(Statements):
    """Statements on a PostgreSQL client or inside one of its transactions."""

    dialect: Dialect = "postgresql"

    def __init__(self, client: AsyncpgDBClient, watch: StatementWatch | None = None) -> None:
        self.client = client
        self._watch = watch or StatementWatch()

    @property
    def is_distributed(self) -> bool:
        return cast(PostgresqlClient | PostgresqlTransaction, self.client).is_distributed

    async def fetch(self, sql: str, *parameters: object) -> list[Row]:
        client = self.client
        if isinstance(client, PostgresqlClient):
            return cast(list[Row], await client.query_batcher.fetch_alone(sql, parameters))
        rows: list[Row] = await self.run_sql("fetch", sql, parameters)
        return rows

    def fetch_cells(self, sql: str, *parameters: object) -> Awaitable[list[Sequence[Any]]]:
        client = self.client
        if isinstance(client, PostgresqlClient):
            return client.query_batcher.fetch(sql, parameters)
        return self.run_sql("fetch", sql, parameters)

    async def execute(self, sql: str, *parameters: object) -> int:
        said: str = await self.run_sql("execute", sql, parameters)
        affected = said.rpartition(" ")[2]
        return int(affected) if affected.isdigit() else 0

    async def run_sql(self, method: str, sql: str, parameters: Sequence[object]) -> Any:
        """Call the asyncpg method with this name."""
        encoded = parameters if PLAIN.issuperset(map(type, parameters)) else ENCODERS.encoded(parameters)
        async with self.client.acquire_connection() as connection:
            return await self._watch.run(sql, getattr(connection, method)(sql, *encoded))
