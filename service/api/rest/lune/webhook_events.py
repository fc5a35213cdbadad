"""Bodies of webhooks in Lune's form: a batch of events of one account, each with its order as it is now.

In Lune an order is received before it is placed, so one event of this service becomes two of Lune's.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid5

import msgspec

from service.api.rest.context import ViewCall
from service.api.rest.lune.models import OrderView
from service.api.rest.lune.views import order_views
from service.domain.event_types import EventType
from service.domain.events import Event
from service.operations.read_orders import orders_of_ids

API_VERSION = "v1"

_NAMES: dict[EventType, tuple[str, ...]] = {
    EventType.ORDER_PLACED: ("order.received", "order.placed"),
    EventType.ORDER_PAID: ("order.paid",),
    EventType.ORDER_RETIRING: ("order.retiring",),
    EventType.ORDER_CANCELLED: ("order.cancelled",),
    EventType.ORDER_FAILED: ("order.failed",),
    EventType.ORDER_COMPLETED: ("order.completed",),
}
_TEST = ("test",)


class EventData(msgspec.Struct):
    """The object that an event is about; null for a test event."""

    order: OrderView | None


class EventView(msgspec.Struct):
    """An event. `sequence` grows from one event of an account to the next, compared as text."""

    api_version: str
    event_id: str
    account_id: str
    event_type: str
    sequence: str
    data: EventData


class EventsView(msgspec.Struct):
    """A batch of events of one account, in order."""

    events: list[EventView]


async def events_body(call: ViewCall, events: Sequence[Event]) -> EventsView:
    """Return the batch of these events of the caller's account."""
    ids = {event.order_id for event in events if event.order_id is not None}
    orders = list((await orders_of_ids(call.context.resources, call.caller, ids)).values())
    views = dict(zip((order.id for order in orders), await order_views(call, orders), strict=True))
    return EventsView([each for event in events for each in _views(event, views)])


def _views(event: Event, orders: dict[UUID, OrderView]) -> Iterator[EventView]:
    for index, name in enumerate(_NAMES.get(event.event_type, _TEST)):
        yield EventView(
            api_version=API_VERSION,
            event_id=(uuid5(event.id, name) if index else event.id).hex,
            account_id=event.account_id.hex,
            event_type=name,
            sequence=f"{event.seq:020d}-{index}",
            data=EventData(None if event.order_id is None else orders[event.order_id]),
        )
