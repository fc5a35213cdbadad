"""Queue mails: each new event of a kind that contacts receive becomes a mail to each of them.

The events of an account are the outbox, as for webhooks; a cursor records how far they are queued. Locks: cursors, in
the order of their accounts.
"""

from service.domain.contacts import Contact
from service.domain.events import Event
from service.domain.mail import QUEUED_WITHIN, RETRIED_FOR, Mail, MailStatus
from service.operations.resources import Resources
from service.storage import contacts, events, mails
from service.storage.database import Statements

CURSORS_MAX = 50
"""Maximum number of cursors that are advanced in one transaction."""
EVENTS_MAX = 200
"""Maximum number of events of one account that are queued in one transaction."""


async def queue_mails(resources: Resources) -> int:
    """Queue mails for the events after each cursor, limited by `CURSORS_MAX` and `EVENTS_MAX`; return the number of
    cursors that advanced. Events that are older than `QUEUED_WITHIN` are left out. Safe to run in several processes at
    once.
    """
    if not await mails.behind(resources.database.reader, 1):
        return 0

    async def work(statements: Statements) -> int:
        now, moved = resources.clock(), 0
        behind = await mails.behind(statements, CURSORS_MAX)
        people = await contacts.of_accounts(statements, {cursor.account_id for cursor in behind})
        for cursor in behind:
            recorded = await events.after(statements, cursor.account_id, cursor.last_seq, EVENTS_MAX)
            if not recorded or not await mails.advance(statements, cursor, recorded[-1].seq):
                continue
            moved += 1
            queued = [
                _mail(resources, event, contact)
                for event in recorded
                if event.created_at >= now - QUEUED_WITHIN
                for contact in people.get(cursor.account_id, [])
                if event.event_type.mail is not None and contact.gets(event.event_type.mail)
            ]
            await mails.MAILS.insert(statements, queued)
        return moved

    return await resources.transact(work)


def _mail(resources: Resources, event: Event, contact: Contact) -> Mail:
    kind, now = event.event_type.mail, resources.clock()
    if kind is None:
        raise ValueError(f"{event.event_type} is sent to nobody")
    return Mail(
        account_id=event.account_id,
        id=resources.new_id(),
        seq=event.seq,
        kind=kind,
        email=contact.email,
        name=contact.name,
        status=MailStatus.PENDING,
        attempts=0,
        due_at=now,
        give_up_at=now + RETRIED_FOR,
        lease_id=None,
        error=None,
        created_at=now,
        sent_at=None,
    )
