"""GraphQL type of mails."""

from datetime import datetime

import strawberry

from service.api.graphql.scalars import BigInt
from service.api.graphql.types.enums import described
from service.api.graphql.types.node import Node, global_id
from service.domain import mail
from service.domain.mail import MailKind, MailStatus

described(
    MailStatus,
    "MailStatus",
    "State of a mail to a contact.",
    {
        MailStatus.PENDING: "The mail is sent soon, or again after a failure.",
        MailStatus.SENT: "The mail server took the mail. It does not say whether the mail was delivered and read.",
        MailStatus.FAILED: "The mail server refused the mail for good, or did not take it for 72 hours. It is not sent "
        "again.",
        MailStatus.CANCELLED: "The contact was removed, or stopped getting this kind of mail, before the mail was "
        "sent.",
    },
)


@strawberry.type(description="A mail about an event of an account to one of its contacts.")
class Mail(Node):
    row: strawberry.Private[mail.Mail]

    @strawberry.field(description="Id of the account that the mail is about.")
    def account_id(self) -> strawberry.ID:
        return global_id("Account", self.row.account_id)

    @strawberry.field(description="Kind of event that the mail is about.")
    def kind(self) -> MailKind:
        return self.row.kind

    @strawberry.field(description="Address of the contact that the mail is sent to.")
    def email(self) -> str:
        return self.row.email

    @strawberry.field(description="Number of the event among all events of its account.")
    def sequence(self) -> BigInt:
        return BigInt(self.row.seq)

    @strawberry.field(description="State of the mail; see each value.")
    def status(self) -> MailStatus:
        return self.row.status

    @strawberry.field(
        description="Number of times that the mail was handed to the mail server. Times at which the server could not "
        "be reached do not count."
    )
    def attempt_count(self) -> int:
        return self.row.attempts

    @strawberry.field(
        description="Answer of the mail server to the last attempt that failed, at most 500 characters. Null if the "
        "last attempt did not fail."
    )
    def error(self) -> str | None:
        return self.row.error

    @strawberry.field(
        description="Time at which the mail is sent next, at the earliest (UTC). Null if it is not sent again."
    )
    def next_attempt_at(self) -> datetime | None:
        return self.row.due_at if self.row.status is MailStatus.PENDING else None

    @strawberry.field(description="Time at which the mail server took the mail (UTC). Null if it was not sent.")
    def sent_at(self) -> datetime | None:
        return self.row.sent_at

    @strawberry.field(description="Time at which the mail was queued (UTC).")
    def created_at(self) -> datetime:
        return self.row.created_at


def mail_of(row: mail.Mail) -> Mail:
    """Return the mail as the schema shows it."""
    return Mail(row=row)
