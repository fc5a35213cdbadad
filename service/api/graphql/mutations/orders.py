"""Mutations that place orders. Each puts one PlaceOrder into the queue of the placement."""

from collections.abc import Callable
from typing import Annotated

import strawberry

from service.api.graphql.context import Context, Info
from service.api.graphql.inputs.orders import (
    CommandInput,
    CreateOrderByMassInput,
    CreateOrderByValueInput,
    CreateOrderFromQuoteInput,
)
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.order import Order, order_of
from service.domain.api_keys import Scope
from service.domain.order import FromQuote, OrderRequest
from service.errors import Refused


@strawberry.type(description="Result of a mutation that places an order.")
class CreateOrderPayload:
    order: Order | None = strawberry.field(
        description="Order as it is after the request. On a retry: the order that the first request placed. Null if "
        "the request was refused."
    )
    replayed: bool = strawberry.field(
        description="True if an earlier request with the same idempotency key placed the order."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the order was refused. Empty if `order` is not null."
    )


@strawberry.type
class OrderMutations:
    @strawberry.mutation(
        description="Orders a mass of credits. A retry with the same idempotency key and input returns the existing "
        "order in its present state."
    )
    async def create_order_by_mass(
        self,
        info: Info,
        input: Annotated[
            CreateOrderByMassInput,
            strawberry.argument(description="Mass to order, bundles to buy and terms of the order."),
        ],
    ) -> CreateOrderPayload | None:
        return await place(info.context, input.mass_request, input)

    @strawberry.mutation(
        description="Orders the largest mass of credits that a sum of money buys. A retry with the same idempotency "
        "key and input returns the existing order in its present state."
    )
    async def create_order_by_value(
        self,
        info: Info,
        input: Annotated[
            CreateOrderByValueInput,
            strawberry.argument(description="Sum to spend, bundles to buy and terms of the order."),
        ],
    ) -> CreateOrderPayload | None:
        return await place(info.context, input.value_request, input)

    @strawberry.mutation(
        description="Orders the bundles and masses of a quote at the prices of the quote. One order can be placed from "
        "each quote. A retry with the same idempotency key and input returns the existing order in its present state."
    )
    async def create_order_from_quote(
        self,
        info: Info,
        input: Annotated[
            CreateOrderFromQuoteInput, strawberry.argument(description="Quote to order from, and terms of the order.")
        ],
    ) -> CreateOrderPayload | None:
        return await place(info.context, input.quoted, input)


async def place(
    context: Context, order_request: Callable[[], OrderRequest | FromQuote], command: CommandInput
) -> CreateOrderPayload:
    """Place the order and return its payload once it is committed or refused."""
    try:
        context.caller.require(Scope.ORDERS_WRITE)
        placed = await context.placement.submit(
            command.command(order_request(), order_id=context.resources.new_id(), caller=context.caller)
        )
    except Refused as refusal:
        return refused_order(refusal, command)
    return CreateOrderPayload(order=order_of(placed.order), replayed=placed.replayed, user_errors=[])


def refused_order(refusal: Refused, given: object) -> CreateOrderPayload:
    """Return the payload of an order that was refused."""
    return CreateOrderPayload(order=None, replayed=False, user_errors=[user_error(refusal, given)])
