"""GraphQL types of credit notes."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from service.api.graphql.connections import After, Before, Connection, First, Last, SortedBy, listed_each
from service.api.graphql.context import Info
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.amounts import mass_field, money_field
from service.api.graphql.types.document_urls import LASTS, document_urls
from service.api.graphql.types.node import Node
from service.api.graphql.types.order import Order, orders_by_account
from service.domain import credit_notes
from service.domain.credit_notes import CreditReason
from service.domain.document_links import LinkedDocument
from service.kit.keyset import Position
from service.operations import read_money
from service.plans import batch_field

if TYPE_CHECKING:
    from service.api.graphql.types.money import Invoice

INVOICE_TYPE = "service.api.graphql.types.money"
LINES = SortedBy("credit_note_lines", int, lambda line: Position(line.position, line.order_id))


async def _orders_of_lines(parents: Sequence["CreditNoteLine"], info: Info) -> list[Order | None]:
    return await orders_by_account(info, [(parent.row.order_account_id, parent.row.order_id) for parent in parents])


@strawberry.type(description="One order on a credit note, with what was taken back of it.")
class CreditNoteLine:
    row: strawberry.Private[credit_notes.CreditNoteLine]
    currency: strawberry.Private[str]
    order: Order | None = batch_field(
        _orders_of_lines,
        description="Order of the line, in its present state. Null if the request acts for a client account and the "
        "order belongs to another account.",
    )
    net = money_field("row.net_minor", "currency", description="Amount taken back of the order's price, without tax.")
    mass = mass_field("row.mass_g", description="Mass of the order, or of the part of it, that was taken back.")


async def _invoices(parents: Sequence["CreditNote"], info: Info) -> list[Any]:
    invoice_of = import_module(INVOICE_TYPE).invoice_of  # imported by name, because invoices import this module

    found = await read_money.invoices_of_credit_notes(
        info.context.resources, info.context.caller, [parent.row for parent in parents]
    )
    return [invoice_of(found[parent.row.invoice_id]) for parent in parents]


async def _lines(
    parents: Sequence["CreditNote"],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> list[Connection[CreditNoteLine]]:
    rows = [parent.row for parent in parents]
    read = partial(read_money.lines_of_credit_notes, info.context.resources, info.context.caller, rows)
    nodes = [partial(_line_of, row.currency) for row in rows]
    return await listed_each(info, LINES, (first, after, last, before), read, nodes)


def _line_of(currency: str, line: credit_notes.CreditNoteLine) -> CreditNoteLine:
    return CreditNoteLine(row=line, currency=currency)


async def _pdf_urls(parents: Sequence["CreditNote"], info: Info) -> list[str]:
    return await document_urls(info, LinkedDocument.CREDIT_NOTE, [parent.row for parent in parents])


@strawberry.type(
    description="A credit note: an amount that was taken back from an invoice because orders on it were cancelled, "
    "reduced, failed or refunded. Credit notes never change. All amounts are positive."
)
class CreditNote(Node):
    row: strawberry.Private[credit_notes.CreditNote]
    invoice: Annotated["Invoice", strawberry.lazy(INVOICE_TYPE)] = batch_field(
        _invoices, description="Invoice from which the amount was taken back, in its present state."
    )
    lines: Connection[CreditNoteLine] = batch_field(
        _lines, description="Orders on the credit note with the amounts that were taken back."
    )

    pdf_url: str = batch_field(_pdf_urls, description=f"Address of the credit note as a PDF file. {LASTS}")

    @strawberry.field(
        description="Number of the credit note, such as `CN-2026-000042`: without gaps among the credit notes of a "
        "seller and a year. Credit notes of test accounts have a series of their own, with `TEST-` in front."
    )
    def number(self) -> str:
        return self.row.number

    @strawberry.field(description="Reason why the amount was taken back from the invoice.")
    def reason(self) -> CreditReason:
        return self.row.reason

    @strawberry.field(description="Currency of all amounts on the credit note (ISO 4217 code).")
    def currency(self) -> CurrencyCode:
        return CurrencyCode(self.row.currency)

    net = money_field("row.net_minor", description="Amount taken back, without tax: the sum of the lines.")
    tax = money_field(
        "row.tax_minor",
        description="Tax taken back. It is rounded such that the taxes of all credit notes of an invoice add up to "
        "exactly the tax of the invoice once the whole net amount of the invoice is taken back.",
    )
    gross = money_field("row.gross_minor", description="Net amount and tax together.")
    lowered = money_field(
        "row.lowered_minor",
        description="Part of the gross amount that lowered `owed` of the invoice: what was not paid yet of the orders "
        "on the credit note, and what had been paid of them, as far as the invoice owed it for other orders or tax.",
    )
    returned = money_field(
        "row.returned_minor",
        description="Part of the gross amount that had been paid and that the invoice did not owe any more: it was "
        "added to the balance. Credit notes of earlier releases added all that had been paid to the balance.",
    )
    mass = mass_field("row.mass_g", description="Mass of the orders, or of the parts of them, that was taken back.")

    @strawberry.field(description="Time at which the credit note was issued.")
    def created_at(self) -> datetime:
        return self.row.created_at


def credit_note_of(row: credit_notes.CreditNote) -> CreditNote:
    return CreditNote(row=row)
