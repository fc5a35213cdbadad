"""Estimates as callers see them, with the public factor that each rests on."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.scalars import Metadata
from service.api.graphql.types.amounts import mass_field
from service.api.graphql.types.node import Node
from service.api.graphql.types.order import Order, order_of
from service.domain import recorded_estimate as domain
from service.domain.recorded_estimate import ActivityKind
from service.operations import read_orders
from service.plans import batch_field


@strawberry.type(description="How much a unit of an activity emits, and who says so.")
class EmissionFactor:
    value: Decimal = strawberry.field(description="The factor, in its unit.")
    unit: str = strawberry.field(description="Such as `kg CO2e/kWh`.")
    gases: str = strawberry.field(description="Which gases it counts.")
    source: str = strawberry.field(description="The public table it is from.")
    year: int = strawberry.field(description="The year of the table.")
    url: str = strawberry.field(description="Where the table is published.")
    notes: str = strawberry.field(description="What the factor includes and leaves out.")


async def _orders(parents: Sequence["Estimate"], info: Info) -> list[Order | None]:
    ids = {parent.row.order_id for parent in parents if parent.row.order_id}
    found = await read_orders.orders_of_ids(info.context.resources, info.context.caller, ids)
    return [order_of(found[parent.row.order_id]) if parent.row.order_id in found else None for parent in parents]


@strawberry.type(description="The emissions of an activity. They can be quoted often and ordered once.")
class Estimate(Node):
    row: strawberry.Private[domain.RecordedEstimate]
    order: Order | None = batch_field(_orders, description="The order that was placed for it; null before.")

    @strawberry.field(description="What kind of activity.")
    def activity(self) -> ActivityKind:
        return self.row.activity_kind

    @strawberry.field(description="What the caller calls it.")
    def name(self) -> str | None:
        return self.row.name

    mass = mass_field("row.mass_g", description="What it emits, rounded to the gram.")

    @strawberry.field(description="The factor it rests on; null for a mass that the caller gave.")
    def factor(self) -> EmissionFactor | None:
        if self.row.factor is None:
            return None
        shown = {member.name: self.row.factor[member.name] for member in fields(EmissionFactor)}
        return EmissionFactor(**{**shown, "value": Decimal(shown["value"])})

    @strawberry.field(description="How it was worked out, step by step.")
    def working(self) -> list[str]:
        return self.row.working

    @strawberry.field(description="The caller's own data; the service never reads it.")
    def metadata(self) -> Metadata:
        return Metadata(self.row.metadata)

    @strawberry.field(description="When it was made.")
    def created_at(self) -> datetime:
        return self.row.created_at


def estimate_of(row: domain.RecordedEstimate) -> Estimate:
    return Estimate(row=row)
