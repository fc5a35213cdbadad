"""State of a database, for its administrator; SQL for settings, which no model has.

Knows both dialects; must not know a table.
"""

from dataclasses import dataclass
from datetime import datetime

from service.storage.database import Database
from service.storage.dialects import database_now

POSTGRESQL_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes")
SQLITE_PRAGMAS = ("journal_mode", "synchronous", "foreign_keys")


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """The version, the settings that decide if a commit survives a loss of power, the time of its clock, and True if it
    accepts writes.
    """

    version: str
    durability: dict[str, str]
    clock: datetime
    takes_writes: bool


async def database_health(database: Database) -> DatabaseHealth:
    """Read the present state; nothing is changed."""
    reader = database.reader
    if database.dialect == "sqlite":
        version = "SELECT sqlite_version() AS value"
        asked = {name: f"SELECT {name} AS value FROM pragma_{name}" for name in SQLITE_PRAGMAS}
    else:
        version = "SELECT current_setting('server_version') AS value"
        asked = {name: f"SELECT current_setting('{name}') AS value" for name in POSTGRESQL_SETTINGS}
    (row,) = await reader.fetch(version)
    durability = {name: str((await reader.fetch(sql))[0]["value"]) for name, sql in asked.items()}
    (now,) = await reader.fetch(f"SELECT {database_now(reader)} AS created_at")
    return DatabaseHealth(str(row["value"]), durability, now["created_at"], database.availability.takes_writes)
