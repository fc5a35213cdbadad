"""Mutations by which a customer keeps its account: its portfolio and its client accounts."""

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


@strawberry.type(description="What came of a change to an account.")
class AccountPayload:
    account: Account | None = strawberry.field(description="The account as it stands; null if it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if the account is as wanted.")


@strawberry.type
class AccountMutations:
    @strawberry.mutation(
        description="Sets what the account buys when an order names neither bundles nor a portfolio. Orders that stand "
        "are not touched. A retry changes nothing."
    )
    async def set_account_portfolio(
        self, info: Info, input: Annotated[SetAccountPortfolioInput, strawberry.argument(description="What to buy.")]
    ) -> AccountPayload | None:
        context = info.context
        return await _account(input, lambda: set_account_portfolio(context.resources, context.caller, input.wanted()))

    @strawberry.mutation(
        description="Makes an account under the caller's: its orders, estimates and keys are its own, its balance and "
        "invoices the caller's. Act for it with the header `Account-Id`. A retry with the same handle and input "
        "answers the same account."
    )
    async def create_client_account(
        self, info: Info, input: Annotated[CreateClientAccountInput, strawberry.argument(description="The account.")]
    ) -> AccountPayload | None:
        context = info.context
        return await _account(
            input, lambda: manage_clients.create_client(context.resources, context.caller, **input.facts())
        )

    @strawberry.mutation(description="Changes a client account. A retry changes nothing.")
    async def update_client_account(
        self, info: Info, input: Annotated[UpdateClientAccountInput, strawberry.argument(description="What to change.")]
    ) -> AccountPayload | None:
        context = info.context
        return await _account(
            input,
            lambda: manage_clients.update_client(
                context.resources, context.caller, parse_id("Account", input.id, "id"), input.changes()
            ),
        )


async def _account(given: object, work: Callable[[], Awaitable[accounts.Account]]) -> AccountPayload:
    try:
        return AccountPayload(account=account_of(await work()), user_errors=[])
    except Refused as refusal:
        return AccountPayload(account=None, user_errors=[user_error(refusal, given)])
