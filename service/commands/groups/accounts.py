"""The command that changes an account: its name, arguments and help, as in __main__.py.

Imports nothing that takes long: the command imports its own file when it runs.
"""

from typing import Annotated

import typer

from service.commands.groups.sellers import AccountId, AsJson


def add_commands(account_app: typer.Typer) -> None:
    """Add the commands of this file."""
    account_app.command(
        "update",
        epilog="Example: carbon-orders account update 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11 --commission 7.5",
    )(account_update)


def account_update(
    account_id: AccountId,
    *,
    name: Annotated[str | None, typer.Option(help="Name of the customer, 1 to 200 characters.")] = None,
    currency: Annotated[
        str | None, typer.Option(help="Default currency of the account: ISO 4217 code, such as GBP.")
    ] = None,
    commission: Annotated[
        str | None, typer.Option(help="Percent of an order's total, 0 to 90, at most two decimals.")
    ] = None,
    beneficiary: Annotated[
        str | None,
        typer.Option(help="Party that a certificate names if its order names none, 1 to 200 characters."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change the given facts of an account; the others stay. Its orders, invoices and certificates keep the facts of
    their time. The test account of a customer is changed by its own id. A retry changes nothing.
    """
    from service.commands.accounts import change_account

    change_account(
        account_id, name=name, currency=currency, commission=commission, beneficiary=beneficiary, as_json=as_json
    )
