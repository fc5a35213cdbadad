"""Select an account: a key of a parent acts for one of its client accounts, an operator's key for any, and the command
line reads for any without a key.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from service.domain.accounts import Account, Caller
from service.domain.api_keys import Scope
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import accounts, owners

READING = frozenset({Scope.CATALOGUE_READ, Scope.ORDERS_READ})

ACTOR = "command:export"


async def select_account(
    resources: Resources, caller: Caller, account_id: UUID | None, *, any_for_operators: bool = False
) -> Caller:
    """Return the caller, acting for the key's own account, with the key's scopes unchanged, or for one of its client
    accounts, without the operator scope. Promise: P21.

    With `any_for_operators` a key with the scope `OPERATOR` acts for any account, in that account's mode: it keeps the
    scope, and may read and order as the account could.

    Refuses `ACCOUNT_SELECTED_INVALID` with the same message for an id that is malformed (None), unknown, another
    customer's, or of the other mode.
    """
    if account_id == caller.account.id:
        return caller
    found = None if account_id is None else await accounts.account(resources.database.reader, account_id)
    if found is not None and any_for_operators and Scope.OPERATOR in caller.scopes:
        scopes = caller.scopes | READING | {Scope.ORDERS_WRITE}
        return replace(caller, account=found, scopes=scopes, acts_for_client=True)
    if found is None or found.parent_account_id != caller.account.id or found.mode is not caller.account.mode:
        raise Refused(
            Code.ACCOUNT_SELECTED_INVALID,
            "The API key cannot act for the selected account. Select the key's own account or one of its client "
            "accounts.",
        )
    return replace(caller, account=found, scopes=caller.scopes - {Scope.OPERATOR}, acts_for_client=True)


async def readers_of(resources: Resources, caller: Caller, wanted: Collection[UUID]) -> dict[UUID, Caller]:
    """Return a caller for reading each account's data, by account: its own and its clients' accounts, and for an
    operator any account. Other accounts are left out.

    Needed because operators' lists contain orders of other accounts, and a parent's invoices list orders of its
    clients.
    """
    others = set(wanted) - {caller.account.id}
    readers = {caller.account.id: caller} if caller.account.id in wanted else {}
    found = await accounts.of_ids(resources.database.reader, others) if others else {}
    readers.update((id_, _reader(caller, account)) for id_, account in found.items() if _may_read(caller, account))
    return readers


async def readers_of_objects(
    resources: Resources, caller: Caller, type_name: str, ids: Collection[UUID]
) -> Sequence[tuple[Caller, Collection[UUID]]]:
    """Return the readers of these objects of one type, with the objects of each: the caller for all of them; for an
    operator one reader for each account that owns some, and the operator itself for objects without an account.
    """
    if Scope.OPERATOR not in caller.scopes:
        return [(caller, ids)]
    owner_of = await owners.of_ids(resources.database.reader, type_name, ids)
    readers = await readers_of(resources, caller, set(owner_of.values()))
    owned = [
        (reader, {id_ for id_, owner in owner_of.items() if owner == account_id})
        for account_id, reader in readers.items()
    ]
    rest = set(ids) - owner_of.keys()
    return [*owned, (caller, rest)] if rest else owned


async def seller_reading(resources: Resources, account_id: UUID) -> Caller:
    """Return a reader of the account's data for the command line. Refuses `NOT_FOUND`."""
    found = await accounts.account(resources.database.reader, account_id)
    if found is None:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("account",))
    return Caller(account=found, key_id=ACTOR, scopes=frozenset({Scope.ORDERS_READ}), acts_for_client=True)


def _may_read(caller: Caller, account: Account) -> bool:
    return Scope.OPERATOR in caller.scopes or account.parent_account_id == caller.account.id


def _reader(caller: Caller, account: Account) -> Caller:
    more = READING | {Scope.ACCOUNT_MANAGE} if Scope.OPERATOR in caller.scopes else frozenset()
    scopes = (caller.scopes | more) - {Scope.OPERATOR, Scope.ORDERS_WRITE}
    return replace(caller, account=account, scopes=scopes, acts_for_client=True)
