"""Set the contacts of an account, who get mail about it, and read them.

Done by a key with the scope `account:manage`, for its own account or one of its client accounts, or by an operator's
key for any account. Locks: the account's head.
"""

from collections.abc import Sequence

from service.domain.accounts import Account, Caller, Head
from service.domain.contacts import WantedContact, kept_contacts
from service.domain.events import EventType
from service.operations.resources import Resources
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import contacts as rows
from service.storage import mails
from service.storage.database import Statements


async def set_contacts(resources: Resources, caller: Caller, contacts: Sequence[WantedContact]) -> Account:
    """Replace the contacts of the caller's account; repeating it changes nothing. They receive mail about later events.
    The event contains their number, but no names or addresses. Refuses `BAD_USER_INPUT` as `kept_contacts`.
    """
    caller.require_management()
    account_id = caller.account.id
    kept_contacts(account_id, contacts, [])

    async def work(statements: Statements, head: Head) -> Done[Account]:
        account = head.account
        caller.refuse_change_if_suspended(account)
        existing = (await rows.of_accounts(statements, [account_id])).get(account_id, [])
        wanted = kept_contacts(account_id, contacts, existing)
        if existing == wanted:
            return Done(account, None, {})
        await rows.replace_all(statements, account_id, wanted)
        await mails.follow(statements, account_id)
        return Done(account, EventType.CONTACTS_SET, {"contacts": len(wanted)})

    return await transact_with_event(resources, caller, work)
