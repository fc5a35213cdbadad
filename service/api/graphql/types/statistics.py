"""Figures over orders as callers see them."""

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


@strawberry.type(description="Orders that have something in common.")
class OrderGroup:
    query_cost: ClassVar[int] = 0  # it comes with the figures, which are priced as a whole
    grouping: strawberry.Private[OrderGrouping]
    row: strawberry.Private[domain.OrderGroup]
    bundle: Bundle | None = batch_field(_bundles, description="The bundle, when grouped by bundle.")
    project: Project | None = batch_field(_projects, description="The project, when grouped by project.")

    def named(self, grouping: OrderGrouping) -> UUID | None:
        return UUID(self.row.key) if self.grouping is grouping and self.row.key else None

    @strawberry.field(
        description="What they have in common: a status, a payment status, a month of UTC such as `2026-11`, a day "
        "such as `2026-11-21`, a customer or a currency. Null for orders without a customer, and for bundles and "
        "projects, which have fields of their own."
    )
    def key(self) -> str | None:
        return None if self.grouping in {OrderGrouping.BUNDLE, OrderGrouping.PROJECT} else self.row.key

    @strawberry.field(description="How many orders. One of several bundles or projects counts in each.")
    def count(self) -> int:
        return self.row.orders

    mass = mass_field(
        "row.mass_g",
        description="The ordered mass; by bundle that of the bundle's lines, by project that of the credits set aside.",
    )

    @strawberry.field(
        description="What the credits cost without commission, one amount a currency. Null by project: a line has one "
        "cost, whatever projects its credits come from."
    )
    def offset_costs(self) -> list[Money] | None:
        return _amounts(self.row.offset_costs_minor)

    @strawberry.field(
        description="What was ordered for, commission included, one amount a currency; cancelled orders count, so "
        "filter by status. Null by bundle and by project: a commission is the whole order's."
    )
    def total_costs(self) -> list[Money] | None:
        return _amounts(self.row.total_costs_minor)


@strawberry.type(description="Figures over the account's orders.")
class OrderStats:
    groups: list[OrderGroup] = strawberry.field(
        description=f"At most {GROUPS_MAX} groups: by month and day the newest first, else those with most orders.",
        metadata=priced(size=GROUPS_MAX),
    )
    truncated: bool = strawberry.field(description="Whether there are further groups; a filter leaves fewer.")


def stats_of(grouping: OrderGrouping, statistics: domain.OrderStatistics) -> OrderStats:
    """The figures as the schema shows them."""
    return OrderStats(
        groups=[OrderGroup(grouping=grouping, row=group) for group in statistics.groups],
        truncated=statistics.truncated,
    )


def _amounts(minor_by_currency: Mapping[str, int] | None) -> list[Money] | None:
    if minor_by_currency is None:
        return None
    return [money(minor, currency) for currency, minor in minor_by_currency.items()]
