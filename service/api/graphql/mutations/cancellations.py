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


@strawberry.type(description="Result of cancelling an order, wholly or in part.")
class CancelOrderPayload:
    order: Order | None = strawberry.field(
        description="Order after the cancellation. If a part of the order remains, the lines and the total are those "
        "of the remaining part. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the cancellation was refused. Empty if the cancellation succeeded."
    )


@strawberry.type(description="Result of cancelling several orders.")
class CancelOrdersPayload:
    orders: list[Order] = strawberry.field(
        description="Orders that are cancelled, by this request or an earlier one. Empty if the whole request was "
        "refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Errors: one for each order that cannot be cancelled. The `path` of the error contains the "
        "position of the order in the input, counted from 0. Empty if all orders are cancelled."
    )


@strawberry.type
class CancellationMutations:
    @strawberry.mutation(
        description="Cancels an order, or only the part of the order that waits for credits. Refused `ORDER_STATE` if "
        "the retirement of the order has started. Credits of a cancelled order go back to stock. Money that was paid "
        "for the cancelled part pays what else the order's invoice owes, and the rest is added to the balance. A retry "
        "returns the order in its present state."
    )
    async def cancel_order(
        self,
        info: Info,
        input: Annotated[
            CancelOrderInput,
            strawberry.argument(description="Order to cancel, and whether to cancel all of the order."),
        ],
    ) -> CancelOrderPayload | None:
        try:
            (answer,) = await cancel_orders(
                info.context.resources,
                info.context.caller,
                [input.order.ref("order")],
                only_unfulfilled=input.only_unfulfilled,
            )
        except Refused as refusal:
            return CancelOrderPayload(order=None, user_errors=[user_error(refusal, input)])
        if isinstance(answer, Refused):
            answer.path = ("order",)
            return CancelOrderPayload(order=None, user_errors=[user_error(answer, input)])
        return CancelOrderPayload(order=order_of(answer), user_errors=[])

    @strawberry.mutation(
        description="Cancels several orders: by default all of them or none. With `allOrNothing: false`, the orders "
        "that can be cancelled are cancelled. A retry returns the cancelled orders.",
        metadata=priced(size_argument="input.orders"),
    )
    async def cancel_orders(
        self,
        info: Info,
        input: Annotated[CancelOrdersInput, strawberry.argument(description="Orders to cancel in one request.")],
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
