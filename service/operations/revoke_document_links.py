"""Revoke the links to the documents of one invoice, credit note or order, or of a whole account.

Locks: the account's head.
"""

from typing import TypeAlias
from uuid import UUID

from service.domain.accounts import Caller, Head
from service.domain.events import EventType
from service.domain.listing import OrderRef
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import accounts, documents, money, orders
from service.storage.database import Statements

Revoked: TypeAlias = UUID | None
"""Id of the invoice, credit note or order; None for all of the account."""


async def revoke_document_links(resources: Resources, caller: Caller, document_id: Revoked) -> None:
    """Revoke all links made so far to documents of the caller's invoice, credit note or order; without an id to all
    documents of the account. Links made later are valid. A retry also revokes the links made in between.

    Refuses `FORBIDDEN` to a key without the scope `account:manage` or `operator`, and `NOT_FOUND`.
    """
    caller.require_management()

    async def work(statements: Statements, head: Head) -> Done[None]:
        caller.refuse_change_if_suspended(head.account)
        if document_id is not None and not await _exists(statements, caller.account.id, document_id):
            raise Refused(Code.NOT_FOUND, "There is no such invoice, credit note or order in this account.", ("id",))
        await documents.revoke(statements, caller.account.id, document_id or caller.account.id)
        return Done(None, EventType.DOCUMENT_LINKS_REVOKED, {})

    await transact_with_event(resources, caller, work)


async def revoke_links_of_account(resources: Resources, account_id: UUID) -> None:
    """Revoke all links to documents of the account made so far. Called by the command line, without a caller. Refuses
    `NOT_FOUND`.
    """

    async def work(statements: Statements) -> None:
        if account_id not in await accounts.lock_heads(statements, [account_id]):
            raise Refused(Code.NOT_FOUND, "There is no such account.", ("account_id",))
        await documents.revoke(statements, account_id, account_id)

    await resources.transact(work)


async def _exists(statements: Statements, account_id: UUID, document_id: UUID) -> bool:
    return bool(
        await orders.find(statements, account_id, OrderRef(id=document_id))
        or await money.of_ids(statements, money.INVOICES, account_id, [document_id])
        or await money.of_ids(statements, money.CREDIT_NOTES, account_id, [document_id])
    )
