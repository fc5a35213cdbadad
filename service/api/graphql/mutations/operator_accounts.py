"""Mutations of operators that create and change accounts. Each is safe to send again."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.operator_accounts import CreateAccountInput, UpdateAccountInput
from service.api.graphql.mutations.accounts import AccountPayload, account_payload
from service.api.graphql.types.account import Account, account_of
from service.api.graphql.types.errors import UserError, user_error
from service.errors import Refused
from service.operations.manage_accounts import create_account
from service.operations.update_account import update_account


@strawberry.type(description="Result of creating a customer.")
class CreateAccountPayload:
    live_account: Account | None = strawberry.field(
        description="Live account of the customer, in its present state. Null if the request was refused."
    )
    test_account: Account | None = strawberry.field(
        description="Test account of the customer, in its present state. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the request succeeded."
    )


@strawberry.type
class OperatorAccountMutations:
    @strawberry.mutation(
        description="Creates a customer: a live account and its test account, both without API keys; needs scope "
        "`operator`. To create keys, send `createApiKey` with the id of the account in the header `Account-Id`. A "
        "retry with the same reference and input returns the existing accounts."
    )
    async def create_account(
        self,
        info: Info,
        input: Annotated[CreateAccountInput, strawberry.argument(description="Customer that is to be created.")],
    ) -> CreateAccountPayload | None:
        context = info.context
        try:
            pair = await create_account(context.resources, **input.facts(), caller=context.caller)
        except Refused as refusal:
            return CreateAccountPayload(live_account=None, test_account=None, user_errors=[user_error(refusal, input)])
        return CreateAccountPayload(
            live_account=account_of(pair.live), test_account=account_of(pair.test), user_errors=[]
        )

    @strawberry.mutation(
        description="Changes name, currency, commission or beneficiary of an account; needs scope `operator`. What "
        "invoices print about the customer, and its seller, are changed by `updateBillingDetails`. A retry changes "
        "nothing."
    )
    async def update_account(
        self,
        info: Info,
        input: Annotated[UpdateAccountInput, strawberry.argument(description="Account to change, and the new facts.")],
    ) -> AccountPayload | None:
        context = info.context
        return await account_payload(
            input, lambda: update_account(context.resources, context.caller, input.account(), input.changes())
        )
