"""Orders and their lines and credit entries, as rows. Every statement names the account."""

from collections.abc import Collection, Iterable
from uuid import UUID

from service.domain.order import CreditEntry, Order, OrderLine
from service.kit.keyset import PageRequest
from service.storage import models
from service.storage.database import Row, Statements, placeholders
from service.storage.tables import Table

ORDERS = Table(models.Order, Order)
LINES = Table(models.OrderLine, OrderLine)
ENTRIES = Table(models.CreditEntry, CreditEntry)


async def standing(
    statements: Statements, account_ids: Collection[UUID], keys: Collection[str], order_ids: Collection[UUID]
) -> list[Order]:
    """The orders of these accounts that already carry one of the keys or one of the ids."""
    accounts = placeholders(1, len(account_ids))
    found: dict[UUID, Order] = {}
    for column, wanted in (("idempotency_key", keys), ("id", order_ids)):
        if not wanted:
            continue
        rows = await statements.fetch(
            f"SELECT {ORDERS.column_list} FROM {ORDERS.name} WHERE account_id IN ({accounts})"
            f" AND {column} IN ({placeholders(len(account_ids) + 1, len(wanted))})",
            *account_ids,
            *wanted,
        )
        found.update((row["id"], ORDERS.value(row)) for row in rows)
    return list(found.values())
