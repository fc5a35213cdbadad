"""A pool of PostgreSQL connections that hands them over without a task, a proxy or a round trip.

asyncpg's own pool uses all three for each statement, which takes longer than the statement. It needs them to reset the
session's state; here no session state is ever set. Does not know transactions: a connection must be outside of any when
it is given back, or be abandoned.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from service.errors import Code, Refused
from service.kit.fair_turns import CALLER, FairLine


class ConnectionPool:
    """A pool of at most `size_max` connections, made by `connect` when they are first needed and again when one was
    lost.
    """

    def __init__(self, connect: Callable[[], Awaitable[Any]], *, size_max: int, wait_s: float) -> None:
        self._connect = connect
        self._size_max = size_max
        self._wait_s = wait_s
        self._free: list[Any] = []
        self._open: set[Any] = set()
        self._places = size_max  # number of connections that may still be opened
        # a fair queue by caller, so that a caller with many requests delays others by one use of a connection
        self._waiting = FairLine()
        self._taking: set[asyncio.Timeout] = set()
        self._closed = False
        self.size_max = size_max
        self.waits = 0
        """Number of times that no connection was free and no more could be opened."""
        self.refused = 0
        """Number of times that no connection became free in time."""

    @property
    def in_use(self) -> int:
        """Return how many connections are taken."""
        return len(self._open) - len(self._free)

    @property
    def waiting(self) -> int:
        """Return how many tasks wait for a connection."""
        return len(self._waiting)

    def take_free(self) -> Any:
        """Return an idle connection, or None. Has no await, because this is the usual case."""
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
            self._forget(connection)
        return None

    async def take(self) -> Any:
        """Return a connection after waiting at most `wait_s`, or refuse `UNAVAILABLE`. Safe to cancel."""
        if self._closed:
            raise asyncpg.InterfaceError("the database is closed")
        connection = self.take_free()
        if connection is not None:
            return connection
        try:
            async with asyncio.timeout(self._wait_s) as deadline:
                self._taking.add(deadline)
                try:
                    return await self._made() or await self._given()
                finally:
                    self._taking.discard(deadline)
        except TimeoutError:
            self.refused += 1
            raise Refused(Code.UNAVAILABLE, "All database connections are busy. Try again.") from None

    def give_back(self, connection: Any) -> None:
        """Give a connection back. One that was lost, or left inside a transaction, is replaced instead."""
        if connection.is_closed() or connection.is_in_transaction() or self._closed:
            self.abandon(connection)
            return
        waiting = self._next_waiting()
        if waiting is None:
            self._free.append(connection)
        else:
            waiting.set_result(connection)

    def abandon(self, connection: Any) -> None:
        """Cut a connection and never use it again; the server rolls back uncommitted changes."""
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
        self._forget(connection)

    def cut(self) -> None:
        """Cut every connection, including those in use, and refuse the waiting tasks as if `wait_s` had passed."""
        for connection in tuple(self._open):
            connection.terminate()
        for deadline in tuple(self._taking):
            with suppress(RuntimeError):  # it has just ended
                deadline.reschedule(asyncio.get_running_loop().time())
        self._taking.clear()

    def add(self, connection: Any) -> None:
        """Add an idle connection that was opened elsewhere, for which the pool must have a place."""
        self._places -= 1
        self._open.add(connection)
        self._free.append(connection)

    async def warm(self, count: int) -> None:
        """Open connections until there are so many, or as many as permitted. One that cannot be opened is left to those
        who need it.
        """
        wanted = min(count - len(self._open), self._places)
        made = await asyncio.gather(*(self._made() for _ in range(wanted)), return_exceptions=True)
        for connection in made:
            if connection is not None and not isinstance(connection, BaseException):
                self.give_back(connection)

    async def close(self) -> None:
        """Close all connections; one that is in use is cut."""
        self._closed = True
        connections, self._open, self._free = self._open, set(), []
        for connection in connections:
            try:
                await connection.close(timeout=self._wait_s)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                connection.terminate()

    async def _made(self) -> Any:
        """Return a new connection, or None if the maximum is reached."""
        if not self._places:
            return None
        self._places -= 1
        try:
            connection = await self._connect()
        except BaseException:
            self._release_place()
            raise
        self._open.add(connection)
        return connection

    async def _given(self) -> Any:
        """Return a connection that was given back, or a new one in place of a lost one."""
        self.waits += 1
        while True:
            waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            self._waiting.join(CALLER.get(), waiting)
            try:
                connection = await waiting
            except asyncio.CancelledError:
                # If the wait ends in the same turn of the loop as this cancellation, the connection has been handed
                # over and would be lost.
                if waiting.done() and not waiting.cancelled() and waiting.result() is not None:
                    self.give_back(waiting.result())
                elif waiting.done() and not waiting.cancelled():
                    self._wake_for_place()
                raise
            connection = connection or await self._made()
            if connection is not None:
                return connection

    def _forget(self, connection: Any) -> None:
        if connection in self._open:
            self._open.discard(connection)
            self._release_place()

    def _release_place(self) -> None:
        self._places += 1
        self._wake_for_place()

    def _wake_for_place(self) -> None:
        waiting = self._next_waiting()
        if waiting is not None:
            waiting.set_result(None)

    def _next_waiting(self) -> asyncio.Future[Any] | None:
        found = self._waiting.next()
        return None if found is None else found[1]
