"""The commands for whole tables: import a catalogue, an account's history or registry entries, audit the books.

They read files, run one operation and show its result; they decide nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.commands import output
from service.commands.runtime import run, settings_given
from service.domain.file_rows import text_of
from service.domain.rows import Fault
from service.errors import Refused
from service.operations.audit import audit
from service.operations.import_catalogue import import_catalogue
from service.operations.import_orders import import_orders
from service.operations.record_registry_retirement import import_retirements
from service.settings import Settings
from service.storage.audit import CHECKS, Finding

STATEMENT_TIMEOUT_MS = 3_600_000
"""Timeout for sums over whole tables, which take longer than any request may."""


def load_history(file: Path, *, account: UUID, dry_run: bool, as_json: bool) -> None:
    """Import the file's orders into the account, or none of them if one has an error."""
    text = _text_of(file)
    with _progress("orders") as advance:
        done = run(
            _patient(settings_given()),
            lambda resources: import_orders(resources, account, text, rehearse=dry_run, progress=advance),
        )
    facts: dict[str, Any] = {"rows": done.rows, "added": done.added, "standing": done.existing, "dry_run": dry_run}
    differing = [{"row": each.row, "stated": each.stated, "imported": each.imported} for each in done.differing_totals]
    if as_json:
        facts["differing_totals"] = differing
    elif differing:
        output.show_table(
            ("row", "total in the file", "mass x unit price"), (list(each.values()) for each in differing)
        )
        output.show(f"{len(differing)} totals differ. Orders have the total that their mass and unit price make.")
    _show(facts, done.faults, as_json=as_json)


def load_catalogue(file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Import the file into the catalogue, or nothing of it if a row has an error."""
    text = _text_of(file)
    with _progress("rows") as advance:
        done = run(
            _patient(settings_given()),
            lambda resources: import_catalogue(
                resources, text, is_csv=file.suffix.lower() == ".csv", rehearse=dry_run, progress=advance
            ),
        )
    facts = {"rows": done.rows, "added": done.added, "standing": done.existing, "dry_run": dry_run}
    _show(facts, done.faults, as_json=as_json)


def load_retirements(file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Record the registry entries of the file, or none of them if a row has an error."""
    text = _text_of(file)
    with _progress("rows") as advance:
        done = run(
            _patient(settings_given()),
            lambda resources: import_retirements(
                resources, text, is_csv=file.suffix.lower() == ".csv", rehearse=dry_run, progress=advance
            ),
        )
    facts = {"rows": done.rows, "added": done.added, "standing": done.existing, "dry_run": dry_run}
    _show(facts, done.faults, as_json=as_json)


def audit_books(*, as_json: bool) -> None:
    """Show every deviation of the books; exit code 1 if there is one."""
    with _progress("checks", len(CHECKS)) as advance:
        findings = run(
            _patient(settings_given()), lambda resources: audit(resources, lambda finding: advance(1, finding.name))
        )
    if as_json:
        output.show_json([_told(finding) for finding in findings])
    else:
        rows = [
            (finding.name, str(finding.rows), str(finding.deviating) if finding.deviating else "holds")
            for finding in findings
        ]
        output.show_table(("check", "rows", "deviating"), rows)
        for finding in findings:
            for key in finding.first:
                output.show(f"{finding.name}: violated by {key}")
            if more := finding.deviating - len(finding.first):
                output.show(f"{finding.name}: violated by {more} more rows of {finding.table}")
    if any(finding.deviating for finding in findings):
        raise typer.Exit(output.FAILED)


def _told(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "name": finding.name,
        "table": finding.table,
        "rows": finding.rows,
        "deviating": finding.deviating,
        "first": finding.first,
        "findings": [asdict(each) for each in finding.deviations],
    }


def _patient(settings: Settings) -> Settings:
    return settings.model_copy(update={"statement_timeout_ms": STATEMENT_TIMEOUT_MS})


def _text_of(file: Path) -> str:
    try:
        return text_of(file.read_bytes())
    except OSError as error:
        output.fail(f"{file} cannot be read: {error.strerror or error}", output.MISUSED)
    except Refused as refusal:
        output.fail(f"{file} cannot be imported. {refusal.message}", output.MISUSED)


@contextmanager
def _progress(unit: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Show a progress bar on stderr if that is a terminal. The yielded function takes the number of further steps and
    their name.
    """
    stderr = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task(unit, total=total)

        def advance(more: int, what: str = unit) -> None:
            bar.update(task, advance=more, description=what)

        yield advance


def _show(facts: dict[str, Any], faults: Sequence[Fault], *, as_json: bool) -> None:
    if as_json:
        told = [{"row": each.row, "column": each.column, "message": each.message} for each in faults]
        output.show_json({**facts, "faults": told})
    elif faults:
        output.show_table(("row", "column", "fault"), [(each.row, each.column, each.message) for each in faults])
        output.show(f"Nothing was imported: {len(faults)} faults in {facts['rows']} rows.")
    else:
        verb = "would be added" if facts["dry_run"] else "added"
        output.show(f"{facts['added']} {verb}, {facts['standing']} existed before, of {facts['rows']} rows.")
    if faults:
        raise typer.Exit(output.FAILED)
