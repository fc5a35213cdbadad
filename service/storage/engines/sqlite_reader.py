"""The connection of a SQLite file that only reads, for prepared statements and for queries of models alike.

A short read runs on the event loop's own thread; any other read in the connection's thread, where reads of several
callers take turns.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from service.kit.fair_turns import CALLER, FairTurns
from service.storage.engines.loop_reader import LoopReader
from service.storage.engines.sqlite import SqliteClient, reading, run_sql


class SqliteReader(SqliteClient):
    """A client whose thread runs reads only, one after another. `loop_read_ms` is the time that a read may block the
    event loop before it is moved to the thread; with 0 every read uses the thread.
    """

    def __init__(self, file: str, *, loop_read_ms: int, **limits: Any) -> None:
        super().__init__(file, query_only=True, **limits)
        self._loop_read_ms = loop_read_ms
        self._loop_reader: LoopReader | None = None
        self._turns = FairTurns(width=1, each=1)

    async def create_connection(self, with_db: bool) -> None:
        """Open both connections, as `SqliteClient` does."""
        await super().create_connection(with_db)
        if self._loop_read_ms:
            self._loop_reader = LoopReader(self.connect, budget_ms=self._loop_read_ms)
            self._read = self.statement_watch.traced(self._loop_reader.read)

    async def close(self) -> None:
        """Close both connections."""
        if self._loop_reader is not None:
            self._loop_reader.close()
            self._loop_reader = None
        await super().close()

    async def read(self, sql: str, values: Sequence[Any]) -> tuple[list[Any], tuple[str, ...]]:
        """Return the rows of a query and the names of their columns."""
        if self._loop_reader is not None:
            self.availability.refuse_if_away()
            with reading:
                found = self._read(sql, values)
            if found is not None:
                return found
        async with self._turns.turn(CALLER.get()), self.acquire_connection() as connection:
            with self.statement_watch.span(sql):
                rows, names, _ = await connection.call_unless_left(run_sql, sql, values)
        return rows, names

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a query that Tortoise has built."""
        rows, names = await self.read(query, values or [])
        # A read on the loop never waits. Without a turn for others, the dozen queries of a document hold the loop for
        # several milliseconds.
        await asyncio.sleep(0)
        return [dict(zip(names, row, strict=True)) for row in rows]

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[dict[str, Any]]]:
        """Return the number of rows of a query that Tortoise has built, and the rows."""
        rows = await self.execute_query_dict(query, values)
        return len(rows), rows
