"""Steps of a backup, a restore and a copy; SQL for tables whose names only the database knows.

Each step is on a SQLite file and a database of either kind.
"""

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.kit.clock import system_clock
from service.kit.database_address import parse_address
from service.kit.version import installed_version
from service.storage.backups.postgresql_side import PostgresqlSide
from service.storage.backups.refusals import BackupRefused, file_errors
from service.storage.backups.seal import Manifest, checked, seal
from service.storage.backups.sides import Progress, Side, State, row_counts, tables_of
from service.storage.backups.sqlite_side import SqliteSide, read_only
from service.storage.migrations import BACKUP_ID, HISTORY, known, migrate

DISTRIBUTION = "carbon-orders"


@dataclass(frozen=True, slots=True)
class Restored:
    """Result of a restore: the backup's description, and the migrations that were applied to its rows."""

    manifest: Manifest
    migrated: list[str]


async def backup(url: str, file: Path, *, pooled: bool, replace: bool, progress: Progress) -> Manifest:
    """Write a backup of the database. The file appears whole or not at all, readable by its owner alone.

    The database is read as it was at one moment, while others write. Raises `BackupRefused` if the file exists and must
    not be replaced, or cannot be written.
    """
    _require_target(url, file, replace=replace)
    with draft_in(file.parent) as draft:
        manifest = await snapshot(url, draft, pooled=pooled, progress=progress)
        _set_application_id(draft, BACKUP_ID)
        seal(draft, manifest)
        _publish(draft, file, replace=replace)
    return manifest


async def inspect(file: Path, progress: Progress) -> Manifest:
    """Read the whole backup and return its description. Raise BackupRefused if it is damaged, or from a newer release
    of which this one does not know the tables.
    """
    manifest = checked(file, lambda done, total: progress("checking bytes", done, total))
    if newer := sorted(set(manifest.migrations) - set(await known())):
        raise BackupRefused(
            f"{file} was written by a newer version, carbon-orders {manifest.version}, with the migration {newer[-1]}:"
            " install that version."
        )
    return manifest


async def restore(file: Path, url: str, *, pooled: bool, progress: Progress) -> Restored:
    """Fill an empty database from a backup, and bring its tables up to date. Raise BackupRefused, and change nothing,
    if the backup cannot be used or the database has rows.

    Until the end every other command refuses the database. A restore that was interrupted is run again.
    """
    await require_empty(url, pooled=pooled)
    manifest = await inspect(file, progress)
    if set(manifest.migrations) == set(await known()):
        await place(file, url, pooled=pooled, progress=progress)
        return Restored(manifest, [])
    with draft_in() as draft:
        with file_errors(draft, "written"):
            _copy_bytes(file, draft)
        migrated = await make_current(draft)
        await place(draft, url, pooled=pooled, progress=progress)
    return Restored(manifest, migrated)


