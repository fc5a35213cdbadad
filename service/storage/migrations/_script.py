"""One SQL text for two databases: type names in braces, and lines that only one of the two reads.

Knows the dialects' words; must not know a table.

{uuid} {instant} {json} {flag} {bytes}     the dialect's type names
    -- sqlite only                             the lines up to the next `-- end` are for SQLite (or: -- postgresql only)
    -- end
"""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State

from service.storage.engines import Dialect

TYPES: dict[Dialect, dict[str, str]] = {
    "sqlite": {"uuid": "CHAR(36)", "instant": "TEXT", "json": "TEXT", "flag": "INTEGER", "bytes": "BLOB"},
    "postgresql": {"uuid": "UUID", "instant": "TIMESTAMPTZ", "json": "JSONB", "flag": "BOOLEAN", "bytes": "BYTEA"},
}
_ONLY = re.compile(r"-- (sqlite|postgresql) only\s*")
_TYPE = re.compile(r"\{(\w+)\}")


def render(text: str, dialect: Dialect) -> str:
    """Return the text for `dialect`. Raises ValueError for an unknown type name or a block that is not closed."""
    lines: list[str] = []
    only: str | None = None
    for line in text.splitlines():
        if found := _ONLY.fullmatch(line):
            if only is not None:
                raise ValueError(f"a block for {only} is still open at {line!r}")
            only = found[1]
        elif only is not None and line.rstrip() == "-- end":
            only = None
        elif only in (None, dialect):
            lines.append(line)
    if only is not None:
        raise ValueError(f"the block for {only} is not closed")
    return _TYPE.sub(lambda found: _type_name(found[1], dialect), "\n".join(lines))


def _type_name(name: str, dialect: Dialect) -> str:
    try:
        return TYPES[dialect][name]
    except KeyError:
        raise ValueError(f"{{{name}}} is not one of {sorted(TYPES[dialect])}") from None


def statements(text: str) -> Iterator[str]:
    """Yield the statements of a SQLite text. SQLite itself finds the end of each, so that the body of a trigger is not
    split.
    """
    gathered = ""
    for piece in re.split(r"(?<=;)", text):
        gathered += piece
        if sqlite3.complete_statement(gathered):
            yield gathered.strip()
            gathered = ""
    rest = re.sub(r"--[^\n]*", "", gathered).strip()
    if rest:
        raise ValueError(f"a statement is not ended by a semicolon: {rest[:80]!r}")


async def run(client: BaseDBAsyncClient, text: str) -> None:
    """Execute the text's statements in the client's transaction."""
    if client.capabilities.dialect == "sqlite":
        # One by one: sqlite3's own way to run a script commits the open transaction first.
        for statement in statements(render(text, "sqlite")):
            await client.execute_query(statement)
    else:
        await client.execute_script(render(text, "postgresql"))


class SqlFile(Operation):
    """The SQL text in the file beside a migration: `SqlFile(__file__)` reads `0001_name.sql` beside `0001_name.py`, and
    `SqlFile(__file__, "last")` reads `0001_name.last.sql`.
    """

    def __init__(self, migration_file: str, part: str = "") -> None:
        self.path = Path(migration_file).with_suffix(f".{part}.sql" if part else ".sql")

    def describe(self) -> str:
        return self.path.name

    def state_forward(self, app_label: str, state: State) -> None:
        """Do nothing, because migrations are never generated from the models."""

    async def database_forward(
        self,
        app_label: str,  # noqa: ARG002 - Tortoise's signature
        old_state: State,  # noqa: ARG002
        new_state: State,  # noqa: ARG002
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        if state_editor is not None:
            await run(state_editor.client, self.path.read_text(encoding="utf-8"))
