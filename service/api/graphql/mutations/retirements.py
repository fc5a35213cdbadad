"""Mutations of operators that retire an order at once, and that replace credits which cannot be retired."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.inputs.money import ReplaceCreditsInput, RetireOrderInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.order import Order, order_of
from service.errors import Refused
from service.operations.replace_credits import replace_credits
from service.operations.retire_order_now import retire_order_now


@strawberry.type(description="Result of retiring an order.")
class RetireOrderPayload:
    order: Order | None = strawberry.field(
        description="Order as it is after the request. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the order is complete."
    )


@strawberry.type(description="Result of replacing credits of an order.")
class ReplaceCreditsPayload:
    order: Order | None = strawberry.field(
        description="Order as it is after the request. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the order holds no credits to replace any more."
    )


@strawberry.type
class RetirementMutations:
    @strawberry.mutation(
        description="Replaces the credits that an order holds and that cannot be used for it any more: those of "
        "batches that were withdrawn from sale, or that may not be retired (`retirementRefusal`); needs scope "
        "`operator`. The credits return to their batches, and the order gets as many credits of the same bundles from "
        "other batches, all of them or none. Retired credits stay retired. Mass, price and payments of the order stay "
        "the same. An order that is `RETIRING` is then retired as usual. Refused `INSUFFICIENT_CREDITS` if too few "
        "other credits are in stock, not counting those for which earlier orders wait, and `ORDER_STATE` if the order "
        "was cancelled or failed. A retry returns the order unchanged.",
        metadata=priced(own=10),
    )
    async def replace_credits(
        self,
        info: Info,
        input: Annotated[
            ReplaceCreditsInput, strawberry.argument(description="Order whose credits are replaced, and its account.")
        ],
    ) -> ReplaceCreditsPayload | None:
        context = info.context
        try:
            ref = input.order.ref("order")
            order = await replace_credits(context.resources, context.caller, input.account(), ref)
        except Refused as refusal:
            return ReplaceCreditsPayload(order=None, user_errors=[user_error(refusal, input)])
        return ReplaceCreditsPayload(order=order_of(order), user_errors=[])

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
