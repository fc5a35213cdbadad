"""Mutations for the API keys of an account: create one, revoke one."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.api_keys import CreateApiKeyInput, RevokeApiKeyInput
from service.api.graphql.types.api_key import ApiKey, api_key_of
from service.api.graphql.types.errors import UserError, user_error
from service.errors import Refused
from service.operations.manage_account_keys import create_account_key, revoke_account_key


@strawberry.type(description="Result of creating an API key.")
class CreateApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(
        description="Created API key. On a retry: the API key that the first request created, in its present state. "
        "Null if the request was refused."
    )
    secret: str | None = strawberry.field(
        description="The API key itself, to send in the header `Authorization`. Shown once: null on a retry. If the "
        "response to the first request was lost, revoke the key and create another."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the request succeeded."
    )


@strawberry.type(description="Result of revoking an API key.")
class RevokeApiKeyPayload:
    api_key: ApiKey | None = strawberry.field(description="API key after the change. Null if the request was refused.")
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the request succeeded."
    )


@strawberry.type
class ApiKeyMutations:
    @strawberry.mutation(
        description="Creates an API key of the account; needs scope `account:manage`, or `operator`. The new key has "
        "no more scopes and no longer life than the API key of the request. A retry with the same idempotency key "
        "and input returns the existing key without its secret."
    )
    async def create_api_key(
        self,
        info: Info,
        input: Annotated[
            CreateApiKeyInput, strawberry.argument(description="Name, permissions and end of the new API key.")
        ],
    ) -> CreateApiKeyPayload | None:
        context = info.context
        try:
            created = await create_account_key(
                context.resources,
                context.caller,
                idempotency_key=input.idempotency_key,
                name=input.name,
                scopes=input.scopes,
                expires_at=input.expires_at,
                pepper=context.peppers.present,
            )
        except Refused as refusal:
            return CreateApiKeyPayload(api_key=None, secret=None, user_errors=[user_error(refusal, input)])
        return CreateApiKeyPayload(
            api_key=api_key_of(created.key),
            secret=created.generated.text if created.generated else None,
            user_errors=[],
        )

    @strawberry.mutation(
        description="Revokes an API key of the account, which may be that of the request; needs scope "
        "`account:manage`, or `operator`. The key and its access tokens are refused within a second by default. A "
        "retry changes nothing."
    )
    async def revoke_api_key(
        self,
        info: Info,
        input: Annotated[RevokeApiKeyInput, strawberry.argument(description="API key that is to be revoked.")],
    ) -> RevokeApiKeyPayload | None:
        context = info.context
        try:
            revoked = await revoke_account_key(context.resources, context.caller, input.key_id())
        except Refused as refusal:
            return RevokeApiKeyPayload(api_key=None, user_errors=[user_error(refusal, input)])
        return RevokeApiKeyPayload(api_key=api_key_of(revoked), user_errors=[])
