"""Rows of deliveries: queued, leased, marked and listed; SQL for leases by conditional updates."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from service.domain.events import Event
from service.domain.webhooks import CALLBACK_CURRENCY, NEVER, Delivery, DeliveryStatus, Endpoint
from service.kit.keyset import PageRequest
from service.storage import models
from service.storage.database import Statements
from service.storage.dialects import apart
from service.storage.events import EVENTS
from service.storage.tables import Table, given
from service.storage.webhooks import ENDPOINTS

DELIVERIES = Table(models.WebhookDelivery, Delivery)
SEQS_A_STATEMENT = 500

_DUE = "endpoint_id = $1 AND status = 'PENDING' AND due_at <= $2"


async def due_endpoints(statements: Statements, now: datetime) -> list[Endpoint]:
    """Return the enabled endpoints that have a delivery to send now."""
    due = f"SELECT endpoint_id FROM {DELIVERIES.name} WHERE status = 'PENDING' AND due_at <= $1"
    rows = await statements.fetch(
        f"SELECT {ENDPOINTS.of('e')} FROM {ENDPOINTS.name} e WHERE e.disabled_at IS NULL AND e.deleted_at IS NULL"
        f" AND EXISTS (SELECT 1 FROM {apart(statements, due)} d WHERE d.endpoint_id = e.id)",
        now,
    )
    return [ENDPOINTS.value(row) for row in rows]


async def lease(
    statements: Statements, endpoint_id: UUID, lease_id: UUID, now: datetime, until: datetime, limit: int
) -> list[Delivery]:
    """Lease at most `limit` due deliveries of the endpoint, the longest due first, and return them."""
    await statements.execute(
        f"UPDATE {DELIVERIES.name} SET lease_id = $3, due_at = $4 WHERE {_DUE} AND id IN ("
        f"SELECT id FROM {DELIVERIES.name} WHERE {_DUE} ORDER BY due_at, seq LIMIT {limit:d})",
        endpoint_id,
        now,
        lease_id,
        until,
    )
    query = models.WebhookDelivery.filter(
        endpoint_id=endpoint_id, status=DeliveryStatus.PENDING, lease_id=lease_id, due_at=until
    )
    return await DELIVERIES.read(statements, query.order_by("seq"))


async def following(statements: Statements, head: Delivery, limit: int) -> list[Delivery]:
    """Return the pending deliveries of the same account and endpoint after this one, in order."""
    query = models.WebhookDelivery.filter(
        account_id=head.account_id,
        endpoint_id=head.endpoint_id,
        status=DeliveryStatus.PENDING,
        seq__gt=head.seq,
    )
    return await DELIVERIES.read(statements, query.order_by("seq").limit(limit))


async def mark(
    statements: Statements,
    delivery: Delivery,
    status: DeliveryStatus,
    due_at: datetime,
    log: list[dict[str, Any]],
) -> bool:
    """Store the outcome of an attempt and end the lease; return False if another worker has taken the delivery over."""
    changes = {"status": status, "due_at": due_at, "log": log, "attempts": delivery.attempts + 1, "lease_id": None}
    where = {column: getattr(delivery, column) for column in ("account_id", "id", "lease_id")}
    return await DELIVERIES.update(statements, changes, **where, status=DeliveryStatus.PENDING) == 1


async def release_first(statements: Statements, account_id: UUID, endpoint_id: UUID, now: datetime) -> None:
    """Make the first pending delivery of the account due, if no earlier one is left. The cursor must be locked."""
    await statements.execute(
        f"UPDATE {DELIVERIES.name} SET due_at = $3 WHERE account_id = $1 AND endpoint_id = $2 AND status = 'PENDING'"
        f" AND due_at = $4 AND seq = (SELECT MIN(seq) FROM {DELIVERIES.name}"
        " WHERE account_id = $1 AND endpoint_id = $2 AND status = 'PENDING')",
        account_id,
        endpoint_id,
        now,
        NEVER,
    )


async def hurry(statements: Statements, endpoint_id: UUID, now: datetime, limit: int) -> None:
    """Make deliveries that wait for their next attempt due now, because their endpoint answers again."""
    await statements.execute(
        f"UPDATE {DELIVERIES.name} SET due_at = $2 WHERE id IN (SELECT id FROM {DELIVERIES.name} WHERE endpoint_id = $1"
        f" AND status = 'PENDING' AND due_at > $2 AND due_at < $3 AND lease_id IS NULL LIMIT {limit:d})"
        " AND endpoint_id = $1 AND status = 'PENDING' AND lease_id IS NULL",
        endpoint_id,
        now,
        NEVER,
    )


async def requeue(
    statements: Statements,
    endpoint: Endpoint,
    account_id: UUID,
    seqs: Sequence[int],
    due_at: datetime,
    give_up_at: datetime,
) -> None:
    """Make the endpoint's deliveries of these events of the account pending again, and end their leases."""
    changes = {"status": DeliveryStatus.PENDING, "due_at": due_at, "give_up_at": give_up_at, "lease_id": None}
    for start in range(0, len(seqs), SEQS_A_STATEMENT):
        some = list(seqs[start : start + SEQS_A_STATEMENT])
        await DELIVERIES.update(statements, changes, account_id=account_id, endpoint_id=endpoint.id, seq=some)


