"""A database whose tables grow by copies of their first rows, and the work that a statement costs in it.

Work is counted, not timed: steps of SQLite's virtual machine, pages of PostgreSQL. Knows no statement of the service.
"""

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from itertools import count
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from service.storage.engines.sqlite import ENCODERS, numbered
from service.storage.planner import ROWS_ANALYSED

COPIED: Mapping[str, Mapping[str, str]] = {
    "orders": {
        "id": "{id}",
        "number": "'N' || n",
        "idempotency_key": "'K' || n",
        "created_at": "{time}",
        "status": "CASE WHEN n % 10 = 0 THEN 'CANCELLED' ELSE 'COMPLETE' END",
        "payment_status": "'PAID'",
        "fulfilled_g": "mass_g",
    },
    "order_lines": {"order_id": "{id}"},
    "credit_entries": {"order_id": "{id}", "id": "{id}", "created_at": "{time}"},
    "events": {"order_id": "{id}", "id": "{id}", "seq": "1000000 + n", "created_at": "{time}"},
    "ledger_entries": {"order_id": "{id}", "journal_id": "{id}", "created_at": "{time}"},
    "credit_batches": {"id": "{id}", "available_g": "0", "held_g": "0", "allocated_g": "0", "retired_g": "issued_g"},
    "quotes": {"id": "{id}", "order_id": "{id}", "holds_credits": "{false}", "created_at": "{time}"},
    "backorders": {"order_id": "{id}", "created_at": "{time}"},
    "api_keys": {"key_id": "'key' || n"},
    "webhook_deliveries": {"id": "{id}", "seq": "1000000 + n", "status": "'DELIVERED'", "created_at": "{time}"},
    "mails": {
        "id": "{id}",
        "seq": "1000000 + n",
        "status": "'SENT'",
        "sent_at": "{time}",
        "created_at": "{time}",
    },
}
"""Tables, and the columns in which a copy differs from the table's first row, as expressions of its number."""
SELDOM = {"credit_batches", "quotes", "api_keys"}
"""Tables that get a twentieth of the rows."""

RUNS = 7
"""PostgreSQL plans the first five runs of a prepared statement for their parameters."""


class Grown(ABC):
    """`rows` counts the copies of each table; `slack` is the work that one more level of an index costs."""

    slack: int
    expressions: Mapping[str, str]
    series: str

    def __init__(self) -> None:
        self.rows = 0

    async def grow(self, rows: int) -> None:
        """Copy rows until each table has so many."""
        for table, changed in COPIED.items():
            first, last = (size // 20 if table in SELDOM else size for size in (self.rows, rows))
            columns = await self.columns(table)
            cells = ", ".join(changed.get(column, column).format(**self.expressions) for column in columns)
            names = ", ".join(columns)
            series = self.series.format(first=first + 1, last=last)
            await self.run(
                f"INSERT INTO {table} ({names}) SELECT {cells} FROM (SELECT * FROM {table} LIMIT 1) f, {series}"
            )
        self.rows = rows

    @abstractmethod
    async def columns(self, table: str) -> list[str]:
        """Return the names of the table's columns."""

    @abstractmethod
    async def run(self, sql: str) -> None:
        """Run a statement without checks of foreign keys."""

    @abstractmethod
    async def work(self, sql: str, parameters: Sequence[object]) -> int:
        """Return the work that the statement costs; what it changes is rolled back."""


class GrownSqlite(Grown):
    """A file; the connection is opened anew where statistics change, because they are read at the opening."""

    slack = 800
    expressions: Mapping[str, str] = {
        "id": "'01900000-0000-7000-8000-' || printf('%012x', n)",
        "time": "strftime('%Y-%m-%d %H:%M:%f000+00:00', '2024-01-01', n || ' seconds')",
        "false": "0",
    }
    series = (
        "(WITH RECURSIVE s (n) AS (VALUES ({first}) UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)"
    )

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file
        self._open()

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._file, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = off")
        self._connection.execute(f"PRAGMA analysis_limit = {ROWS_ANALYSED}")

    async def columns(self, table: str) -> list[str]:
        return [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]

    async def run(self, sql: str) -> None:
        self._connection.execute(sql)

    async def reopen(self) -> None:
        """Read the statistics anew."""
        self.close()
        self._open()

    async def forget_statistics(self) -> None:
        """Delete all statistics."""
        self._connection.execute("DELETE FROM sqlite_stat1")
        await self.reopen()

    async def work(self, sql: str, parameters: Sequence[object]) -> int:
        steps = count()
        self._connection.execute("BEGIN")
        try:
            self._connection.set_progress_handler(lambda: next(steps) < 0, 10)
            self._connection.execute(numbered(sql), ENCODERS.encoded(parameters)).fetchall()
        finally:
            self._connection.set_progress_handler(None, 0)
            self._connection.execute("ROLLBACK")
        return next(steps) * 10

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class GrownPostgresql(Grown):
    """A database of a server. A statement is run until PostgreSQL may have changed from plans for its parameters to one
    for any, and costs what its dearest run costs.
    """

    slack = 40
    expressions: Mapping[str, str] = {
        "id": "CAST('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS UUID)",
        "time": "TIMESTAMPTZ '2024-01-01 00:00:00+00' + n * INTERVAL '1 second'",
        "false": "FALSE",
    }
    series = "generate_series({first}, {last}) n"

    def __init__(self, connection: Any) -> None:
        super().__init__()
        self._connection = connection

    @classmethod
    async def open(cls, url: str) -> "GrownPostgresql":
        """Return the database at that address. Its statistics are gathered when the test says so, and never between."""
        connection = await asyncpg.connect(url, server_settings={"session_replication_role": "replica", "jit": "off"})
        tables = await connection.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
        for table in tables:
            await connection.execute(f"ALTER TABLE {table['name']} SET (autovacuum_enabled = off)")
        return cls(connection)

    async def columns(self, table: str) -> list[str]:
        found = await self._connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position", table
        )
        return [row["column_name"] for row in found]

    async def run(self, sql: str) -> None:
        await self._connection.execute(sql)

    async def work(self, sql: str, parameters: Sequence[object]) -> int:
        await self._connection.execute(f"PREPARE asked AS {sql}")
        literals = ", ".join(map(_literal, parameters))
        call = f"EXECUTE asked ({literals})" if literals else "EXECUTE asked"
        pages = []
        for _ in range(RUNS):
            transaction = self._connection.transaction()
            await transaction.start()
            (told,) = await self._connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {call}")
            plan = json.loads(told[0])[0]["Plan"]
            pages.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
            await transaction.rollback()
        await self._connection.execute("DEALLOCATE asked")
        return max(pages)

    async def general_plan(self, sql: str, parameters: Sequence[object]) -> str:
        """Return the plan of the statement for any parameters."""
        await self._connection.execute(f"PREPARE asked AS {sql}")
        await self._connection.execute("SET plan_cache_mode = force_generic_plan")
        told = await self._connection.fetch(f"EXPLAIN EXECUTE asked ({', '.join(map(_literal, parameters))})")
        await self._connection.execute("RESET plan_cache_mode")
        await self._connection.execute("DEALLOCATE asked")
        return "\n".join(row[0] for row in told)

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bytes():
            return f"'\\x{value.hex()}'"
        case dict() | list():
            text = json.dumps(value)
        case Enum():
            text = str(value.value)
        case datetime() | date():
            text = value.isoformat()
        case _:
            text = str(value)
    return "'" + text.replace("'", "''") + "'"
