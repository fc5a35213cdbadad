"""`carbon-orders backup`, `restore` and `copy`: all tables of a database, written to a file or into another database.

The three know addresses, files and their messages; the rows are moved by storage/backups.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from service.commands import output
from service.commands.books import STATEMENT_TIMEOUT_MS
from service.commands.runtime import IDLE_TRANSACTION_MS, settings_given
from service.kit.clock import system_clock
from service.kit.database_address import DatabaseAddress, parse_address
from service.kit.ids import uuid7
from service.operations.audit import audit
from service.operations.resources import Resources
from service.settings import Settings
from service.storage import backups
from service.storage.audit import CHECKS, Finding
from service.storage.backups import BackupRefused, Manifest
from service.storage.database import Database
from service.storage.failures import DatabaseDefect, DatabaseUnavailable
from service.storage.migrations import MigrationRefused

T = TypeVar("T")


def backup(file: Path, *, force: bool, as_json: bool) -> None:
    """Write a backup of the service's database to the file."""
    settings = settings_given()
    with _progress() as progress:
        manifest = _done(
            backups.backup(settings.database_url, file, pooled=settings.is_pooled, replace=force, progress=progress),
            settings.database,
        )
    if as_json:
        output.show_json({"file": str(file), "bytes": file.stat().st_size, **_facts(manifest)})
        return
    output.show(f"Wrote {file}: {_rows(manifest)}, {file.stat().st_size} bytes.")
    output.show(f"{_secret_of(settings)} Without the secret no API key works.")


def restore(file: Path, *, as_json: bool) -> None:
    """Fill the service's database, which must be empty, from the backup."""
    settings = settings_given()
    with _progress() as progress:
        restored = _done(
            backups.restore(file, settings.database_url, pooled=settings.is_pooled, progress=progress),
            settings.database,
        )
    if as_json:
        output.show_json({"migrated": restored.migrated, **_facts(restored.manifest)})
        return
    output.show(f"Restored {_rows(restored.manifest)}, from carbon-orders {restored.manifest.version}.")
    for name in restored.migrated:
        output.show(f"applied {name}")
    output.show(f"{_secret_to(settings.database)} Then run: carbon-orders audit")


def copy(from_url: str, to_url: str, *, as_json: bool) -> None:
    """Fill the second database, which must be empty, with all rows of the first, and audit both."""
    settings = settings_given()
    source, target = _address(from_url, "FROM_URL"), _address(to_url, "TO_URL")
    with _progress() as progress:
        manifest, before, after = _done(_copied(settings, (from_url, source), (to_url, target), progress), None)
    deviating, stays = sum(each.deviating for each in after), before == after
    if as_json:
        output.show_json({**_facts(manifest), "deviating": deviating, "audits_agree": stays})
    else:
        output.show(f"Copied {_rows(manifest)}.")
        if stays:
            found = f"{deviating} deviating rows" if deviating else "no deviation"
            output.show(f"The audit finds the same on both sides: {found}.")
        else:
            output.show("The audit finds other deviations in the copy: do not use it.")
        output.show(_secret_to(target))
    if not stays:
        raise typer.Exit(output.FAILED)


async def _copied(
    settings: Settings, source: tuple[str, DatabaseAddress], target: tuple[str, DatabaseAddress], progress: Any
) -> tuple[Manifest, list[Finding], list[Finding]]:
    (from_url, from_address), (to_url, to_address) = source, target
    from_pooled, to_pooled = settings.is_pooled or from_address.is_pooled, settings.is_pooled or to_address.is_pooled
    with _failing_at(to_address):
        await backups.require_empty(to_url, pooled=to_pooled)
    with backups.draft_in() as draft:
        with _failing_at(from_address):
            manifest = await backups.snapshot(from_url, draft, pooled=from_pooled, progress=progress)
            await backups.make_current(draft)
            before = await _audited(f"sqlite://{draft}", progress, "auditing the source", pooled=False)
        with _failing_at(to_address):
            await backups.place(draft, to_url, pooled=to_pooled, progress=progress)
            after = await _audited(to_url, progress, "auditing the copy", pooled=to_pooled)
    return manifest, before, after


async def _audited(url: str, progress: Any, step: str, *, pooled: bool) -> list[Finding]:
    database = await Database.open(
        url,
        pool_size_max=1,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
        idle_transaction_ms=IDLE_TRANSACTION_MS,
        pooled=pooled,
    )
    made: list[Finding] = []

    def note(finding: Finding) -> None:
        made.append(finding)
        progress(step, len(made), len(CHECKS))

    try:
        return await audit(Resources(database, system_clock, uuid7), note)
    finally:
        await database.close()


def _done(work: Coroutine[Any, Any, T], address: DatabaseAddress | None) -> T:
    """Run the work and return its answer, or end the command with one line."""

    async def at_address() -> T:
        with _failing_at(address):
            return await work

    return asyncio.run(at_address())


@contextmanager
def _failing_at(address: DatabaseAddress | None) -> Iterator[None]:
    """End the command with one line for a refusal, or for a failure of the database at the address."""
    try:
        yield
    except (BackupRefused, MigrationRefused) as refusal:
        output.fail(str(refusal))
    except (DatabaseUnavailable, DatabaseDefect, RuntimeError) as error:
        if address is None:
            raise
        _fail_at(address, error)


def _fail_at(address: DatabaseAddress, error: Exception) -> NoReturn:
    reason = error.detail if isinstance(error, DatabaseUnavailable) else str(error).partition("\n")[0]
    output.fail(f"the database at {address.place} cannot be used: {reason}.")


def _address(url: str, argument: str) -> DatabaseAddress:
    try:
        return parse_address(url)
    except ValueError as error:
        output.fail(f"{argument}: {error}", output.MISUSED)


def _facts(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "version": manifest.version,
        "database": manifest.database,
        "migrations": manifest.migrations,
        "rows": manifest.rows,
    }


def _rows(manifest: Manifest) -> str:
    return f"{sum(manifest.rows.values())} rows of {len(manifest.rows)} tables as of {manifest.made_at}"


def _secret_of(settings: Settings) -> str:
    if settings.secret is not None:
        return "The secret is not in it: keep SERVICE_SECRET as well."
    if settings.database.dialect == "postgresql":
        return "The secret is not in it: keep the SERVICE_SECRET of the serving processes as well."
    return f"The secret is not in it: keep a copy of {Path(settings.database.file).with_name('secret')} as well."


def _secret_to(address: DatabaseAddress) -> str:
    if address.dialect == "postgresql":
        return "The secret is not copied: set SERVICE_SECRET to the secret of the source."
    secret = Path(address.file).with_name("secret")
    return f"The secret is not copied: put the secret of the source into {secret}, or set SERVICE_SECRET to it."


@contextmanager
def _progress() -> Iterator[backups.Progress]:
    """Show a progress bar on stderr if that is a terminal."""
    stderr = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total)
