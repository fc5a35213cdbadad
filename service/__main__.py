"""The command line: the commands' names, arguments and help, some in commands/groups. Implementations are in commands/.

Imports nothing that takes long, because help and error messages would wait for it: each command imports its own file
when it runs.
"""

import gc
from pathlib import Path
from typing import Annotated

import typer

from service.commands.groups import accounts
from service.commands.groups.documents import document_app
from service.commands.groups.exports import export_app
from service.commands.groups.imports import import_app
from service.commands.groups.sellers import AccountId, AsJson, add_commands
from service.domain.accounts import Contract
from service.domain.api_keys import Scope

app = typer.Typer(
    name="carbon-orders",
    help="Service that sells carbon credits through a GraphQL API and three REST APIs. Settings are environment "
    "variables SERVICE_…; without any, the service uses an SQLite file in var/.",
    epilog="Exit codes: 0 success, 1 refused or failed, 2 wrong arguments or settings. Example: carbon-orders serve "
    "--demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # the pretty ones print local variables, and those are where secrets are
)
account_app = typer.Typer(help="Create, list, change, suspend, reinstate and limit accounts.", no_args_is_help=True)
key_app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)
app.add_typer(account_app, name="account")
app.add_typer(key_app, name="key")
app.add_typer(import_app, name="import")
app.add_typer(export_app, name="export")
app.add_typer(document_app, name="document")
add_commands(app, account_app)
accounts.add_commands(account_app)


def _show_version(wanted: bool) -> None:
    if wanted:
        from service.kit.version import installed_version

        typer.echo(f"carbon-orders {installed_version('carbon-orders')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that belong to no command."""


def main() -> None:
    """Run the console script `carbon-orders`."""
    # Modules that a command loads are never garbage; looking for it would take a tenth of a short command's time.
    # Commands that work on a database collect it again (runtime.py).
    gc.disable()
    app(prog_name="carbon-orders")


@app.command(epilog="Example: carbon-orders audit --json")
def audit(*, as_json: AsJson = False) -> None:
    """Check the rows of every table against each other and report each deviation. The exit code is 1 if there is
    a deviation.
    """
    from service.commands.books import audit_books

    audit_books(as_json=as_json)


@app.command(epilog="Example: carbon-orders doctor --json")
def doctor(*, as_json: AsJson = False) -> None:
    """Check settings, secret, database, migrations, clock and Redis; print how to repair each fault. The
    exit code is 1 if there is a fault.
    """
    from service.commands.doctor import doctor

    doctor(as_json=as_json)


@app.command(epilog="Example: carbon-orders serve --demo --port 8080")
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="If the SQLite database is empty, load demo data and print API keys.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on; by default that of SERVICE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port to listen on; by default that of SERVICE_PORT.")] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Number of server processes; by default 1. More than one requires PostgreSQL.")
    ] = 1,
) -> None:
    """Serve requests until SIGTERM or Ctrl+C, then finish the requests in progress. If the database is SQLite, apply
    missing migrations first.
    """
    from service.commands.serve import serve

    serve(demo=demo, host=host, port=port, workers=workers)


@app.command(epilog="Example: SERVICE_WORKERS_EMBEDDED=false carbon-orders serve & carbon-orders work")
def work() -> None:
    """Run the background jobs until SIGTERM or Ctrl+C, without serving requests. The jobs give credits to backorders,
    end expired holds, retire credits and issue certificates. Several processes of `work` and `serve` may run at the
    same time.
    """
    from service.commands.work import work

    work()


