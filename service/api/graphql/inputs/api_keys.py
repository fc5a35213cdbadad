"""Inputs of mutations for API keys."""

from datetime import datetime

import strawberry

from service.api.graphql.types.node import parse_id
from service.domain.api_keys import Scope, id_of_uuid, key_id_in


@strawberry.input(description="API key to create for the account.")
class CreateApiKeyInput:
    idempotency_key: str = strawberry.field(
        description="Key of this request, chosen by the caller: 1 to 512 characters. A request with the same key and "
        "input never creates a second API key. The account can use each idempotency key for one API key."
    )
    name: str = strawberry.field(
        description="Name of the person or program that will use the key: 1 to 200 characters."
    )
    scopes: list[Scope] = strawberry.field(
        description="Permissions of the new key: one or more of those that the API key of the request has. An API key "
        "with scope `OPERATOR` that acts for another account gives that account's keys every scope but `OPERATOR`."
    )
    expires_at: datetime | None = strawberry.field(
        default=None,
        description="Time from which the new key is refused: in the future, and not after the end of the API key of "
        "the request. By default the new key ends with the API key of the request, or never if that does not expire.",
    )


@strawberry.input(description="API key of the account that is to be revoked.")
class RevokeApiKeyInput:
    id: strawberry.ID = strawberry.field(
        description="Id of the key, as the field `id` of the key shows it. Its `prefix` and its `keyId` are accepted "
        "as well."
    )

    def key_id(self) -> str:
        return key_id_in(self.id) or id_of_uuid(parse_id("ApiKey", self.id, "id"))
