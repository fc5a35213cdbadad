"""The commands `export`: one for each list, all with the same options."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import typer

export_app = typer.Typer(
    help="Export orders, retirements, ledger, invoices or payments of an account as CSV or NDJSON.",
    no_args_is_help=True,
)


ExportFormat: TypeAlias = Literal["csv", "ndjson"]

Target = Annotated[
    Path, typer.Argument(metavar="FILE", help="File to write, or - for standard output.", allow_dash=True)
]
AccountOf = Annotated[
    UUID,
    typer.Option(
        metavar="ACCOUNT_ID",
        help="UUID of the account whose rows are exported. For a client account, ledger, invoices and payments are "
        "those of its parent.",
    ),
]
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="NAME=VALUE",
        help="Condition on the rows, or on the orders of retirements, such as currency=GBP or "
        "createdAt.gte=2026-01-01T00:00:00Z; repeat the option for several conditions. docs/exports.md lists their "
        "names.",
    ),
]
Format = Annotated[
    ExportFormat | None,
    typer.Option(
        "--format", help="Format of the file: csv or ndjson. By default ndjson if FILE ends in .ndjson, otherwise csv."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")]


@export_app.command(
    "orders",
    epilog="Example: carbon-orders export orders orders.csv --account 019b8d62-… --filter status=COMPLETE"
    " --filter createdAt.gte=2026-01-01T00:00:00Z",
)
def export_orders(
    file: Target, *, account: AccountOf, filters: Filters = None, format: Format = None, force: Force = False
) -> None:
    """Write an account's orders to a file, newest first.

    The file appears only when it is complete, and only its owner can read it. A retry needs --force if FILE exists.
    """
    _export("orders", file, account, filters, format, force=force)


@export_app.command(
    "retirements",
    epilog="Example: carbon-orders export retirements retired.csv --account 019b8d62-…"
    " --filter createdAt.gte=2026-01-01T00:00:00Z",
)
def export_retirements(
    file: Target, *, account: AccountOf, filters: Filters = None, format: Format = None, force: Force = False
) -> None:
    """Write the retired credits of an account's orders to a file, newest order first. --filter selects the orders."""
    _export("retirements", file, account, filters, format, force=force)


@export_app.command(
    "ledger", epilog="Example: carbon-orders export ledger - --account 019b8d62-… | gzip > ledger.csv.gz"
)
def export_ledger(
    file: Target, *, account: AccountOf, filters: Filters = None, format: Format = None, force: Force = False
) -> None:
    """Write the postings of an account's ledger to a file, newest first."""
    _export("ledger", file, account, filters, format, force=force)


@export_app.command(
    "invoices",
    epilog="Example: carbon-orders export invoices invoices.csv --account 019b8d62-… --filter status=PENDING",
)
def export_invoices(
    file: Target, *, account: AccountOf, filters: Filters = None, format: Format = None, force: Force = False
) -> None:
    """Write an account's invoices to a file, newest first."""
    _export("invoices", file, account, filters, format, force=force)


@export_app.command("payments", epilog="Example: carbon-orders export payments payments.ndjson --account 019b8d62-…")
def export_payments(
    file: Target, *, account: AccountOf, filters: Filters = None, format: Format = None, force: Force = False
) -> None:
    """Write the payments of an account to a file, newest first."""
    _export("payments", file, account, filters, format, force=force)


def _export(
    name: str, file: Path, account: UUID, filters: list[str] | None, format: ExportFormat | None, *, force: bool
) -> None:
    from service.commands.exports import export_list

    chosen = format or ("ndjson" if file.suffix.lower() == ".ndjson" else "csv")
    export_list(name, file, account, filters or [], chosen, force=force)
