"""Inputs of cancellations."""

import strawberry

from service.api.graphql.inputs.order_reference import OrderRefInput


@strawberry.input(description="Order to cancel, and whether to cancel all of it.")
class CancelOrderInput:
    order: OrderRefInput = strawberry.field(description="Order to cancel. The order must belong to the account.")
    only_unfulfilled: bool = strawberry.field(
        default=False,
        description="True cancels only the part of the order that waits for credits, and keeps the part that has "
        "credits. False, the default, cancels the whole order. The kept part is priced by the price tier of its own, "
        "smaller mass. Its unit prices can rise but not fall, and it never costs more than the whole order did. With "
        "an API key of scope `operator`, the unit prices do not change. If no part has credits, the whole order is "
        "cancelled. If no part waits for credits, the order does not change.",
    )


@strawberry.input(description="Orders to cancel in one request, and whether all or none must be cancelled.")
class CancelOrdersInput:
    orders: list[OrderRefInput] = strawberry.field(description="Orders to cancel: 1 to 100 orders of the account.")
    all_or_nothing: bool = strawberry.field(
        default=True,
        description="True, the default: if any order cannot be cancelled, no order is cancelled. False: orders that "
        "can be cancelled are cancelled, and `userErrors` reports the others.",
    )