async def events_of(statements: Statements, deliveries: Collection[Delivery]) -> dict[tuple[UUID, int], Event]:
    """Return the events of the deliveries, by account and number."""
    found: dict[tuple[UUID, int], Event] = {}
    for account_id in sorted({each.account_id for each in deliveries}):
        seqs = {each.seq for each in deliveries if each.account_id == account_id}
        for event in await EVENTS.read(statements, models.Event.filter(account_id=account_id, seq__in=seqs)):
            found[account_id, event.seq] = event
    return found


async def events_since(statements: Statements, account_id: UUID, since: datetime, limit: int) -> list[Event]:
    """Return at most `limit` of the account's latest events since the time, in order."""
    # Read backwards by the primary key: an index on the time would slow down every order.
    query = models.Event.filter(account_id=account_id).order_by("-seq")
    found: list[Event] = []
    while len(found) < limit:
        after = query.filter(seq__lt=found[-1].seq) if found else query
        some = await EVENTS.read(statements, after.limit(min(SEQS_A_STATEMENT, limit - len(found))))
        recent = [event for event in some if event.created_at >= since]
        found += recent
        if len(recent) < len(some) or not some:
            break
    return found[::-1]


async def orders_with_address(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> set[UUID]:
    """Return these orders of the account if their changes are sent to a callback URL: orders in SAR, as in
    carbon-engine.
    """
    query = models.Order.filter(
        account_id=account_id, id__in=order_ids, currency=CALLBACK_CURRENCY, callback_url__isnull=False
    )
    rows = await query.using_db(statements.client).values("id")
    return {row["id"] for row in rows}


async def addresses_of(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the callback URLs of the account's orders, by order."""
    query = models.Order.filter(account_id=account_id, id__in=order_ids, callback_url__isnull=False)
    rows = await query.using_db(statements.client).values("id", "callback_url")
    return {row["id"]: row["callback_url"] for row in rows}


async def page(
    statements: Statements,
    owner_id: UUID,
    endpoint_id: UUID | None,
    status: DeliveryStatus | None,
    request: PageRequest,
) -> list[Delivery]:
    """Return one delivery more than the page holds, newest first."""
    query = models.WebhookDelivery.filter(given(endpoint_id=endpoint_id, status=status), owner_id=owner_id)
    return await DELIVERIES.read_page(statements, query, "created_at", request, descending=True)


async def find(statements: Statements, owner_id: UUID, delivery_id: UUID) -> Delivery | None:
    """Return the delivery of one of the account's endpoints, or None."""
    return await DELIVERIES.read_first(statements, models.WebhookDelivery.filter(owner_id=owner_id, id=delivery_id))


async def of_ids(statements: Statements, owner_id: UUID, ids: Collection[UUID]) -> dict[UUID, Delivery]:
    """Return the deliveries with these ids, by id; only those of the account's endpoints."""
    return await DELIVERIES.read_by(statements, models.WebhookDelivery.filter(owner_id=owner_id, id__in=ids))


async def of_event(statements: Statements, endpoint: Endpoint, event: Event) -> Delivery:
    """Return the delivery of the event to the endpoint, which was queued in this transaction."""
    query = models.WebhookDelivery.filter(account_id=event.account_id, endpoint_id=endpoint.id, seq=event.seq)
    (found,) = await DELIVERIES.read(statements, query)
    return found


async def expire(statements: Statements, before: datetime, limit: int) -> int:
    """Delete at most `limit` deliveries that were created before the time; return their number."""
    return await statements.execute(
        f"DELETE FROM {DELIVERIES.name} WHERE (account_id, id) IN (SELECT account_id, id FROM {DELIVERIES.name}"
        f" WHERE created_at < $1 ORDER BY created_at LIMIT {limit:d})",
        before,
    )
