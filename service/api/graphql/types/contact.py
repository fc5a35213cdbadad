"""GraphQL type of contacts."""

import strawberry

from service.domain import contacts
from service.domain.mail import MailKind


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

    @strawberry.field(
        description="Kinds of mail that the contact has declined by the link in each mail, and does not get, even if "
        "`kinds` has them."
    )
    def opted_out(self) -> list[MailKind]:
        return [MailKind(kind) for kind in self.row.opted_out]


def contact_of(row: contacts.Contact) -> Contact:
    return Contact(row=row)
