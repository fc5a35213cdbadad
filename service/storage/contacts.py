"""Rows of contacts, which are read and written only as the whole list of an account."""

from collections.abc import Collection, Sequence
from uuid import UUID

from service.domain.contacts import Contact
from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table

CONTACTS = Table(models.Contact, Contact)


async def of_accounts(statements: Statements, account_ids: Collection[UUID]) -> dict[UUID, list[Contact]]:
    """Return the contacts of each account, by their addresses; accounts without any are left out."""
    query = models.Contact.filter(account_id__in=account_ids)
    found: dict[UUID, list[Contact]] = {}
    for contact in sorted(await CONTACTS.read(statements, query), key=lambda contact: contact.email):
        found.setdefault(contact.account_id, []).append(contact)
    return found


async def replace_all(statements: Statements, account_id: UUID, contacts: Sequence[Contact]) -> None:
    """Replace the account's contacts by these."""
    await CONTACTS.delete(statements, account_id=account_id)
    await CONTACTS.insert(statements, contacts)
