"""PostgreSQL as one side of a copy; SQL for COPY, cursors and the forms of SQLite.

Rows leave it in the forms of SQLite, and enter it by COPY.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import date, datetime
from functools import partial
from typing import Any

from service.kit.database_address import parse_address
from service.storage.backups.refusals import BackupRefused
from service.storage.backups.sides import NOT_COPIED, Progress, State, row_counts, tables_of
from service.storage.backups.sqlite_side import loading
from service.storage.engines.postgresql import PostgresqlClient
from service.storage.failures import DatabaseDefect, Doing, own_errors
from service.storage.migrations import HISTORY, UNFINISHED

ROWS_A_STEP = 500
LOCK_TIMEOUT_MS = 5_000
LIMITS = (
    "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
    f" SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"
)

AS_SQLITE: Mapping[str, str] = {
    "uuid": "{}::text",
    "timestamp with time zone": "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00'",
    "date": "to_char({}, 'YYYY-MM-DD')",
    "jsonb": "{}::text",
    "boolean": "{}::int",
}
"""Expression that converts a column of the type to the form of SQLite; types not listed need no conversion."""
FROM_SQLITE: Mapping[str, Callable[[Any], Any]] = {
    "timestamp with time zone": datetime.fromisoformat,
    "date": date.fromisoformat,
    "boolean": bool,
}
"""Conversion of a SQLite value for a column of the type; types not listed need no conversion."""


class PostgresqlSide:
    """A PostgreSQL database. It has one connection, which is open inside `opened` only."""

    def __init__(self, url: str, *, pooled: bool) -> None:
        self.place = parse_address(url).place
        self._client = PostgresqlClient(
            url,
            pool_size_max=1,
            statement_timeout_ms=0,
            idle_transaction_ms=0,
            lock_timeout_ms=LOCK_TIMEOUT_MS,
            pooled=pooled,
        )
        self._connection: Any = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        self._connection = await self._client.connect()
        try:
            with own_errors(Doing.CHANGING):
                # Texts are sent unchanged: a decoder would round whole numbers above 64 bits.
                await self._connection.reset_type_codec("jsonb", schema="pg_catalog")
                yield
        finally:
            self._connection.terminate()

    @asynccontextmanager
    async def _transaction(self, kind: str) -> AsyncIterator[None]:
        """Commit at the end. On an exception the connection is cut, which rolls back."""
        await self._connection.execute(f"BEGIN {kind}; {LIMITS}")
        yield
        await self._connection.execute("COMMIT")

    async def state(self) -> State:
        async with self._transaction("READ ONLY"):
            return await self._state()

    async def _state(self) -> State:
        there = await self._tables()
        tables = [name for name in there if name not in NOT_COPIED]
        if HISTORY not in there:
            return State((), next(iter(tables), None), UNFINISHED in there)
        filled = [name for name in tables if await self._connection.fetchval(f'SELECT 1 FROM "{name}" LIMIT 1')]
        applied = await self._connection.fetch(f"SELECT name FROM {HISTORY} ORDER BY name")
        return State(tuple(row["name"] for row in applied), next(iter(filled), None), UNFINISHED in there)

    async def _tables(self) -> dict[str, dict[str, str]]:
        """Return the columns of each table, with their types."""
        rows = await self._connection.fetch(
            "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name, ordinal_position"
        )
        tables: dict[str, dict[str, str]] = {}
        for row in rows:
            tables.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
        return tables

    async def snapshot(self, copy: sqlite3.Connection, progress: Progress) -> None:
        """Copy every row of one state into the file, which has the same tables, all empty."""
        async with self._transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            types = await self._tables()
            tables = tables_of(copy)
            self._require_equal(tables, types)
            total = 0
            for name in tables:
                total += await self._connection.fetchval(f'SELECT count(*) FROM "{name}"')
            done = 0
            with loading(copy, drop_indexes=True):
                for name, columns in tables.items():
                    asked = ", ".join(AS_SQLITE.get(types[name][each], "{}").format(f'"{each}"') for each in columns)
                    listed = ", ".join(f'"{column}"' for column in columns)
                    insert = f'INSERT INTO "{name}" ({listed}) VALUES ({", ".join("?" * len(columns))})'
                    # Cursors are declared in SQL, because the driver's own leave a prepared statement in a session that
                    # a pooler shares. Each table has its own name, because the driver caches the columns that a text
                    # returns.
                    await self._connection.execute(f'DECLARE "{name}_rows" CURSOR FOR SELECT {asked} FROM "{name}"')
                    while rows := await self._connection.fetch(f'FETCH {ROWS_A_STEP} FROM "{name}_rows"'):
                        copy.executemany(insert, map(tuple, rows))
                        done += len(rows)
                        progress("reading rows", done, total)

    async def mark(self) -> None:
        await self._connection.execute(f"CREATE TABLE IF NOT EXISTS {UNFINISHED} (only_row INTEGER)")

    async def fill(self, file: sqlite3.Connection, progress: Progress) -> None:
        tables, counts = tables_of(file), row_counts(file, tables_of(file))
        async with self._transaction(""):
            types = await self._tables()
            self._require_equal(tables, types)
            await self._connection.execute("LOCK TABLE " + ", ".join(f'"{name}"' for name in tables))
            if filled := (await self._state()).filled:
                raise BackupRefused(f"{self.place} has rows in the table {filled} by now: another process uses it.")
            done, total = 0, sum(counts.values())
            async with self._without_foreign_keys():
                for name, columns in tables.items():
                    kinds = {column: types[name][column] for column in columns}
                    records = _converted(file, name, kinds, partial(_report, progress, done, total))
                    await self._fill_table(name, columns, records, counts[name])
                    done += counts[name]
                progress("checking references", total, total)
            await self._connection.execute(f"DROP TABLE {UNFINISHED}")
        await self._connection.execute("ANALYZE")  # otherwise the first queries would use plans for empty tables

    @asynccontextmanager
    async def _without_foreign_keys(self) -> AsyncIterator[None]:
        """Context in which tables can be filled in any order; at its end each reference is checked once for all
        rows.
        """
        keys = await self._connection.fetch(
            "SELECT conrelid::regclass::text AS name, quote_ident(conname) AS constraint_name,"
            " pg_get_constraintdef(oid) AS definition FROM pg_constraint"
            " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY oid"
        )
        for key in keys:
            await self._connection.execute(f"ALTER TABLE {key['name']} DROP CONSTRAINT {key['constraint_name']}")
        yield
        for key in keys:
            with _refusing(key["name"]):
                await self._connection.execute(
                    f"ALTER TABLE {key['name']} ADD CONSTRAINT {key['constraint_name']} {key['definition']}"
                )

    async def _fill_table(self, name: str, columns: list[str], records: Iterator[list[Any]], number: int) -> None:
        # The trigger may be younger than the rows, which were allowed when they were written.
        await self._connection.execute(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')
        with _refusing(name):
            await self._connection.copy_records_to_table(name, columns=columns, records=records)
        await self._connection.execute(f'ALTER TABLE "{name}" ENABLE TRIGGER USER')
        written = await self._connection.fetchval(f'SELECT count(*) FROM "{name}"')
        if written != number:
            raise BackupRefused(f"{written} rows of the table {name} were written, of {number}.")

    def _require_equal(self, tables: Mapping[str, list[str]], types: Mapping[str, Mapping[str, str]]) -> None:
        for name, columns in tables.items():
            if set(columns) != set(types.get(name, ())):
                raise BackupRefused(f"{self.place} has another table {name} than the release that its history names.")


@contextmanager
def _refusing(table: str) -> Iterator[None]:
    """Turn an error caused by the rows into a refusal that names their table."""
    try:
        with own_errors(Doing.CHANGING):
            yield
    except (DatabaseDefect, ValueError, TypeError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0]
        raise BackupRefused(f"A row of the table {table} does not fit into PostgreSQL: {reason}.") from error


def _report(progress: Progress, done: int, total: int, more: int) -> None:
    progress("writing rows", done + more, total)


def _converted(
    file: sqlite3.Connection, name: str, types: Mapping[str, str], progress: Callable[[int], None]
) -> Iterator[list[Any]]:
    """Yield the rows of the table as the driver takes them."""
    listed = ", ".join(f'"{column}"' for column in types)
    changed = [(place, FROM_SQLITE[kind]) for place, kind in enumerate(types.values()) if kind in FROM_SQLITE]
    for number, row in enumerate(file.execute(f'SELECT {listed} FROM "{name}"')):
        cells = list(row)
        for place, convert in changed:
            if cells[place] is not None:
                cells[place] = convert(cells[place])
        if number % ROWS_A_STEP == 0:
            progress(number)
        yield cells
