"""The commands `import`: their names, arguments and help."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

import_app = typer.Typer(help="Import a catalogue or the order history of an account.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check the file and print the result without importing anything.")
]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


@import_app.command("orders", epilog="Example: carbon-orders import orders orders.json --account 019b8d62-…")
def import_orders(
    file: File,
    *,
    account: Annotated[UUID, typer.Option(metavar="ACCOUNT_ID", help="Account that the orders are added to.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add past orders to an account, with their own ids and dates. Importing a file again adds nothing.

    The file is a JSON list, or an object with a list `items`, of {id, vcuAmount, vcuUnitPrice, targetCurrency, status,
    createdAt}. If any row has an error, nothing is imported.
    """
    from service.commands.books import load_history

    load_history(file, account=account, dry_run=dry_run, as_json=as_json)


@import_app.command("catalogue", epilog="Example: carbon-orders import catalogue catalogue.csv --dry-run")
def import_catalogue(file: File, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Add projects, batches, bundles, prices and portfolios from a CSV or JSON file; nothing if a row has an error.

    Importing a file again adds nothing. docs/import.md describes the columns.
    """
    from service.commands.books import load_catalogue

    load_catalogue(file, dry_run=dry_run, as_json=as_json)
