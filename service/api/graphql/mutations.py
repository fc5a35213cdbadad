"""What can be done. Each mutation answers an object or why not; its field is nullable, so that a failure never hides
what an earlier field of the same document has done.
"""

from collections.abc import Callable
from typing import Annotated

import strawberry

from service.api.graphql.context import Context, Info
from service.api.graphql.inputs import (
    CancelOrderInput,
    CancelOrdersInput,
    CommandInput,
    CreateOrderByMassInput,
    CreateOrderByValueInput,
    CreateOrderFromQuoteInput,
    QuoteByMassInput,
    QuoteByValueInput,
)
from service.api.graphql.prices import priced
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.order import Order, order_of
from service.api.graphql.types.quote import Quote, quote_of
from service.domain.api_keys import Scope
from service.domain.order import FromQuote, Wish
from service.errors import Refused
from service.operations.cancel_orders import cancel_orders
from service.operations.quote_order import quote_order


@strawberry.type(description="What came of a request for a quote.")
class QuotePayload:
    quote: Quote | None = strawberry.field(description="The quote; null if it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if there is a quote.")


@strawberry.type(description="What came of an order.")
class CreateOrderPayload:
    order: Order | None = strawberry.field(description="The order; null if it was refused.")
    replayed: bool = strawberry.field(
        description="Whether the order stood before: the key had been used for this very input."
    )
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if there is an order.")


@strawberry.type(description="What came of a cancellation.")
class CancelOrderPayload:
    order: Order | None = strawberry.field(description="The order as it now is; null if the cancellation was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if the order is cancelled.")


@strawberry.type(description="What came of several cancellations.")
class CancelOrdersPayload:
    orders: list[Order] = strawberry.field(description="The orders that are now cancelled.")
    user_errors: list[UserError] = strawberry.field(
        description="Why not, one for each order that is not; its path names the order's place in the input."
    )


@strawberry.type(description="What can be done. Every field needs an API key with the scope `orders:write`.")
class Mutation:
    @strawberry.mutation(
        description="Quotes a mass: its price holds until the quote expires. Nothing is owed and no credits are held. "
        "A retry makes another quote."
    )
    async def quote_by_mass(
        self, info: Info, input: Annotated[QuoteByMassInput, strawberry.argument(description="What to quote.")]
    ) -> QuotePayload | None:
        return await _quote(info.context, input.mass_wish)

    @strawberry.mutation(
        description="Quotes what a sum of money buys. Nothing is owed and no credits are held. A retry makes another "
        "quote."
    )
    async def quote_by_value(
        self, info: Info, input: Annotated[QuoteByValueInput, strawberry.argument(description="What to quote.")]
    ) -> QuotePayload | None:
        return await _quote(info.context, input.value_wish)

    @strawberry.mutation(
        description="Orders a mass. A retry with the same key and input answers the same order, in its present state."
    )
    async def create_order_by_mass(
        self, info: Info, input: Annotated[CreateOrderByMassInput, strawberry.argument(description="The order.")]
    ) -> CreateOrderPayload | None:
        return await _place(info.context, input.mass_wish, input)

    @strawberry.mutation(
        description="Orders as much as a sum of money buys. A retry with the same key and input answers the same "
        "order, in its present state."
    )
    async def create_order_by_value(
        self, info: Info, input: Annotated[CreateOrderByValueInput, strawberry.argument(description="The order.")]
    ) -> CreateOrderPayload | None:
        return await _place(info.context, input.value_wish, input)

    @strawberry.mutation(
        description="Orders exactly what a quote promised, at its price, once. A retry with the same key and input "
        "answers the same order, in its present state."
    )
    async def create_order_from_quote(
        self, info: Info, input: Annotated[CreateOrderFromQuoteInput, strawberry.argument(description="The order.")]
    ) -> CreateOrderPayload | None:
        return await _place(info.context, input.quoted, input)

    @strawberry.mutation(
        description="Cancels an order before its retirement starts: credits go back, what was paid goes to the "
        "balance. A retry answers the cancelled order."
    )
    async def cancel_order(
        self, info: Info, input: Annotated[CancelOrderInput, strawberry.argument(description="Which order.")]
    ) -> CancelOrderPayload | None:
        try:
            (answer,) = await cancel_orders(info.context.resources, info.context.caller, [input.order.ref("order")])
        except Refused as refusal:
            answer = refusal
        if isinstance(answer, Refused):
            return CancelOrderPayload(order=None, user_errors=[user_error(answer)])
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
            refs = [each.ref("orders", index) for index, each in enumerate(input.orders)]
            answers = await cancel_orders(
                info.context.resources, info.context.caller, refs, all_or_nothing=input.all_or_nothing
            )
        except Refused as refusal:
            return CancelOrdersPayload(orders=[], user_errors=[user_error(refusal)])
        errors = [
            user_error(Refused(answer.code, answer.message, ("orders", index), **answer.details))
            for index, answer in enumerate(answers)
            if isinstance(answer, Refused)
        ]
        untouched = bool(errors) and input.all_or_nothing
        cancelled = [] if untouched else [order_of(each) for each in answers if not isinstance(each, Refused)]
        return CancelOrdersPayload(orders=cancelled, user_errors=errors)


async def _quote(context: Context, wish: Callable[[], Wish]) -> QuotePayload:
    try:
        quoted = await quote_order(context.resources, context.caller, wish(), valid_ms=context.quote_valid_ms)
    except Refused as refusal:
        return QuotePayload(quote=None, user_errors=[user_error(refusal)])
    return QuotePayload(quote=quote_of(quoted.quote), user_errors=[])


async def _place(context: Context, wish: Callable[[], Wish | FromQuote], command: CommandInput) -> CreateOrderPayload:
    try:
        context.caller.require(Scope.ORDERS_WRITE)
        placed = await context.placement.submit(
            command.command(
                wish(),
                order_id=context.resources.new_id(),
                account_id=context.caller.account.id,
                actor=context.caller.key_id,
            )
        )
    except Refused as refusal:
        return CreateOrderPayload(order=None, replayed=False, user_errors=[user_error(refusal)])
    return CreateOrderPayload(order=order_of(placed.order), replayed=placed.replayed, user_errors=[])
