"""Subscription of operators to the number of events of all accounts."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.scalars import BigInt
from service.operations.follow_event_count import follow_event_count


@strawberry.type
class EventCountSubscriptions:
    @strawberry.subscription(
        description="Number of events of all accounts, at once and then whenever it has risen, at most once a second; "
        "needs scope `operator`. It rises with each change of an order, a payment, an invoice, a batch or an account: "
        "a program that shows lists of several accounts reads them again then. Each number costs one cost point."
    )
    async def event_count(self, info: Info) -> AsyncGenerator[BigInt, None]:
        counts = await follow_event_count(info.context.resources, info.context.caller)

        async def shown() -> AsyncGenerator[BigInt, None]:
            async with aclosing(counts):
                async for count in counts:
                    yield BigInt(count)

        return shown()
