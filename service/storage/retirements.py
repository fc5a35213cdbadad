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
from service.storage.database import Statements
from service.storage.events import EVENTS
from service.storage.orders import ORDERS
from service.storage.tables import Table

RETIREMENTS = Table(models.Retirement, Retirement)


async def due(
    statements: Statements, payments: Collection[PaymentStatus], *, fulfilled_until: datetime, limit: int
) -> list[tuple[UUID, UUID]]:
    """The (account, order) pairs of live orders to retire: those whose retirement has started, then those with money in
    one of these states that were fulfilled until then, oldest first. Orders of test accounts wait to be told.

    One statement a state, because each then reads its index in order and stops at the limit.
    """
    found = await _first(statements, f"o.status = '{OrderStatus.RETIRING}'", limit)
    for payment in sorted(payments):
        condition = (
            f"o.status = '{OrderStatus.FULFILLED}' AND o.payment_status = $2 AND o.created_at <= $3"
            f" AND NOT EXISTS (SELECT 1 FROM {EVENTS.name} e WHERE e.account_id = o.account_id AND e.order_id = o.id"
            f" AND e.event_type = '{EventType.ORDER_FULFILLED}' AND e.created_at > $3)"
        )
        found += await _first(statements, condition, limit, payment, fulfilled_until)
    return found[:limit]


async def _first(statements: Statements, condition: str, limit: int, *parameters: object) -> list[tuple[UUID, UUID]]:
    rows = await statements.fetch(
        f"SELECT o.account_id, o.id FROM {ORDERS.name} o JOIN {ACCOUNTS.name} a ON a.id = o.account_id"
        f" WHERE a.mode = '{Mode.LIVE}' AND {condition} ORDER BY o.created_at LIMIT $1",
        limit,
        *parameters,
    )
    return [(row["account_id"], row["id"]) for row in rows]


async def of_orders(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> list[Retirement]:
    """What those of the account's orders retired, line by line."""
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    conditions.add_in("order_id", order_ids)
    return await RETIREMENTS.select(statements, conditions, "ORDER BY order_id, position, batch_id")
