"""GraphQL type of API keys."""

from datetime import datetime

import strawberry

from service.api.graphql.types.node import Node
from service.domain.api_keys import AccountKey, Scope


@strawberry.type(
    description="API key of an account. The key itself is shown once, when it is created: the service stores no more "
    "than its digest."
)
class ApiKey(Node):
    row: strawberry.Private[AccountKey]

    @strawberry.field(
        description="Part of the key between its second and third underscore. Timelines name the key by it as `actor`, "
        "and the command line shows it as the id of the key."
    )
    def key_id(self) -> str:
        return self.row.stored.key_id

    @strawberry.field(description="Beginning of the key, by which its holder recognises it. It contains no secret.")
    def prefix(self) -> str:
        return f"co_{self.row.mode}_{self.row.stored.key_id}"

    @strawberry.field(description="Name of the person or program that uses the key: 1 to 200 characters.")
    def name(self) -> str:
        return self.row.stored.name

    @strawberry.field(description="Permissions of the key: what its requests may do.")
    def scopes(self) -> list[Scope]:
        return [Scope(scope) for scope in self.row.stored.scopes]

    @strawberry.field(description="Time at which the key was created.")
    def created_at(self) -> datetime:
        return self.row.stored.created_at

    @strawberry.field(description="Time from which the key is refused. Null if the key does not expire.")
    def expires_at(self) -> datetime | None:
        return self.row.stored.expires_at

    @strawberry.field(description="Time at which the key was revoked. Null if it was not.")
    def revoked_at(self) -> datetime | None:
        return self.row.stored.revoked_at

    @strawberry.field(
        description="Time of the last use of the key or of an access token made with it. The time changes at most once "
        "a minute, so later uses in the same minute are not shown, and a use is shown up to 15 seconds after it by "
        "default. Null if the key was never used, or not since the service records uses."
    )
    def last_used_at(self) -> datetime | None:
        return self.row.stored.last_used_at


def api_key_of(row: AccountKey) -> ApiKey:
    return ApiKey(row=row)
