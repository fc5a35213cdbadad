"""Mutations that create quotes."""

from collections.abc import Callable
from typing import Annotated

import strawberry

from service.api.graphql.context import Context, Info
from service.api.graphql.inputs.orders import QuoteByMassInput, QuoteByValueInput, QuoteCommandInput
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.quote import Quote, quote_of
from service.domain.order import OrderRequest
from service.errors import Refused
from service.operations.quote_order import quote_order


@strawberry.type(description="Result of requesting a quote.")
class QuotePayload:
    quote: Quote | None = strawberry.field(description="Quote that was created. Null if the request was refused.")
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if `quote` is not null."
    )


@strawberry.type
class QuoteMutations:
    @strawberry.mutation(
        description="Quotes a mass of credits at prices that are fixed until the quote expires. Nothing is owed for a "
        "quote. Credits are set aside only if `hold` is true. A retry creates another quote."
    )
    async def quote_by_mass(
        self,
        info: Info,
        input: Annotated[QuoteByMassInput, strawberry.argument(description="Mass to quote, and the bundles to buy.")],
    ) -> QuotePayload | None:
        return await quote(info.context, input.mass_request, input)

    @strawberry.mutation(
        description="Quotes the largest mass of credits that a sum of money buys, at prices that are fixed until the "
        "quote expires. Nothing is owed for a quote. Credits are set aside only if `hold` is true. A retry creates "
        "another quote."
    )
    async def quote_by_value(
        self,
        info: Info,
        input: Annotated[QuoteByValueInput, strawberry.argument(description="Sum to spend, and the bundles to buy.")],
    ) -> QuotePayload | None:
        return await quote(info.context, input.value_request, input)


async def quote(
    context: Context, order_request: Callable[[], OrderRequest], command: QuoteCommandInput
) -> QuotePayload:
    """Return the payload of a quote that was created or refused."""
    try:
        quoted = await quote_order(
            context.resources,
            context.caller,
            order_request(),
            valid_ms=context.quote_valid_ms,
            hold=command.hold,
            hold_limits=context.hold_limits,
        )
    except Refused as refusal:
        return refused_quote(refusal, command)
    return QuotePayload(quote=quote_of(quoted.quote), user_errors=[])


def refused_quote(refusal: Refused, given: object) -> QuotePayload:
    """Return the payload of a quote that was refused."""
    return QuotePayload(quote=None, user_errors=[user_error(refusal, given)])
