"""Subscription to the events of an account's orders."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.scalars import BigInt
from service.api.graphql.types.node import parse_id
from service.api.graphql.types.order_event import OrderEvent, order_event_of
from service.operations.follow_events import follow_order_events


@strawberry.type
class OrderEventSubscriptions:
    @strawberry.subscription(
        description="Events of the account's orders, in the order of their `sequence` and each once: those after the "
        "event `after`, and then each new one, within about a second. Events of client accounts are sent to those who "
        "act for the client account. Each event costs the cost points of the operation, from a budget of the API key "
        "beside that of its other operations; events wait when it is spent. Needs the scope `orders:read`."
    )
    async def order_events(
        self,
        info: Info,
        after: Annotated[
            BigInt | None,
            strawberry.argument(
                description="`sequence` of the last event that was received: the events after it are sent first. 0 "
                "sends all events of the account. By default only new events are sent."
            ),
        ] = None,
        order_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="Global id of the order whose events are sent. By default those of all orders are sent."
            ),
        ] = None,
        types: Annotated[
            list[str] | None,
            strawberry.argument(
                description="Types of the events that are sent, such as `order.completed`. By default events of all "
                "types are sent, including types that later releases add."
            ),
        ] = None,
    ) -> AsyncGenerator[OrderEvent, None]:
        events = await follow_order_events(
            info.context.resources,
            info.context.caller,
            after=after,
            order_id=None if order_id is None else parse_id("Order", order_id, "orderId"),
            event_types=types or (),
        )

        async def shown() -> AsyncGenerator[OrderEvent, None]:
            async with aclosing(events):
                async for event in events:
                    yield order_event_of(event)

        return shown()
