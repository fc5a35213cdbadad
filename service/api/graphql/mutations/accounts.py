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


@strawberry.type(description="Result of a change to an account.")
class AccountPayload:
    account: Account | None = strawberry.field(description="Account after the change; null if the change was refused.")
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the change was refused; empty if it succeeded."
    )


@strawberry.type
class AccountMutations:
    @strawberry.mutation(
        description="Sets the bundles that the account's orders buy if they name neither bundles nor a portfolio. "
        "Existing orders do not change. A retry changes nothing."
    )
    async def set_account_portfolio(
        self,
        info: Info,
        input: Annotated[
            SetAccountPortfolioInput, strawberry.argument(description="Portfolio or bundles to buy by default.")
        ],
    ) -> AccountPayload | None:
        context = info.context
        return await _account(input, lambda: set_account_portfolio(context.resources, context.caller, input.wanted()))

    @strawberry.mutation(
        description="Creates a client account under the caller's account. It has its own orders, estimates and API "
        "keys; its balance and invoices are those of the caller's account. Send the header `Account-Id` to act for it. "
        "A retry with the same handle and input returns the existing account."
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
        return await _account(
            input, lambda: manage_clients.create_client(context.resources, context.caller, **input.facts())
        )

    @strawberry.mutation(description="Changes the given members of a client account. A retry changes nothing.")
    async def update_client_account(
        self,
        info: Info,
        input: Annotated[
            UpdateClientAccountInput, strawberry.argument(description="Client account and the members to change.")
        ],
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
