"""Mutations that cancel orders."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.inputs.cancellations import CancelOrderInput, CancelOrdersInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.order import Order, order_of
from service.errors import Refused
from service.operations.cancel_orders import cancel_orders


@strawberry.type(description="What came of a cancellation.")
class CancelOrderPayload:
    order: Order | None = strawberry.field(
        description="The order as it now is, with the unit prices and the total of what remains of it; null if the "
        "cancellation was refused."
    )
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if the order is cancelled.")


@strawberry.type(description="What came of several cancellations.")
class CancelOrdersPayload:
    orders: list[Order] = strawberry.field(description="The orders that are now cancelled.")
    user_errors: list[UserError] = strawberry.field(
        description="Why not, one for each order that is not; its path names the order's place in the input."
    )


@strawberry.type
class CancellationMutations:
    @strawberry.mutation(
        description="Cancels an order before its retirement starts, or the part of it that waits for credits: "
        "credits go back, what was paid for them goes to the balance. A retry answers the order as it then is."
    )
    async def cancel_order(
        self, info: Info, input: Annotated[CancelOrderInput, strawberry.argument(description="Which order.")]
    ) -> CancelOrderPayload | None:
        try:
            (answer,) = await cancel_orders(
                info.context.resources,
                info.context.caller,
                [input.order.ref("order")],
                only_unfulfilled=input.only_unfulfilled,
            )
        except Refused as refusal:
            answer = refusal
        if isinstance(answer, Refused):
            answer.path = answer.path or ("order",)
            return CancelOrderPayload(order=None, user_errors=[user_error(answer, input)])
        return CancelOrderPayload(order=order_of(answer), user_errors=[])

    @strawberry.mutation(
        description="Cancels orders: all of them or, with `allOrNothing: false`, those that can be. A retry answers "
        "the cancelled orders.",
        metadata=priced(size_argument="input.orders"),
    )
    async def cancel_orders(
        self, info: Info, input: Annotated[CancelOrdersInput, strawberry.argument(description="Which orders.")]
    ) -> CancelOrdersPayload | None:
        try:
            caller = info.context.caller
            refs = [each.ref("orders", index) for index, each in enumerate(input.orders)]
            answers = await cancel_orders(info.context.resources, caller, refs, all_or_nothing=input.all_or_nothing)
        except Refused as refusal:
            return CancelOrdersPayload(orders=[], user_errors=[user_error(refusal, input)])
        errors = [
            user_error(Refused(answer.code, answer.message, ("orders", index), **answer.details), input)
            for index, answer in enumerate(answers)
            if isinstance(answer, Refused)
        ]
        untouched = bool(errors) and input.all_or_nothing
        cancelled = [] if untouched else [order_of(each) for each in answers if not isinstance(each, Refused)]
        return CancelOrdersPayload(orders=cancelled, user_errors=errors)
