"""Rows of events; SQL for the events of a page of orders.

The table refuses updates and deletes.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from tortoise.functions import Sum

from service.domain.events import Event, EventType
from service.storage import models
from service.storage.conditions import owned
from service.storage.database import Statements
from service.storage.tables import Table

EVENTS = Table(models.Event, Event)


async def of_orders(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> list[Event]:
    """Return the events of those orders in the account, order by order, oldest first."""
    conditions = owned(account_id)
    conditions.add_in("order_id", order_ids)
    return await EVENTS.select(statements, conditions, "ORDER BY order_id, seq")


async def after(statements: Statements, account_id: UUID, last_seq: int, limit: int) -> list[Event]:
    """Return at most `limit` of the account's events after the number, in order."""
    query = models.Event.filter(account_id=account_id, seq__gt=last_seq)
    return await EVENTS.read(statements, query.order_by("seq").limit(limit))


async def last_seqs(statements: Statements, account_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the number of the last event of each account."""
    query = models.AccountHead.filter(account_id__in=account_ids).using_db(statements.client)
    return {row["account_id"]: row["event_seq"] for row in await query.values("account_id", "event_seq")}


async def count_all(statements: Statements) -> int:
    """Return the number of events of all accounts, which are numbered without gaps in each account."""
    rows = await models.AccountHead.all().using_db(statements.client).annotate(total=Sum("event_seq")).values("total")
    return int(rows[0]["total"] or 0)


async def times_of_orders(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID], event_type: EventType
) -> dict[UUID, datetime]:
    """Return the time of the event of this type, by order; only for those of the account's orders that have one."""
    conditions = owned(account_id)
    conditions.add_in("order_id", order_ids)
    conditions.add("event_type = {}", event_type)
    columns = frozenset({"order_id", "created_at"})
    found = await EVENTS.select(statements, conditions, columns=columns)
    return {event.order_id: event.created_at for event in found if event.order_id is not None}
