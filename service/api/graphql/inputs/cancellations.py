"""Inputs of cancellations."""

import strawberry

from service.api.graphql.inputs.order_reference import OrderRefInput


@strawberry.input(description="Which order to cancel.")
class CancelOrderInput:
    order: OrderRefInput = strawberry.field(description="The order.")
    only_unfulfilled: bool = strawberry.field(
        default=False,
        description="Whether to cancel only the part that still waits for credits. What remains has the unit prices of "
        "its own mass where these are dearer, but never costs more than the order did; with an `operator` key it keeps "
        "its unit prices. An order without a rest is cancelled whole, and one that waits for nothing stays as it is.",
    )


@strawberry.input(description="Which orders to cancel.")
class CancelOrdersInput:
    orders: list[OrderRefInput] = strawberry.field(description="The orders: 1 to 100.")
    all_or_nothing: bool = strawberry.field(
        default=True, description="Whether one that cannot be cancelled leaves all of them as they were."
    )
