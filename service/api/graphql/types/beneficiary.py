"""GraphQL types of the parties that an order names."""

from collections.abc import Mapping

import strawberry


@strawberry.type(description="A company or a person that is named in an order.")
class Party:
    name: str = strawberry.field(description="Name of the company or person.")
    email: str | None = strawberry.field(description="Email address of the party. Null if the caller gave none.")
    tax_id: str | None = strawberry.field(description="Tax number of the party. Null if the caller gave none.")


@strawberry.type(
    description="Parties that an order's certificate names: the recipient of the certificate, and the party for which "
    "the credits are retired."
)
class Beneficiary:
    recipient: Party | None = strawberry.field(
        description="Party that the certificate is issued to. Null if the caller named none: the account's "
        "`beneficiary`, or else its `name`, is used."
    )
    retirement: Party | None = strawberry.field(
        description="Party for which the credits are retired. Null if the caller named none: the account's "
        "`beneficiary`, or else its `name`, is used."
    )


def party_of(beneficiary: Mapping[str, str] | None) -> Party | None:
    """Return the party of an order's facts; None without any."""
    return (
        Party(name=beneficiary["name"], email=beneficiary.get("email"), tax_id=beneficiary.get("tax_id"))
        if beneficiary
        else None
    )
