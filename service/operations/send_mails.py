"""Send mails: lease those that are due, write them, and store the outcome.

A lease is a conditional update that expires, so that another worker takes over the mails of a killed one. Every mail is
sent at least once; twice only if a worker ends between the server's answer and the update. No transaction is open while
a mail is under way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog

from service.documents.mails.message import Amount, Letter, Mass, Row, Sender, WrittenMail, write_mail
from service.documents.mails.texts import Language
from service.domain.accounts import Account, Visibility
from service.domain.catalogue import Mode
from service.domain.document_links import DocumentName, LinkedDocument
from service.domain.events import Event
from service.domain.mail import ERROR_LENGTH_MAX, Mail, MailKind, MailStatus, next_due
from service.operations.resources import Resources
from service.storage import accounts, certificates, contacts, documents, mails, money, orders, sellers
from service.storage.database import Statements

log = structlog.get_logger(__name__)

MAILS_A_TURN = 20
TURN_TIMEOUT = timedelta(seconds=60)
"""Time after which a run starts no further mail."""
MAIL_TIMEOUT = timedelta(seconds=30)
LEASE = TURN_TIMEOUT + MAIL_TIMEOUT + timedelta(seconds=45)


class Links(Protocol):
    """Builder of the links in mails."""

    def certificate(self, token: str) -> str:
        """Return the address of a certificate."""

    def document(self, name: DocumentName, revision: int) -> str:
        """Return the address of a document or page, which is valid for a limited time."""

    def unsubscribe(self, account_id: UUID, email: str, kind: MailKind) -> str:
        """Return the address where the recipient can stop mails of the kind."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Everything that writing a mail needs besides the database."""

    sender: Sender
    language: Language
    links: Links


@dataclass(frozen=True, slots=True)
class Answer:
    """Outcome of an attempt: `error` is None if the mail server accepted the mail. After a permanent failure it is not
    tried again.
    """

    error: str | None = None
    is_permanent: bool = False


async def lease_mails(resources: Resources) -> list[Mail]:
    """Lease some due mails, so that no other worker takes them before the lease expires."""
    now = resources.clock()
    if not await mails.has_due(resources.database.reader, now):
        return []
    lease_id = resources.new_id()

    async def work(statements: Statements) -> list[Mail]:
        return await mails.lease(statements, lease_id, now, now + LEASE, MAILS_A_TURN)

    return await resources.transact(work)


async def write(resources: Resources, mail: Mail, writing: Writing) -> WrittenMail | None:
    """Return the contents of the leased mail; None if its recipient is no longer to receive it."""
    reader = resources.database.reader
    people = (await contacts.of_accounts(reader, [mail.account_id])).get(mail.account_id, [])
    if not any(each.email == mail.email and each.gets(mail.kind) for each in people):
        return None
    account = await accounts.existing(reader, mail.account_id)
    event = await mails.event_of(reader, mail)
    details = await sellers.details_of(reader, [account.parent_account_id or account.id])
    seller = await sellers.seller_of(reader, details[account.parent_account_id or account.id])
    number, rows, link = await _contents(resources, mail, account, event, writing.links)
    letter = Letter(
        id=mail.id,
        kind=mail.kind,
        name=mail.name,
        email=mail.email,
        account=account.name,
        seller=seller.legal_name,
        is_test=account.mode is Mode.TEST,
        number=number,
        rows=rows,
        link=None if account.external_pages_visibility is Visibility.HIDDEN else link,
        unsubscribe=writing.links.unsubscribe(mail.account_id, mail.email, mail.kind),
        written_at=resources.clock(),
    )
    return write_mail(letter, writing.sender, writing.language)


