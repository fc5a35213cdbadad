"""The command line: serve, work, migrate, demo, accounts, keys, import, audit, doctor, the GraphQL schema.

Reads arguments and settings, runs one operation, and hands its answer to console.py; decides nothing itself.
"""

import os
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from service import console
from service.books import audit_command, import_app
from service.doctor import doctor_command
from service.domain.amounts import parse_decimal
from service.domain.api_keys import Scope
from service.errors import Code, Refused
from service.kit.logging import configure_logging
from service.operations.load_demo import DemoAccounts, load_demo
from service.operations.load_orders import load_orders
from service.operations.manage_accounts import (
    Contract,
    create_account,
    list_accounts,
    reinstate_account,
    suspend_account,
)
from service.operations.manage_keys import create_key, list_keys, revoke_key
from service.operations.minting import CUSTOMER_SCOPES
from service.operations.resources import Resources
from service.serving import end_on_sigterm, listen, serve_by_processes, serve_on
from service.session import guarded, pepper_of, run, settings_given, up_to_date
from service.settings import Settings
from service.storage.database import dialect_of
from service.storage.migrations import migrate as apply_migrations
from service.working import work_until_told

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
app.add_typer(account_app, name="account")
app.add_typer(key_app, name="key")
app.add_typer(import_app, name="import")
app.command("audit", epilog="Example: carbon-orders audit --json")(audit_command)
app.command("doctor", epilog="Example: carbon-orders doctor --json")(doctor_command)

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
AccountId = Annotated[UUID, typer.Argument(metavar="ACCOUNT_ID", help="An id that `account list` shows.")]


def main() -> None:
    """The console script `carbon-orders`."""
    configure_logging(level="warning")  # what a command did is in its answer; `serve` says more
    app(prog_name="carbon-orders")


@app.command(epilog="Example: carbon-orders serve --demo --port 8080")
def serve(
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty embedded database, print the keys.")] = False,
    host: Annotated[str | None, typer.Option(help="Instead of SERVICE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Instead of SERVICE_PORT.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve; more than one need PostgreSQL.")] = 1,
) -> None:
    """Serve until SIGTERM or Ctrl+C, then finish what is under way. An embedded database is migrated first."""
    end_on_sigterm()
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings_given(**given)
    configure_logging(json=settings.log_json, level=settings.log_level)
    if workers > 1 and dialect_of(settings.database_url) == "sqlite":
        console.fail("SQLite has one writer: --workers needs a PostgreSQL in SERVICE_DATABASE_URL.", console.MISUSED)
    listener = listen(settings)
    key_pepper = pepper_of(settings)
    if demo:
        _offer_demo(settings, key_pepper)
    else:
        guarded(settings, up_to_date(settings))
    if workers > 1:
        os.environ |= {f"SERVICE_{name.upper()}": str(value) for name, value in given.items()}  # the processes read it
        serve_by_processes(listener, "service.child:child_app", settings, processes=workers)
        return
    # Imported here because it brings the whole GraphQL schema, which no other command has a use for.
    from service.app import create_app  # noqa: PLC0415

    serve_on(listener, create_app(settings, pepper=key_pepper), settings)


@app.command(epilog="Example: SERVICE_WORKERS_EMBEDDED=false carbon-orders serve & carbon-orders work")
def work() -> None:
    """Do what happens later, without serving, until SIGTERM or Ctrl+C: match, expire, retire, certify. Any number may
    run, beside `serve` too.
    """
    settings = settings_given()
    configure_logging(json=settings.log_json, level=settings.log_level)
    run(settings, lambda resources: work_until_told(resources, settings), pool_size_max=settings.pool_size_max)


@app.command(epilog="Example: SERVICE_DATABASE_URL=postgresql://orders@db/orders carbon-orders migrate")
def migrate(*, as_json: AsJson = False) -> None:
    """Bring the database's tables up to date. Safe to repeat, and to run in several processes at once."""
    settings = settings_given()
    applied = guarded(settings, apply_migrations(settings.database_url))
    if as_json:
        console.show_json({"applied": applied})
    else:
        console.show("\n".join(f"applied {name}" for name in applied) or "Nothing to apply: the tables are up to date.")


