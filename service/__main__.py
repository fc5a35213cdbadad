"""The command line: every command's name, arguments and help. What a command does is in commands/.

Imports nothing that takes long, because whoever asks for help or mistypes a word waits for it: each command imports
its own file when it runs.
"""

import gc
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from service.domain.accounts import Contract
from service.domain.api_keys import Scope

app = typer.Typer(
    name="carbon-orders",
    help="Sells carbon credits over GraphQL and three REST contracts. Settings are variables SERVICE_…; without any, an"
    " SQLite file under var/ is used.",
    epilog="Exit codes: 0 done, 1 refused or failed, 2 wrong arguments or settings."
    " Example: carbon-orders serve --demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # the pretty ones print local variables, and those are where secrets are
)
account_app = typer.Typer(help="Create, list, suspend and reinstate accounts.", no_args_is_help=True)
key_app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)
import_app = typer.Typer(help="Import a catalogue, or an account's order history.", no_args_is_help=True)
app.add_typer(account_app, name="account")
app.add_typer(key_app, name="key")
app.add_typer(import_app, name="import")

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the file and say what would happen.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
AccountId = Annotated[UUID, typer.Argument(metavar="ACCOUNT_ID", help="An id that `account list` shows.")]


def main() -> None:
    """The console script `carbon-orders`."""
    # What a command loads it keeps, and looking through that for garbage is a tenth of a short command's time. As soon
    # as it works on a database, which may take long, garbage is collected again (runtime.py).
    gc.disable()
    app(prog_name="carbon-orders")


@app.command(epilog="Example: carbon-orders audit --json")
def audit(*, as_json: AsJson = False) -> None:
    """Add the books up again and name whatever deviates; exit code 1 if anything does."""
    from service.commands.books import audit_books

    audit_books(as_json=as_json)


@app.command(epilog="Example: carbon-orders doctor --json")
def doctor(*, as_json: AsJson = False) -> None:
    """Look at settings, secret, database, migrations, clock and Redis; exit with 1 when something is wrong."""
    from service.commands.doctor import doctor

    doctor(as_json=as_json)


@app.command(epilog="Example: carbon-orders serve --demo --port 8080")
def serve(
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty embedded database, print the keys.")] = False,
    host: Annotated[str | None, typer.Option(help="Instead of SERVICE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Instead of SERVICE_PORT.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve; more than one need PostgreSQL.")] = 1,
) -> None:
    """Serve until SIGTERM or Ctrl+C, then finish what is under way. An embedded database is migrated first."""
    from service.commands.serve import serve

    serve(demo=demo, host=host, port=port, workers=workers)


@app.command(epilog="Example: SERVICE_WORKERS_EMBEDDED=false carbon-orders serve & carbon-orders work")
def work() -> None:
    """Do what happens later, without serving, until SIGTERM or Ctrl+C: match, expire, retire, certify. Any number may
    run, beside `serve` too.
    """
    from service.commands.work import work

    work()


@app.command(epilog="Example: SERVICE_DATABASE_URL=postgresql://orders@db/orders carbon-orders migrate")
def migrate(*, as_json: AsJson = False) -> None:
    """Bring the database's tables up to date. Safe to repeat, and to run in several processes at once."""
    from service.commands.migrate import migrate

    migrate(as_json=as_json)


