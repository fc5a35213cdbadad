"""Output of the command line: tables for people, JSON for programs, and failures that say what to do.

Answers go to stdout, everything else to stderr, so that an answer can be piped. Knows no operation.
"""

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from service.domain.accounts import Account
from service.domain.api_keys import StoredKey
from service.kit.global_ids import write_global_id
from service.operations.load_demo import DemoAccounts

FAILED = 1
MISUSED = 2
TABLE_WIDTH_MIN = 180
"""Minimum table width. In a narrower terminal, which wraps lines itself, a key can still be copied as one word; rich
would break or cut it.
"""

QUOTE = (
    'mutation { quoteByMass(input: {mass: {amount: "12.07", unit: KILOGRAM}}) { quote { id mass { grams }'
    " netCost { amount } commission { amount } totalCost { amount currency } expiresAt"
    " lines { bundle { name } mass { grams } } } userErrors { code message path } } }"
)
ORDER = (
    'mutation { createOrderByMass(input: {mass: {amount: "12.07", unit: KILOGRAM}, idempotencyKey: "first"})'
    " { order { id number status paymentStatus mass { tonnes } totalCost { amount currency } }"
    " replayed userErrors { code message } } }"
)

BUSINESS = "The live account Lindqvist Studio has orders, invoices and a certificate; its keys may manage the account."


def show(text: str) -> None:
    """Print a line on stdout, unchanged."""
    typer.echo(text)


def show_json(value: object) -> None:
    """Print a value on stdout as indented JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, wrapped: str | None = None) -> None:
    """Print a table on stdout. Its cells are never wrapped or cut, except those of the column `wrapped`, which is
    prose.
    """
    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        column.no_wrap = column.header != wrapped
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False)
    console.width = max(console.width, TABLE_WIDTH_MIN)
    console.print(table)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr if that is a terminal; the yielded function advances it."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), RateColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)


class RateColumn(ProgressColumn):
    """A column with the number of steps per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


def warn(message: str) -> None:
    """Print the message on stderr, in one line, and go on."""
    typer.echo(f"carbon-orders: {_one_line(message)}", err=True)


def fail(message: str, exit_code: int = FAILED) -> NoReturn:
    """Print the message on stderr, in one line, and end the command."""
    typer.echo(f"carbon-orders: {_one_line(message)}", err=True)
    raise typer.Exit(exit_code)


def _one_line(message: str) -> str:
    # Names of files and documents in a message may contain line breaks.
    return "".join(each if each.isprintable() else " " for each in message)


def account_facts(account: Account) -> dict[str, Any]:
    """Return an account's facts, for programs."""
    return {
        "id": str(account.id),
        "globalId": write_global_id("Account", account.id),
        "name": account.name,
        "mode": account.mode.value,
        "contract": account.contract,
        "currency": account.currency,
        "commission_percent": f"{account.commission_hundredths // 100}.{account.commission_hundredths % 100:02}",
        "portfolio_id": str(account.portfolio_id),
        "suspended": account.suspended,
        "suspended_at": account.suspended_at.isoformat() if account.suspended_at else None,
        "created_at": account.created_at.isoformat(),
    }


def show_accounts(accounts: Iterable[Account], *, as_json: bool) -> None:
    """Show the accounts, one in each row."""
    facts = [account_facts(account) for account in accounts]
    if as_json:
        show_json(facts)
        return
    columns = ("globalId", "name", "mode", "contract", "currency", "commission_percent", "suspended", "suspended_at")
    heads = ("id", *columns[1:])
    show_table(heads, ([str(each[column] or "") for column in columns] for each in facts))


def show_keys(keys: Iterable[StoredKey], *, as_json: bool) -> None:
    """Show the keys, one in each row, without their secret parts, which are not stored."""
    facts = [
        {
            "id": key.key_id,
            "name": key.name,
            "scopes": list(key.scopes),
            "created_at": key.created_at.isoformat(timespec="seconds"),
            "expires_at": key.expires_at.isoformat(timespec="seconds") if key.expires_at else None,
            "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
            "last_used_at": key.last_used_at.isoformat(timespec="seconds") if key.last_used_at else None,
        }
        for key in keys
    ]
    if as_json:
        show_json(facts)
        return
    columns = ("id", "name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    show_table(
        columns,
        (
            [" ".join(cell) if isinstance(cell, list) else cell or "" for cell in (each[column] for column in columns)]
            for each in facts
        ),
    )


def demo_facts(demo: DemoAccounts) -> dict[str, Any]:
    """Return the demo accounts and their keys, for programs."""
    accounts = [
        {
            "name": each.name,
            "mode": each.mode.value,
            "contract": each.contract,
            "currency": each.currency,
            "key": each.key,
        }
        for each in demo.accounts
    ]
    return {"accounts": accounts, "operator_key": demo.operator_key}


def show_demo(demo: DemoAccounts, address: str) -> None:
    """Show the demo accounts with their keys, and two requests to copy."""
    rows = [(each.name, each.contract, each.currency, each.key) for each in demo.accounts]
    show_table(
        ("account", "contract", "currency", "API key"), [*rows, ("(the seller)", "operator", "", demo.operator_key)]
    )
    show(BUSINESS)
    key = next(each.key for each in demo.accounts if each.contract == "lune")
    show("The keys are not shown again. Two requests to try: a quote, and an order that can be sent again safely:")
    show(f"{curl(address, key, QUOTE)}\n\n{curl(address, key, ORDER)}\n")


def curl(address: str, key: str, document: str) -> str:
    """Return a shell command that sends the GraphQL document."""
    return " ".join((
        f"curl -s {address}/graphql",
        f"-H 'Authorization: Bearer {key}'",
        "-H 'Content-Type: application/json'",
        f"-d {shlex.quote(json.dumps({'query': document}))}",
    ))  # fmt: skip
