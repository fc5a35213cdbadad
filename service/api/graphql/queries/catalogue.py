"""Lists of the catalogue with filters, and the seller's stock overview."""

from typing import Annotated

import strawberry

from service.api.graphql.connections import After, Before, Connection, First, Last
from service.api.graphql.context import Info
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
from service.kit.keyset import encode_cursor
from service.operations import read_catalogue, read_stock


@strawberry.type
class CatalogueQueries:
    @strawberry.field(
        description="Bundles that are on sale and have a price in the currency, oldest first by default. With scope "
        "`operator`, `filter.listing` also selects other bundles. Null only if reading it failed; `errors` then says "
        "why."
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
        name = sort.name("bundles")
        page = await read_catalogue.find_bundles(
            info.context.resources,
            info.context.caller,
            info.context.page(name, first, after, last, before, kind=sort.kind),
            filter.bundle_filter() if filter else ON_SALE,
            sort,
            currency=currency,
        )
        return Connection.of(page, cursor=lambda row: encode_cursor(name, sort.position(row)), node=bundle_of)

    @strawberry.field(
        description="Projects of the catalogue, oldest first by default. Null only if reading it failed; `errors` then "
        "says why."
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
        name = sort.name("projects")
        page = await read_catalogue.list_projects(
            info.context.resources,
            info.context.caller,
            info.context.page(name, first, after, last, before, kind=sort.kind),
            filter.project_filter() if filter else EVERY_PROJECT,
            sort,
        )
        return Connection.of(page, cursor=lambda row: encode_cursor(name, sort.position(row)), node=project_of)

    @strawberry.field(
        description="Credit batches, oldest first by default: live batches for a live account, test batches for a test "
        "account. Null only if reading it failed; `errors` then says why."
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
        name = sort.name("batches")
        page = await read_catalogue.list_batches(
            info.context.resources,
            info.context.caller,
            info.context.page(name, first, after, last, before, kind=sort.kind),
            filter.batch_filter() if filter else EVERY_BATCH,
            sort,
        )
        return Connection.of(page, cursor=lambda row: encode_cursor(name, sort.position(row)), node=batch_of)

    @strawberry.field(
        description="The seller's stock by project and vintage, oldest projects first by default; needs scope "
        "`operator`. Null only if reading it failed; `errors` then says why."
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
        context = info.context
        sort = order_by.sort() if order_by else OLDEST_FIRST
        name, of_mode = sort.name("stock"), mode or context.caller.account.mode
        page = await read_stock.list_stock(
            context.resources,
            context.caller,
            of_mode,
            filter.project_filter() if filter else EVERY_PROJECT,
            sort,
            context.page(name, first, after, last, before, kind=sort.kind),
        )
        return Connection.of(
            page,
            cursor=lambda row: encode_cursor(name, sort.position(row.project)),
            node=lambda row: ProjectStock(mode=of_mode, row=row),
        )
