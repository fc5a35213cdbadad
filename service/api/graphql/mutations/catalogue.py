"""Mutations of operators for the catalogue. Each is safe to send again."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import strawberry

from service.api.graphql.context import Context, Info
from service.api.graphql.inputs.catalogue import (
    CreateBundleInput,
    CreateProjectInput,
    SetPortfolioInput,
    SetPriceInput,
    SwitchBundleInput,
)
from service.api.graphql.inputs.catalogue_changes import (
    UpdateBundleInput,
    UpdateProjectInput,
)
from service.api.graphql.inputs.credit_batches import (
    ReceiveCreditBatchInput,
    ReinstateCreditBatchInput,
    WithdrawCreditBatchInput,
)
from service.api.graphql.types.catalogue import Bundle, CreditBatch, Project, batch_of, bundle_of, project_of
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.node import parse_id
from service.api.graphql.types.portfolio import Portfolio, portfolio_of
from service.domain import catalogue
from service.errors import Refused
from service.operations import manage_catalogue
from service.operations.receive_batch import receive_batch
from service.operations.withdraw_batch import reinstate_batch, withdraw_batch

Row = TypeVar("Row")
Shown = TypeVar("Shown")


@strawberry.type(description="Result of receiving a batch of credits.")
class ReceiveCreditBatchPayload:
    credit_batch: CreditBatch | None = strawberry.field(
        description="Batch as it is after the request. On a retry: the batch that the first request received. Null "
        "if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if `creditBatch` is not null."
    )


@strawberry.type(description="Result of withdrawing a batch of credits from sale, or of putting it on sale again.")
class CreditBatchPayload:
    credit_batch: CreditBatch | None = strawberry.field(
        description="Batch after the change. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if `creditBatch` is not null."
    )


@strawberry.type(description="Result of creating or changing a project.")
class ProjectPayload:
    project: Project | None = strawberry.field(
        description="Project in the catalogue. On a retry of `createProject`: the project that the first request "
        "created. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if `project` is not null."
    )


@strawberry.type(description="Result of a mutation that creates or changes a bundle.")
class BundlePayload:
    bundle: Bundle | None = strawberry.field(
        description="Bundle after the change. On a retry of `createBundle`: the bundle that the first request created. "
        "Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the request succeeded."
    )


@strawberry.type(description="Result of creating or replacing a portfolio.")
class PortfolioPayload:
    portfolio: Portfolio | None = strawberry.field(
        description="Portfolio after the change. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the request succeeded."
    )


async def _answered(
    given: object, work: Callable[[], Awaitable[Row]], show: Callable[[Row], Shown]
) -> tuple[Shown | None, list[UserError]]:
    """Return the payload with the result of the work, or with its refusal as an error."""
    try:
        return show(await work()), []
    except Refused as refusal:
        return None, [user_error(refusal, given)]


@strawberry.type
class CatalogueMutations:
    @strawberry.mutation(
        description="Takes a batch of credits into stock; needs scope `operator`. Orders that already wait for such "
        "credits get them first. A retry with the same reference and input returns the existing batch in its present "
        "state."
    )
    async def receive_credit_batch(
        self,
        info: Info,
        input: Annotated[
            ReceiveCreditBatchInput, strawberry.argument(description="Batch of credits to take into stock.")
        ],
    ) -> ReceiveCreditBatchPayload | None:
        context = info.context
        batch, errors = await _answered(
            input, lambda: receive_batch(context.resources, context.caller, **input.facts()), batch_of
        )
        return ReceiveCreditBatchPayload(credit_batch=batch, user_errors=errors)

    @strawberry.mutation(
        description="Adds a project to the catalogue; needs scope `operator`. A retry with the same slug and input "
        "returns the existing project."
    )
    async def create_project(
        self,
        info: Info,
        input: Annotated[CreateProjectInput, strawberry.argument(description="Project to add to the catalogue.")],
    ) -> ProjectPayload | None:
        context = info.context
        project, errors = await _answered(
            input,
            lambda: manage_catalogue.create_project(context.resources, context.caller, **input.facts()),
            project_of,
        )
        return ProjectPayload(project=project, user_errors=errors)

    @strawberry.mutation(
        description="Adds a bundle to the catalogue; needs scope `operator`. A bundle is on sale as soon as it has a "
        "price. A retry with the same slug and input returns the existing bundle."
    )
    async def create_bundle(
        self,
        info: Info,
        input: Annotated[CreateBundleInput, strawberry.argument(description="Bundle to add to the catalogue.")],
    ) -> BundlePayload | None:
        context = info.context
        return await _bundle(
            input, lambda: manage_catalogue.create_bundle(context.resources, context.caller, **input.facts())
        )

    @strawberry.mutation(
        description="Changes a project; needs scope `operator`. Members that the input leaves out keep their values. "
        "Certificates already issued do not change. A retry changes nothing."
    )
    async def update_project(
        self,
        info: Info,
        input: Annotated[UpdateProjectInput, strawberry.argument(description="Project to change, and its new values.")],
    ) -> ProjectPayload | None:
        context = info.context
        project, errors = await _answered(
            input,
            lambda: manage_catalogue.update_project(context.resources, context.caller, *input.changes()),
            project_of,
        )
        return ProjectPayload(project=project, user_errors=errors)

    @strawberry.mutation(
        description="Changes a bundle; needs scope `operator`. Members that the input leaves out keep their values. "
        "Existing orders and quotes do not change. A retry changes nothing."
    )
    async def update_bundle(
        self,
        info: Info,
        input: Annotated[UpdateBundleInput, strawberry.argument(description="Bundle to change, and its new values.")],
    ) -> BundlePayload | None:
        context = info.context
        return await _bundle(
            input, lambda: manage_catalogue.update_bundle(context.resources, context.caller, *input.changes())
        )

    @strawberry.mutation(
        description="Withdraws a batch of credits from sale; needs scope `operator`. Orders and quotes keep the "
        "credits that they have of the batch, and these are retired as before. Credits that come back from a cancelled "
        "order or an expired quote are not sold while the batch is withdrawn. A retry changes nothing: the first time "
        "and reason remain."
    )
    async def withdraw_credit_batch(
        self,
        info: Info,
        input: Annotated[
            WithdrawCreditBatchInput, strawberry.argument(description="Batch to withdraw, and the reason.")
        ],
    ) -> CreditBatchPayload | None:
        context = info.context
        batch, errors = await _answered(
            input, lambda: withdraw_batch(context.resources, context.caller, *input.facts()), batch_of
        )
        return CreditBatchPayload(credit_batch=batch, user_errors=errors)

    @strawberry.mutation(
        description="Puts a withdrawn batch of credits on sale again; needs scope `operator`. Orders that already wait "
        "for such credits get them first. A retry changes nothing."
    )
    async def reinstate_credit_batch(
        self,
        info: Info,
        input: Annotated[
            ReinstateCreditBatchInput, strawberry.argument(description="Batch to put on sale again, by its id.")
        ],
    ) -> CreditBatchPayload | None:
        context = info.context
        batch, errors = await _answered(
            input, lambda: reinstate_batch(context.resources, context.caller, input.batch_id()), batch_of
        )
        return CreditBatchPayload(credit_batch=batch, user_errors=errors)

    @strawberry.mutation(
        description="Sets all price tiers of a bundle in one currency; needs scope `operator`. Existing quotes and "
        "orders keep their prices. A retry changes nothing."
    )
    async def set_price(
        self,
        info: Info,
        input: Annotated[SetPriceInput, strawberry.argument(description="Bundle, currency and price tiers to set.")],
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
        description="Creates or replaces a portfolio that every account can use; needs scope `operator`. Existing "
        "orders do not change. A retry changes nothing."
    )
    async def set_portfolio(
        self,
        info: Info,
        input: Annotated[SetPortfolioInput, strawberry.argument(description="Portfolio to create or replace.")],
    ) -> PortfolioPayload | None:
        context = info.context
        portfolio, errors = await _answered(
            input,
            lambda: manage_catalogue.set_portfolio(context.resources, context.caller, *input.facts()),
            portfolio_of,
        )
        return PortfolioPayload(portfolio=portfolio, user_errors=errors)

    @strawberry.mutation(
        description="Takes a bundle off sale; needs scope `operator`. Existing orders, quotes and backorders stay "
        "valid. A retry changes nothing."
    )
    async def disable_bundle(
        self,
        info: Info,
        input: Annotated[SwitchBundleInput, strawberry.argument(description="Bundle to take off sale, by its id.")],
    ) -> BundlePayload | None:
        return await _switch(info.context, input, disabled=True)

    @strawberry.mutation(description="Puts a bundle on sale again; needs scope `operator`. A retry changes nothing.")
    async def enable_bundle(
        self,
        info: Info,
        input: Annotated[SwitchBundleInput, strawberry.argument(description="Bundle to put on sale again, by its id.")],
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
