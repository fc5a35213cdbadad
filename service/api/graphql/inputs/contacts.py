"""Inputs of the mutation for contacts."""

import strawberry

from service.domain.contacts import WantedContact
from service.domain.mail import MailKind


@strawberry.input(description="Person of a customer who gets mail about the account.")
class ContactInput:
    email: str = strawberry.field(
        description="Mail address such as `name@example.com`: at most 254 characters. Letters beyond ASCII are "
        "allowed; those before the `@` need a mail server of the recipient that knows SMTPUTF8. Each address once, "
        "whatever the case of its letters."
    )
    name: str = strawberry.field(description="Name of the person or department: 1 to 200 characters.")
    kinds: list[MailKind] = strawberry.field(
        description="Kinds of mail that the person gets. An empty list keeps the contact without any mail."
    )
    opted_out: list[MailKind] | None = strawberry.field(
        default=None,
        description="Kinds of mail that the person has declined and does not get, even if `kinds` has them. By default "
        "what a contact of this address has declined stays as it is.",
    )

    def contact(self) -> WantedContact:
        return WantedContact(email=self.email, name=self.name, kinds=self.kinds, opted_out=self.opted_out)


@strawberry.input(description="New contacts of the account, instead of those that it has.")
class SetContactsInput:
    contacts: list[ContactInput] = strawberry.field(
        description="All contacts that the account is to have: at most 20. An empty list removes all of them."
    )
