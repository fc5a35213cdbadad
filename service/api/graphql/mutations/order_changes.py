"""The mutation that changes customer, description and metadata of an order."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.order_changes import UpdateOrderInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.order import Order, order_of
from service.errors import Refused
from service.operations.update_order import update_order


@strawberry.type(description="Result of changing an order.")
class UpdateOrderPayload:
    order: Order | None = strawberry.field(
        description="Order after the change. Null if the request was refused.",
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the change was refused. Empty if the change succeeded."
    )


@strawberry.type
class OrderChangeMutations:
    @strawberry.mutation(
        description="Changes the customer, the description and the metadata of an order in any state. Credits, price, "
        "invoice and certificate of the order stay the same. A retry of the request that placed the order still "
        "returns the order. A retry of the change changes nothing."
    )
    async def update_order(
        self,
        info: Info,
        input: Annotated[UpdateOrderInput, strawberry.argument(description="Order to change, and the new values.")],
    ) -> UpdateOrderPayload | None:
        try:
            ref, changes = input.order.ref("order"), input.changes()
            order = await update_order(info.context.resources, info.context.caller, ref, changes)
        except Refused as refusal:
            return UpdateOrderPayload(order=None, user_errors=[user_error(refusal, input)])
        return UpdateOrderPayload(order=order_of(order), user_errors=[])
