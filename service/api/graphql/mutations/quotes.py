"""Mutations that quote."""

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


@strawberry.type(description="What came of a request for a quote.")
class QuotePayload:
    quote: Quote | None = strawberry.field(description="The quote; null if it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if there is a quote.")


@strawberry.type
class QuoteMutations:
    @strawberry.mutation(
        description="Quotes a mass: its price holds until the quote expires. Nothing is owed; credits are held if "
        "asked for. A retry makes another quote."
    )
    async def quote_by_mass(
        self, info: Info, input: Annotated[QuoteByMassInput, strawberry.argument(description="What to quote.")]
    ) -> QuotePayload | None:
        return await quote(info.context, input.mass_request, input)

    @strawberry.mutation(
        description="Quotes what a sum of money buys. Nothing is owed; credits are held if asked for. A retry makes "
        "another quote."
    )
    async def quote_by_value(
        self, info: Info, input: Annotated[QuoteByValueInput, strawberry.argument(description="What to quote.")]
    ) -> QuotePayload | None:
        return await quote(info.context, input.value_request, input)


async def quote(
    context: Context, order_request: Callable[[], OrderRequest], command: QuoteCommandInput
) -> QuotePayload:
    """What came of the request for a quote."""
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
    """The answer to a request for a quote that was refused."""
    return QuotePayload(quote=None, user_errors=[user_error(refusal, given)])
