"""Mutations of operators for the seller, and for what invoices print about payers. Each is safe to send again."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.billing import SetTaxProfileInput, UpdateBillingDetailsInput, UpdateSellerInput
from service.api.graphql.mutations.accounts import AccountPayload
from service.api.graphql.types.account import account_of
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.seller import Seller, seller_of
from service.domain import accounts
from service.errors import Refused
from service.operations import set_billing
from service.operations.set_seller import update_seller


@strawberry.type(description="Result of changing the seller.")
class SellerPayload:
    seller: Seller | None = strawberry.field(description="Seller after the change. Null if the request was refused.")
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the request succeeded."
    )


@strawberry.type
class BillingMutations:
    @strawberry.mutation(
        description="Changes facts of the seller that invoices print; needs scope `operator`. Issued invoices do not "
        "change. A retry changes nothing."
    )
    async def update_seller(
        self,
        info: Info,
        input: Annotated[UpdateSellerInput, strawberry.argument(description="Seller to change, and the new facts.")],
    ) -> SellerPayload | None:
        context = info.context
        try:
            seller = await update_seller(context.resources, context.caller, input.identifier, input.changes())
        except Refused as refusal:
            return SellerPayload(seller=None, user_errors=[user_error(refusal, input)])
        return SellerPayload(seller=seller_of(seller), user_errors=[])

    @strawberry.mutation(
        description="Changes what a customer's invoices print about it; needs scope `operator`. Issued invoices do not "
        "change. A retry changes nothing."
    )
    async def update_billing_details(
        self,
        info: Info,
        input: Annotated[
            UpdateBillingDetailsInput, strawberry.argument(description="Customer to change, and the new details.")
        ],
    ) -> AccountPayload | None:
        context = info.context
        return await _answered(
            input,
            lambda: set_billing.update_billing_details(
                context.resources, context.caller, input.account(), input.changes(), input.seller
            ),
        )

    @strawberry.mutation(
        description="Sets the tax of a customer's invoices from a day on; needs scope `operator`. Issued invoices do "
        "not change. A retry changes nothing."
    )
    async def set_tax_profile(
        self,
        info: Info,
        input: Annotated[SetTaxProfileInput, strawberry.argument(description="Customer, and the tax of its invoices.")],
    ) -> AccountPayload | None:
        context = info.context
        return await _answered(
            input, lambda: set_billing.set_tax_profile(context.resources, context.caller, input.profile())
        )


async def _answered(given: object, work: Callable[[], Awaitable[accounts.Account]]) -> AccountPayload:
    try:
        return AccountPayload(account=account_of(await work()), user_errors=[])
    except Refused as refusal:
        return AccountPayload(account=None, user_errors=[user_error(refusal, given)])