async def snapshot(url: str, file: Path, *, pooled: bool, progress: Progress) -> Manifest:
    """Copy one state of the database into the empty file and return the description of the copy."""
    made_at = system_clock().isoformat(timespec="seconds")
    side = _side(url, pooled=pooled)
    async with side.opened():
        state = await _readable(side)
        if isinstance(side, SqliteSide):
            side.snapshot(file, progress)
        else:
            await migrate(f"sqlite://{file}", only=state.migrations)
            with closing(sqlite3.connect(file, isolation_level=None)) as copy, file_errors(file, "written"):
                for setting in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF"):
                    copy.execute(f"PRAGMA {setting}")  # a failed copy is discarded, so it need not be durable
                copy.execute("BEGIN")
                await side.snapshot(copy, progress)
                copy.execute("COMMIT")
    with file_errors(file, "written"), closing(sqlite3.connect(file, isolation_level=None)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")  # a single file: readers then create no other files beside it
        migrations = [name for (name,) in copy.execute(f"SELECT name FROM {HISTORY} ORDER BY name")]
        rows = row_counts(copy, tables_of(copy))
    return Manifest(made_at, installed_version(DISTRIBUTION), parse_address(url).dialect, migrations, rows)


async def make_current(file: Path) -> list[str]:
    """Apply the migrations that a copy lacks, and return their names. No process uses the copy."""
    with file_errors(file, "written"):
        applied = await migrate(f"sqlite://{file}", offline=True)
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    return applied


async def place(file: Path, url: str, *, pooled: bool, progress: Progress) -> None:
    """Fill an empty database from a file with the tables of this release."""
    side = _side(url, pooled=pooled)
    async with side.opened():
        await side.mark()
    await migrate(url, pooled=pooled, restoring=True)
    async with side.opened():
        with closing(read_only(file)) as source:
            await side.fill(source, progress)


async def require_empty(url: str, *, pooled: bool) -> None:
    """Raise BackupRefused if the database has rows, or tables of another program or a newer release."""
    side = _side(url, pooled=pooled)
    async with side.opened():
        state = await side.state()
    if state.filled is not None:
        reason = "has rows" if state.migrations else "belongs to another program"
        raise BackupRefused(f"{side.place} is not empty: the table {state.filled} {reason}. Name an empty database.")
    if newer := sorted(set(state.migrations) - set(await known())):
        raise BackupRefused(f"{side.place} was migrated by a newer version, with {newer[-1]}: install that version.")


async def _readable(side: Side) -> State:
    state = await side.state()
    if not state.migrations:
        raise BackupRefused(f"{side.place} has no tables of carbon-orders.")
    if state.is_unfinished:
        raise BackupRefused(f"{side.place} was to be restored, and the restore did not finish.")
    if isinstance(side, PostgresqlSide) and (newer := sorted(set(state.migrations) - set(await known()))):
        raise BackupRefused(f"{side.place} was migrated by a newer version, with {newer[-1]}: install that version.")
    return state


def _side(url: str, *, pooled: bool) -> SqliteSide | PostgresqlSide:
    address = parse_address(url)
    return SqliteSide(address.file) if address.dialect == "sqlite" else PostgresqlSide(url, pooled=pooled)


@contextmanager
def draft_in(folder: Path | None = None) -> Iterator[Path]:
    """Yield a new, empty file for this user alone, in the folder for temporary files if none is given; remove what is
    left of it at the end.
    """
    draft = (folder or Path(tempfile.gettempdir())).absolute() / f".carbon-orders-{secrets.token_hex(8)}"
    try:
        with file_errors(draft, "written"):
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield draft
    finally:
        for left in (draft, *(draft.with_name(draft.name + end) for end in ("-wal", "-shm", "-journal"))):
            left.unlink(missing_ok=True)


def _publish(draft: Path, file: Path, *, replace: bool) -> None:
    """Give the draft its name, and write the name to disk."""
    with file_errors(file, "written"):
        if replace:
            draft.replace(file)
        else:
            try:
                file.hardlink_to(draft)  # unlike a renaming, this never replaces a file
            except FileExistsError:
                raise BackupRefused(f"{file} exists by now. Name another file.") from None
        folder = os.open(file.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _copy_bytes(file: Path, draft: Path) -> None:
    """Copy a checked backup into a draft, as a database of the service."""
    with closing(read_only(file)) as source, closing(sqlite3.connect(draft, isolation_level=None)) as copy:
        source.backup(copy)
    _set_application_id(draft, 0)


def _set_application_id(file: Path, number: int) -> None:
    with file_errors(file, "written"), closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {number}")


def _require_target(url: str, file: Path, *, replace: bool) -> None:
    """Raise BackupRefused if no backup of the database may be written to the file."""
    database = Path(parse_address(url).file)
    with file_errors(file, "written"):
        if not file.exists():
            return
        if database.is_file() and file.samefile(database):
            raise BackupRefused(f"{file} is the database itself.")
        if not replace:
            raise BackupRefused(f"{file} exists. Name another file, or replace it with --force.")