@app.command(epilog="Example: carbon-orders demo --json > keys.json; carbon-orders demo --orders 10000")
def demo(
    *,
    orders: Annotated[int, typer.Option(min=0, help="Load so many made-up orders of the last two years, too.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Load the demo catalogue and accounts, unless they are there, and issue a fresh key for each account."""
    settings = settings_given()
    key_pepper = pepper_of(settings)

    async def load(resources: Resources) -> DemoAccounts:
        loaded = await load_demo(resources, pepper=key_pepper)
        if orders:
            with console.progress("orders", orders) as advance:
                await load_orders(resources, orders, loaded=advance)
        return loaded

    loaded = run(settings, load)
    if as_json:
        console.show_json(console.demo_facts(loaded))
    else:
        console.show_demo(loaded, settings.public_address)


@app.command(epilog="Example: carbon-orders schema > schema.graphql")
def schema() -> None:
    """Print the GraphQL schema."""
    from service.api.graphql.schema import schema as graphql_schema  # noqa: PLC0415 - as in serve

    console.show(graphql_schema.as_str())


@app.command(epilog="Example: carbon-orders openapi lune > lune.json")
def openapi(contract: Annotated[str, typer.Argument(help="lune, carbon-engine or carbonext.")]) -> None:
    """Print the OpenAPI document of a REST contract."""
    from service.api.rest.contracts import CONTRACTS  # noqa: PLC0415 - as in serve
    from service.api.rest.openapi import openapi_document  # noqa: PLC0415

    documents = {each.name: each for each in CONTRACTS}
    if contract not in documents:
        console.fail(f"there is no contract {contract!r}; there are {', '.join(documents)}.", console.MISUSED)
    console.show_json(openapi_document(documents[contract], settings_given().public_address))


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
    pair = run(
        settings_given(),
        lambda resources: create_account(
            resources,
            name=name,
            contract=contract,
            currency=currency,
            portfolio=portfolio,
            commission_hundredths=_hundredths(commission),
        ),
    )
    console.show_accounts([pair.live, pair.test], as_json=as_json)


@account_app.command("list", epilog="Example: carbon-orders account list --json")
def account_list(*, as_json: AsJson = False) -> None:
    """List every account."""
    console.show_accounts(run(settings_given(), list_accounts), as_json=as_json)


@account_app.command("suspend", epilog="Example: carbon-orders account suspend 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11")
def account_suspend(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """Let the account read but not order or cancel."""
    account = run(settings_given(), lambda resources: suspend_account(resources, account_id))
    console.show_accounts([account], as_json=as_json)


@account_app.command(
    "reinstate", epilog="Example: carbon-orders account reinstate 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11"
)
def account_reinstate(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """Let a suspended account order again."""
    account = run(settings_given(), lambda resources: reinstate_account(resources, account_id))
    console.show_accounts([account], as_json=as_json)


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
    settings = settings_given()
    key_pepper = pepper_of(settings)
    minted = run(
        settings,
        lambda resources: create_key(
            resources, account_id, name, scope or CUSTOMER_SCOPES, _instant(expires), pepper=key_pepper
        ),
    )
    if as_json:
        console.show_json({"id": minted.key_id, "key": minted.text})
    else:
        console.show(minted.text)


@key_app.command("list", epilog="Example: carbon-orders key list 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11")
def key_list(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """List an account's keys, without what opens the account."""
    console.show_keys(run(settings_given(), lambda resources: list_keys(resources, account_id)), as_json=as_json)


@key_app.command("revoke", epilog="Example: carbon-orders key revoke 5dQ0eJ8sVbXk2a")
def key_revoke(
    key_id: Annotated[str, typer.Argument(help="The part of a key between its second and its third underscore.")],
) -> None:
    """Let the key open nothing from now on."""
    run(settings_given(), lambda resources: revoke_key(resources, key_id))


def _offer_demo(settings: Settings, key_pepper: bytes) -> None:
    """On an empty embedded database the demo is loaded; either way stdout says how to go on."""

    async def load_once(resources: Resources) -> DemoAccounts | None:
        if dialect_of(settings.database_url) != "sqlite" or await list_accounts(resources):
            return None
        return await load_demo(resources, pepper=key_pepper)

    loaded = run(settings, load_once)
    if loaded is not None:
        console.show_demo(loaded, settings.public_address)
    else:
        console.show(f"{settings.public_address} serves the data that is there. Fresh demo keys: carbon-orders demo")


def _hundredths(percent: str) -> int:
    hundredths = parse_decimal(percent) * 100
    if hundredths.denominator != 1:
        raise Refused(Code.BAD_USER_INPUT, "A commission is a percentage with at most two decimals.", ("commission",))
    return hundredths.numerator


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        message = "A key expires on a day such as 2027-12-31, or at an instant with offset."
        raise Refused(Code.BAD_USER_INPUT, message, ("expires",)) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


if __name__ == "__main__":
    main()
