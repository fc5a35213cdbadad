"""Rows of organisations, accounts, their heads and API keys; SQL for locks of heads and the account of a caller."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from service.domain.accounts import Account, Head, Organisation
from service.domain.listing import AccountFilter, ListSort
from service.kit.keyset import PageRequest
from service.kit.search_key import search_key
from service.storage import models
from service.storage.conditions import among
from service.storage.database import Statements, placeholders
from service.storage.dialects import for_update, lock_groups, typed_rows
from service.storage.tables import Table, contains_text, given


@dataclass(frozen=True, slots=True)
class HeadRow:
    """Return the head of a new account."""

    account_id: UUID
    event_seq: int


ORGANISATIONS = Table(models.Organisation, Organisation)
_PARENT_SUSPENDED = (
    f"(SELECT p.suspended_at FROM {models.Account._meta.db_table} p"  # noqa: SLF001 - as in tables.py
    " WHERE p.id = {row}.parent_account_id) IS NOT NULL"
)
ACCOUNTS = Table(
    models.Account,
    Account,
    {"name_key": lambda account: search_key(account.name)},
    {"parent_suspended": _PARENT_SUSPENDED},
)
HEADS = Table(models.AccountHead, HeadRow)


async def lock_heads(statements: Statements, account_ids: Collection[UUID]) -> dict[UUID, Head]:
    """Lock the heads, in id order, until the transaction ends; absent accounts are left out.

    The accounts are read by a separate statement after the lock. If the reads were joined to it, PostgreSQL would
    return their state from before the wait, and an order that waited for a suspension would still be placed.
    """
    seqs: dict[UUID, int] = {}
    for group in lock_groups(statements, account_ids, account=lambda account_id: account_id):
        rows = await statements.fetch(
            f"SELECT {HEADS.column_list} FROM {HEADS.name} WHERE account_id IN ({placeholders(1, len(group))})"
            f" ORDER BY account_id{for_update(statements)}",
            *group,
        )
        seqs |= {row["account_id"]: row["event_seq"] for row in rows}
    accounts = await ACCOUNTS.by_id(statements, among("id", list(seqs)))
    return {account_id: Head(account, seqs[account_id]) for account_id, account in accounts.items()}


async def raise_heads(statements: Statements, event_seqs: Mapping[UUID, int]) -> None:
    """Set each account's head to its last event. Called last, so that a transaction that waits for the head then sees
    everything else.
    """
    if not event_seqs:
        return
    cells = [cell for pair in sorted(event_seqs.items()) for cell in pair]
    await statements.execute(
        f"UPDATE {HEADS.name} SET event_seq = v.column2"
        f" FROM (VALUES {typed_rows(statements, ('uuid', 'bigint'), len(event_seqs))}) AS v"
        f" WHERE {HEADS.name}.account_id = v.column1",
        *cells,
    )


async def account(statements: Statements, account_id: UUID) -> Account | None:
    """Return the account, or None."""
    return (await ACCOUNTS.by_id(statements, among("id", [account_id]))).get(account_id)


async def of_ids(statements: Statements, account_ids: Collection[UUID]) -> dict[UUID, Account]:
    """Return the existing accounts among those with these ids, by id."""
    return await ACCOUNTS.read_by(statements, models.Account.filter(id__in=account_ids))


async def existing(statements: Statements, account_id: UUID) -> Account:
    """Return the account of a caller. It exists, because accounts are never deleted."""
    found = await account(statements, account_id)
    if found is None:
        raise RuntimeError("the account of an API key is not there")
    return found


async def of_organisation(statements: Statements, organisation_id: UUID) -> list[Account]:
    """Return the organisation's accounts of both modes, client accounts included."""
    return await ACCOUNTS.read(statements, models.Account.filter(organisation_id=organisation_id).order_by("id"))


async def all_accounts(statements: Statements) -> list[Account]:
    """Return every account, by name and mode, for the operator's command line."""
    return await ACCOUNTS.read(statements, models.Account.all().order_by("name", "mode", "id"))


async def page(statements: Statements, wanted: AccountFilter, sort: ListSort, request: PageRequest) -> list[Account]:
    """Return one account more than the page holds, in the order in which the page is read."""
    return await ACCOUNTS.read_page(statements, _filtered(wanted), sort.field, request, descending=sort.descending)


async def count(statements: Statements, wanted: AccountFilter) -> int:
    """Return the exact number of accounts that the filter selects."""
    return await _filtered(wanted).using_db(statements.client).count()


def _filtered(wanted: AccountFilter) -> QuerySet[models.Account]:
    conditions = given(
        mode=wanted.mode,
        handle=wanted.handle,
        currency__in=wanted.currencies,
        parent_account_id=wanted.parent_id,
        parent_account_id__isnull=None if wanted.is_client is None else not wanted.is_client,
        created_at__gte=wanted.created_from,
        created_at__lt=wanted.created_until,
    )
    query = models.Account.filter(conditions)
    if wanted.name_contains is not None:
        query = query.filter(contains_text("name", wanted.name_contains))
    if wanted.suspended is None:
        return query
    is_suspended = Q(suspended_at__isnull=False) | Q(parent_account__suspended_at__isnull=False)
    return query.filter(is_suspended if wanted.suspended else ~is_suspended)


async def add_organisation(statements: Statements, organisation: Organisation, accounts: Collection[Account]) -> bool:
    """Insert the organisation and its accounts, each with a head at zero events. Return False, and insert nothing, if
    an organisation with the same id or reference exists.
    """
    if not await ORGANISATIONS.insert(statements, [organisation]):
        return False
    await ACCOUNTS.insert(statements, accounts)
    await HEADS.insert(statements, [HeadRow(account.id, 0) for account in accounts])
    return True


async def organisation_of_reference(statements: Statements, reference: str) -> Organisation | None:
    """Return the organisation that the request with this reference created, or None."""
    return await ORGANISATIONS.read_first(statements, models.Organisation.filter(reference=reference))


async def lock_family(statements: Statements, account_id: UUID) -> dict[UUID, Head]:
    """Lock the heads of the account and of its clients until the transaction ends; nothing for an account that does not
    exist. A client that is created concurrently, under the lock of its parent's head, is locked too.
    """
    heads = await lock_heads(statements, [account_id, *await _client_ids(statements, account_id)])
    while account_id in heads and (fresh := set(await _client_ids(statements, account_id)) - heads.keys()):
        heads |= await lock_heads(statements, fresh)
    return heads


async def _client_ids(statements: Statements, account_id: UUID) -> list[UUID]:
    query = models.Account.filter(parent_account_id=account_id).using_db(statements.client)
    return cast(list[UUID], await query.values_list("id", flat=True))


async def suspend(statements: Statements, account_id: UUID, suspended_at: datetime | None) -> None:
    """Set the time since which the account is suspended; None reinstates it. Client accounts are suspended with their
    parent, without a change of their rows.
    """
    await ACCOUNTS.update(statements, {"suspended_at": suspended_at}, id=account_id)
