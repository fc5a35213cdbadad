"""Mutations of a customer for its own account: its portfolio and its client accounts."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.catalogue import (
    CreateClientAccountInput,
    SetAccountPortfolioInput,
    UpdateClientAccountInput,
)
from service.api.graphql.types.account import Account, account_of
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.node import parse_id
from service.domain import accounts
from service.errors import Refused
from service.operations import manage_clients
from service.operations.set_account_portfolio import set_account_portfolio


@strawberry.type(description="Result of a mutation that creates or changes an account.")
class AccountPayload:
    account: Account | None = strawberry.field(
        description="Account after the change. On a retry of `createClientAccount`: the account that the first request "
        "created. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the request succeeded."
    )


@strawberry.type
class AccountMutations:
    @strawberry.mutation(
        description="Sets the account's default portfolio. Orders and quotes buy this portfolio if their input names "
        "neither bundles nor a portfolio. Existing orders do not change. A retry changes nothing."
    )
    async def set_account_portfolio(
        self,
        info: Info,
        input: Annotated[
            SetAccountPortfolioInput, strawberry.argument(description="Portfolio or bundles to buy by default.")
        ],
    ) -> AccountPayload | None:
        context = info.context
        return await account_payload(
            input, lambda: set_account_portfolio(context.resources, context.caller, input.wanted())
        )

    @strawberry.mutation(
        description="Creates a client account under the caller's account. A client account has its own orders, "
        "estimates and API keys, and uses the balance and invoices of the caller's account. To act for the client "
        "account with the parent's API key, send the client account's id in the header `Account-Id`. A retry with the "
        "same handle and input returns the existing account. A retry without a handle creates another account."
    )
    async def create_client_account(
        self,
        info: Info,
        input: Annotated[
            CreateClientAccountInput,
            strawberry.argument(description="Client account to create under the caller's account."),
        ],
    ) -> AccountPayload | None:
        context = info.context
        return await account_payload(
            input, lambda: manage_clients.create_client(context.resources, context.caller, **input.facts())
        )

    @strawberry.mutation(
        description="Changes a client account of the caller's account. Members that the input leaves out keep their "
        "values. A retry changes nothing."
    )
    async def update_client_account(
        self,
        info: Info,
        input: Annotated[
            UpdateClientAccountInput, strawberry.argument(description="Client account to change, and the new values.")
        ],
    ) -> AccountPayload | None:
        context = info.context
        return await account_payload(
            input,
            lambda: manage_clients.update_client(
                context.resources, context.caller, parse_id("Account", input.id, "id"), input.changes()
            ),
        )


async def account_payload(given: object, work: Callable[[], Awaitable[accounts.Account]]) -> AccountPayload:
    """Return the payload with the account that the work returns, or with its refusal as an error."""
    try:
        return AccountPayload(account=account_of(await work()), user_errors=[])
    except Refused as refusal:
        return AccountPayload(account=None, user_errors=[user_error(refusal, given)])
