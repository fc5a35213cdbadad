"""Queries of statistics over many orders."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import SCAN_COST, priced
from service.api.graphql.inputs.order_filters import OrderFilterInput
from service.api.graphql.types.statistics import OrderStats, stats_of
from service.domain.listing import EVERY_ORDER
from service.domain.statistics import OrderGrouping
from service.operations.order_statistics import order_statistics

COST = SCAN_COST
"""Cost points of statistics."""


@strawberry.type
class StatisticsQueries:
    @strawberry.field(
        description="Number, mass and cost of the account's orders, in groups. Costs 50 points of the rate limit. "
        "Null only if reading it failed; `errors` then says why.",
        metadata=priced(own=COST),
    )
    async def order_stats(
        self,
        info: Info,
        group_by: Annotated[
            OrderGrouping, strawberry.argument(description="Property by which the orders are grouped.")
        ],
        filter: Annotated[
            OrderFilterInput | None,
            strawberry.argument(
                description="Conditions that the counted orders meet. By default all orders of the account are counted."
            ),
        ] = None,
    ) -> OrderStats | None:
        wanted = filter.order_filter() if filter else EVERY_ORDER
        statistics = await order_statistics(info.context.resources, info.context.caller, wanted, group_by)
        return stats_of(group_by, statistics)
