"""Send events again to a webhook endpoint: one delivery, all events since a time, or a test event.

Locks: the account's head, then the cursors of the endpoint. Promises: P23, P24.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service.domain.accounts import Caller, Head, refuse_if_suspended
from service.domain.api_keys import Scope
from service.domain.event_types import EventType
from service.domain.events import Event, EventRecorder
from service.domain.webhooks import NEVER, Delivery, Endpoint, WebhookFormat
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.queue_delivery import queue, retried_for
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import accounts, webhook_deliveries, webhooks
from service.storage.database import Statements
from service.storage.events import EVENTS

EVENTS_MAX = 5_000
"""Maximum number of events that one request replays."""


async def replay_delivery(resources: Resources, caller: Caller, delivery_id: UUID) -> Delivery:
    """Queue the delivery again, whatever its state, and return its new state. A repetition sends it again. Refuses
    `NOT_FOUND`.
    """
    _require(caller)

    async def work(statements: Statements, head: Head) -> Done[Delivery]:
        refuse_if_suspended(head.account)
        found = await webhook_deliveries.find(statements, caller.account.id, delivery_id)
        if found is None:
            raise Refused(Code.NOT_FOUND, "There is no such delivery in this account.", ("id",))
        endpoint = await _endpoint(statements, caller, found.endpoint_id)
        await _requeue(resources, statements, endpoint, found.account_id, [found.seq])
        again = await webhook_deliveries.find(statements, caller.account.id, delivery_id)
        told = {"endpoint_id": str(endpoint.id), "deliveries": 1}
        return Done(again or found, EventType.WEBHOOK_REPLAYED, told)

    return await transact_with_event(resources, caller, work)


async def replay_events(resources: Resources, caller: Caller, endpoint_id: UUID, since: datetime) -> int:
    """Queue again every event since the time that the endpoint receives, delivered or not; return their number. A
    repetition sends them again. Refuses `NOT_FOUND`, and `BAD_USER_INPUT` for a time that is longer ago than deliveries
    are kept, or for more than `EVENTS_MAX` events.
    """
    _require(caller)
    kept = resources.webhooks.kept
    if since < resources.clock() - kept:
        message = f"Give a time of the last {kept.days} days: older events are not sent again."
        raise Refused(Code.BAD_USER_INPUT, message, ("since",))

    async def work(statements: Statements, head: Head) -> Done[int]:
        refuse_if_suspended(head.account)
        endpoint = await _endpoint(statements, caller, endpoint_id, "webhook_endpoint_id")
        sent = 0
        for account_id in await webhooks.followed(statements, endpoint):
            found = await webhook_deliveries.events_since(statements, account_id, since, EVENTS_MAX + 1)
            wanted = [event for event in found if endpoint.wants(event.event_type)]
            sent += len(wanted)
            if sent > EVENTS_MAX or len(found) > EVENTS_MAX:
                message = f"More than {EVENTS_MAX} events happened since then. Give a later time."
                raise Refused(Code.BAD_USER_INPUT, message, ("since",))
            if wanted:
                await webhooks.lock_cursor(statements, account_id, endpoint.id)
                await queue(resources, statements, endpoint, wanted, resources.clock())
                await _requeue(resources, statements, endpoint, account_id, [event.seq for event in wanted])
        told = {"endpoint_id": str(endpoint_id), "deliveries": sent}
        return Done(sent, EventType.WEBHOOK_REPLAYED if sent else None, told)

    return await transact_with_event(resources, caller, work)


async def send_test_event(resources: Resources, caller: Caller, endpoint_id: UUID) -> Delivery:
    """Record a test event and queue it for this endpoint alone, whatever its event types; return the delivery. A
    repetition sends another event. Refuses `NOT_FOUND`, and `BAD_USER_INPUT` for a disabled endpoint.
    """
    _require(caller)
    event_id = resources.new_id()

    async def work(statements: Statements) -> Delivery:
        heads = await accounts.lock_heads(statements, {caller.account.id})
        head = heads[caller.account.id]
        refuse_if_suspended(head.account)
        endpoint = await _endpoint(statements, caller, endpoint_id)
        if endpoint.disabled_at is not None:
            raise Refused(Code.BAD_USER_INPUT, "The webhook endpoint is disabled. Enable it first.", ("id",))
        recorder = EventRecorder(
            {caller.account.id: head.event_seq},
            actor=caller.key_id,
            now=resources.clock(),
            new_id=resources.new_id,
        )
        recorder.record(caller.account.id, EventType.WEBHOOK_TEST, endpoint_id=str(endpoint_id))
        event: Event = replace(recorder.events[0], id=event_id)
        await webhooks.lock_cursor(statements, caller.account.id, endpoint_id)
        await queue(resources, statements, endpoint, [event], event.created_at)
        await EVENTS.insert(statements, [event])
        await accounts.raise_heads(statements, recorder.event_seqs)
        return await webhook_deliveries.of_event(statements, endpoint, event)

    return await resources.transact(work)


def _require(caller: Caller) -> None:
    caller.require(Scope.ORDERS_WRITE)
    caller.require(Scope.ORDERS_READ)


async def _endpoint(statements: Statements, caller: Caller, endpoint_id: UUID, member: str = "id") -> Endpoint:
    found = await webhooks.find(statements, caller.account.id, endpoint_id)
    if found is None or found.format is WebhookFormat.CALLBACK:
        raise Refused(Code.NOT_FOUND, "There is no such webhook endpoint in this account.", (member,))
    return found


async def _requeue(
    resources: Resources,
    statements: Statements,
    endpoint: Endpoint,
    account_id: UUID,
    seqs: list[int],
) -> None:
    now = resources.clock()
    await webhooks.lock_cursor(statements, account_id, endpoint.id)
    due_at = NEVER if endpoint.format.is_ordered else now
    give_up_at = now + retried_for(endpoint.format, resources.webhooks.kept)
    await webhook_deliveries.requeue(statements, endpoint, account_id, seqs, due_at, give_up_at)
    if endpoint.format.is_ordered:
        await webhook_deliveries.release_first(statements, account_id, endpoint.id, now)
