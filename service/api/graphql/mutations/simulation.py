"""The mutation that drives a test account's order through steps that only the seller can cause."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.inputs.order_reference import OrderRefInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.order import Order, order_of
from service.errors import Refused
from service.operations.simulate_order import Outcome, simulate_order


@strawberry.input(description="Order of a test account, and the outcome to which the order is moved.")
class SimulateOrderInput:
    order: OrderRefInput = strawberry.field(
        description="Order to move to the outcome. The order must belong to the test account."
    )
    outcome: Outcome = strawberry.field(description="Outcome to which the order is moved.")


@strawberry.type(description="Result of moving an order of a test account to an outcome.")
class SimulateOrderPayload:
    order: Order | None = strawberry.field(
        description="Order after the simulated steps. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the order has the wanted outcome."
    )


@strawberry.type
class SimulationMutations:
    @strawberry.mutation(
        description="Moves an order of a test account to an outcome. The order takes the same steps as a live order, "
        "with the same events, certificate and ledger entries. Refused `TEST_ACCOUNT_REQUIRED` on a live account. A "
        "retry changes nothing."
    )
    async def simulate_order(
        self,
        info: Info,
        input: Annotated[
            SimulateOrderInput, strawberry.argument(description="Order of the test account, and the wanted outcome.")
        ],
    ) -> SimulateOrderPayload | None:
        context = info.context
        try:
            order = await simulate_order(
                context.resources,
                context.caller,
                input.order.ref("order"),
                input.outcome,
            )
        except Refused as refusal:
            return SimulateOrderPayload(order=None, user_errors=[user_error(refusal, input)])
        return SimulateOrderPayload(order=order_of(order), user_errors=[])