@app.command(epilog="Example: SERVICE_DATABASE_URL=postgresql://orders@db/orders carbon-orders migrate")
def migrate(
    *,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline", help="Confirms that every other process of the service is stopped, as some migrations require."
        ),
    ] = False,
    distribute: Annotated[
        bool,
        typer.Option(
            "--distribute",
            help="Also places the tables on the nodes of a Citus cluster. The database must have the extension citus.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the database's tables up to date. The command may be repeated, and may run in several processes at the same
    time.

    If a migration changes stored amounts, the command is refused without --offline. Before you use --offline, stop
    every other process and back up the database.
    """
    from service.commands.migrate import migrate

    migrate(offline=offline, distribute=distribute, as_json=as_json)


@app.command(epilog="Example: carbon-orders backup /backups/orders-2026-11-30.backup")
def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="File to write. Its disk needs room for all tables.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write every table of the database, as it is at one moment, to a file that `restore` can read.

    The service may run meanwhile. The file appears only when it is complete, with mode 0600. It is always an SQLite
    file, even if the database is PostgreSQL. One line of text is appended to it, which describes the backup and has a
    checksum; `tail -n 1` shows this line. The secret is not in the file.
    """
    from service.commands.backup import backup

    backup(file, force=force, as_json=as_json)


@app.command(epilog="Example: SERVICE_DATABASE_URL=sqlite://new.sqlite3 carbon-orders restore orders-2026-11-30.backup")
def restore(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="File that `backup` has written.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Fill an empty database with the rows of a backup and bring its tables up to date.

    SERVICE_DATABASE_URL names the empty database. A backup of SQLite or PostgreSQL can be restored into either. The
    command is refused, without a change, if the database has rows, or if the backup is damaged or from a newer version.
    Until all rows are restored, other commands refuse the database. If the command is interrupted, run it again.
    """
    from service.commands.backup import restore

    restore(file, as_json=as_json)


@app.command(
    epilog="Example: carbon-orders copy sqlite://var/carbon-orders.sqlite3 postgresql://orders@db.example/orders"
)
def copy(
    from_url: Annotated[str, typer.Argument(metavar="FROM_URL", help="Address of the database to read.")],
    to_url: Annotated[str, typer.Argument(metavar="TO_URL", help="Address of the empty database to fill.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Copy every row of a database, as it is at one moment, into an empty database, and audit both.

    Stop the service first, because orders that are placed during the copy are not in the copy. The command writes a
    temporary file as large as the database, in the folder that TMPDIR names. The exit code is 1 if the audits of the
    two databases find different deviations. If the command is interrupted, run it again.
    """
    from service.commands.backup import copy

    copy(from_url, to_url, as_json=as_json)


@app.command(epilog="Example: carbon-orders demo --json > keys.json; carbon-orders demo --orders 10000")
def demo(
    *,
    orders: Annotated[
        int,
        typer.Option(
            min=0, help="Number of generated orders to load; by default 0. Their dates are within the last two years."
        ),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Load the demo catalogue and accounts if they are missing. Create a new API key for each demo account and print
    it.
    """
    from service.commands.demo import demo

    demo(orders=orders, as_json=as_json)


@app.command(epilog="Example: carbon-orders schema > schema.graphql")
def schema() -> None:
    """Print the GraphQL schema."""
    from service.commands.schema import schema

    schema()


@app.command(epilog="Example: carbon-orders openapi lune > lune.json")
def openapi(
    contract: Annotated[str, typer.Argument(help="Name of the REST API: lune, carbon-engine or carbonext.")],
) -> None:
    """Print the OpenAPI document of a REST API as JSON."""
    from service.commands.openapi import openapi

    openapi(contract)


@account_app.command(
    "create",
    epilog='Example: carbon-orders account create "Harbour & Hale" --contract lune --currency GBP --commission 10'
    " --portfolio everyday-with-removal",
)
def account_create(
    name: Annotated[str, typer.Argument(help="Name of the customer, as certificates and pages show it.")],
    *,
    contract: Annotated[
        Contract,
        typer.Option(help="API of the customer's programs, for information: graphql, lune, carbon-engine, carbonext."),
    ],
    currency: Annotated[str, typer.Option(help="Default currency of the account: ISO 4217 code, such as GBP.")],
    portfolio: Annotated[str, typer.Option(help="Identifier or id of the portfolio that orders buy by default.")],
    commission: Annotated[
        str, typer.Option(help="Percent of an order's total, 0 to 90, two decimals; by default 0.")
    ] = "0",
    beneficiary: Annotated[
        str | None,
        typer.Option(
            help="Party that a certificate names if its order names none, 1 to 200 characters; by default NAME."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a live account and the test account that belongs to it. A retry creates another pair."""
    from service.commands.accounts import create_account

    create_account(
        name=name,
        contract=contract,
        currency=currency,
        portfolio=portfolio,
        commission=commission,
        beneficiary=beneficiary,
        as_json=as_json,
    )


@account_app.command("list", epilog="Example: carbon-orders account list --json")
def account_list(*, as_json: AsJson = False) -> None:
    """List all accounts with their ids."""
    from service.commands.accounts import list_accounts

    list_accounts(as_json=as_json)


@account_app.command("suspend", epilog="Example: carbon-orders account suspend 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11")
def account_suspend(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """Suspend an account and its client accounts: their keys can only read. A retry changes nothing."""
    from service.commands.accounts import suspend_account

    suspend_account(account_id, as_json=as_json)


@account_app.command(
    "reinstate", epilog="Example: carbon-orders account reinstate 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11"
)
def account_reinstate(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """End the suspension of an account, so that it can order again. A retry changes nothing."""
    from service.commands.accounts import reinstate_account

    reinstate_account(account_id, as_json=as_json)


@account_app.command(
    "limit",
    epilog="Example: carbon-orders account limit 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11 --credit 25000.00 --currency GBP",
)
def account_limit(
    account_id: AccountId,
    *,
    credit: Annotated[str | None, typer.Option(help="Maximum debt, such as 25000.00; `none` removes it.")] = None,
    currency: Annotated[
        str | None, typer.Option(help="Currency of --credit: ISO 4217 code; by default the account's currency.")
    ] = None,
    hold_percent: Annotated[
        str | None,
        typer.Option(
            help="Maximum share of a bundle's stock that open quotes may set aside, in percent, 0 to 100; "
            "`default` restores the limit of SERVICE_HOLD_PERCENT_MAX."
        ),
    ] = None,
    open_holds: Annotated[
        str | None,
        typer.Option(
            help="Maximum number of quotes that set credits aside at the same time; `default` restores the limit "
            "of SERVICE_OPEN_HOLDS_MAX."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Limit what a live account and its client accounts together may owe, and how many credits their quotes may set
    aside. Without options, print the limits.
    """
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
    name: Annotated[str, typer.Option(help="Name of the person or program that will use the key.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(
            help="Scope of the key: orders:read, orders:write, catalogue:read, account:manage or operator; repeat the "
            "option for several. By default the first three."
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            help="Time at which the key expires: a date such as 2027-12-31, or a time with an offset; by default never."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create an API key and print it. The key cannot be shown again, because only its digest is stored. A retry creates
    another key.
    """
    from service.commands.accounts import create_key

    create_key(account_id, name=name, scopes=scope, expires=expires, as_json=as_json)


@key_app.command("list", epilog="Example: carbon-orders key list 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11")
def key_list(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """List an account's keys by their ids, without the secret parts."""
    from service.commands.accounts import list_keys

    list_keys(account_id, as_json=as_json)


@key_app.command("revoke", epilog="Example: carbon-orders key revoke 5dQ0eJ8sVbXk2a")
def key_revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key: its part between its second and third underscore.")],
) -> None:
    """Revoke an API key. By default, requests with this key are refused within a second. A retry changes nothing."""
    from service.commands.accounts import revoke_key

    revoke_key(key_id)


if __name__ == "__main__":
    main()
