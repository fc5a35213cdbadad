"""The root subscription type."""

import strawberry

from service.api.graphql.subscriptions.event_count import EventCountSubscriptions
from service.api.graphql.subscriptions.order_events import OrderEventSubscriptions


@strawberry.type(
    description="Operations whose answers come one after the other, as things happen: over a WebSocket "
    "(`graphql-transport-ws`) or as server-sent events. Each needs an API key or an access token. The connection is "
    "closed when the key is revoked or has expired, or its account is suspended."
)
class Subscription(OrderEventSubscriptions, EventCountSubscriptions):
    pass
