"""Orders of test accounts that are completed automatically, as in a sandbox; SQL for the order of a join."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.event_types import EventType
from service.domain.order import OrderStatus, Source
from service.domain.worker_failures import WorkerStep
from service.storage.accounts import ACCOUNTS
from service.storage.database import Statements, placeholders
from service.storage.events import EVENTS
from service.storage.orders import ORDERS
from service.storage.worker_failures import rests

_MOVING = ", ".join(f"'{status}'" for status in (OrderStatus.PLACED, OrderStatus.FULFILLED, OrderStatus.RETIRING))


async def left_alone(
    statements: Statements,
    source: Source,
    *,
    placed_until: datetime,
    workers: Collection[str],
    limit: int,
    now: datetime,
) -> list[tuple[UUID, UUID]]:
    """Return the (account, order) pairs of incomplete test orders from the source that were placed before the time and
    that only the workers have changed since, oldest first. An order that failed and is paused at `now` is left out. A
    change of customer, description or metadata (`updateOrder`) does not count.
    """
    # SQLite reads the tables of a CROSS JOIN in the written order: test accounts are few, and an index finds their open
    # orders.
    rows = await statements.fetch(
        f"SELECT o.account_id, o.id FROM {ACCOUNTS.name} a CROSS JOIN {ORDERS.name} o"
        f" WHERE a.mode = '{Mode.TEST}' AND o.account_id = a.id AND o.status IN ({_MOVING}) AND o.source = $1"
        f" AND o.created_at <= $2 AND NOT EXISTS (SELECT 1 FROM {EVENTS.name} e WHERE e.account_id = o.account_id"
        f" AND e.order_id = o.id AND e.created_at > o.created_at AND e.event_type <> '{EventType.ORDER_UPDATED}'"
        f" AND e.actor NOT IN ({placeholders(5, len(workers))}))"
        f" AND NOT {rests(WorkerStep.ADVANCE_TEST_ORDERS, 'o.account_id', 'o.id', '$3')}"
        f" ORDER BY o.created_at LIMIT $4",
        source,
        placed_until,
        now,
        limit,
        *sorted(workers),
    )
    return [(row["account_id"], row["id"]) for row in rows]
