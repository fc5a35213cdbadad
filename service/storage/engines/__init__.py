"""The two Tortoise back ends, corrected so that a cancelled task leaves neither a lock nor a connection behind.

Contains the common part of both dialects; must not know a table. Both clients begin, commit and roll back themselves,
because Tortoise's own transaction contexts can be cancelled after they have taken the lock (SQLite) or the connection
(PostgreSQL) and before they can release it.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, TypeAlias, TypeVar

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient

Dialect = Literal["sqlite", "postgresql"]
Row: TypeAlias = Mapping[str, Any]
T = TypeVar("T")

UNNAMED = "No database was named: a model's query says which one with .using_db(statements.client)."


class Encoders(dict[type, Callable[[Any], Any] | None]):
    """Functions that convert parameters for the driver, by the exact class of a parameter; None for a value that is
    passed unchanged.
    """

    def encoded(self, parameters: Iterable[object]) -> list[Any]:
        """Return the parameters converted for the driver."""
        return [value if (encode := self[type(value)]) is None else encode(value) for value in parameters]

    def __missing__(self, kind: type) -> Callable[[Any], Any] | None:
        known = (self[base] for base in kind.__mro__[1:] if base in self)
        self[kind] = _member_value if issubclass(kind, Enum) else next(known, None)
        return self[kind]


def _member_value(member: Enum) -> Any:
    return member.value


def json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


class Statements(ABC):
    """SQL on one connection, with `$1, $2 …` placeholders on both databases.

    A parameter is a UUID, an aware datetime, a date, a str, int, bool, bytes, an enum (its value), a dict or a list (as
    JSON) or None; there are no array parameters, use `placeholders()`. One statement takes at most 32,766 parameters
    (SQLite's limit; PostgreSQL's is 32,767). Errors are those of `failures.py`, never the driver's.
    """

    dialect: Dialect
    client: BaseDBAsyncClient

    @property
    def is_distributed(self) -> bool:
        """Return True if the tables of accounts may be on several nodes of a Citus cluster. A statement that locks rows
        must then be limited to one account.
        """
        return False

    @abstractmethod
    async def fetch(self, sql: str, *parameters: object) -> list[Row]:
        """Return the rows of a query or of a `RETURNING`, with UUIDs, aware UTC datetimes, dates, booleans and decoded
        JSON.

        On SQLite a value's type follows from the name of its column, so an alias must be a name that a model gives to
        that type.
        """

    @abstractmethod
    def fetch_cells(self, sql: str, *parameters: object) -> Awaitable[list[Sequence[Any]]]:
        """Return the rows as `fetch` does, but by position, which is faster for lists of thousands of cells. For
        queries only: outside a transaction, queries of several callers may be sent to the database together.
        """

    @abstractmethod
    async def execute(self, sql: str, *parameters: object) -> int:
        """Return the number of rows that the statement inserted, updated or deleted; changes by triggers do not
        count.
        """


async def uncancelled(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end even when the caller is cancelled meanwhile, however often, and return its result.

    The cancellation is raised afterwards. `work` must limit its own duration.
    """
    task = asyncio.ensure_future(work)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is None:
        return task.result()
    if not task.cancelled() and (failure := task.exception()) is not None:
        raise cancellation from failure
    raise cancellation
