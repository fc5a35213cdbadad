"""Inputs of cancellations."""

import strawberry

from service.api.graphql.inputs.order_reference import OrderRefInput


@strawberry.input(description="The order to cancel, wholly or in part.")
class CancelOrderInput:
    order: OrderRefInput = strawberry.field(description="Order of the account that is cancelled.")
    only_unfulfilled: bool = strawberry.field(
        default=False,
        description="If true, cancels only the part of the order that still waits for credits; false by default. The "
        "part that remains keeps its unit prices, or gets those of its smaller mass if they are higher, but never "
        "costs more than the whole order did. With an API key of scope `operator` it always keeps its unit prices. If "
        "no credits are set aside yet, the whole order is cancelled; if no part waits for credits, the order stays as "
        "it is.",
    )


@strawberry.input(description="The orders to cancel in one request.")
class CancelOrdersInput:
    orders: list[OrderRefInput] = strawberry.field(description="Orders of the account that are cancelled: 1 to 100.")
    all_or_nothing: bool = strawberry.field(
        default=True,
        description="If true, no order is cancelled unless all can be; true by default. If false, the orders that can "
        "be cancelled are cancelled, and the others are reported in `userErrors`.",
    )
