"""The query that shows what the API key or access token of the request may do."""

from datetime import datetime

import strawberry

from service.api.graphql.context import Info
from service.domain.api_keys import Scope


@strawberry.type(description="API key or access token with which the request was sent.")
class Viewer:
    key_id: str = strawberry.field(
        description="Identifier of the API key, also of that from which an access token was made, as timelines name it."
    )
    scopes: list[Scope] = strawberry.field(
        description="Permissions of the request: those of the API key, or those of the access token."
    )
    expires_at: datetime | None = strawberry.field(
        description="Time from which the API key or the access token is refused. Null if the API key does not expire."
    )
    is_access_token: bool = strawberry.field(description="True if the request was sent with an access token.")


@strawberry.type
class ViewerQueries:
    @strawberry.field(
        description="API key or access token of the request, with its scopes; needs no scope. Null only if reading it "
        "failed; `errors` then says why."
    )
    def viewer(self, info: Info) -> Viewer | None:
        caller = info.context.caller
        return Viewer(
            key_id=caller.key_id,
            scopes=[scope for scope in Scope if scope in caller.scopes],
            expires_at=caller.key_expires_at,
            is_access_token=caller.by_token,
        )
