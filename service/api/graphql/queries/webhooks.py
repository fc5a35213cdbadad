"""Queries of webhook endpoints and their deliveries."""

from functools import partial
from typing import Annotated

import strawberry

from service.api.graphql.connections import After, Before, ByTime, Connection, First, Last, listed
from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.inputs.webhooks import endpoint_id
from service.api.graphql.types.webhooks import WebhookDelivery, WebhookEndpoint, delivery_of, endpoint_of
from service.domain.webhooks import ENDPOINTS_MAX, DeliveryStatus
from service.operations import manage_webhooks, read_webhooks

DELIVERIES = ByTime("webhook_deliveries")


@strawberry.type
class WebhookQueries:
    @strawberry.field(
        description="Webhook endpoints of the account, oldest first: at most 20. Null only if reading it failed; "
        "`errors` then says why.",
        metadata=priced(size=ENDPOINTS_MAX),
    )
    async def webhook_endpoints(self, info: Info) -> list[WebhookEndpoint] | None:
        found = await manage_webhooks.list_endpoints(info.context.resources, info.context.caller)
        return [endpoint_of(row) for row in found]

    @strawberry.field(
        description="Deliveries to the account's webhook endpoints and to the `callbackUrl` of its orders, newest "
        "first, as far as they are kept (30 days by default). Null only if reading it failed; `errors` then says why."
    )
    async def webhook_deliveries(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        webhook_endpoint_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Webhook endpoint whose deliveries are listed. By default those of all."),
        ] = None,
        status: Annotated[
            DeliveryStatus | None,
            strawberry.argument(description="State of the listed deliveries. By default those of any state."),
        ] = None,
    ) -> Connection[WebhookDelivery] | None:
        context = info.context
        read = partial(
            read_webhooks.list_deliveries,
            context.resources,
            context.caller,
            endpoint_id=None if webhook_endpoint_id is None else endpoint_id(webhook_endpoint_id, "webhookEndpointId"),
            status=status,
        )
        return await listed(info, DELIVERIES, (first, after, last, before), read, delivery_of)
