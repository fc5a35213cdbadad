"""Rows of client accounts, which are found only under their parent; SQL for a condition over four tables."""

from collections.abc import Collection, Sequence
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from service.domain.accounts import Account
from service.domain.catalogue import Mode, Portfolio
from service.domain.events import EventType
from service.domain.ledger import Verb
from service.kit.keyset import PageRequest
from service.storage import models
from service.storage.accounts import ACCOUNTS, HEADS, HeadRow
from service.storage.catalogue import PORTFOLIOS
from service.storage.database import Statements
from service.storage.dialects import apart
from service.storage.events import EVENTS
from service.storage.tables import contains_text

LEDGER = models.LedgerEntry._meta.db_table  # noqa: SLF001
KEYS = models.ApiKey._meta.db_table  # noqa: SLF001


async def add(statements: Statements, client: Account) -> bool:
    """Insert the client account with its head; return False if it existed before."""
    added = await ACCOUNTS.insert(statements, [client])
    await HEADS.insert(statements, [HeadRow(client.id, 0)])
    return added == 1


async def change(statements: Statements, account: Account, columns: Sequence[str]) -> None:
    """Update these columns of the account's row with the account's values."""
    await ACCOUNTS.change(statements, account, columns, "id")


async def by_handle(statements: Statements, parent_id: UUID, handle: str | None) -> Account | None:
    """Return the parent's client account with this handle; None without a handle."""
    if handle is None:
        return None
    return await ACCOUNTS.read_first(statements, models.Account.filter(parent_account_id=parent_id, handle=handle))


async def find(statements: Statements, parent_id: UUID, client_id: UUID) -> Account | None:
    """Return the parent's client account of that id."""
    return await ACCOUNTS.read_first(statements, models.Account.filter(parent_account_id=parent_id, id=client_id))


async def of_organisation(statements: Statements, organisation_id: UUID, mode: Mode, handle: str) -> Account | None:
    """Return the client account of that handle in the organisation's mode, or None."""
    query = models.Account.filter(
        organisation_id=organisation_id, mode=mode, handle=handle, parent_account_id__isnull=False
    )
    return await ACCOUNTS.read_first(statements, query)


async def page(
    statements: Statements, parent_id: UUID, request: PageRequest, *, name_contains: str | None
) -> list[Account]:
    """Return one client account of the parent more than the page holds, oldest first."""
    query = _of_parent(parent_id, name_contains)
    return await ACCOUNTS.read_page(statements, query, "created_at", request, descending=False)


async def count(statements: Statements, parent_id: UUID, *, name_contains: str | None) -> int:
    """Return the exact number of the parent's client accounts."""
    return await _of_parent(parent_id, name_contains).using_db(statements.client).count()


async def family(statements: Statements, account_id: UUID, ids: Collection[UUID]) -> dict[UUID, Account]:
    """Return the accounts, among these, that are this one or its clients, by id."""
    query = models.Account.filter(Q(id=account_id) | Q(parent_account_id=account_id), id__in=ids)
    return await ACCOUNTS.read_by(statements, query)


async def ids_of(statements: Statements, account_id: UUID) -> list[UUID]:
    """Return the ids of the account's client accounts."""
    rows = await models.Account.filter(parent_account_id=account_id).using_db(statements.client).values("id")
    return [row["id"] for row in rows]


async def family_ids(statements: Statements, account_id: UUID, mode: Mode, *, limit: int) -> list[UUID]:
    """Return the ids of the account and its client accounts of the mode, at most `limit` of them."""
    query = models.Account.filter(Q(id=account_id) | Q(parent_account_id=account_id), mode=mode)
    return [row["id"] for row in await query.order_by("id").limit(limit).using_db(statements.client).values("id")]


async def losing_balance(statements: Statements) -> list[Account]:
    """Return the client accounts, by name, whose own keys placed orders that the parent's balance paid for, and which
    are no longer permitted to use it. Orders that the parent's key placed for them do not count.
    """
    paid = f"SELECT account_id, order_account_id, order_id FROM {LEDGER} WHERE verb = $1"
    placed = f"SELECT account_id, order_id, actor FROM {EVENTS.name} WHERE event_type = $2"
    rows = await statements.fetch(
        f"SELECT {ACCOUNTS.of('a')} FROM {ACCOUNTS.name} a WHERE a.parent_account_id IS NOT NULL"
        f" AND NOT a.may_use_balance AND EXISTS"
        f" (SELECT 1 FROM {apart(statements, paid)} l"
        f" JOIN {apart(statements, placed)} e ON e.account_id = a.id AND e.order_id = l.order_id"
        f" JOIN {KEYS} k ON k.key_id = e.actor AND k.account_id = a.id"
        f" WHERE l.account_id = a.parent_account_id AND l.order_account_id = a.id) ORDER BY a.name, a.id",
        Verb.BALANCE_APPLIED,
        EventType.ORDER_PLACED,
    )
    return [ACCOUNTS.value(row) for row in rows]


async def portfolios(statements: Statements, accounts: Collection[Account]) -> dict[UUID, Portfolio]:
    """Return the portfolios of these accounts, by id."""
    query = models.Portfolio.filter(id__in={account.portfolio_id for account in accounts})
    return await PORTFOLIOS.read_by(statements, query)


def _of_parent(parent_id: UUID, name_contains: str | None) -> QuerySet[models.Account]:
    query = models.Account.filter(parent_account_id=parent_id)
    return query if name_contains is None else query.filter(contains_text("name", name_contains))
