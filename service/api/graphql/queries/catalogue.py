"""Lists of the catalogue with filters, and the seller's stock overview."""

from operator import attrgetter
from typing import Annotated

import strawberry

from service.api.graphql.connections import After, Before, Connection, First, Last, Named, listed
from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import COUNT_COST, priced
from service.api.graphql.inputs.catalogue_filters import (
    BundleFilterInput,
    CatalogueSortInput,
    CreditBatchFilterInput,
    CreditBatchSortInput,
    ProjectFilterInput,
)
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.catalogue import Bundle, CreditBatch, Project, batch_of, bundle_of, project_of
from service.api.graphql.types.stock import ProjectStock
from service.domain.catalogue import Mode
from service.domain.catalogue_listing import EVERY_BATCH, EVERY_PROJECT, FIRST_RECEIVED, OLDEST_FIRST, ON_SALE
from service.operations import read_catalogue, read_stock

_COUNTED = priced(count=COUNT_COST)


@strawberry.type
class CatalogueQueries:
    @strawberry.field(
        description="Bundles that are on sale and have a price in the currency, oldest first by default. With scope "
        "`operator`, `filter.listing` also selects other bundles. Null only if reading it failed; `errors` then says "
        "why.",
        metadata=_COUNTED,
    )
    async def bundles(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        currency: Annotated[
            CurrencyCode | None,
            strawberry.argument(
                description="Currency in which the listed bundles have a price (ISO 4217 code). By default the "
                "account's `currency` is used. The field `prices` of a bundle always shows prices in the account's "
                "currency."
            ),
        ] = None,
        filter: Annotated[
            BundleFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed bundles meet. By default all bundles on sale are listed."
            ),
        ] = None,
        order_by: Annotated[
            CatalogueSortInput | None,
            strawberry.argument(
                description="Sort order of the list. By default the oldest bundles come first. Cursors are valid only "
                "in the same sort order."
            ),
        ] = None,
    ) -> Connection[Bundle] | None:
        sort = order_by.sort() if order_by else OLDEST_FIRST
        resources, caller = info.context.resources, info.context.caller
        wanted = filter.bundle_filter() if filter else ON_SALE
        return await listed(
            info,
            Named("bundles", sort),
            (first, after, last, before),
            lambda request: read_catalogue.find_bundles(resources, caller, request, wanted, sort, currency=currency),
            bundle_of,
            lambda: read_catalogue.count_bundles(resources, caller, wanted, currency=currency),
        )

    @strawberry.field(
        description="Projects of the catalogue, oldest first by default. Null only if reading it failed; `errors` then "
        "says why.",
        metadata=_COUNTED,
    )
    async def projects(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            ProjectFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed projects meet. By default all projects are listed."
            ),
        ] = None,
        order_by: Annotated[
            CatalogueSortInput | None,
            strawberry.argument(
                description="Sort order of the list. By default the oldest projects come first. Cursors are valid only "
                "in the same sort order."
            ),
        ] = None,
    ) -> Connection[Project] | None:
        sort = order_by.sort() if order_by else OLDEST_FIRST
        resources, caller = info.context.resources, info.context.caller
        wanted = filter.project_filter() if filter else EVERY_PROJECT
        return await listed(
            info,
            Named("projects", sort),
            (first, after, last, before),
            lambda request: read_catalogue.list_projects(resources, caller, request, wanted, sort),
            project_of,
            lambda: read_catalogue.count_projects(resources, caller, wanted),
        )

    @strawberry.field(
        description="Credit batches, oldest first by default: live batches for a live account, test batches for a test "
        "account. Null only if reading it failed; `errors` then says why.",
        metadata=_COUNTED,
    )
    async def credit_batches(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            CreditBatchFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed batches meet. By default all batches are listed."
            ),
        ] = None,
        order_by: Annotated[
            CreditBatchSortInput | None,
            strawberry.argument(
                description="Sort order of the list. By default the batches received first come first. Cursors are "
                "valid only in the same sort order."
            ),
        ] = None,
    ) -> Connection[CreditBatch] | None:
        sort = order_by.sort() if order_by else FIRST_RECEIVED
        resources, caller = info.context.resources, info.context.caller
        wanted = filter.batch_filter() if filter else EVERY_BATCH
        return await listed(
            info,
            Named("batches", sort),
            (first, after, last, before),
            lambda request: read_catalogue.list_batches(resources, caller, request, wanted, sort),
            batch_of,
            lambda: read_catalogue.count_batches(resources, caller, wanted),
        )

    @strawberry.field(
        description="The seller's stock by project and vintage, oldest projects first by default; needs scope "
        "`operator`. Null only if reading it failed; `errors` then says why.",
        metadata=_COUNTED,
    )
    async def stock(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        mode: Annotated[
            Mode | None,
            strawberry.argument(description="Mode of the credits. By default the mode of the account is used."),
        ] = None,
        filter: Annotated[
            ProjectFilterInput | None,
            strawberry.argument(
                description="Conditions that the listed projects meet. By default all projects are listed, also those "
                "without credits."
            ),
        ] = None,
        order_by: Annotated[
            CatalogueSortInput | None,
            strawberry.argument(
                description="Sort order of the list. By default the oldest projects come first. Cursors are valid only "
                "in the same sort order."
            ),
        ] = None,
    ) -> Connection[ProjectStock] | None:
        resources, caller = info.context.resources, info.context.caller
        sort = order_by.sort() if order_by else OLDEST_FIRST
        of_mode, wanted = mode or caller.account.mode, filter.project_filter() if filter else EVERY_PROJECT
        return await listed(
            info,
            Named("stock", sort, attrgetter("project")),
            (first, after, last, before),
            lambda request: read_stock.list_stock(resources, caller, of_mode, wanted, sort, request),
            lambda row: ProjectStock(mode=of_mode, row=row),
            lambda: read_stock.count_stock(resources, caller, of_mode, wanted),
        )
