"""GraphQL types of statistics over orders."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.types.amounts import Money, mass_field, money
from service.api.graphql.types.catalogue import Bundle, Project, bundle_of, project_of
from service.domain import statistics as domain
from service.domain.statistics import GROUPS_MAX, OrderGrouping
from service.operations import read_catalogue
from service.plans import batch_field


async def _bundles(parents: Sequence["OrderGroup"], info: Info) -> list[Bundle | None]:
    ids = [each.named(OrderGrouping.BUNDLE) for each in parents]
    wanted = {each for each in ids if each is not None}
    found = await read_catalogue.bundles_of_ids(info.context.resources, info.context.caller, wanted) if wanted else {}
    return [bundle_of(found[each]) if each in found else None for each in ids]


async def _projects(parents: Sequence["OrderGroup"], info: Info) -> list[Project | None]:
    ids = [each.named(OrderGrouping.PROJECT) for each in parents]
    wanted = {each for each in ids if each is not None}
    found = await read_catalogue.projects_of_ids(info.context.resources, info.context.caller, wanted) if wanted else {}
    return [project_of(found[each]) if each in found else None for each in ids]


@strawberry.type(
    description="Figures of one group of orders. All orders of the group have the same value of the property by which "
    "orders are grouped."
)
class OrderGroup:
    query_cost: ClassVar[int] = 0  # included in the price of the figures
    grouping: strawberry.Private[OrderGrouping]
    row: strawberry.Private[domain.OrderGroup]
    bundle: Bundle | None = batch_field(
        _bundles, description="Bundle of the group if orders are grouped by BUNDLE. Null for every other grouping."
    )
    project: Project | None = batch_field(
        _projects, description="Project of the group if orders are grouped by PROJECT. Null for every other grouping."
    )

    def named(self, grouping: OrderGrouping) -> UUID | None:
        return UUID(self.row.key) if self.grouping is grouping and self.row.key else None

    @strawberry.field(
        description="Value that all orders of the group have: a status, a payment status, a month (UTC) such as "
        "`2026-11`, a day (UTC) such as `2026-11-21`, a customer or a currency. Null for the orders without a "
        "customer. Always null if orders are grouped by BUNDLE or PROJECT: then read `bundle` or `project`."
    )
    def key(self) -> str | None:
        return None if self.grouping in {OrderGrouping.BUNDLE, OrderGrouping.PROJECT} else self.row.key

    @strawberry.field(
        description="Number of orders in the group. An order with several bundles or projects counts in the group of "
        "each bundle or project."
    )
    def count(self) -> int:
        return self.row.orders

    mass = mass_field(
        "row.mass_g",
        description="Ordered mass of the group. If orders are grouped by BUNDLE: the mass ordered of the bundle. If "
        "orders are grouped by PROJECT: the mass of the project's credits that are set aside.",
    )

    @strawberry.field(
        description="Cost of the credits without commission: one amount for each currency. Null if orders are grouped "
        "by PROJECT, because the cost of an order line is not divided among projects."
    )
    def net_costs(self) -> list[Money] | None:
        return _amounts(self.row.offset_costs_minor)

    @strawberry.field(
        description="Former name of `netCosts`, with the same value.",
        deprecation_reason="Use netCosts. Removed after 2027-11-30.",
    )
    def offset_costs(self) -> list[Money] | None:
        return _amounts(self.row.offset_costs_minor)

    @strawberry.field(
        description="Total cost including commission: one amount for each currency. Cancelled orders count; use the "
        "filter `status` to leave them out. Null if orders are grouped by BUNDLE or PROJECT, because commission is "
        "charged for the whole order."
    )
    def total_costs(self) -> list[Money] | None:
        return _amounts(self.row.total_costs_minor)


@strawberry.type(description="Statistics over the orders of the account, in groups.")
class OrderStats:
    groups: list[OrderGroup] = strawberry.field(
        description=f"Groups of orders: at most {GROUPS_MAX}. Grouped by month or day, the newest group comes first. "
        "Otherwise the group with the most orders comes first.",
        metadata=priced(size=GROUPS_MAX),
    )
    truncated: bool = strawberry.field(
        description="True if more groups exist than `groups` lists. To see the other groups, use a narrower filter."
    )


def stats_of(grouping: OrderGrouping, statistics: domain.OrderStatistics) -> OrderStats:
    """Return the statistics as their GraphQL type."""
    return OrderStats(
        groups=[OrderGroup(grouping=grouping, row=group) for group in statistics.groups],
        truncated=statistics.truncated,
    )


def _amounts(minor_by_currency: Mapping[str, int] | None) -> list[Money] | None:
    if minor_by_currency is None:
        return None
    return [money(minor, currency) for currency, minor in minor_by_currency.items()]
