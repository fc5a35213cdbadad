"""Estimates as callers see them, with the public factor that each rests on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.scalars import Metadata
from service.api.graphql.types.amounts import mass_field
from service.api.graphql.types.node import Node
from service.api.graphql.types.order import Order, order_of
from service.domain import recorded_estimate as domain
from service.domain.estimate import FLIGHT_LEGS_MAX
from service.domain.recorded_estimate import ActivityKind
from service.operations import read_orders
from service.plans import batch_field


@strawberry.type(
    description="How much a unit of an activity emits, and the public table that says so. It is stored with the "
    "estimate and never changes. Members that are null in an old estimate were not recorded when it was created."
)
class EmissionFactor:
    value: Decimal = strawberry.field(
        description="Emissions of one unit, in `unit`: the sum of the parts, where the table shows them apart."
    )
    unit: str = strawberry.field(description="Unit of the factor, such as `kg/passenger.km` or `g/kWh`.")
    gases: str = strawberry.field(description="Greenhouse gases that the factor counts, and how they are weighted.")
    source: str = strawberry.field(description="Name of the public table.")
    year: int = strawberry.field(
        description="Year of the table's edition. `dataYear` is the year that the figures describe."
    )
    url: str = strawberry.field(description="Address at which the table is published.")
    notes: str = strawberry.field(description="What the factor includes and leaves out, and other official figures.")
    publisher: str | None = strawberry.field(description="Publisher of the table; null in old estimates.")
    edition: str | None = strawberry.field(
        description="Edition of the table, with its release where it has several; null in old estimates."
    )
    data_year: int | None = strawberry.field(
        description="Year that the figures describe; null where the publisher states none, and in old estimates."
    )
    boundary: str | None = strawberry.field(
        description="Stages of the energy's life cycle that the factor counts; null in old estimates."
    )
    direct: Decimal | None = strawberry.field(
        description="Part of `value` from burning the fuel, in `unit`; null where the table shows no parts."
    )
    radiative_forcing: Decimal | None = strawberry.field(
        description="Part of `value` for what a flight at altitude warms beyond its CO2, in `unit`; null for other "
        "activities."
    )
    upstream: Decimal | None = strawberry.field(
        description="Part of `value` from producing and delivering the fuel (well to tank), in `unit`; null where the "
        "table shows no parts."
    )


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

    @strawberry.field(
        description="Factor of the estimate; null for a mass that the caller gave, and for a flight whose legs have "
        "different factors: `factors` has them all."
    )
    def factor(self) -> EmissionFactor | None:
        factors = self.row.factors
        return _factor(factors[0]) if len(factors) == 1 else None

    @strawberry.field(
        description="All factors of the estimate, each once, in the order of their first use: one, but for a flight "
        "whose legs have different ones; empty for a mass that the caller gave.",
        metadata=priced(size=FLIGHT_LEGS_MAX),
    )
    def factors(self) -> list[EmissionFactor]:
        return [_factor(stored) for stored in self.row.factors]

    @strawberry.field(description="How it was worked out, step by step.")
    def working(self) -> list[str]:
        return self.row.working

    @strawberry.field(description="The caller's own data; the service never reads it.")
    def metadata(self) -> Metadata:
        return Metadata(self.row.metadata)

    @strawberry.field(description="When it was made.")
    def created_at(self) -> datetime:
        return self.row.created_at


def _factor(stored: Mapping[str, Any]) -> EmissionFactor:
    """Return the factor that was stored; the last seven members are in no estimate from before they were added."""
    return EmissionFactor(
        value=Decimal(stored["value"]),
        unit=stored["unit"],
        gases=stored["gases"],
        source=stored["source"],
        year=stored["year"],
        url=stored["url"],
        notes=stored["notes"],
        publisher=stored.get("publisher"),
        edition=stored.get("edition"),
        data_year=stored.get("data_year"),
        boundary=stored.get("boundary"),
        direct=_decimal(stored.get("direct")),
        radiative_forcing=_decimal(stored.get("radiative_forcing")),
        upstream=_decimal(stored.get("upstream")),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def estimate_of(row: domain.RecordedEstimate) -> Estimate:
    return Estimate(row=row)
