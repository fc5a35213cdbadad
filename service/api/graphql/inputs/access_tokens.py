"""Input of the mutation for access tokens."""

import strawberry

from service.domain.api_keys import Scope


@strawberry.input(description="Access token to create for the API key of the request.")
class CreateAccessTokenInput:
    scopes: list[Scope] = strawberry.field(
        description="Permissions of the token: one or more of those that the API key of the request has."
    )
    expires_in_seconds: int = strawberry.field(
        default=900,
        description="Number of seconds after which the token is refused: 1 to 3,600, by default 900. The token ends "
        "with its API key if that ends earlier.",
    )
