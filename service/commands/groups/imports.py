"""The commands `import`: their names, arguments and help."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

import_app = typer.Typer(
    help="Import a catalogue, the order history of an account, or registry entries.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check the file and print the result without importing anything.")
]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="File to import.")]


@import_app.command("orders", epilog="Example: carbon-orders import orders orders.json --account 019b8d62-…")
def import_orders(
    file: File,
    *,
    account: Annotated[
        UUID, typer.Option(metavar="ACCOUNT_ID", help="UUID of the account to which the orders are added.")
    ],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add past orders to an account, with their own ids and dates. If a file is imported again, nothing is added.

    The file is JSON: a list of orders, or an object with this list as `items`. Each order has id, vcuAmount,
    vcuUnitPrice, targetCurrency, status and createdAt; docs/import.md describes them. If any order has an error,
    nothing is imported.
    """
    from service.commands.books import load_history

    load_history(file, account=account, dry_run=dry_run, as_json=as_json)


@import_app.command("catalogue", epilog="Example: carbon-orders import catalogue catalogue.csv --dry-run")
def import_catalogue(file: File, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Import projects, batches, bundles, prices and portfolios from a CSV or JSON file. docs/import.md describes it.

    If any row has an error, nothing is imported. If a file is imported again, nothing is added.
    """
    from service.commands.books import load_catalogue

    load_catalogue(file, dry_run=dry_run, as_json=as_json)


@import_app.command("retirements", epilog="Example: carbon-orders import retirements retirements.csv --dry-run")
def import_retirements(file: File, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Record that registries show credits of orders as retired, from a CSV or JSON file. docs/import.md describes it.

    If any row has an error, nothing is recorded. If a file is imported again, nothing is added. Orders whose credits
    are all covered get a retirement certificate.
    """
    from service.commands.books import load_retirements

    load_retirements(file, dry_run=dry_run, as_json=as_json)
