"""PostgreSQL through asyncpg: a pool of connections whose sessions never change state.

Knows the types of values and the server settings that make acknowledged orders durable; it must not know a table.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg  # type: ignore[import-untyped]
import orjson
from asyncpg.pgproto import pgproto  # type: ignore[import-untyped]
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import NestedTransactionContext

from service.kit.database_address import parse_address
from service.storage.engines import UNNAMED, Dialect, Encoders, Row, Statements, json_text, uncancelled
from service.storage.engines.connection_pool import ConnectionPool
from service.storage.engines.query_batcher import QueryBatcher

_savepoints = count()

ANSWERED = (asyncpg.PostgresError, asyncpg.InterfaceError)
"""Errors of the server or of asyncpg about a statement: the connection is in order, or known to be closed."""


async def _decode_json(connection: asyncpg.Connection) -> None:
    # Tortoise and `ENCODERS` both hand over JSON text, hence no encoder of our own.
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=orjson.loads, format="text")


async def _require_durable(connection: asyncpg.Connection) -> None:
    for setting in ("fsync", "synchronous_commit"):
        held = await connection.fetchval("SELECT current_setting($1)", setting)
        if held not in ("on", "remote_apply"):
            raise RuntimeError(f"PostgreSQL runs with {setting} = {held}: an acknowledged order could be lost.")


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a naive datetime cannot be stored: {value!r}")
    return value


PLAIN = frozenset({UUID, pgproto.UUID, str, int, bool, bytes, type(None)})
"""Types that asyncpg takes unchanged, for a fast test: the parameters of a group of reads are hundreds."""

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
    ) -> None:
        super().__init__(connection_name=connection_name)
        self.url = url
        self.pool_size_max = pool_size_max
        self.lock_timeout_ms = lock_timeout_ms
        self.pool_wait_s = pool_wait_ms / 1_000
        self.statement_timeout_ms = statement_timeout_ms
        self.statement_cache_size = statement_cache_size
        self.connections: ConnectionPool | None = None
        statements = PostgresqlStatements(self)
        self.query_batcher = QueryBatcher(lambda sql, parameters: statements.run_sql("fetch", sql, parameters))
        # The server ends a statement; this bound is for a server that no longer answers.
        self.silence_s = statement_timeout_ms / 1_000 + 1 if statement_timeout_ms else None

    @property
    def behind_a_proxy(self) -> bool:
        """Return True behind a pooling proxy, which takes no start-up parameters and shares connections, so that
        prepared statements are off.
        """
        return self.statement_cache_size == 0

    async def create_connection(self, with_db: bool) -> None:  # noqa: ARG002 - Tortoise's signature
        """Open the pool and check that the server's commits are durable; RuntimeError if its settings say otherwise."""
        if not self.url:
            raise RuntimeError(UNNAMED)
        connection = await self._connect()
        try:
            await _require_durable(connection)
        except BaseException:
            connection.terminate()
            raise
        self.connections = ConnectionPool(self._connect, size_max=self.pool_size_max, wait_s=self.pool_wait_s)
        self.connections.add(connection)
        await self._post_connect()

    async def _connect(self) -> Any:
        timeouts = {"lock_timeout": self.lock_timeout_ms, "statement_timeout": self.statement_timeout_ms}
        settings = {"default_transaction_isolation": "read committed"} | {key: str(ms) for key, ms in timeouts.items()}
        address = parse_address(self.url)
        settings |= address.server_settings
        connection = await asyncpg.connect(
            **address.connection,
            statement_cache_size=self.statement_cache_size,
            command_timeout=self.silence_s,
            server_settings={} if self.behind_a_proxy else settings,
        )
        try:
            await _decode_json(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def take(self) -> Any:
        """Return a connection for this task only, until it is given back; waits at most `pool_wait_ms` (`Refused`)."""
        if self.connections is None:
            await self.create_connection(with_db=True)
        return await self.connections.take()  # type: ignore[union-attr]

    async def close(self) -> None:
        """Close all connections, and open none again."""
        if self.connections is not None:
            await self.connections.close()

    def acquire_connection(self) -> Any:
        return self._acquire_connection()

    @asynccontextmanager
    async def _acquire_connection(self) -> AsyncIterator[Any]:
        connection = await self.take()
        with self.returning(connection):
            yield connection

    @contextmanager
    def returning(self, connection: Any) -> Iterator[None]:
        """Cut the connection unless the statements inside were answered in full: an answer left on it would be given to
        the next caller.
        """
        connections = self.connections
        assert connections is not None  # noqa: S101 - the connection came from there
        try:
            yield
        except ANSWERED:
            connections.give_back(connection)
            raise
        except BaseException:
            connections.abandon(connection)
            raise
        connections.give_back(connection)

    def _in_transaction(self) -> Any:
        return self.transaction()

    @asynccontextmanager
    async def transaction(self, lock_timeout_ms: int | None = None) -> AsyncIterator["PostgresqlTransaction"]:
        """Commit at the end, roll back on any exception; a cancellation at any await has one of the two outcomes.

        Waits for a connection at most `pool_wait_ms` (`Refused`) and for each lock at most `lock_timeout_ms` (55P03).
        """
        connection = await self.take()
        try:
            await connection.execute(self._begin(lock_timeout_ms))
            transaction = PostgresqlTransaction(self, connection)
            try:
                yield transaction
            finally:
                transaction.end()
        except BaseException:
            await uncancelled(self._roll_back(connection))
            raise
        await uncancelled(self._commit(connection))

    def _begin(self, lock_timeout_ms: int | None) -> str:
        """Set everything in one round trip: a text without parameters may hold several statements."""
        text = "BEGIN"
        if lock_timeout_ms is not None or self.behind_a_proxy:
            text += f"; SET LOCAL lock_timeout = {self.lock_timeout_ms if lock_timeout_ms is None else lock_timeout_ms}"
        if self.behind_a_proxy:
            text += f"; SET LOCAL statement_timeout = {self.statement_timeout_ms}"
        return text

    async def _commit(self, connection: Any) -> None:
        with self.returning(connection):
            try:
                async with asyncio.timeout(self.silence_s):
                    said = await connection.execute("COMMIT")
            except TimeoutError as error:
                connection.terminate()
                message = "COMMIT was not answered: its outcome is unknown"
                raise asyncpg.ConnectionDoesNotExistError(message) from error
            except BaseException:
                connection.terminate()
                raise
        # A statement failed and its error was swallowed: the server rolls back and calls it success.
        if said != "COMMIT":
            raise asyncpg.InFailedSQLTransactionError("the transaction had failed before its commit")

    async def _roll_back(self, connection: Any) -> None:
        with suppress(*ANSWERED, OSError, TimeoutError), self.returning(connection):
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
        self._savepoint = f"savepoint_{next(_savepoints)}"

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


class PostgresqlStatements(Statements):
    """Statements on a PostgreSQL client or inside one of its transactions."""

    dialect: Dialect = "postgresql"

    def __init__(self, client: AsyncpgDBClient) -> None:
        self.client = client

    async def fetch(self, sql: str, *parameters: object) -> list[Row]:
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
        """Call asyncpg's method of that name."""
        client = self.client
        encoded = parameters if PLAIN.issuperset(map(type, parameters)) else ENCODERS.encoded(parameters)
        # Checked in this order, because their classes are abstract somewhere: a no takes ten times as long as a yes.
        if not isinstance(client, PostgresqlClient):
            async with client.acquire_connection() as connection:
                return await getattr(connection, method)(sql, *encoded)
        connections = client.connections
        connection = (connections and connections.take_free()) or await client.take()
        # As `returning` does it, written out: a generator for each statement costs as much as its parameters.
        try:
            answer = await getattr(connection, method)(sql, *encoded)
        except ANSWERED:
            client.connections.give_back(connection)  # type: ignore[union-attr]
            raise
        except BaseException:
            client.connections.abandon(connection)  # type: ignore[union-attr]
            raise
        client.connections.give_back(connection)  # type: ignore[union-attr]
        return answer
