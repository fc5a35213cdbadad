"""Set the logo of an account, which its public page shows: its own, or that of one of its client accounts.

Locks: the head of the caller's account.
"""

from dataclasses import replace
from uuid import UUID

from service.domain.accounts import Account, Caller, Head
from service.domain.api_keys import Scope
from service.domain.events import EventType
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.keep_logo import checked_logo
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import clients, logos
from service.storage.database import Statements


async def set_account_logo(
    resources: Resources, caller: Caller, content: bytes | None, *, client_id: UUID | None = None
) -> Account:
    """Set the logo of the caller's account, or of its client account, to the picture; None removes it. Repeating it
    changes nothing. Stored pictures are never deleted, because other accounts may use the same one.

    Refuses `NOT_FOUND` for a client account that is not the caller's, and `BAD_USER_INPUT` as `checked_logo`.
    """
    caller.require_one_of(Scope.ORDERS_WRITE, Scope.ACCOUNT_MANAGE)
    logo = None if content is None else await checked_logo(resources, content)

    async def work(statements: Statements, head: Head) -> Done[Account]:
        caller.refuse_change_if_suspended(head.account)
        account = head.account
        if client_id is not None:
            found = await clients.find(statements, head.account.id, client_id)
            if found is None:
                raise Refused(Code.NOT_FOUND, "There is no such client account.", ("id",))
            account = found
        changed = replace(account, logo_sha256=None if logo is None else logo.sha256)
        if changed == account:
            return Done(account, None, {})
        if logo is not None:
            await logos.LOGOS.insert(statements, [logo])
        await clients.change(statements, changed, ["logo_sha256"])
        whose = {} if client_id is None else {"client_account_id": str(client_id)}
        return Done(changed, EventType.ACCOUNT_UPDATED, {**whose, "changed": ["logo"]})

    return await transact_with_event(resources, caller, work)
