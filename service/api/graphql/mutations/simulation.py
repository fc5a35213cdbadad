"""The mutation that lets a test account try what only the seller can bring about."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.order_reference import OrderRefInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.order import Order, order_of
from service.errors import Refused
from service.operations.simulate_order import Outcome, simulate_order


@strawberry.input(description="What is to happen to which order of a test account.")
class SimulateOrderInput:
    order: OrderRefInput = strawberry.field(description="The order.")
    outcome: Outcome = strawberry.field(description="How it is to stand afterwards.")


@strawberry.type(description="What came of a simulation.")
class SimulateOrderPayload:
    order: Order | None = strawberry.field(description="The order as it now is; null if the simulation was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if the order is as it was to be.")


@strawberry.type
class SimulationMutations:
    @strawberry.mutation(
        description="Drives an order of a test account to an outcome, by all the steps that a live order takes: "
        "events, certificate and money are told as if it were real. Refused on a live account. A retry changes nothing."
    )
    async def simulate_order(
        self,
        info: Info,
        input: Annotated[SimulateOrderInput, strawberry.argument(description="Which order, and what.")],
    ) -> SimulateOrderPayload | None:
        context = info.context
        try:
            order = await simulate_order(
                context.resources,
                context.caller,
                input.order.ref("order"),
                input.outcome,
                public_address=context.public_address,
            )
        except Refused as refusal:
            return SimulateOrderPayload(order=None, user_errors=[user_error(refusal, input)])
        return SimulateOrderPayload(order=order_of(order), user_errors=[])
