"""Addresses of the PDF files of invoices, credit notes and orders."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.types.by_account import by_account
from service.domain.accounts import Caller
from service.domain.document_links import LinkedDocument
from service.operations.read_documents import document_names, link_revisions, receipts_of_orders, statement_link

if TYPE_CHECKING:
    from service.api.graphql.types.account import Account
    from service.api.graphql.types.order import Order

LASTS = (
    "Readers need no API key. The address is valid for 30 days by default, until its links are revoked with "
    "`revokeDocumentLinks`; request a new one then. It returns HTTP 404 while the account's "
    "`externalPagesVisibility` is HIDDEN."
)


@strawberry.type(description="Retirement statement of an account for a calendar year in UTC.")
class RetirementStatement:
    year: int = strawberry.field(description="Calendar year in UTC that the statement is about.")
    pdf_url: str = strawberry.field(description=f"Address of the statement as a PDF file. {LASTS}")
    csv_url: str = strawberry.field(
        description="Address of the statement as a CSV file, with a row for each credit batch of each certificate. "
        f"{LASTS}"
    )


Year = Annotated[
    int | None,
    strawberry.argument(
        description="Calendar year in UTC, from 2000 to the present one, which is the default and is stated so far."
    ),
]


async def retirement_statements(
    parents: Sequence["Account"], info: Info, year: Year = None
) -> list[RetirementStatement]:
    """Return each account's statement for the year."""

    async def read(reader: Caller, places: Sequence[int]) -> list[RetirementStatement]:
        name, revision = await statement_link(info.context.resources, reader, year)
        url = info.context.document_url(name, revision)
        statement = RetirementStatement(year=name.id.int, pdf_url=url, csv_url=f"{url.removesuffix('.pdf')}.csv")
        return [statement] * len(places)

    return await by_account([parent.row.id for parent in parents], info, read)


async def document_urls(
    info: Info, kind: LinkedDocument, rows: Sequence[Any], reader: Caller | None = None
) -> list[str]:
    """Return the address of the document of each invoice, credit note or order, for the reader, who is by default the
    caller of the request.
    """
    context, names = info.context, document_names(kind, rows)
    revisions = await link_revisions(context.resources, reader or context.caller, names)
    return [context.document_url(name, revision) for name, revision in zip(names, revisions, strict=True)]


async def confirmation_urls(parents: Sequence["Order"], info: Info) -> list[str]:
    """Return the address of the confirmation of each order."""

    async def read(reader: Caller, places: Sequence[int]) -> list[str]:
        rows = [parents[place].row for place in places]
        return await document_urls(info, LinkedDocument.CONFIRMATION, rows, reader)

    return await by_account([parent.row.account_id for parent in parents], info, read)


async def receipt_page_urls(parents: Sequence["Order"], info: Info) -> list[str]:
    """Return the address of the page of each order's receipt."""

    async def read(reader: Caller, places: Sequence[int]) -> list[str]:
        rows = [parents[place].row for place in places]
        return await document_urls(info, LinkedDocument.RECEIPT_PAGE, rows, reader)

    return await by_account([parent.row.account_id for parent in parents], info, read)


async def receipt_urls(parents: Sequence["Order"], info: Info) -> list[str | None]:
    """Return the address of the receipt of each order, None for one that has none."""

    async def read(reader: Caller, places: Sequence[int]) -> list[str | None]:
        rows = [parents[place].row for place in places]
        revisions = await receipts_of_orders(info.context.resources, reader, rows)
        return [
            None if revision is None else info.context.document_url(name, revision)
            for name, revision in zip(document_names(LinkedDocument.RECEIPT, rows), revisions, strict=True)
        ]

    return await by_account([parent.row.account_id for parent in parents], info, read)
