"""Queries of money: the ledger, and one invoice."""

from typing import Annotated

import strawberry

from service.api.graphql.connections import After, Before, Connection, First, Last
from service.api.graphql.context import Info
from service.api.graphql.types.money import Invoice, Journal, invoice_of, journal_of
from service.api.graphql.types.node import parse_id
from service.kit.keyset import Position, encode_cursor
from service.operations import read_money

LEDGER = "ledger"


@strawberry.type
class MoneyQueries:
    @strawberry.field(
        description="The account's ledger, newest first: what each event did to its money. A client account's is its "
        "parent's, and is refused `FORBIDDEN` to its own API keys."
    )
    async def ledger(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Journal] | None:
        context = info.context
        request = context.page(LEDGER, first, after, last, before)
        page = await read_money.list_journals(context.resources, context.caller, request)
        return Connection.of(page, cursor=_cursor, node=journal_of)

    @strawberry.field(
        description="One invoice; null if the account has no such invoice. A client account's own API keys are refused "
        "`FORBIDDEN`: its invoices are its parent's."
    )
    async def invoice(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The invoice's id.")],
    ) -> Invoice | None:
        invoice_id = parse_id("Invoice", id, "id")
        found = await read_money.invoices_of_ids(info.context.resources, info.context.caller, [invoice_id])
        return invoice_of(found[invoice_id]) if invoice_id in found else None


def _cursor(row: read_money.LedgerPage) -> str:
    return encode_cursor(LEDGER, Position(row.created_at, row.id))
