"""Checksums of the files of applied migrations: if a migration could be edited later, databases of one release could
differ.

The runner creates the table `migration_checksums`, as it does the history. Databases that are older than this table get
the checksums of this release's files at their next migration.
"""

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

from service.kit.clock import system_clock
from service.storage.migrations._offline import MigrationRefused

TABLE = "migration_checksums"
CREATE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (name VARCHAR(255) NOT NULL PRIMARY KEY, sha256 CHAR(64) NOT NULL,"
    " recorded_at VARCHAR(32) NOT NULL)"
)


def checksum(package: str, name: str) -> str | None:
    """Return the SHA-256 of the migration's files, whatever their line ends; None if this release has none of it."""
    folder = Path(str(import_module(package).__file__)).parent
    files = sorted(file for file in folder.glob(f"{name}.*") if file.suffix in (".py", ".sql"))
    if not files:
        return None
    found = hashlib.sha256()
    for file in files:
        text = file.read_text(encoding="utf-8")  # universal newlines: every line end is read as "\n"
        found.update(f"{file.name} {len(text)}\n{text}".encode())
    return found.hexdigest()


async def refuse_edited(client: Any, package: str) -> None:
    """Raise `MigrationRefused` if the files of an applied migration have been edited since."""
    for row in await client.execute_query_dict(f"SELECT name, sha256 FROM {TABLE} ORDER BY name"):
        if checksum(package, row["name"]) not in (None, row["sha256"]):
            raise MigrationRefused(
                f"{row['name']} was edited after this database applied it. Install the files of a released"
                " carbon-orders again; a change of tables needs a new migration."
            )


async def record_missing(client: Any, history: str, package: str) -> None:
    """Record the checksums of the applied migrations that have none yet."""
    rows = await client.execute_query_dict(
        f"SELECT h.name FROM {history} h WHERE NOT EXISTS (SELECT 1 FROM {TABLE} c WHERE c.name = h.name)"
    )
    mark = "?" if client.capabilities.dialect == "sqlite" else "$"
    for row in rows:
        if (found := checksum(package, row["name"])) is not None:
            await client.execute_query(
                f"INSERT INTO {TABLE} (name, sha256, recorded_at) VALUES ({mark}1, {mark}2, {mark}3)"
                " ON CONFLICT DO NOTHING",
                [row["name"], found, system_clock().isoformat(timespec="seconds")],
            )
