"""The commands `document`: names, arguments and help, as in __main__.py."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import typer

from service.kit.global_ids import account_id

document_app = typer.Typer(
    help="Save invoices, credit notes, order confirmations, receipts and retirement statements; revoke links to them.",
    no_args_is_help=True,
)

Kind: TypeAlias = Literal["invoice", "credit-note", "confirmation", "receipt", "statement"]


@document_app.command(
    "save", epilog="Example: carbon-orders document save invoice INV-2026-000042 invoice.pdf --account 019b8d62-…"
)
def document_save(
    kind: Annotated[
        Kind, typer.Argument(metavar="KIND", help="invoice, credit-note, confirmation, receipt or statement.")
    ],
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER",
            help="Number of the invoice or credit note; for a confirmation or receipt, of the order; for a "
            "retirement statement, the year.",
        ),
    ],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="File to write, or - for standard output.", allow_dash=True)
    ],
    *,
    account: Annotated[
        UUID,
        typer.Option(
            parser=account_id,
            metavar="ACCOUNT_ID",
            help="Id of the account. Invoices and credit notes of a client account are its parent's.",
        ),
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Write a document of an account to a PDF file. A retry needs --force if FILE exists.

    A retirement statement is written as CSV if FILE ends in .csv. An invoice or credit note that was drawn before is
    the same file; otherwise it is drawn now and kept.
    """
    from service.commands.documents import save_document

    save_document(kind, number, file, account, force=force)


@document_app.command("revoke", epilog="Example: carbon-orders document revoke 019b8d62-7a80-707c-9a0e-0f0b3d5c6a11")
def document_revoke(
    account_id: Annotated[
        UUID, typer.Argument(parser=account_id, metavar="ACCOUNT_ID", help="Id of the account; see `account list`.")
    ],
) -> None:
    """Revoke all addresses of documents of an account that the API showed so far, for instance after one was sent to
    somebody by mistake. The API shows new ones. Certificates keep their addresses. A retry also revokes
    addresses that were shown in between.
    """
    from service.commands.documents import revoke_links

    revoke_links(account_id)
