"""Retirements and the orders whose retirement is due, as rows; the table refuses updates and deletes."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.events import EventType
from service.domain.order import OrderStatus, PaymentStatus
from service.domain.retirement import Retirement
from service.storage import models
from service.storage.accounts import ACCOUNTS
from service.storage.conditions import Conditions
from service.storage.database import Statements, placeholders
from service.storage.events import EVENTS
from service.storage.orders import ORDERS
from service.storage.tables import Table

RETIREMENTS = Table(models.Retirement, Retirement)


async def due(
    statements: Statements, payments: Collection[PaymentStatus], *, fulfilled_until: datetime, limit: int
) -> list[tuple[UUID, UUID]]:
    """The (account, order) pairs of live orders to retire, oldest first: those whose retirement has started, and those
    with money in one of these states that were fulfilled until then. Orders of test accounts wait to be told.
    """
    count = len(payments)
    rows = await statements.fetch(
        f"SELECT o.account_id, o.id FROM {ORDERS.name} o JOIN {ACCOUNTS.name} a ON a.id = o.account_id"
        f" WHERE a.mode = '{Mode.LIVE}' AND (o.status = '{OrderStatus.RETIRING}'"
        f" OR (o.status = '{OrderStatus.FULFILLED}' AND o.payment_status IN ({placeholders(1, count)})"
        f" AND o.created_at <= ${count + 1} AND NOT EXISTS (SELECT 1 FROM {EVENTS.name} e"
        f" WHERE e.account_id = o.account_id AND e.order_id = o.id AND e.event_type = '{EventType.ORDER_FULFILLED}'"
        f" AND e.created_at > ${count + 1})))"
        f" ORDER BY o.created_at, o.id LIMIT ${count + 2}",
        *sorted(payments),
        fulfilled_until,
        limit,
    )
    return [(row["account_id"], row["id"]) for row in rows]


async def of_orders(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> list[Retirement]:
    """What those of the account's orders retired, line by line."""
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    conditions.add_in("order_id", order_ids)
    return await RETIREMENTS.select(statements, conditions, "ORDER BY order_id, position, batch_id")
