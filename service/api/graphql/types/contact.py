"""GraphQL type of contacts."""

import strawberry

from service.domain import contacts
from service.domain.contacts import MailKind


@strawberry.type(description="Person of a customer who gets mail about the account.")
class Contact:
    row: strawberry.Private[contacts.Contact]

    @strawberry.field(description="Mail address of the person or department.")
    def email(self) -> str:
        return self.row.email

    @strawberry.field(description="Name of the person or department: 1 to 200 characters.")
    def name(self) -> str:
        return self.row.name

    @strawberry.field(description="Kinds of mail that the contact gets. Empty if the contact gets none.")
    def kinds(self) -> list[MailKind]:
        return [MailKind(kind) for kind in self.row.kinds]


def contact_of(row: contacts.Contact) -> Contact:
    return Contact(row=row)
