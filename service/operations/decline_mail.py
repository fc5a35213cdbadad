"""Decline mail: a contact stops the mails of one kind, or accepts them again, through the link in each mail.

There is no caller with a key; the link itself is the proof that its user received a mail. Locks: the account's head.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Account
from service.domain.contacts import Contact
from service.domain.events import EventRecorder, EventType
from service.domain.mail import MailKind
from service.operations.resources import Resources
from service.storage import accounts, contacts
from service.storage.database import Statements
from service.storage.events import EVENTS

ACTOR = "mail:recipient"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A contact and its account."""

    account: Account
    contact: Contact


async def find_recipient(
    resources: Resources, account_id: UUID, is_recipient: Callable[[Contact], bool]
) -> Recipient | None:
    """Return the account's contact for which `is_recipient` is true; None if the account has it no more."""
    reader = resources.database.reader
    account = await accounts.account(reader, account_id)
    people = (await contacts.of_accounts(reader, [account_id])).get(account_id, [])
    contact = next(filter(is_recipient, people), None)
    return None if account is None or contact is None else Recipient(account, contact)


async def decline_mail(resources: Resources, contact: Contact, kind: MailKind, *, declined: bool) -> None:
    """Store that the contact declines the kind of mail, or accepts it again; repeating it changes nothing. The event
    contains the number of contacts, but no names or addresses.
    """
    account_id = contact.account_id

    async def work(statements: Statements) -> None:
        heads = await accounts.lock_heads(statements, {account_id})
        before = (await contacts.of_accounts(statements, [account_id])).get(account_id, [])
        after = [each.declining(kind, declined=declined) if each.email == contact.email else each for each in before]
        if after == before:
            return
        await contacts.replace_all(statements, account_id, after)
        recorder = EventRecorder(
            {account_id: heads[account_id].event_seq}, actor=ACTOR, now=resources.clock(), new_id=resources.new_id
        )
        recorder.record(account_id, EventType.CONTACTS_SET, contacts=len(after))
        await EVENTS.insert(statements, recorder.events)
        await accounts.raise_heads(statements, recorder.event_seqs)

    await resources.transact(work)
