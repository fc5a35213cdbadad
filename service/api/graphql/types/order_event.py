"""GraphQL type of the events that subscriptions send."""

from collections.abc import Sequence
from typing import Any

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.types.by_account import named_by
from service.api.graphql.types.node import global_id
from service.api.graphql.types.order import Order, order_of
from service.api.graphql.types.timeline import TimelineEntry
from service.operations import read_orders
from service.plans import batch_field


async def _orders(parents: Sequence["OrderEvent"], info: Info) -> list[Any]:
    return await named_by(parents, info, "order_id", read_orders.orders_of_ids, order_of)


@strawberry.type(
    description="An event of an order of the account, as a subscription sends it. Keep its `sequence`: after an "
    "interruption, subscribe again with `after` set to it."
)
class OrderEvent(TimelineEntry):
    @strawberry.field(
        description="Id of the event, the same in webhooks (`id` of their body), to recognise an event that came twice."
    )
    def id(self) -> strawberry.ID:
        return strawberry.ID(str(self.row.id))

    @strawberry.field(description="Global id of the order that the event is about.")
    def order_id(self) -> strawberry.ID:
        if self.row.order_id is None:
            raise RuntimeError("an event without an order was sent to subscribers of orders")
        return strawberry.ID(global_id("Order", self.row.order_id))

    order: Order | None = batch_field(
        _orders,
        description="The order as it is when the event is sent, which may be after later events. Null only if reading "
        "it failed; `errors` then says why.",
    )


def order_event_of(row: Any) -> OrderEvent:
    """Return the GraphQL type of an event that is about an order."""
    return OrderEvent(row=row)
