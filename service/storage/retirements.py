"""Rows of retirements, and orders whose retirement is due; SQL for the queue, which a partial index keeps short.

The table refuses updates and deletes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.events import EventType
from service.domain.order import OrderStatus, PaymentStatus
from service.domain.retirement import Retirement
from service.domain.serials.facts import CreditStatus
from service.domain.worker_failures import WorkerStep
from service.storage import models
from service.storage.accounts import ACCOUNTS
from service.storage.batches import BATCHES, may_be_retired
from service.storage.database import Statements, placeholders
from service.storage.events import EVENTS
from service.storage.orders import ENTRIES, ORDERS
from service.storage.tables import Table
from service.storage.worker_failures import rests

RETIREMENTS = Table(models.Retirement, Retirement)
_HOLDS_REFUSED = (
    f"EXISTS (SELECT 1 FROM {ENTRIES.name} r JOIN {BATCHES.name} b ON b.id = r.batch_id"
    f" WHERE r.account_id = o.account_id AND r.order_id = o.id AND NOT coalesce({may_be_retired('$1', '$2')}, FALSE)"
    f" GROUP BY r.batch_id HAVING sum(r.mass_g) > 0)"
)
"""Condition on an order: it has grams of a batch that may not be retired in the given year and on the given day."""


@dataclass(frozen=True, slots=True)
class RefusedBatch:
    """Facts of a batch that explain why its credits may not be retired."""

    vintage: int
    period_end: date | None
    credit_status: CreditStatus


async def due(
    statements: Statements,
    payments: Collection[PaymentStatus],
    *,
    ready_until: datetime,
    awaited: Collection[EventType],
    limit: int,
    today: date,
    now: datetime,
) -> list[tuple[UUID, UUID]]:
    """Return the (account, order) pairs of live orders to retire: first those whose retirement has started, then those
    with one of these payment states that were placed until `ready_until` and have no later `awaited` event, oldest
    first. Orders of test accounts are not among them. An order is left out if it holds credits that may not be retired
    on the day (in UTC), or if it failed and is paused at `now`.

    One statement for each state, because each then reads its index in order and stops at the limit.
    """
    found = await _first(statements, f"o.status = '{OrderStatus.RETIRING}'", limit, today, now)
    names = ", ".join(f"'{event_type}'" for event_type in sorted(awaited))
    for payment in sorted(payments):
        condition = (
            f"o.status = '{OrderStatus.FULFILLED}' AND o.payment_status = $5 AND o.created_at <= $6"
            f" AND NOT EXISTS (SELECT 1 FROM {EVENTS.name} e WHERE e.account_id = o.account_id AND e.order_id = o.id"
            f" AND e.event_type IN ({names}) AND e.created_at > $6)"
        )
        found += await _first(statements, condition, limit, today, now, payment, ready_until)
    return found[:limit]


async def refused(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID], *, today: date
) -> frozenset[UUID]:
    """Return these orders of the account that hold credits which may not be retired on the day."""
    if not order_ids:
        return frozenset()
    rows = await statements.fetch(
        f"SELECT o.id FROM {ORDERS.name} o WHERE o.account_id = $3 AND o.id IN ({placeholders(4, len(order_ids))})"
        f" AND {_HOLDS_REFUSED}",
        *(today.year, today, account_id, *order_ids),
    )
    return frozenset(row["id"] for row in rows)


async def refused_batches(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID], *, today: date
) -> list[tuple[UUID, RefusedBatch]]:
    """Return the batches that may not be retired on the day, as far as these orders of the account hold grams of them,
    by order and vintage. A complete order has none, because retired credits stay retired.
    """
    if not order_ids:
        return []
    rows = await statements.fetch(
        f"SELECT o.id AS order_id, b.vintage, b.period_end, b.credit_status FROM {ORDERS.name} o"
        f" JOIN {ENTRIES.name} r ON r.account_id = o.account_id AND r.order_id = o.id"
        f" JOIN {BATCHES.name} b ON b.id = r.batch_id"
        f" WHERE o.account_id = $3 AND o.id IN ({placeholders(4, len(order_ids))})"
        f" AND o.status <> '{OrderStatus.COMPLETE}' AND NOT coalesce({may_be_retired('$1', '$2')}, FALSE)"
        f" GROUP BY o.id, b.id, b.vintage, b.period_end, b.credit_status HAVING sum(r.mass_g) > 0"
        f" ORDER BY o.id, b.vintage, b.id",
        *(today.year, today, account_id, *order_ids),
    )
    return [
        (row["order_id"], RefusedBatch(row["vintage"], row["period_end"], CreditStatus(row["credit_status"])))
        for row in rows
    ]


async def _first(
    statements: Statements, condition: str, limit: int, today: date, now: datetime, *parameters: object
) -> list[tuple[UUID, UUID]]:
    rows = await statements.fetch(
        f"SELECT o.account_id, o.id FROM {ORDERS.name} o JOIN {ACCOUNTS.name} a ON a.id = o.account_id"
        f" WHERE a.mode = '{Mode.LIVE}' AND {condition} AND NOT {_HOLDS_REFUSED}"
        f" AND NOT {rests(WorkerStep.RETIRE_ORDERS, 'o.account_id', 'o.id', '$4')} ORDER BY o.created_at LIMIT $3",
        today.year,
        today,
        limit,
        now,
        *parameters,
    )
    return [(row["account_id"], row["id"]) for row in rows]


async def of_orders(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> list[Retirement]:
    """Return the retirements of those of the account's orders, line by line."""
    query = models.Retirement.filter(account_id=account_id, order_id__in=order_ids)
    return await RETIREMENTS.read(statements, query.order_by("order_id", "position", "batch_id"))


async def unretired_g(statements: Statements, account_id: UUID, start: datetime, end: datetime) -> int:
    """Return the grams that are not retired, summed over the account's orders placed from the start until before the
    end, except cancelled and failed ones.
    """
    rows = await statements.fetch(
        f"SELECT CAST(coalesce(sum(mass_g - retired_g), 0) AS BIGINT) AS pending_g FROM {ORDERS.name}"
        f" WHERE account_id = $1 AND created_at >= $2 AND created_at < $3 AND status NOT IN ($4, $5, $6)",
        account_id,
        start,
        end,
        OrderStatus.CANCELLED,
        OrderStatus.FAILED,
        OrderStatus.COMPLETE,
    )
    return int(rows[0]["pending_g"])
