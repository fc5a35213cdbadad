"""SQLite as one side of a copy; SQL for tables whose names only the database knows.

Fills a SQLite file from rows, or reads one.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from service.storage.backups.refusals import BackupRefused, file_errors
from service.storage.backups.sides import NOT_COPIED, Progress, State, row_counts, tables_of
from service.storage.engines.sqlite import SqliteClient
from service.storage.failures import Doing, own_errors
from service.storage.migrations import HISTORY, UNFINISHED

PAGES_A_STEP = 2_048
LOCK_TIMEOUT_MS = 5_000


def read_only(file: Path) -> sqlite3.Connection:
    """Open a file that nobody changes, so that SQLite creates no other files beside it."""
    return sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1", uri=True, isolation_level=None)


@contextmanager
def loading(connection: sqlite3.Connection, *, drop_indexes: bool) -> Iterator[None]:
    """Context without triggers, and without indexes if `drop_indexes` is set; both are created again at its end.

    A trigger may be younger than the rows that it would refuse, which were allowed when they were written.
    """
    kinds = "'trigger', 'index'" if drop_indexes else "'trigger'"
    rows = connection.execute(
        f"SELECT type, name, sql FROM main.sqlite_master WHERE type IN ({kinds}) AND sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    for kind, name, _ in rows:
        connection.execute(f'DROP {kind} "{name}"')
    yield
    for _, _, sql in rows:
        connection.execute(sql)
    if orphans := connection.execute("PRAGMA main.foreign_key_check").fetchmany(1):
        raise BackupRefused(
            f"A row of the table {orphans[0][0]} refers to a row of {orphans[0][2]} that does not exist."
        )


def _filled(connection: sqlite3.Connection) -> str | None:
    tables = tables_of(connection)
    return next((name for name in tables if connection.execute(f'SELECT 1 FROM "{name}"').fetchone()), None)


class SqliteSide:
    """A SQLite database."""

    def __init__(self, file: str) -> None:
        self.place = f"sqlite://{file}"
        self.file = Path(file).absolute()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Turn errors only: each step opens the file itself."""
        with own_errors(Doing.CHANGING):
            yield

    def _connect(self) -> sqlite3.Connection:
        client = SqliteClient(str(self.file), create=True, foreign_keys=False, lock_timeout_ms=LOCK_TIMEOUT_MS)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        connection = client.connect()
        connection.row_factory = None
        return connection

    async def state(self) -> State:
        if not self.file.exists():
            return State((), None)
        with closing(self._reading()) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if HISTORY not in names:
                return State((), next(iter(names - NOT_COPIED), None), UNFINISHED in names)
            applied = connection.execute(f"SELECT name FROM {HISTORY} ORDER BY name").fetchall()
            return State(tuple(name for (name,) in applied), _filled(connection), UNFINISHED in names)

    def _reading(self) -> sqlite3.Connection:
        """Open the file for reading while other processes write."""
        return sqlite3.connect(
            f"file:{quote(str(self.file))}?mode=rw", uri=True, isolation_level=None, timeout=LOCK_TIMEOUT_MS / 1_000
        )

    def snapshot(self, target: Path, progress: Progress) -> None:
        """Copy all pages of one state into the empty file, while others write."""
        with closing(self._reading()) as source, closing(sqlite3.connect(target)) as copy:
            # In an explicit transaction, because otherwise every write of another process restarts the copy.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with file_errors(target, "written"):
                source.backup(
                    copy,
                    pages=PAGES_A_STEP,
                    progress=lambda _, left, total: progress("reading pages", total - left, total),
                )
            source.execute("COMMIT")

    async def mark(self) -> None:
        with closing(self._connect()) as connection:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {UNFINISHED} (only_row INTEGER)")

    async def fill(self, file: sqlite3.Connection, progress: Progress) -> None:
        (name,) = (row[2] for row in file.execute("PRAGMA database_list") if row[1] == "main")
        with closing(self._connect()) as connection:
            # Attached to SQLite's own connection, so that rows need not pass through Python.
            connection.execute("ATTACH DATABASE ? AS source", [f"file:{quote(name)}?mode=ro&immutable=1"])
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._fill(connection, row_counts(file, tables_of(file)), progress)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _fill(self, connection: sqlite3.Connection, counts: dict[str, int], progress: Progress) -> None:
        tables = tables_of(connection)
        if list(tables) != list(counts):
            raise BackupRefused(f"{self.place} has other tables than this release: create it anew.")
        if filled := _filled(connection):
            raise BackupRefused(f"{self.place} has rows in the table {filled} by now: another process uses it.")
        done, total = 0, sum(counts.values())
        with loading(connection, drop_indexes=True):
            for name, columns in tables.items():
                listed = ", ".join(f'"{column}"' for column in columns)
                connection.execute(f'INSERT INTO main."{name}" ({listed}) SELECT {listed} FROM source."{name}"')
                done += counts[name]
                progress("writing rows", done, total)
        connection.execute(f"DROP TABLE {UNFINISHED}")
