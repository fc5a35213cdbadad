"""The mutation of operators that retires an order at once."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.inputs.money import RetireOrderInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.order import Order, order_of
from service.errors import Refused
from service.operations.retire_order_now import retire_order_now


@strawberry.type(description="Result of retiring an order.")
class RetireOrderPayload:
    order: Order | None = strawberry.field(
        description="Order as it is after the request. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the order is complete."
    )


@strawberry.type
class RetirementMutations:
    @strawberry.mutation(
        description="Retires all credits of an order that has its credits and is paid, without the time that the "
        "service waits otherwise; needs scope `operator`. The order is then `COMPLETE`, has its certificate and can "
        "never be cancelled. No registry is contacted. Refused `ORDER_STATE` if the order lacks credits, or holds "
        "credits that may not be retired yet (`retirementRefusal`), and `PAYMENT_STATE` if it is not paid or was "
        "refunded. A retry returns the complete order.",
        metadata=priced(own=10),
    )
    async def retire_order(
        self,
        info: Info,
        input: Annotated[RetireOrderInput, strawberry.argument(description="Order to retire, and its account.")],
    ) -> RetireOrderPayload | None:
        context = info.context
        try:
            ref = input.order.ref("order")
            order = await retire_order_now(context.resources, context.caller, input.account(), ref)
        except Refused as refusal:
            return RetireOrderPayload(order=None, user_errors=[user_error(refusal, input)])
        return RetireOrderPayload(order=order_of(order), user_errors=[])
