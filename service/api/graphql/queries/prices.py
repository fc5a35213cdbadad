"""Queries of prices."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.estimate_requests import estimate_request
from service.api.graphql.inputs.orders import PriceInput
from service.api.graphql.types.errors import user_error
from service.api.graphql.types.price import Price, PricePayload
from service.errors import Refused
from service.operations.price_order import price_now


@strawberry.type
class PriceQueries:
    @strawberry.field(
        description="Price that a quote of the input would have at this moment. Nothing is stored or set aside, so the "
        "query may be sent at each change of an input. A suspended account gets prices too. Needs the scope "
        "`catalogue:read`, with `estimateId` also `orders:read`. Null only if reading it failed; `errors` then says "
        "why."
    )
    async def price(
        self,
        info: Info,
        input: Annotated[
            PriceInput, strawberry.argument(description="Mass, sum or estimate to price, and the bundles to buy.")
        ],
    ) -> PricePayload | None:
        context = info.context
        try:
            order_request = await input.request(
                lambda estimate_id: estimate_request(context, input, estimate_id, input.currency)
            )
            pricing = await price_now(context.resources, context.caller, order_request)
        except Refused as refusal:
            return PricePayload(price=None, user_errors=[user_error(refusal, input)])
        return PricePayload(price=Price(row=pricing), user_errors=[])
