"""Inputs of the mutation for contacts."""

from uuid import UUID

import strawberry

from service.domain.contacts import Contact, MailKind

_ANY_ACCOUNT = UUID(int=0)
"""The operation sets the account."""


@strawberry.input(description="Person of a customer who gets mail about the account.")
class ContactInput:
    email: str = strawberry.field(
        description="Mail address such as `name@example.com`: at most 254 characters, without letters beyond ASCII. "
        "Each address once, whatever the case of its letters."
    )
    name: str = strawberry.field(description="Name of the person or department: 1 to 200 characters.")
    kinds: list[MailKind] = strawberry.field(
        description="Kinds of mail that the person gets. An empty list keeps the contact without any mail."
    )

    def contact(self) -> Contact:
        return Contact(account_id=_ANY_ACCOUNT, email=self.email, name=self.name, kinds=list(self.kinds))


@strawberry.input(description="New contacts of the account, instead of those that it has.")
class SetContactsInput:
    contacts: list[ContactInput] = strawberry.field(
        description="All contacts that the account is to have: at most 20. An empty list removes all of them."
    )
