"""GraphQL types of estimates, with the public factor of each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.scalars import Metadata
from service.api.graphql.types.amounts import mass_field
from service.api.graphql.types.by_account import named_by
from service.api.graphql.types.node import Node
from service.api.graphql.types.order import Order, order_of
from service.domain import recorded_estimate as domain
from service.domain.estimate import FLIGHT_LEGS_MAX
from service.domain.recorded_estimate import ActivityKind
from service.operations import read_orders
from service.plans import batch_field


@strawberry.type(
    description="Emissions per unit of an activity, taken from a public table. The factor is stored with the estimate "
    "and never changes."
)
class EmissionFactor:
    value: Decimal = strawberry.field(
        description="Emissions per unit of the activity, in the unit that the field `unit` names. If the table splits "
        "the figure into parts, `value` is the sum of the parts."
    )
    unit: str = strawberry.field(description="Unit of `value`, such as `kg/passenger.km` or `g/kWh`.")
    gases: str = strawberry.field(
        description="Greenhouse gases that the factor includes, and the method that converts them to CO2 equivalent."
    )
    source: str = strawberry.field(description="Name of the public table that contains the factor.")
    year: int = strawberry.field(
        description="Year in which this edition of the table was published. The field `dataYear` shows the year that "
        "the figures describe."
    )
    url: str = strawberry.field(description="Web address where the table is published.")
    notes: str = strawberry.field(
        description="Notes on the emissions that the factor includes and leaves out, and on other official figures."
    )
    publisher: str | None = strawberry.field(
        description="Publisher of the table. Null in estimates that were stored before this field existed."
    )
    edition: str | None = strawberry.field(
        description="Edition of the table, with its release if the edition has several. Null in estimates that were "
        "stored before this field existed."
    )
    data_year: int | None = strawberry.field(
        description="Year that the figures describe. Null if the publisher states none, and in estimates that were "
        "stored before this field existed."
    )
    boundary: str | None = strawberry.field(
        description="Stages of the energy's life cycle that the factor includes. Null in estimates that were stored "
        "before this field existed."
    )
    direct: Decimal | None = strawberry.field(
        description="Part of `value` that comes from burning the fuel, in the unit of `value`. Null if the table does "
        "not split the figure, and in estimates that were stored before this field existed."
    )
    radiative_forcing: Decimal | None = strawberry.field(
        description="Part of `value` for the warming that aircraft cause at altitude in addition to their CO2, in the "
        "unit of `value`. Null for activities without aircraft, and in estimates that were stored before this field "
        "existed."
    )
    upstream: Decimal | None = strawberry.field(
        description="Part of `value` that comes from producing and delivering the fuel (well to tank), in the unit of "
        "`value`. Null if the table does not split the figure, and in estimates that were stored before this field "
        "existed."
    )


async def _orders(parents: Sequence["Estimate"], info: Info) -> list[Order | None]:
    return await named_by(parents, info, "order_id", read_orders.orders_of_ids, order_of)


@strawberry.type(
    description="Estimated emissions of an activity. An estimate can be quoted any number of times and ordered once."
)
class Estimate(Node):
    row: strawberry.Private[domain.RecordedEstimate]
    order: Order | None = batch_field(
        _orders, description="Order that was placed for the estimate. Null if no order was placed yet."
    )

    @strawberry.field(description="Kind of activity whose emissions are estimated.")
    def activity(self) -> ActivityKind:
        return self.row.activity_kind

    @strawberry.field(description="Name that the caller gave the estimate. Null if the caller gave none.")
    def name(self) -> str | None:
        return self.row.name

    mass = mass_field(
        "row.mass_g", description="Emissions of the activity as a mass of CO2 equivalent, rounded to the gram."
    )

    @strawberry.field(
        description="Emission factor of the estimate, if there is exactly one. Null if the caller gave the emissions "
        "as a mass. Null for a flight whose legs use different factors: read `factors` instead."
    )
    def factor(self) -> EmissionFactor | None:
        factors = self.row.factors
        return _factor(factors[0]) if len(factors) == 1 else None

    @strawberry.field(
        description="All emission factors of the estimate, each listed once, in the sequence of their first use. A "
        "flight has several factors if its legs use different ones. Empty if the caller gave the emissions as a mass.",
        metadata=priced(size=FLIGHT_LEGS_MAX),
    )
    def factors(self) -> list[EmissionFactor]:
        return [_factor(stored) for stored in self.row.factors]

    @strawberry.field(description="Steps of the calculation in words and figures, one step per entry.")
    def working(self) -> list[str]:
        return self.row.working

    @strawberry.field(
        description="Data that the caller attached to the estimate. The service does not interpret the data. Empty if "
        "the caller attached none."
    )
    def metadata(self) -> Metadata:
        return Metadata(self.row.metadata)

    @strawberry.field(description="Time at which the estimate was created.")
    def created_at(self) -> datetime:
        return self.row.created_at


def _factor(stored: Mapping[str, Any]) -> EmissionFactor:
    """Return the factor that was stored. Older estimates lack the last seven members."""
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
