"""Rows of mail: cursors, mails and reminders; SQL for leases by conditional updates and partial indexes."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from tortoise.expressions import Subquery

from service.domain.billing import Invoice
from service.domain.events import Event
from service.domain.listing import Owners
from service.domain.mail import InvoiceReminder, Mail, MailCursor, MailStatus
from service.kit.keyset import PageRequest
from service.storage import models
from service.storage.accounts import HEADS
from service.storage.database import Statements
from service.storage.events import EVENTS
from service.storage.money import INVOICES
from service.storage.tables import Table, given

MAILS = Table(models.Mail, Mail)
CURSORS = Table(models.MailCursor, MailCursor)
REMINDERS = Table(models.InvoiceReminder, InvoiceReminder)

_DUE = "status = 'PENDING' AND due_at <= $1"


async def follow(statements: Statements, account_id: UUID) -> None:
    """Make the events of the account become mail from now on; its head must be locked. Repeating it does nothing."""
    await statements.execute(
        f"INSERT INTO {CURSORS.name} (account_id, last_seq)"
        f" SELECT account_id, event_seq FROM {HEADS.name} WHERE account_id = $1 ON CONFLICT DO NOTHING",
        account_id,
    )


async def behind(statements: Statements, limit: int) -> list[MailCursor]:
    """Return cursors whose account has later events, in the order of their keys."""
    rows = await statements.fetch(
        f"SELECT {CURSORS.of('c')} FROM {CURSORS.name} c JOIN {HEADS.name} h ON h.account_id = c.account_id"
        f" WHERE h.event_seq > c.last_seq ORDER BY c.account_id LIMIT {limit:d}"
    )
    return [CURSORS.value(row) for row in rows]


async def advance(statements: Statements, cursor: MailCursor, last_seq: int) -> bool:
    """Advance the cursor and lock it until the transaction ends; return False if another worker has moved it."""
    where = {"account_id": cursor.account_id, "last_seq": cursor.last_seq}
    return await CURSORS.update(statements, {"last_seq": last_seq}, **where) == 1


async def has_due(statements: Statements, now: datetime) -> bool:
    """Return True if a mail is to be sent now."""
    return bool(await statements.fetch(f"SELECT 1 FROM {MAILS.name} WHERE {_DUE} LIMIT 1", now))


async def lease(statements: Statements, lease_id: UUID, now: datetime, until: datetime, limit: int) -> list[Mail]:
    """Lease at most `limit` due mails, the longest due first, and return them."""
    await statements.execute(
        f"UPDATE {MAILS.name} SET lease_id = $2, due_at = $3 WHERE {_DUE} AND id IN ("
        f"SELECT id FROM {MAILS.name} WHERE {_DUE} ORDER BY due_at LIMIT {limit:d})",
        now,
        lease_id,
        until,
    )
    query = models.Mail.filter(status=MailStatus.PENDING, due_at=until, lease_id=lease_id)
    return await MAILS.read(statements, query.order_by("created_at", "id"))


async def mark(
    statements: Statements,
    mail: Mail,
    status: MailStatus,
    due_at: datetime,
    *,
    error: str | None,
    sent_at: datetime | None,
) -> bool:
    """Store the outcome of an attempt and end the lease; return False if another worker has taken the mail over."""
    changes = {
        "status": status,
        "due_at": due_at,
        "error": error,
        "sent_at": sent_at,
        "attempts": mail.attempts + 1,
        "lease_id": None,
    }
    where = {"account_id": mail.account_id, "id": mail.id, "lease_id": mail.lease_id, "status": MailStatus.PENDING}
    return await MAILS.update(statements, changes, **where) == 1


async def postpone(statements: Statements, lease_id: UUID, now: datetime, due_at: datetime, error: str) -> int:
    """End the lease of the mails that were not tried: they become due at `due_at`, or failed if their time for attempts
    is over. Return the number of those that failed.
    """
    failed = await statements.execute(
        f"UPDATE {MAILS.name} SET status = 'FAILED', error = $3, lease_id = NULL"
        " WHERE lease_id = $1 AND status = 'PENDING' AND give_up_at <= $2",
        lease_id,
        now,
        error,
    )
    changes = {"due_at": due_at, "error": error, "lease_id": None}
    await MAILS.update(statements, changes, lease_id=lease_id, status=MailStatus.PENDING)
    return failed


async def event_of(statements: Statements, mail: Mail) -> Event:
    """Return the event that the mail reports."""
    (event,) = await EVENTS.read(statements, models.Event.filter(account_id=mail.account_id, seq=mail.seq))
    return event


async def page(statements: Statements, owners: Owners, status: MailStatus | None, request: PageRequest) -> list[Mail]:
    """Return one mail more than the page holds, newest first."""
    query = models.Mail.filter(given(account_id__in=owners.account_ids, account__mode=owners.mode, status=status))
    return await MAILS.read_page(statements, query, "created_at", request, descending=True)


async def of_ids(statements: Statements, ids: Collection[UUID]) -> dict[UUID, Mail]:
    """Return the mails by id, found by the primary key of each account."""
    accounts = Subquery(models.Account.all().values("id"))
    return await MAILS.read_by(statements, models.Mail.filter(id__in=ids, account_id__in=accounts))


async def expire(statements: Statements, before: datetime, limit: int) -> int:
    """Delete at most `limit` mails that were created before the time; return their number."""
    return await statements.execute(
        f"DELETE FROM {MAILS.name} WHERE (account_id, id) IN (SELECT account_id, id FROM {MAILS.name}"
        f" WHERE created_at < $1 ORDER BY created_at LIMIT {limit:d})",
        before,
    )


async def invoices_to_remind(
    statements: Statements, due_from: datetime, due_until: datetime, limit: int
) -> list[Invoice]:
    """Return unpaid invoices that are due within the time, except those whose payer was reminded, earliest due
    first.
    """
    rows = await statements.fetch(
        f"SELECT {INVOICES.of('i')} FROM {INVOICES.name} i WHERE i.status = 'PENDING' AND i.due_at > $1"
        f" AND i.due_at <= $2 AND NOT EXISTS (SELECT 1 FROM {REMINDERS.name} r"
        f" WHERE r.account_id = i.account_id AND r.invoice_id = i.id) ORDER BY i.due_at LIMIT {limit:d}",
        due_from,
        due_until,
    )
    return [INVOICES.value(row) for row in rows]
