"""The limit: a bare sqlite3 loop that runs the statements of 64 orders in one transaction, and does nothing else.

The statements are the service's own, taken down while it placed one group, so that the loop stays honest when they
change; each transaction runs them with fresh ids. It knows no rule, decides nothing, and has its parameters ready.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID, uuid4

from service.storage.engines import sqlite_statements
from service.storage.models import Event

Said = list[tuple[str, list[Any]]]
_EVENTS_A_GROUP = 128  # an order that is placed and fulfilled at once


@contextmanager
def taken_down() -> Iterator[Said]:
    """Record the statements that this process sends to SQLite while the context is open."""
    said: Said = []
    run = sqlite_statements.run_sql

    def listening(connection: sqlite3.Connection, sql: str, parameters: list[Any]) -> Any:
        said.append((sql, list(parameters)))
        return run(connection, sql, parameters)

    sqlite_statements.run_sql = listening
    try:
        yield said
    finally:
        sqlite_statements.run_sql = run


def ready_groups(path: str, said: Said, *, groups: int) -> list[Said]:
    """What was said, about other orders, so often: no time of the loop is spent on making up ids."""
    with closing(sqlite3.connect(path)) as connection:
        standing = {row[0] for table in ("accounts", "bundles", "credit_batches", "portfolios", "projects")
                    for row in connection.execute(f"SELECT id FROM {table}")}  # fmt: skip
        (seq,) = connection.execute("SELECT max(event_seq) FROM account_heads").fetchone()
    return [_again(said, standing, seq + _EVENTS_A_GROUP * number) for number in range(groups)]


def orders_per_second(path: str, groups: list[Said], *, orders: int) -> float:
    """How many orders a second are committed, durably, when each group places so many."""
    with closing(sqlite3.connect(path, isolation_level=None, cached_statements=500)) as connection:
        for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "busy_timeout = 5000"):
            connection.execute(f"PRAGMA {pragma}")
        began = time.perf_counter()
        for group in groups:
            connection.execute("BEGIN IMMEDIATE")
            for sql, parameters in group:
                connection.execute(sql, parameters).fetchall()
            connection.execute("COMMIT")
        return orders * len(groups) / (time.perf_counter() - began)


def _again(said: Said, standing: set[str], seq: int) -> Said:
    """The same statements about other orders: ids, keys and numbers are fresh, events go on after `seq`."""
    fresh: dict[str, str] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, str) and value not in standing and (_is_id(value) or _is_name(value)):
            return fresh.setdefault(value, str(uuid4())[: max(13, len(value))])
        return value

    return [(sql, _counted(sql, [renamed(each) for each in parameters], seq)) for sql, parameters in said]


def _counted(sql: str, parameters: list[Any], seq: int) -> list[Any]:
    if sql.startswith(f"INSERT INTO {Event._meta.db_table} "):
        columns = sql.partition("(")[2].partition(")")[0].split(", ")
        place, width = columns.index("seq"), len(columns)
        for index in range(place, len(parameters), width):
            parameters[index] = seq + 1 + index // width
    elif "event_seq = v.column2" in sql:
        parameters[1] = seq + _EVENTS_A_GROUP
    return parameters


def _is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


def _is_name(value: str) -> bool:
    """An order's number, or a key of the benchmark."""
    return value.startswith("bench-") or (len(value) == 13 and value.isalnum() and value.isupper())
