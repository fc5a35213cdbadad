"""Queries of money: the ledger, one invoice, and the seller who issues invoices."""

from functools import partial
from typing import Annotated

import strawberry

from service.api.graphql.connections import After, Before, ByTime, Connection, First, Last, listed
from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import SCAN_COST, priced
from service.api.graphql.inputs.seller_lists import LedgerFilterInput
from service.api.graphql.types.money import Invoice, Journal, invoice_of, journal_of
from service.api.graphql.types.node import parse_id
from service.api.graphql.types.seller import Seller, seller_of
from service.domain.listing import EVERY_JOURNAL
from service.operations import read_money, set_seller

LEDGER = ByTime("ledger")


@strawberry.type
class MoneyQueries:
    @strawberry.field(
        description="Journals of the account's ledger, newest first. Each journal records one event. A client account "
        "shows the ledger of its parent. An API key of the client account itself gets the error `FORBIDDEN`. A filter "
        "adds 50 cost points. Null only if reading it failed; `errors` then says why.",
        metadata=priced(scan=SCAN_COST, conditions=frozenset({"filter"})),
    )
    async def ledger(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            LedgerFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed journals meet. By default all journals are listed."
            ),
        ] = None,
    ) -> Connection[Journal] | None:
        context = info.context
        wanted = filter.wanted() if filter else EVERY_JOURNAL
        read = partial(read_money.list_journals, context.resources, context.caller, wanted=wanted)
        return await listed(info, LEDGER, (first, after, last, before), read, journal_of)

    @strawberry.field(
        description="One invoice of the account. Null if the account has no such invoice. A client account shows an "
        "invoice of its parent. An API key of the client account itself gets the error `FORBIDDEN`."
    )
    async def invoice(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(description="Global id of the invoice, as the invoice's field `id` shows it."),
        ],
    ) -> Invoice | None:
        invoice_id = parse_id("Invoice", id, "id")
        found = await read_money.invoices_of_ids(info.context.resources, info.context.caller, [invoice_id])
        return invoice_of(found[invoice_id]) if invoice_id in found else None

    @strawberry.field(
        description="Seller of the account, as its invoices name it. Null only if reading it failed; `errors` then "
        "says why."
    )
    async def seller(self, info: Info) -> Seller | None:
        return seller_of(await set_seller.seller_of_account(info.context.resources, info.context.caller))
