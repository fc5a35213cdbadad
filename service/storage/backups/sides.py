"""One side of a backup or a copy; SQL for the schema and its version, which no model has.

A database is read in one snapshot, or filled in one transaction.

Rows are exchanged through a SQLite file, in SQLite's forms of the values: texts for ids, times and JSON, 0 and 1 for
booleans.
"""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from service.storage.migrations import HISTORY, UNFINISHED

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the name of the step, the amount done so far, and the whole amount."""

NOT_COPIED = frozenset({HISTORY, UNFINISHED, "migration_checksums"})
"""Tables with data about the database itself, which every database writes for itself."""


@dataclass(frozen=True, slots=True)
class State:
    """State of a database before it is read or filled."""

    migrations: tuple[str, ...]
    """Names of the applied migrations; none if the database is empty or not one of the service."""
    filled: str | None
    """Name of a table that has rows, or of one that is not the service's; None if there is none."""
    is_unfinished: bool = False
    """True if a restore began and did not end."""


class Side(Protocol):
    """The source or the target of a copy."""

    place: str
    """The address without user and password."""

    def opened(self) -> AbstractAsyncContextManager[None]:
        """Keep the connection open while the context is; errors of the driver leave it as those of
        storage/failures.py.
        """
        ...

    async def state(self) -> State:
        """Return the state; nothing is changed or created."""
        ...

    async def mark(self) -> None:
        """Make every other command refuse the database until it is filled. Safe to repeat."""
        ...

    async def fill(self, file: sqlite3.Connection, progress: Progress) -> None:
        """Take every row of the file in one transaction, which also removes the mark. Raises `BackupRefused`, and
        changes nothing, if a table has rows in the meantime.
        """
        ...


def tables_of(file: sqlite3.Connection, schema: str = "main") -> dict[str, list[str]]:
    """Return the columns of every table with data of the service, in the order of the tables' names."""
    names = [
        name
        for (name,) in file.execute(
            f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        if name not in NOT_COPIED
    ]
    return {name: [row[1] for row in file.execute(f'PRAGMA {schema}.table_info("{name}")')] for name in names}


def row_counts(file: sqlite3.Connection, tables: Iterable[str]) -> dict[str, int]:
    """Return the number of rows of each table."""
    return {name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
