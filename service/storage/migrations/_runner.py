"""Runner of migrations: each is applied whole or not at all, and once, even if several processes start at the same
time.

Knows Tortoise's planner and its history table `tortoise_migrations`; must not know any other table. Tortoise's own
executor is not used, because it writes the history after the migration's transaction: a process killed between the two,
or a second one starting meanwhile, would apply a migration twice.
"""

from collections.abc import Awaitable, Collection
from pathlib import Path
from typing import Any

from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from service.kit.database_address import parse_address
from service.storage.engines.postgresql import PostgresqlClient
from service.storage.engines.sqlite import SqliteClient
from service.storage.failures import DatabaseDefect, Doing, own_errors
from service.storage.migrations import _checksums
from service.storage.migrations._offline import MigrationRefused, OfflineMigration

APP = "storage"
MIGRATIONS = "service.storage.migrations"
HISTORY = "tortoise_migrations"
UNFINISHED = "unfinished_restore"
"""Table that exists while a restore fills the database; other commands refuse the database then."""
BACKUP_ID = 0x43_4F_42_55
"""`PRAGMA application_id` of a backup's file, "COBU"; a database has none."""
LOCK_TIMEOUT_MS = 5_000
"""Lock timeout of a migration in milliseconds: it gives up before the requests that are queued behind it time out."""
TURN_TIMEOUT_MS = 60_000
"""Maximum time in milliseconds that a process waits for another one that is migrating."""

_CREATED_MEANWHILE = frozenset({"23505", "42710", "42P07"})
"""SQLSTATEs for a unique index, a type or a table that already exists."""


async def migrate(
    url: str,
    *,
    pooled: bool = False,
    offline: bool = False,
    restoring: bool = False,
    only: Collection[str] | None = None,
) -> list[str]:
    """Apply every missing migration. Return the names of those that this call applied, in order; `[]` if there were
    none.

    `pooled` is for a database behind a pooler. `offline` states that no other process of the service works on the
    database. `restoring` permits a database whose restore is unfinished; `only` limits the migrations to those of an
    earlier release. Creates a SQLite file and its folder, not a PostgreSQL database. Safe to call from several
    processes at once and to kill at any moment. Raises MigrationRefused when an applied migration was edited, when one
    needs `offline` or cannot convert a row, or when the database may not be used; and `RuntimeError` when the check of
    the rows after a migration fails or SQLite's foreign keys are violated; the migration is then rolled back.
    """
    client = _client(url, create=True, pooled=pooled)
    try:
        await client.create_connection(with_db=True)
        if not restoring:
            await _refuse_unready(client)
        await _ensure_history(client)
        await _checksums.refuse_edited(client, MIGRATIONS)
        await _checksums.record_missing(client, HISTORY, MIGRATIONS)
        applied: list[str] = []
        while (name := await _apply_next(client, offline=offline, only=only)) is not None:
            applied.append(name)
        return applied
    finally:
        await client.close()


async def pending(url: str, *, pooled: bool = False) -> list[str]:
    """Return the names of the migrations that are not applied, in order; the database is neither changed nor
    created. Raise MigrationRefused when an applied one was edited, or when the database may not be used.
    """
    client = _client(url, create=False, pooled=pooled)
    try:
        if client is not None:
            await client.create_connection(with_db=True)
            await _refuse_unready(client)
            if await _has_table(client, _checksums.TABLE):
                await _checksums.refuse_edited(client, MIGRATIONS)
        return [migration.name for migration in await _plan(_executor(client))]
    finally:
        if client is not None:
            await client.close()


