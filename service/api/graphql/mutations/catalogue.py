"""Mutations by which operators keep the catalogue. Each is safe to send again."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import strawberry

from service.api.graphql.context import Context, Info
from service.api.graphql.inputs.catalogue import (
    CreateBundleInput,
    CreateProjectInput,
    ReceiveCreditBatchInput,
    SetPortfolioInput,
    SetPriceInput,
    SwitchBundleInput,
)
from service.api.graphql.types.catalogue import (
    Bundle,
    CreditBatch,
    Portfolio,
    Project,
    batch_of,
    bundle_of,
    portfolio_of,
    project_of,
)
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.node import parse_id
from service.domain import catalogue
from service.errors import Refused
from service.operations import manage_catalogue
from service.operations.receive_batch import receive_batch

Row = TypeVar("Row")
Shown = TypeVar("Shown")


@strawberry.type(description="What came of a receipt.")
class ReceiveCreditBatchPayload:
    credit_batch: CreditBatch | None = strawberry.field(description="The batch as it stands; null if it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if there is a batch.")


@strawberry.type(description="What came of a project.")
class ProjectPayload:
    project: Project | None = strawberry.field(description="The project as it stands; null if it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if there is a project.")


@strawberry.type(description="What came of a change to a bundle.")
class BundlePayload:
    bundle: Bundle | None = strawberry.field(description="The bundle as it stands; null if the change was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if the bundle is as wanted.")


@strawberry.type(description="What came of a change to a portfolio.")
class PortfolioPayload:
    portfolio: Portfolio | None = strawberry.field(description="The portfolio as it stands; null if it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if the portfolio is as wanted.")


async def _answered(
    given: object, work: Callable[[], Awaitable[Row]], show: Callable[[Row], Shown]
) -> tuple[Shown | None, list[UserError]]:
    """What the work answers as callers see it, or why it was refused."""
    try:
        return show(await work()), []
    except Refused as refusal:
        return None, [user_error(refusal, given)]


@strawberry.type
class CatalogueMutations:
    @strawberry.mutation(
        description="Takes credits into stock; needs `operator`. Whoever waits for them gets them first. A retry with "
        "the same reference and input answers the same batch, as it now stands."
    )
    async def receive_credit_batch(
        self, info: Info, input: Annotated[ReceiveCreditBatchInput, strawberry.argument(description="The batch.")]
    ) -> ReceiveCreditBatchPayload | None:
        context = info.context
        batch, errors = await _answered(
            input, lambda: receive_batch(context.resources, context.caller, **input.facts()), batch_of
        )
        return ReceiveCreditBatchPayload(credit_batch=batch, user_errors=errors)

    @strawberry.mutation(
        description="Makes a project; needs `operator`. A retry with the same input answers the same project."
    )
    async def create_project(
        self, info: Info, input: Annotated[CreateProjectInput, strawberry.argument(description="The project.")]
    ) -> ProjectPayload | None:
        context = info.context
        project, errors = await _answered(
            input,
            lambda: manage_catalogue.create_project(context.resources, context.caller, **input.facts()),
            project_of,
        )
        return ProjectPayload(project=project, user_errors=errors)

    @strawberry.mutation(
        description="Makes a bundle, which is sold once it has a price; needs `operator`. A retry with the same input "
        "answers the same bundle."
    )
    async def create_bundle(
        self, info: Info, input: Annotated[CreateBundleInput, strawberry.argument(description="The bundle.")]
    ) -> BundlePayload | None:
        context = info.context
        return await _bundle(
            input, lambda: manage_catalogue.create_bundle(context.resources, context.caller, **input.facts())
        )

    @strawberry.mutation(
        description="Sets all price tiers of a bundle in one currency; needs `operator`. Quotes and orders that stand "
        "keep their prices. A retry changes nothing."
    )
    async def set_price(
        self, info: Info, input: Annotated[SetPriceInput, strawberry.argument(description="The price.")]
    ) -> BundlePayload | None:
        context = info.context
        return await _bundle(
            input,
            lambda: manage_catalogue.set_price(
                context.resources,
                context.caller,
                parse_id("Bundle", input.bundle_id, "bundleId"),
                input.currency,
                input.price_tiers(),
            ),
        )

    @strawberry.mutation(
        description="Makes or changes a portfolio that every account may use; needs `operator`. Orders that stand are "
        "not touched. A retry changes nothing."
    )
    async def set_portfolio(
        self, info: Info, input: Annotated[SetPortfolioInput, strawberry.argument(description="The portfolio.")]
    ) -> PortfolioPayload | None:
        context = info.context
        portfolio, errors = await _answered(
            input,
            lambda: manage_catalogue.set_portfolio(context.resources, context.caller, *input.facts()),
            portfolio_of,
        )
        return PortfolioPayload(portfolio=portfolio, user_errors=errors)

    @strawberry.mutation(
        description="Takes a bundle off sale; needs `operator`. Orders, quotes and backorders that stand are not "
        "touched. A retry changes nothing."
    )
    async def disable_bundle(
        self, info: Info, input: Annotated[SwitchBundleInput, strawberry.argument(description="Which bundle.")]
    ) -> BundlePayload | None:
        return await _switch(info.context, input, disabled=True)

    @strawberry.mutation(description="Sells a bundle again; needs `operator`. A retry changes nothing.")
    async def enable_bundle(
        self, info: Info, input: Annotated[SwitchBundleInput, strawberry.argument(description="Which bundle.")]
    ) -> BundlePayload | None:
        return await _switch(info.context, input, disabled=False)


async def _switch(context: Context, wanted: SwitchBundleInput, *, disabled: bool) -> BundlePayload:
    return await _bundle(
        wanted,
        lambda: manage_catalogue.switch_bundle(
            context.resources,
            context.caller,
            parse_id("Bundle", wanted.bundle_id, "bundleId"),
            disabled=disabled,
        ),
    )


async def _bundle(given: object, work: Callable[[], Awaitable[catalogue.Bundle]]) -> BundlePayload:
    bundle, errors = await _answered(given, work, bundle_of)
    return BundlePayload(bundle=bundle, user_errors=errors)
