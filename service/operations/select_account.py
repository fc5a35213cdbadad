"""Select an account: a key of a parent acts for one of its client accounts, and an operator reads for any, as the
command line does without a key.
"""

from dataclasses import replace
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import accounts

ACTOR = "command:export"


async def select_account(resources: Resources, caller: Caller, account_id: UUID | None) -> Caller:
    """Return the caller, acting for the key's own account or one of its client accounts, never with an operator's scope
    there. Promise: P21.

    Refuses `ACCOUNT_SELECTED_INVALID` with the same message for an id that is malformed (None), unknown, another
    customer's, or of the other mode.
    """
    if account_id == caller.account.id:
        return caller
    found = None if account_id is None else await accounts.account(resources.database.reader, account_id)
    if found is None or found.parent_account_id != caller.account.id or found.mode is not caller.account.mode:
        raise Refused(
            Code.ACCOUNT_SELECTED_INVALID,
            "The API key cannot act for the selected account. Select the key's own account or one of its client "
            "accounts.",
        )
    return replace(caller, account=found, scopes=caller.scopes - {Scope.OPERATOR}, acts_for_client=True)


async def reader_of(resources: Resources, caller: Caller, account_id: UUID) -> Caller | None:
    """Return the caller as a reader of that account's data: its own, a client's of it, or any for an operator; else
    None.

    An operator's verbs return other accounts' orders, and a parent's invoices list those of its clients.
    """
    if account_id == caller.account.id:
        return caller
    found = await accounts.account(resources.database.reader, account_id)
    if found is None or (Scope.OPERATOR not in caller.scopes and found.parent_account_id != caller.account.id):
        return None
    scopes = caller.scopes - {Scope.OPERATOR, Scope.ORDERS_WRITE}
    return replace(caller, account=found, scopes=scopes, acts_for_client=True)


async def seller_reading(resources: Resources, account_id: UUID) -> Caller:
    """Return the command line as a reader of that account's data. Refuses `NOT_FOUND`."""
    found = await accounts.account(resources.database.reader, account_id)
    if found is None:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("account",))
    return Caller(account=found, key_id=ACTOR, scopes=frozenset({Scope.ORDERS_READ}), acts_for_client=True)
