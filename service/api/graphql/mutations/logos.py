"""Mutation for the logo of an account."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.logos import SetAccountLogoInput
from service.api.graphql.mutations.accounts import AccountPayload, account_payload
from service.operations.set_account_logo import set_account_logo


@strawberry.type
class LogoMutations:
    @strawberry.mutation(
        description="Sets the logo of the account, which its public page shows; needs scope `orders:write` or "
        "`account:manage`. To set the logo of a client account with the parent's API key, send the client account's id "
        "in the header `Account-Id`. A retry changes nothing."
    )
    async def set_account_logo(
        self,
        info: Info,
        input: Annotated[
            SetAccountLogoInput, strawberry.argument(description="File of the logo, or null to remove it.")
        ],
    ) -> AccountPayload | None:
        context = info.context
        return await account_payload(
            input, lambda: set_account_logo(context.resources, context.caller, input.content())
        )