@app.command(epilog="Example: carbon-orders demo --json > keys.json; carbon-orders demo --orders 10000")
def demo(
    *,
    orders: Annotated[int, typer.Option(min=0, help="Load so many made-up orders of the last two years, too.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Load the demo catalogue and accounts, unless they are there, and issue a fresh key for each account."""
    from service.commands.demo import demo

    demo(orders=orders, as_json=as_json)


@app.command(epilog="Example: carbon-orders schema > schema.graphql")
def schema() -> None:
    """Print the GraphQL schema."""
    from service.commands.schema import schema

    schema()


@app.command(epilog="Example: carbon-orders openapi lune > lune.json")
def openapi(contract: Annotated[str, typer.Argument(help="lune, carbon-engine or carbonext.")]) -> None:
    """Print the OpenAPI document of a REST contract."""
    from service.commands.openapi import openapi

    openapi(contract)


@account_app.command(
    "create",
    epilog='Example: carbon-orders account create "Harbour & Hale" --contract lune --currency GBP --commission 10'
    " --portfolio everyday-with-removal",
)
def account_create(
    name: Annotated[str, typer.Argument(help="The organisation's name.")],
    *,
    contract: Annotated[Contract, typer.Option(help="The API that the programs of the account were written for.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code, such as GBP.")],
    portfolio: Annotated[str, typer.Option(help="Identifier or id of a portfolio that is shared by all.")],
    commission: Annotated[str, typer.Option(help="Percent of an order's total, at most two decimals.")] = "0",
    as_json: AsJson = False,
) -> None:
    """Create a live account and its test twin."""
    from service.commands.accounts import create_account

    create_account(
        name=name, contract=contract, currency=currency, portfolio=portfolio, commission=commission, as_json=as_json
    )


@account_app.command("list", epilog="Example: carbon-orders account list --json")
def account_list(*, as_json: AsJson = False) -> None:
    """List every account."""
    from service.commands.accounts import list_accounts

    list_accounts(as_json=as_json)


@account_app.command("suspend", epilog="Example: carbon-orders account suspend 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11")
def account_suspend(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """Let the account read but not order or cancel."""
    from service.commands.accounts import suspend_account

    suspend_account(account_id, as_json=as_json)


@account_app.command(
    "reinstate", epilog="Example: carbon-orders account reinstate 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11"
)
def account_reinstate(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """Let a suspended account order again."""
    from service.commands.accounts import reinstate_account

    reinstate_account(account_id, as_json=as_json)


@account_app.command(
    "limit",
    epilog="Example: carbon-orders account limit 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11 --credit 25000.00 --currency GBP",
)
def account_limit(
    account_id: AccountId,
    *,
    credit: Annotated[str | None, typer.Option(help="What may be owed, such as 25000.00; none: no limit.")] = None,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code; by default the account's.")] = None,
    hold_percent: Annotated[
        str | None, typer.Option(help="Percent of a bundle's stock that quotes may hold; default is the service's.")
    ] = None,
    open_holds: Annotated[
        str | None, typer.Option(help="Quotes that may hold credits at once; default is the service's number.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Limit what a live account and its client accounts may owe and hold. Without options, show the limits."""
    from service.commands.limits import limit_account

    limit_account(
        account_id,
        credit=credit,
        currency=currency,
        hold_percent=hold_percent,
        open_holds=open_holds,
        as_json=as_json,
    )


@key_app.command(
    "create",
    epilog="Example: carbon-orders key create 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11 --name ERP --expires 2027-12-31",
)
def key_create(
    account_id: AccountId,
    *,
    name: Annotated[str, typer.Option(help="Who or what will use the key.")],
    scope: Annotated[
        list[Scope] | None, typer.Option(help="May be repeated; by default what a customer needs.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="A day or an instant with offset; by default never.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create an API key and print it, once: only its digest is kept."""
    from service.commands.accounts import create_key

    create_key(account_id, name=name, scopes=scope, expires=expires, as_json=as_json)


@key_app.command("list", epilog="Example: carbon-orders key list 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11")
def key_list(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """List an account's keys, without what opens the account."""
    from service.commands.accounts import list_keys

    list_keys(account_id, as_json=as_json)


@key_app.command("revoke", epilog="Example: carbon-orders key revoke 5dQ0eJ8sVbXk2a")
def key_revoke(
    key_id: Annotated[str, typer.Argument(help="The part of a key between its second and its third underscore.")],
) -> None:
    """Let the key open nothing from now on."""
    from service.commands.accounts import revoke_key

    revoke_key(key_id)


@import_app.command("orders", epilog="Example: carbon-orders import orders orders.json --account 019b8d62-…")
def import_orders(
    file: File,
    *,
    account: Annotated[UUID, typer.Option(metavar="ACCOUNT_ID", help="Whose history it is.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add past orders to an account, with their own ids and dates. Imported again, the file adds nothing.

    The file is a JSON list, or an object with a list `items`, of {id, vcuAmount, vcuUnitPrice, targetCurrency, status,
    createdAt}. With any fault nothing is imported.
    """
    from service.commands.books import load_history

    load_history(file, account=account, dry_run=dry_run, as_json=as_json)


@import_app.command("catalogue", epilog="Example: carbon-orders import catalogue catalogue.csv --dry-run")
def import_catalogue(file: File, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Add projects, batches, bundles, prices and portfolios: all of the file, or nothing with any fault.

    Imported again, the file adds nothing. docs/import.md describes its columns.
    """
    from service.commands.books import load_catalogue

    load_catalogue(file, dry_run=dry_run, as_json=as_json)


if __name__ == "__main__":
    main()
