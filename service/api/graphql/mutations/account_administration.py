"""Mutations of operators for any account: suspend, reinstate and limit it. Each is safe to send again."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.account_administration import AccountRefInput, SetAccountLimitsInput
from service.api.graphql.mutations.accounts import AccountPayload, account_payload
from service.domain.accounts import Account
from service.operations.manage_accounts import reinstate_account, suspend_account
from service.operations.set_limits import set_limits


@strawberry.type
class AccountAdministrationMutations:
    @strawberry.mutation(
        description="Suspends an account and its client accounts; needs scope `operator`. Their keys may read, but not "
        "order, cancel or change anything. A retry changes nothing."
    )
    async def suspend_account(
        self,
        info: Info,
        input: Annotated[
            AccountRefInput, strawberry.argument(description="Account to suspend, with its client accounts.")
        ],
    ) -> AccountPayload | None:
        context = info.context
        return await account_payload(input, lambda: suspend_account(context.resources, input.account(), context.caller))

    @strawberry.mutation(
        description="Reinstates a suspended account, so that it can order again unless its parent is suspended; needs "
        "scope `operator`. Client accounts that are suspended on their own stay suspended. A retry changes nothing."
    )
    async def reinstate_account(
        self,
        info: Info,
        input: Annotated[AccountRefInput, strawberry.argument(description="Suspended account to reinstate.")],
    ) -> AccountPayload | None:
        context = info.context
        return await account_payload(
            input, lambda: reinstate_account(context.resources, input.account(), context.caller)
        )

    @strawberry.mutation(
        description="Sets the maximum debt and the maximum holds of a live account and its client accounts; needs "
        "scope `operator`. Existing orders and holds stay. Refused for a client account, which has the limits of its "
        "parent, and for a test account, which has none. A retry sets the same limits again."
    )
    async def set_account_limits(
        self,
        info: Info,
        input: Annotated[SetAccountLimitsInput, strawberry.argument(description="Account, and its new limits.")],
    ) -> AccountPayload | None:
        context = info.context

        async def limited() -> Account:
            limits = await set_limits(
                context.resources, input.account(), credit=input.credit(), holds=input.holds(), caller=context.caller
            )
            return limits.account

        return await account_payload(input, limited)