def _client(url: str, *, create: bool, pooled: bool) -> Any:
    """Return a client with the timeouts of migrations; None for a SQLite file that does not exist."""
    address = parse_address(url)
    if address.dialect == "sqlite":
        file = Path(address.file).absolute()
        if is_backup(file):  # opening it as a database would change it and invalidate its checksum
            raise MigrationRefused("The database file is a backup. Run carbon-orders restore to make a database of it.")
        if create:
            with own_errors(Doing.CHANGING):
                file.parent.mkdir(parents=True, exist_ok=True)
        elif not file.exists():
            return None
        # Rebuilding a table drops the old one, and with foreign keys enabled that deletes the rows that refer to it.
        return SqliteClient(
            str(file),
            create=create,
            foreign_keys=False,
            lock_timeout_ms=TURN_TIMEOUT_MS,
            statement_timeout_ms=0,
        )
    return PostgresqlClient(
        url,
        pool_size_max=1,
        pool_wait_ms=TURN_TIMEOUT_MS,
        statement_timeout_ms=0,
        idle_transaction_ms=0,
        pooled=pooled,
    )


def is_backup(file: Path) -> bool:
    """Return True if the file's header marks it as a backup."""
    with own_errors(Doing.READING):
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            return stream.read(72)[68:] == BACKUP_ID.to_bytes(4, "big")


def _executor(client: Any) -> MigrationExecutor:
    return MigrationExecutor(client, {APP: {"models": [], "migrations": MIGRATIONS}})


async def known() -> list[str]:
    """Return the names of this release's migrations, in order."""
    return [migration.name for migration in await _plan(_executor(None))]


async def _plan(executor: MigrationExecutor) -> list[Migration]:
    """Return the missing migrations, in the order of their dependencies."""
    steps = await executor.plan([MigrationTarget(APP, "__latest__")])
    return [step.migration for step in steps]


async def _has_table(client: Any, name: str) -> bool:
    if isinstance(client, SqliteClient):
        return bool(await client.execute_query_dict(f"SELECT 1 FROM sqlite_master WHERE name = '{name}'"))
    return bool(await client.execute_query_dict(f"SELECT 1 WHERE to_regclass('{name}') IS NOT NULL"))


async def _refuse_unready(client: Any) -> None:
    """Refuse a database that a restore has not filled yet."""
    if await _has_table(client, UNFINISHED):
        raise MigrationRefused(
            "The database was to be restored, and the restore did not finish. Run carbon-orders restore or copy again,"
            " or create the database anew."
        )


async def _ensure_history(client: Any) -> None:
    executor = _executor(client)
    await _ensure(executor.recorder.ensure_schema(executor._schema_editor()))  # noqa: SLF001 - the planner keeps it
    await _ensure(client.execute_script(_checksums.CREATE))


async def _ensure(creation: Awaitable[None]) -> None:
    try:
        await creation
    except DatabaseDefect as error:
        # If two processes create a table at once, PostgreSQL refuses the second in spite of IF NOT EXISTS. The error
        # names the index of types, the table's type or the table, depending on the progress of the first.
        if error.code not in _CREATED_MEANWHILE:
            raise


async def _apply_next(client: Any, *, offline: bool, only: Collection[str] | None) -> str | None:
    """Apply the next migration and record it in the history, in one transaction; return None if there is none left."""
    async with client.transaction() as transaction:
        if isinstance(client, PostgresqlClient):
            await transaction.execute_script(
                f"SET LOCAL lock_timeout = {TURN_TIMEOUT_MS}; LOCK TABLE {HISTORY} IN EXCLUSIVE MODE;"
                f" SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"
            )
        executor = _executor(transaction)
        plan = await _plan(executor)
        if not plan or (only is not None and plan[0].name not in only):
            return None
        if not offline and isinstance(plan[0], OfflineMigration) and await plan[0].needs_offline(transaction):
            raise MigrationRefused(
                f"{plan[0].name} changes stored amounts. Stop every process of the service, back the database up, and"
                " run: carbon-orders migrate --offline"
            )
        state = State(models={}, apps=StateApps())
        await plan[0].apply(state, schema_editor=executor._schema_editor())  # noqa: SLF001
        await executor.recorder.record_applied(APP, plan[0].name)
        await _checksums.record_missing(transaction, HISTORY, MIGRATIONS)
        if isinstance(client, SqliteClient):
            orphans = await transaction.execute_query_dict("PRAGMA foreign_key_check")
            if orphans:
                raise RuntimeError(f"{plan[0].name} would leave rows without their parents: {orphans[:10]}")
        return plan[0].name
