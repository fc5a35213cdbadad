"""`carbon-orders export`: write a list of an account to a file or to standard output."""

from contextlib import aclosing
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from service.api.exports.definitions import EXPORTS, Export
from service.api.exports.formats import FORMATS, Format
from service.commands import output
from service.commands.books import STATEMENT_TIMEOUT_MS
from service.commands.output_file import STDOUT, written_file
from service.commands.runtime import run, settings_given
from service.errors import Refused
from service.operations.read_orders import count_orders
from service.operations.resources import Resources
from service.operations.select_account import seller_reading


def export_list(name: str, file: Path, account: UUID, conditions: list[str], format_: str, *, force: bool) -> None:
    """Write the rows of the export that meet the conditions, each `NAME=VALUE`."""
    (export,) = (each for each in EXPORTS if each.name == name)
    (chosen,) = (each for each in FORMATS if each.name == format_)
    wanted = _filter_of(conditions, export)
    settings = settings_given().model_copy(update={"statement_timeout_ms": STATEMENT_TIMEOUT_MS})
    with written_file(file, force=force) as target:
        rows = run(settings, lambda resources: _write(resources, account, wanted, export, chosen, target))
    if file != STDOUT:
        output.show(f"Wrote {file}: {rows} rows.")


def _filter_of(conditions: list[str], export: Export) -> Any:
    texts = [(name, value) for name, _, value in (each.partition("=") for each in conditions)]
    try:
        return export.filter.of(texts)
    except Refused as refusal:
        place = ".".join(map(str, refusal.path))
        output.fail(f"--filter {place}: {refusal.message}", output.MISUSED)


async def _write(
    resources: Resources, account: UUID, wanted: Any, export: Export, format_: Format, target: BinaryIO
) -> int:
    caller = await seller_reading(resources, account)
    total = await count_orders(resources, caller, wanted) if export.name == "orders" else None
    written = 0
    target.write(format_.start(export.columns))
    with output.progress(export.name, total) as advance:
        async with aclosing(export.pages(resources, caller, wanted)) as pages:
            async for rows in pages:
                target.write(format_.rows(export.columns, rows))
                written += len(rows)
                advance(len(rows))
    return written
