"""Fragments that the two databases write differently; SQL for every other file of this package.

Everything else in storage/ is one text for both.
"""

from collections.abc import Callable, Collection
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID

from service.storage.database import Statements

K = TypeVar("K", bound=Any)


def for_update(statements: Statements, *, of: str = "", skip_locked: bool = False) -> str:
    """Return the clause that locks the rows read against changes and other locks. SQLite needs none: its transactions
    write one at a time from their start.

    NO KEY, because nothing changes a locked row's key: a plain FOR UPDATE also waits for every foreign key that refers
    to the row, in no set order, and deadlocks with it.

    With `skip_locked`, rows that another transaction has locked are left out instead of waited for.
    """
    if statements.dialect == "sqlite":
        return ""
    return f" FOR NO KEY UPDATE{f' OF {of}' if of else ''}{' SKIP LOCKED' if skip_locked else ''}"


def lock_groups(statements: Statements, keys: Collection[K], *, account: Callable[[K], UUID]) -> list[list[K]]:
    """Return the keys of rows to lock, a list for each statement, in the order of accounts: one list in total, but one
    for each account in a cluster, where a statement can lock rows of one node only.
    """
    ordered = sorted(keys)
    if not statements.is_distributed:
        return [ordered] if ordered else []
    return [list(group) for _, group in groupby(ordered, key=account)]


def apart(statements: Statements, query: str) -> str:
    """Return the query as a subquery of a FROM clause whose rows may be on another node of a cluster. There OFFSET
    makes Citus read it first; a single database reads it as a part of the statement.
    """
    return f"({query} OFFSET 0)" if statements.is_distributed else f"({query})"


def typed_rows(statements: Statements, types: tuple[str, ...], count: int, *, start: int = 1) -> str:
    """Return `count` rows of parameters for a `VALUES` list in a FROM clause, where PostgreSQL cannot infer types. Both
    databases name the columns `column1, column2 …`.
    """
    width = len(types)
    if statements.dialect == "sqlite":
        cells = [[f"${start + row * width + column}" for column in range(width)] for row in range(count)]
    else:
        cells = [
            [f"${start + row * width + column}::{types[column]}" for column in range(width)] for row in range(count)
        ]
    return ", ".join(f"({', '.join(row)})" for row in cells)


def database_now(statements: Statements) -> str:
    """Return the expression of the database's own clock, comparable with the times it stores. Microseconds on
    PostgreSQL; SQLite counts milliseconds and is padded to the stored width, so that text order stays time order.
    """
    if statements.dialect == "sqlite":
        return "strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now')"
    return "statement_timestamp()"


def utc_date_text(statements: Statements, column: str, *, length: int) -> str:
    """Return the expression of the time's date in UTC, up to `length` characters of `2026-11-21`."""
    if statements.dialect == "sqlite":
        return f"substr({column}, 1, {length})"  # instants are stored in UTC with a fixed width
    return f"left(to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD'), {length})"


def contains_text(statements: Statements, column: str, key_column: str) -> str:
    """Return the condition that the column's search key contains the key `{}`; or if the row has no key yet, that the
    column contains the text `{}`, ignoring the case of ASCII letters. No character is a wildcard.

    Keys are compared by code points. The databases fold letters themselves only where no key is stored, and there only
    ASCII ones: PostgreSQL would fold more, depending on the server's locale, and SQLite never does.
    """
    if statements.dialect == "sqlite":
        key = f"instr({key_column}, {{}}) > 0"
    else:
        key = f'strpos({key_column} COLLATE "C", {{}}::text) > 0'
    return f"({key} OR {key_column} IS NULL AND {contains(statements, column)})"


def contains(statements: Statements, column: str) -> str:
    """Return the condition that the column contains the text `{}`, ignoring the case of ASCII letters."""
    if statements.dialect == "sqlite":
        return f"instr(lower({column}), lower({{}})) > 0"
    return f'strpos(lower({column} COLLATE "C"), lower({{}}::text COLLATE "C")) > 0'


def json_member_equals(statements: Statements, column: str) -> str:
    """Return the condition that the JSON object has the member `{}` with the text `{}`. A key is never read as
    a path.
    """
    if statements.dialect == "sqlite":
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE key = {{}} AND value = {{}})"
    return f"{column} ->> {{}}::text = {{}}::text"
