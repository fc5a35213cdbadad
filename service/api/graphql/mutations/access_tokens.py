"""Mutation that creates an access token for a browser."""

from datetime import datetime
from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.access_tokens import CreateAccessTokenInput
from service.api.graphql.types.errors import UserError, user_error
from service.domain.api_keys import Scope
from service.errors import Refused
from service.operations.create_access_token import create_access_token


@strawberry.type(
    description="Text that a browser sends instead of an API key, for at most an hour. It ends with its API key: a "
    "token of a key that is revoked, or has expired, is refused."
)
class AccessToken:
    token: str = strawberry.field(
        description="Token to send as `Authorization: Bearer <token>` to GraphQL and to exports. The REST APIs do not "
        "accept it."
    )
    scopes: list[Scope] = strawberry.field(description="Permissions of the token: what its requests may do.")
    expires_at: datetime = strawberry.field(description="Time from which the token is refused.")


@strawberry.type(description="Result of creating an access token.")
class CreateAccessTokenPayload:
    access_token: AccessToken | None = strawberry.field(
        description="Created access token. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the request succeeded."
    )


@strawberry.type
class AccessTokenMutations:
    @strawberry.mutation(
        description="Creates an access token for the API key of the request, with some of its scopes; needs no scope. "
        "With the header `Account-Id` the token is for the selected account alone. Nothing is stored: a retry creates "
        "another token. Refused `FORBIDDEN` to requests with an access token."
    )
    async def create_access_token(
        self,
        info: Info,
        input: Annotated[
            CreateAccessTokenInput, strawberry.argument(description="Permissions and end of the new access token.")
        ],
    ) -> CreateAccessTokenPayload | None:
        context = info.context
        try:
            created = await create_access_token(
                context.resources,
                context.caller,
                scopes=input.scopes,
                expires_in_s=input.expires_in_seconds,
                peppers=context.peppers,
            )
        except Refused as refusal:
            return CreateAccessTokenPayload(access_token=None, user_errors=[user_error(refusal, input)])
        token = AccessToken(token=created.text, scopes=sorted(created.scopes), expires_at=created.expires_at)
        return CreateAccessTokenPayload(access_token=token, user_errors=[])
