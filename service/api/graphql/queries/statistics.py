"""Queries of figures over many orders."""

from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.inputs.order_filters import OrderFilterInput
from service.api.graphql.types.statistics import OrderStats, stats_of
from service.domain.listing import EVERY_ORDER
from service.domain.statistics import OrderGrouping
from service.operations.order_statistics import order_statistics

COST = 50
"""Points: every order that the filter lets through is looked at, where a page looks at a hundred at most."""


@strawberry.type
class StatisticsQueries:
    @strawberry.field(
        description="How many orders, what mass and for how much, by what the orders have in common.",
        metadata=priced(own=COST),
    )
    async def order_stats(
        self,
        info: Info,
        group_by: Annotated[OrderGrouping, strawberry.argument(description="What the orders of a group share.")],
        filter: Annotated[OrderFilterInput | None, strawberry.argument(description="Which orders.")] = None,
    ) -> OrderStats | None:
        wanted = filter.order_filter() if filter else EVERY_ORDER
        statistics = await order_statistics(info.context.resources, info.context.caller, wanted, group_by)
        return stats_of(group_by, statistics)
