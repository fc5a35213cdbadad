"""Probe: the cheapest query that shows if a database answers and accepts writes, on a separate connection.

Knows both drivers; must not know a table. Its interval is in storage/watch.py.
"""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from service.storage.engines.postgresql import PostgresqlClient
from service.storage.engines.postgresql_session import TAKES_WRITES
from service.storage.failures import BROKEN, DatabaseUnavailable, Doing, own_errors

FILE_BUSY_S = 0.5
"""Seconds that the probe of a file waits for another process; shorter than the watch waits for the probe."""


class Probe(Protocol):
    """Probe of one database."""

    async def ask(self, *, afresh: bool) -> bool:
        """Return True if the database accepts writes; raise `DatabaseUnavailable` if it does not answer. `afresh` uses
        a new session, because an old one may keep a former state.
        """

    async def close(self) -> None:
        """Close the connection."""


class PostgresqlProbe:
    """Probe through a connection outside of the pool, so that a fully used pool is not taken for an unreachable
    server.
    """

    def __init__(self, client: PostgresqlClient) -> None:
        self._client = client
        self._connection: Any = None

    async def ask(self, *, afresh: bool) -> bool:
        if afresh:
            self._drop()
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._client.connect()
            with own_errors(Doing.READING):
                # In a transaction, because a pooler may send statements outside of one to different servers.
                async with self._connection.transaction():
                    takes_writes: bool = await self._connection.fetchval(TAKES_WRITES)
        except BaseException:
            self._drop()
            raise
        return takes_writes

    async def close(self) -> None:
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


class SqliteProbe:
    """Probe that opens the file anew each time, so that a file that was moved away or replaced is noticed."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).absolute()
        self._place = self._path.stat()
        self._asking: asyncio.Future[bool] | None = None

    async def ask(self, *, afresh: bool) -> bool:  # noqa: ARG002 - each time is afresh
        # A disk that hangs blocks the thread. The same thread is waited for again, so that no more threads are blocked.
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(asyncio.to_thread(self._look))
        return await asyncio.shield(self._asking)

    async def close(self) -> None:
        if self._asking is not None:
            await asyncio.wait([self._asking])

    def _look(self) -> bool:
        with own_errors(Doing.READING):
            place = self._path.stat()
            if (place.st_dev, place.st_ino) != (self._place.st_dev, self._place.st_ino):
                raise DatabaseUnavailable(BROKEN)
            connection = sqlite3.connect(f"file:{quote(str(self._path))}?mode=rw", uri=True, timeout=FILE_BUSY_S)
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            finally:
                connection.close()
        return is_writable(str(self._path))


def is_writable(path: str) -> bool:
    """Return whether this process may write the file and the log beside it."""
    effective_ids = os.access in os.supports_effective_ids
    folder = Path(path).absolute().parent
    return all(os.access(each, os.W_OK, effective_ids=effective_ids) for each in (path, folder))
