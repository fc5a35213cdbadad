"""Queue deliveries: each later event of the accounts that webhook endpoints follow becomes a delivery of each endpoint.

The events of an account are the outbox: they are written in the transaction of their change, and a cursor records how
far they are queued. Nothing is written for webhooks when an order is placed. Locks: cursors, in the order of their
keys.
"""

from collections.abc import Sequence

from service.domain.events import Event
from service.domain.webhooks import Cursor, Endpoint, WebhookFormat
from service.operations.resources import Resources
from service.operations.steps.queue_delivery import queue
from service.storage import events as event_log
from service.storage import webhook_deliveries, webhooks
from service.storage.database import Statements

CURSORS_MAX = 50
"""Maximum number of cursors that are advanced in one transaction."""
EVENTS_MAX = 200
"""Maximum number of events of one account that are queued in one transaction."""


async def queue_deliveries(resources: Resources) -> int:
    """Queue the events after each cursor, limited by `CURSORS_MAX` and `EVENTS_MAX`; return the number of cursors that
    advanced. Events older than the time for which deliveries are kept are left out. Safe to run in several processes at
    once.
    """
    if not await webhooks.behind(resources.database.reader, 1):
        return 0

    async def work(statements: Statements) -> int:
        now, moved = resources.clock(), 0
        for cursor, endpoint in await webhooks.behind(statements, CURSORS_MAX):
            events = await event_log.after(statements, cursor.account_id, cursor.last_seq, EVENTS_MAX)
            if not events or not await webhooks.advance(statements, cursor, events[-1].seq):
                continue
            moved += 1
            recent = [event for event in events if event.created_at >= now - resources.webhooks.kept]
            wanted = await _wanted(statements, cursor, endpoint, recent)
            await queue(resources, statements, endpoint, wanted, now)
        return moved

    return await resources.transact(work)


async def _wanted(statements: Statements, cursor: Cursor, endpoint: Endpoint, events: Sequence[Event]) -> list[Event]:
    if endpoint.format is WebhookFormat.CALLBACK:
        named = {event.order_id for event in events if event.order_id is not None}
        ids = await webhook_deliveries.orders_with_address(statements, cursor.account_id, named) if named else set()
        # A callback shows the order's present state, so one delivery for its latest event is enough.
        latest = {event.order_id: event for event in events if event.order_id in ids}
        return list(latest.values())
    return [event for event in events if endpoint.wants(event.event_type)]
