"""The commands for sellers, and for what invoices print about accounts: names, arguments and help, as in __main__.py.

Imports nothing that takes long: each command imports its own file when it runs.
"""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from service.domain.parties import FIRST_SELLER, TaxCategory
from service.kit.global_ids import account_id

seller_app = typer.Typer(help="Set and show the sellers who issue invoices.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
AccountId = Annotated[
    UUID, typer.Argument(parser=account_id, metavar="ACCOUNT_ID", help="Id of the account; see `account list`.")
]


def add_commands(app: typer.Typer, account_app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(seller_app, name="seller")
    account_app.command(
        "billing",
        epilog="Example: carbon-orders account billing 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11 --legal-name 'Harbour & "
        "Hale Logistics Ltd' --country GB --tax-number GB123456789",
    )(account_billing)
    account_app.command(
        "tax",
        epilog="Example: carbon-orders account tax 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11 --category S --rate 20"
        " --valid-from 2027-01-01",
    )(account_tax)


def account_billing(
    account_id: AccountId,
    *,
    seller: Annotated[str | None, typer.Option(help="Identifier of the seller who bills the account.")] = None,
    legal_name: Annotated[
        str | None, typer.Option(help="Legal name of the customer; by default invoices print the account's name.")
    ] = None,
    address: Annotated[str | None, typer.Option(help="Postal address without the country, in lines.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO 3166 code of two capital letters, such as GB.")] = None,
    tax_number: Annotated[str | None, typer.Option(help="Number for value added tax, or another tax number.")] = None,
    registration_number: Annotated[str | None, typer.Option(help="Number in the register of companies.")] = None,
    purchase_order: Annotated[str | None, typer.Option(help="Reference that the customer wants on invoices.")] = None,
    as_json: AsJson = False,
) -> None:
    """Set the facts about a customer that its invoices print. An empty text removes a fact. Without options, print the
    facts.
    """
    from service.commands.sellers import change_billing

    given = {
        "legal_name": legal_name,
        "address": address,
        "country": country,
        "tax_number": tax_number,
        "registration_number": registration_number,
        "purchase_order": purchase_order,
    }
    change_billing(account_id, given, seller, as_json=as_json)


def account_tax(
    account_id: AccountId,
    *,
    category: Annotated[
        TaxCategory | None,
        typer.Option(
            help="Tax category: S standard rate, Z zero rate, E exempt, AE reverse charge, G export, O outside the "
            "scope of tax."
        ),
    ] = None,
    rate: Annotated[
        str,
        typer.Option(
            help="Tax rate as a percentage of the net amount, at most two decimals; by "
            "default 0. Only category S may have more than 0."
        ),
    ] = ("0"),
    reason: Annotated[str | None, typer.Option(help="Reason why no tax is due, as invoices should state it.")] = None,
    reason_code: Annotated[str | None, typer.Option(help="Code of this reason, such as VATEX-EU-AE.")] = None,
    valid_from: Annotated[
        str | None, typer.Option(help="First day (UTC) on which the tax applies, such as 2027-01-01; by default today.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set the tax category and rate of an account's invoices from a given day on. Without --category, print the
    categories and rates that are set.
    """
    from service.commands.sellers import change_tax

    change_tax(
        account_id,
        category=category,
        rate=rate,
        reason=reason,
        reason_code=reason_code,
        valid_from=valid_from,
        as_json=as_json,
    )


@seller_app.command(
    "set", epilog="Example: carbon-orders seller set --legal-name 'Carbon Desk Ltd' --country GB --payment-days 14"
)
def seller_set(
    *,
    seller: Annotated[
        str,
        typer.Option(
            help="Identifier of the seller; by default that of the first seller. If no seller has it, one is created."
        ),
    ] = FIRST_SELLER,
    legal_name: Annotated[str | None, typer.Option(help="Legal name.")] = None,
    address: Annotated[str | None, typer.Option(help="Postal address without the country, in lines.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO 3166 code of two capital letters, such as GB.")] = None,
    tax_number: Annotated[str | None, typer.Option(help="Number for value added tax, or another tax number.")] = None,
    registration_number: Annotated[str | None, typer.Option(help="Number in the register of companies.")] = None,
    bank_name: Annotated[str | None, typer.Option(help="Name of the bank.")] = None,
    bank_account: Annotated[
        str | None, typer.Option(help="Number of the bank account to which invoices are paid, such as an IBAN.")
    ] = None,
    bank_code: Annotated[str | None, typer.Option(help="BIC, or a bank code of the country.")] = None,
    payment_days: Annotated[
        int | None, typer.Option(help="Days from an invoice's issue until it is due, 0 to 3650.")
    ] = None,
    payment_terms: Annotated[str | None, typer.Option(help="Terms of payment, as invoices should state them.")] = None,
    footer: Annotated[str | None, typer.Option(help="Text at the foot of each invoice.")] = None,
    retirement_statement: Annotated[
        str | None, typer.Option(help="Sentence that states when the credits of an order are retired.")
    ] = None,
    logo: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="Logo for new certificates and their pages: a PNG, JPEG or SVG file of at most 65,536 bytes. An SVG "
            "file may hold shapes and gradients, but no scripts, links, style sheets or text.",
        ),
    ] = None,
    remove_logo: Annotated[bool, typer.Option("--remove-logo", help="Remove the logo.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set facts of a seller, such as its legal name and address. Its later invoices print the new facts. An empty text
    removes a fact. Facts that are not given, and issued invoices, do not change. A retry changes nothing.
    """
    from service.commands.sellers import change_seller

    given = {
        "legal_name": legal_name,
        "address": address,
        "country": country,
        "tax_number": tax_number,
        "registration_number": registration_number,
        "bank_name": bank_name,
        "bank_account": bank_account,
        "bank_code": bank_code,
        "payment_days": payment_days,
        "payment_terms": payment_terms,
        "footer": footer,
        "retirement_statement": retirement_statement,
    }
    change_seller(seller, given, logo=logo, remove_logo=remove_logo, as_json=as_json)


@seller_app.command("show", epilog="Example: carbon-orders seller show --json")
def seller_show(*, as_json: AsJson = False) -> None:
    """Show all sellers: the first one, then the others by identifier."""
    from service.commands.sellers import show_sellers

    show_sellers(as_json=as_json)
