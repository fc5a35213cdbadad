"""Queries of operators: accounts, and the orders, payments and invoices of all accounts."""

from functools import partial
from typing import Annotated

import strawberry

from service.api.graphql.connections import After, Before, Connection, First, Last, SortedBy, listed
from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import COUNT_COST, SCAN_COST, priced
from service.api.graphql.inputs.order_filters import OrderFilterInput, OrderSortInput
from service.api.graphql.inputs.seller_lists import (
    AccountFilterInput,
    AccountIds,
    AccountSortInput,
    InvoiceFilterInput,
    InvoiceSortInput,
    PaymentFilterInput,
    PaymentSortInput,
    owners_of,
)
from service.api.graphql.types.account import Account, account_of
from service.api.graphql.types.money import Invoice, Payment, invoice_of, payment_of
from service.api.graphql.types.order import Order, order_of
from service.domain.listing import EVERY_ORDER, AccountFilter, MoneyFilter, OrderSort
from service.operations import read_all_accounts
from service.plans import selected_columns

_SORT = "Sort order of the list. {} Cursors are valid only in the same sort order."


@strawberry.type
class SellerQueries:
    @strawberry.field(
        description="Accounts of all customers, by name by default; needs scope `operator`. Client accounts are "
        "listed as well. A filter adds 50 cost points to the list, and `totalCount` then costs 50 points instead of 5. "
        "Null only if reading it failed; `errors` then says why.",
        metadata=priced(scan=SCAN_COST, count=COUNT_COST, conditions=frozenset({"filter"})),
    )
    async def accounts(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            AccountFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed accounts meet. By default all accounts are listed."
            ),
        ] = None,
        order_by: Annotated[
            AccountSortInput | None,
            strawberry.argument(description=_SORT.format("By default accounts are sorted by name.")),
        ] = None,
    ) -> Connection[Account] | None:
        context = info.context
        resources, caller = context.resources, context.caller
        sort = (order_by or AccountSortInput()).sort()
        wanted = filter.wanted() if filter else AccountFilter()
        return await listed(
            info,
            sort,
            (first, after, last, before),
            partial(read_all_accounts.list_accounts, resources, caller, wanted, sort),
            account_of,
            lambda: read_all_accounts.count_accounts(resources, caller, wanted),
        )

    @strawberry.field(
        description="Orders of all accounts, newest first by default; needs scope `operator`. A filter or a sort "
        "order adds 50 cost points to the list, and `totalCount` then costs 50 points instead of 5. Null only if "
        "reading it failed; `errors` then says why.",
        metadata=priced(scan=SCAN_COST, count=COUNT_COST, conditions=frozenset({"filter", "orderBy"})),
    )
    async def all_orders(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        account_ids: AccountIds = None,
        filter: Annotated[
            OrderFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed orders meet. By default all orders of the accounts are listed."
            ),
        ] = None,
        order_by: Annotated[
            OrderSortInput | None,
            strawberry.argument(description=_SORT.format("By default the newest orders come first.")),
        ] = None,
    ) -> Connection[Order] | None:
        context = info.context
        resources, caller = context.resources, context.caller
        owners = owners_of(account_ids, caller.account)
        sort = order_by.sort() if order_by else OrderSort()
        wanted = filter.order_filter() if filter else EVERY_ORDER
        columns = selected_columns(info, "nodes", "edges.node")
        return await listed(
            info,
            SortedBy(f"all.{sort.name}", sort.kind, sort.position),
            (first, after, last, before),
            partial(read_all_accounts.list_all_orders, resources, caller, owners, wanted, sort, columns=columns),
            order_of,
            lambda: read_all_accounts.count_all_orders(resources, caller, owners, wanted),
        )

    @strawberry.field(
        description="Payments of all accounts, newest first by default; needs scope `operator`. Payments for orders of "
        "client accounts belong to their parents. A filter or a sort order adds 50 cost points "
        "to the list, and `totalCount` then costs 50 points instead of 5. Null only if reading it failed; `errors` "
        "then says why.",
        metadata=priced(scan=SCAN_COST, count=COUNT_COST, conditions=frozenset({"filter", "orderBy"})),
    )
    async def all_payments(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        account_ids: AccountIds = None,
        filter: Annotated[
            PaymentFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed payments meet. By default all payments of the accounts are "
                "listed."
            ),
        ] = None,
        order_by: Annotated[
            PaymentSortInput | None,
            strawberry.argument(description=_SORT.format("By default the newest payments come first.")),
        ] = None,
    ) -> Connection[Payment] | None:
        context = info.context
        resources, caller = context.resources, context.caller
        owners = owners_of(account_ids, caller.account)
        sort = (order_by or PaymentSortInput()).sort()
        wanted = filter.wanted() if filter else MoneyFilter()
        return await listed(
            info,
            sort,
            (first, after, last, before),
            partial(read_all_accounts.list_all_payments, resources, caller, owners, wanted, sort),
            payment_of,
            lambda: read_all_accounts.count_all_payments(resources, caller, owners, wanted),
        )

    @strawberry.field(
        description="Invoices of all accounts, newest first by default; needs scope `operator`. Orders of client "
        "accounts are on invoices of their parents. A filter or a sort order adds 50 cost points "
        "to the list, and `totalCount` then costs 50 points instead of 5. Null only if reading it failed; `errors` "
        "then says why.",
        metadata=priced(scan=SCAN_COST, count=COUNT_COST, conditions=frozenset({"filter", "orderBy"})),
    )
    async def all_invoices(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        account_ids: AccountIds = None,
        filter: Annotated[
            InvoiceFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed invoices meet. By default all invoices of the accounts are "
                "listed."
            ),
        ] = None,
        order_by: Annotated[
            InvoiceSortInput | None,
            strawberry.argument(description=_SORT.format("By default the newest invoices come first.")),
        ] = None,
    ) -> Connection[Invoice] | None:
        context = info.context
        resources, caller = context.resources, context.caller
        owners = owners_of(account_ids, caller.account)
        sort = (order_by or InvoiceSortInput()).sort()
        wanted = filter.wanted() if filter else MoneyFilter()
        return await listed(
            info,
            sort,
            (first, after, last, before),
            partial(read_all_accounts.list_all_invoices, resources, caller, owners, wanted, sort),
            invoice_of,
            lambda: read_all_accounts.count_all_invoices(resources, caller, owners, wanted),
        )
