"""The root query type. Root fields are nullable, so that one failure never hides the rest of an answer."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import strawberry

from service.api.graphql.connections import After, Before, ByTime, Connection, First, Last, listed
from service.api.graphql.context import Context, Info
from service.api.graphql.cost.field_costs import COUNT_COST, SCAN_COST, priced
from service.api.graphql.inputs.order_filters import OrderFilterInput, OrderSortInput
from service.api.graphql.inputs.order_reference import OrderRefInput
from service.api.graphql.inputs.seller_lists import account_ids_of
from service.api.graphql.queries.catalogue import CatalogueQueries
from service.api.graphql.queries.mail import MailQueries
from service.api.graphql.queries.money import MoneyQueries
from service.api.graphql.queries.prices import PriceQueries
from service.api.graphql.queries.rate_limit import RateLimitQueries
from service.api.graphql.queries.reference import ReferenceQueries
from service.api.graphql.queries.registry_retirements import RegistryRetirementQueries
from service.api.graphql.queries.seller import SellerQueries
from service.api.graphql.queries.serials import SerialQueries
from service.api.graphql.queries.statistics import StatisticsQueries
from service.api.graphql.queries.viewer import ViewerQueries
from service.api.graphql.queries.webhooks import WebhookQueries
from service.api.graphql.types.account import Account, account_of
from service.api.graphql.types.api_key import api_key_of
from service.api.graphql.types.catalogue import Bundle, batch_of, bundle_of, project_of
from service.api.graphql.types.certificate import certificate_of
from service.api.graphql.types.credit_note import credit_note_of
from service.api.graphql.types.estimate import Estimate, estimate_of
from service.api.graphql.types.mail import mail_of
from service.api.graphql.types.money import invoice_of, journal_of, line_of, payment_of
from service.api.graphql.types.node import Node, parse_global_id, parse_id
from service.api.graphql.types.order import Order, order_of
from service.api.graphql.types.portfolio import Portfolio, portfolio_of
from service.api.graphql.types.quote import Quote, quote_of
from service.api.graphql.types.webhooks import delivery_of, endpoint_of
from service.domain.listing import EVERY_ORDER, OrderSort
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.operations import (
    manage_account_keys,
    manage_clients,
    manage_webhooks,
    read_catalogue,
    read_certificates,
    read_estimates,
    read_mails,
    read_money,
    read_orders,
    read_quotes,
    read_webhooks,
    select_account,
)
from service.plans import selected_columns

NODES_MAX = 100
_NEWEST_FIRST = OrderSort()
_CLIENTS = ByTime("clients")
_PORTFOLIOS = ByTime("portfolios")


@strawberry.type(
    description="Operations that read data. All of them need an API key, except introspection. If reading a field "
    "failed, the field is null and `errors` says why. The other fields are returned."
)
class Query(
    StatisticsQueries,
    MoneyQueries,
    CatalogueQueries,
    PriceQueries,
    SellerQueries,
    SerialQueries,
    RegistryRetirementQueries,
    ReferenceQueries,
    RateLimitQueries,
    ViewerQueries,
    WebhookQueries,
    MailQueries,
):
    @strawberry.field(
        description="Object with this global id: an object of the account, one of its client accounts, or an object of "
        "the catalogue. With scope `operator`: an object of any account. Null if there is no such object, or if the "
        "object belongs to another account and the API key lacks scope `operator`."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(description="Global id of the object, as the object's field `id` shows it."),
        ],
    ) -> Node | None:
        return (await _nodes(info.context, [parse_global_id(id, "id")]))[0]

    @strawberry.field(
        description="Objects with these global ids, in the sequence of the ids. An entry is null if there is no such "
        "object, or if the object belongs to another account and the API key lacks scope `operator`. The whole list is "
        "null only if reading it failed; `errors` then says why.",
        metadata=priced(size_argument="ids"),
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description="Global ids of the objects: at most 100 ids.")
        ],
    ) -> list[Node | None] | None:
        if len(ids) > NODES_MAX:
            raise Refused(Code.BAD_USER_INPUT, f"Give at most {NODES_MAX} ids.", ("ids",))
        return await _nodes(info.context, [parse_global_id(text, "ids", index) for index, text in enumerate(ids)])

    @strawberry.field(
        description="Account that the request acts for: the account of the API key, or the account that the header "
        "`Account-Id` selects. An API key selects client accounts of its account. With scope `operator` it selects any "
        "account and reads and orders as that account could. Null only if reading it failed; `errors` then says why."
    )
    async def account(self, info: Info) -> Account | None:
        return account_of(info.context.caller.account)

    @strawberry.field(
        description="Client accounts of the account, oldest first. `nameContains` adds 50 cost points, and the "
        "`totalCount` of the list then costs 50 points instead of 5. Null only if reading it failed; `errors` then "
        "says why.",
        metadata=priced(scan=SCAN_COST, count=COUNT_COST, conditions=frozenset({"nameContains"})),
    )
    async def client_accounts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        name_contains: Annotated[
            str | None,
            strawberry.argument(
                description="Text that the names of the listed accounts contain: 1 to 200 characters. Upper and lower "
                "case count as equal. Composed and decomposed letters count as equal, and so do wide and narrow forms. "
                "Letters with and without accents count as different. By default all client accounts are listed."
            ),
        ] = None,
    ) -> Connection[Account] | None:
        context = info.context
        text = None if name_contains is None else kept_text(name_contains, NAME_LENGTH_MAX, "nameContains")
        return await listed(
            info,
            _CLIENTS,
            (first, after, last, before),
            partial(manage_clients.list_clients, context.resources, context.caller, name_contains=text),
            account_of,
            lambda: manage_clients.count_clients(context.resources, context.caller, name_contains=text),
        )

    @strawberry.field(description="One order of the account. Null if the account has no such order.")
    async def order(
        self,
        info: Info,
        by: Annotated[OrderRefInput, strawberry.argument(description="Id, number or idempotency key of the order.")],
    ) -> Order | None:
        context, columns = info.context, selected_columns(info).union(("id",))
        row = await read_orders.find_order(context.resources, context.caller, by.ref("by"), columns=columns)
        return None if row is None else order_of(row)

    @strawberry.field(
        description="Orders of the account, newest first by default. `includeClients` and a filter add 50 cost points; "
        "a filter with `createdAt` alone adds none if `orderBy` is not given. The `totalCount` of such a list costs 50 "
        "points instead of 5. Null only if reading it failed; `errors` then says why.",
        metadata=priced(
            scan=SCAN_COST,
            count=COUNT_COST,
            conditions=frozenset({"filter", "includeClients"}),
            indexed=frozenset({"createdAt"}),
            order="orderBy",
        ),
    )
    async def orders(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            OrderFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed orders meet. By default all orders of the account are listed."
            ),
        ] = None,
        order_by: Annotated[
            OrderSortInput | None,
            strawberry.argument(
                description="Sort order of the list. By default the newest orders come first. Cursors are valid only "
                "in the same sort order."
            ),
        ] = None,
        account_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(
                description="Global ids of the accounts whose orders are listed: 1 to 100 ids of the account that the "
                "request acts for and of its client accounts. By default the orders of that account alone are listed. "
                "Not allowed with `includeClients`."
            ),
        ] = None,
        include_clients: Annotated[
            bool,
            strawberry.argument(
                description="True: the orders of all client accounts of the account are listed as well. False, the "
                "default: they are not, unless `accountIds` names them."
            ),
        ] = False,
    ) -> Connection[Order] | None:
        context = info.context
        if include_clients and account_ids is not None:
            raise Refused(Code.BAD_USER_INPUT, "Give either accountIds or includeClients.", ("accountIds",))
        owner = await read_orders.owners_of_orders(
            context.resources, context.caller, account_ids_of(account_ids), with_clients=include_clients
        )
        sort = order_by.sort() if order_by else _NEWEST_FIRST
        wanted = filter.order_filter() if filter else EVERY_ORDER
        columns = selected_columns(info, "nodes", "edges.node")
        resources, caller = context.resources, context.caller
        return await listed(
            info,
            sort,
            (first, after, last, before),
            partial(read_orders.list_orders, resources, caller, wanted, sort, owner=owner, columns=columns),
            order_of,
            lambda: read_orders.count_orders(resources, caller, wanted, owner=owner),
        )

    @strawberry.field(description="One quote of the account. Null if the account has no such quote.")
    async def quote(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(description="Global id of the quote, as the quote's field `id` shows it."),
        ],
    ) -> Quote | None:
        quote_id = parse_id("Quote", id, "id")
        found = await read_quotes.quotes_of_ids(info.context.resources, info.context.caller, [quote_id])
        return quote_of(found[quote_id]) if quote_id in found else None

    @strawberry.field(description="One estimate of the account. Null if the account has no such estimate.")
    async def estimate(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(description="Global id of the estimate, as the estimate's field `id` shows it."),
        ],
    ) -> Estimate | None:
        estimate_id = parse_id("Estimate", id, "id")
        found = await read_estimates.estimates_of_ids(info.context.resources, info.context.caller, [estimate_id])
        return estimate_of(found[estimate_id]) if estimate_id in found else None

    @strawberry.field(description="One bundle of the catalogue, on sale or off sale. Null if there is no such bundle.")
    async def bundle(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(description="Global id of the bundle, as the bundle's field `id` shows it."),
        ],
    ) -> Bundle | None:
        bundle_id = parse_id("Bundle", id, "id")
        found = await read_catalogue.bundles_of_ids(info.context.resources, info.context.caller, [bundle_id])
        return bundle_of(found[bundle_id]) if bundle_id in found else None

    @strawberry.field(
        description="Portfolios that the account can use, oldest first. Null only if reading it failed; `errors` then "
        "says why.",
        metadata=priced(count=COUNT_COST),
    )
    async def portfolios(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Portfolio] | None:
        resources, caller = info.context.resources, info.context.caller
        return await listed(
            info,
            _PORTFOLIOS,
            (first, after, last, before),
            partial(read_catalogue.list_portfolios, resources, caller),
            portfolio_of,
            lambda: read_catalogue.count_portfolios(resources, caller),
        )


async def _nodes(context: Context, wanted: list[tuple[str, UUID]]) -> list[Node | None]:
    found: dict[tuple[str, UUID], Node] = {}
    caller = context.caller
    for type_name, (read, show) in _READERS.items():
        of_type = {id_ for name, id_ in wanted if name == type_name}
        if not of_type:
            continue
        for reader, ids in await select_account.readers_of_objects(context.resources, caller, type_name, of_type):
            rows = await read(context.resources, reader, ids)
            found.update(((type_name, id_), show(row)) for id_, row in rows.items())
    return [found.get(each) for each in wanted]


_READERS: dict[str, tuple[Callable[..., Awaitable[Mapping[UUID, Any]]], Callable[[Any], Node]]] = {
    "ApiKey": (manage_account_keys.account_keys_of_ids, api_key_of),
    "Account": (manage_clients.accounts_of_ids, account_of),
    "Order": (read_orders.orders_of_ids, order_of),
    "Quote": (read_quotes.quotes_of_ids, quote_of),
    "Estimate": (read_estimates.estimates_of_ids, estimate_of),
    "Bundle": (read_catalogue.bundles_of_ids, bundle_of),
    "Project": (read_catalogue.projects_of_ids, project_of),
    "CreditBatch": (read_catalogue.batches_of_ids, batch_of),
    "Portfolio": (read_catalogue.portfolios_of_ids, portfolio_of),
    "Payment": (read_money.payments_of_ids, payment_of),
    "Invoice": (read_money.invoices_of_ids, invoice_of),
    "CreditNote": (read_money.credit_notes_of_ids, credit_note_of),
    "InvoiceLine": (read_money.invoice_lines_of_ids, line_of),
    "Certificate": (read_certificates.certificates_of_ids, certificate_of),
    "Mail": (read_mails.mails_of_ids, mail_of),
    "Journal": (read_money.journals_of_ids, journal_of),
    "WebhookEndpoint": (manage_webhooks.endpoints_of_ids, endpoint_of),
    "WebhookDelivery": (read_webhooks.deliveries_of_ids, delivery_of),
}