async def mark_mail(resources: Resources, mail: Mail, answer: Answer, random: Callable[[], float]) -> None:
    """Store the outcome of the attempt, and end the lease."""
    now = resources.clock()
    due_at = None if answer.is_permanent else next_due(mail.attempts + 1, now, mail.give_up_at, random)
    status = MailStatus.PENDING
    if answer.error is None:
        status = MailStatus.SENT
    elif due_at is None:
        status = MailStatus.FAILED
    sent_at = now if status is MailStatus.SENT else None
    if await _mark(resources, mail, status, due_at or now, answer.error, sent_at) and status is MailStatus.FAILED:
        log.warning(
            "mail_failed",
            account_id=str(mail.account_id),
            mail_id=str(mail.id),
            kind=mail.kind.value,
            attempts=mail.attempts + 1,
        )


async def cancel_mail(resources: Resources, mail: Mail) -> None:
    """Mark the mail as cancelled, because its recipient is no longer to receive it."""
    await _mark(resources, mail, MailStatus.CANCELLED, resources.clock(), None, None)


async def postpone_mails(resources: Resources, lease_id: UUID, pause: timedelta, error: str) -> None:
    """End the lease of mails that were not tried, because the server failed. They are tried after the pause; mails
    older than `RETRIED_FOR` fail.
    """

    async def work(statements: Statements) -> int:
        now = resources.clock()
        return await mails.postpone(statements, lease_id, now, now + pause, _kept(error))

    failed = await resources.transact(work)
    if failed:
        log.warning("mails_given_up", mails=failed)


async def _mark(
    resources: Resources, mail: Mail, status: MailStatus, due_at: datetime, error: str | None, sent_at: datetime | None
) -> bool:
    kept = None if error is None else _kept(error)

    async def work(statements: Statements) -> bool:
        return await mails.mark(statements, mail, status, due_at, error=kept, sent_at=sent_at)

    return await resources.transact(work)


def _kept(error: str) -> str:
    return error.replace("\x00", "")[:ERROR_LENGTH_MAX]


async def _contents(
    resources: Resources, mail: Mail, account: Account, event: Event, links: Links
) -> tuple[str, list[Row], str | None]:
    """Return the number of the order or invoice, the facts in the order in which the mail shows them, and the address
    of further information.
    """
    reader, facts = resources.database.reader, event.payload
    if event.order_id is not None:
        order = (await orders.of_ids(reader, account.id, [event.order_id]))[event.order_id]
        rows: list[Row] = [
            ("order", order.number),
            ("placed", order.created_at),
            ("mass", Mass(facts["mass_g"])),
        ]
        if order.customer:
            rows.append(("customer", order.customer))
        if mail.kind in {MailKind.CERTIFICATE_READY, MailKind.RETIREMENT_RECORDED}:
            found = await certificates.of_orders(reader, account.id, [order.id])
            return order.number, rows, links.certificate(found[order.id].token)
        rows.append(("total", Amount(facts["total_cost_minor"], facts["currency"])))
        revisions = await documents.revisions(reader, account.id, [order.id])
        name = DocumentName(LinkedDocument.RECEIPT_PAGE, account.id, order.id)
        return order.number, rows, links.document(name, revisions[order.id])
    invoice_id = UUID(facts["invoice_id"])
    invoice = (await money.of_ids(reader, money.INVOICES, account.id, [invoice_id]))[invoice_id]
    rows = [
        ("invoice", invoice.number),
        ("issued", invoice.created_at),
        ("gross", Amount(invoice.gross_minor, invoice.currency)),
    ]
    link = None
    if not invoice.is_former:  # invoices of earlier releases have no document
        revisions = await documents.revisions(reader, account.id, [invoice.id])
        name = DocumentName(LinkedDocument.INVOICE, account.id, invoice.id)
        link = links.document(name, revisions[invoice.id])
    if mail.kind is MailKind.INVOICE_PAID:
        return invoice.number, [*rows, ("paid", invoice.paid_at or event.created_at)], link
    owed_minor = facts.get("due_minor", invoice.due_minor)
    return invoice.number, [*rows, ("owed", Amount(owed_minor, invoice.currency)), ("due", invoice.due_at)], link
