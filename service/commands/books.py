"""The commands about the books as a whole: import a catalogue or an account's history, audit what is there.

Read files, run one operation, show what came of it; decide nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.commands import output
from service.commands.runtime import run, settings_given
from service.domain.rows import Fault
from service.operations.audit import audit
from service.operations.import_catalogue import import_catalogue
from service.operations.import_orders import import_orders
from service.settings import Settings
from service.storage.audit import CHECKS

STATEMENT_TIMEOUT_MS = 3_600_000
"""Sums over whole tables take longer than any request may."""


def load_history(file: Path, *, account: UUID, dry_run: bool, as_json: bool) -> None:
    """The account has the file's orders, or none of them where one is at fault."""
    text = _text_of(file)
    with _progress("orders") as advance:
        done = run(
            _patient(settings_given()),
            lambda resources: import_orders(resources, account, text, rehearse=dry_run, progress=advance),
        )
    facts = {"rows": done.rows, "added": done.added, "standing": done.existing, "dry_run": dry_run}
    _show(facts, done.faults, as_json=as_json)


def load_catalogue(file: Path, *, dry_run: bool, as_json: bool) -> None:
    """The catalogue has all of the file, or nothing of it where a row is at fault."""
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


def audit_books(*, as_json: bool) -> None:
    """Whatever deviates was named; exit code 1 if anything does."""
    with _progress("checks", len(CHECKS)) as advance:
        findings = run(
            _patient(settings_given()), lambda resources: audit(resources, lambda finding: advance(1, finding.name))
        )
    if as_json:
        output.show_json(
            [
                {"name": each.name, "rows": each.rows, "deviating": each.deviating, "first": each.first}
                for each in findings
            ]
        )
    else:
        rows = [
            (finding.name, str(finding.rows), str(finding.deviating) if finding.deviating else "holds")
            for finding in findings
        ]
        output.show_table(("check", "rows", "deviating"), rows)
        for finding in findings:
            for key in finding.first:
                output.show(f"{finding.name}: not so for {key}")
    if any(finding.deviating for finding in findings):
        raise typer.Exit(output.FAILED)


def _patient(settings: Settings) -> Settings:
    return settings.model_copy(update={"statement_timeout_ms": STATEMENT_TIMEOUT_MS})


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        output.fail(f"{file} cannot be read as UTF-8: {error}", output.MISUSED)


@contextmanager
def _progress(unit: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """A bar on stderr while it is a terminal; call what is given with how much more is done, and what it was."""
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
        output.show(f"{facts['added']} {verb}, {facts['standing']} stood before, of {facts['rows']} rows.")
    if faults:
        raise typer.Exit(output.FAILED)
