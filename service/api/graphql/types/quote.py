"""Quotes as callers see them."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.types.amounts import mass_field, money_field, unit_price_field
from service.api.graphql.types.catalogue import Bundle, bundle_of
from service.api.graphql.types.node import Node
from service.api.graphql.types.order import Order, order_of
from service.domain import quote as domain
from service.domain.amounts import MassUnit
from service.domain.order import OrderKind
from service.operations import read_catalogue, read_orders, read_quotes
from service.plans import batch_field


async def _bundles(parents: Sequence["QuoteLine"], info: Info) -> list[Bundle]:
    ids = {parent.row.bundle_id for parent in parents}
    found = await read_catalogue.bundles_of_ids(info.context.resources, info.context.caller, ids)
    return [bundle_of(found[parent.row.bundle_id]) for parent in parents]


@strawberry.type(description="One bundle's share of a quote.")
class QuoteLine:
    row: strawberry.Private[domain.QuoteLine]
    currency: strawberry.Private[str]
    bundle: Bundle = batch_field(_bundles, description="The bundle.")

    mass = mass_field("row.mass_g", description="The quoted mass.")

    unit_price = unit_price_field(
        "row.unit_price_micros", "currency", description="The price of a tonne without commission."
    )

    gross_unit_price = unit_price_field(
        "row.gross_unit_price_micros", "currency", description="The price of a tonne with commission."
    )

    offset_cost = money_field(
        "row.offset_cost_minor",
        "currency",
        description="The line's credits, rounded by itself: lines and quote may differ by a minor unit.",
    )


async def _lines(parents: Sequence["Quote"], info: Info) -> list[list[QuoteLine]]:
    ids = [parent.row.id for parent in parents]
    found = await read_quotes.lines_of_quotes(info.context.resources, info.context.caller, ids)
    return [
        [QuoteLine(row=line, currency=parent.row.currency) for line in lines]
        for parent, lines in zip(parents, found, strict=True)
    ]


async def _orders(parents: Sequence["Quote"], info: Info) -> list[Order | None]:
    ids = {parent.row.order_id for parent in parents if parent.row.order_id}
    found = await read_orders.orders_of_ids(info.context.resources, info.context.caller, ids)
    return [order_of(found[parent.row.order_id]) if parent.row.order_id in found else None for parent in parents]


@strawberry.type(description="A price that holds until it expires, for one order.")
class Quote(Node):
    row: strawberry.Private[domain.Quote]
    lines: list[QuoteLine] = batch_field(
        _lines, description="The bundles it is made of, in the order they were asked for.", metadata=priced(size=5)
    )
    order: Order | None = batch_field(_orders, description="The order that used it; null while it is unused.")

    @strawberry.field(description="What fixed its size.")
    def kind(self) -> OrderKind:
        return self.row.kind

    requested_mass = mass_field(
        "row.requested_mass_g", nullable=True, description="The mass that was asked for; null for a quote by value."
    )

    requested_value = money_field(
        "row.requested_value_minor",
        nullable=True,
        description="The sum that was to be spent at most; null for a quote by mass.",
    )

    @strawberry.field(description="The unit to which each bundle's share was cut.")
    def step(self) -> MassUnit:
        return self.row.step

    mass = mass_field("row.mass_g", description="The quoted mass: the sum of its lines.")

    net_cost = money_field("row.offset_cost_minor", description="The credits without commission.")

    commission = money_field("row.commission_minor", description="The commission.")

    total_cost = money_field(
        "row.total_cost_minor", description="Credits and commission: exactly what an order from this quote costs."
    )

    @strawberry.field(description="Whether its credits are set aside until it is used or expires.")
    def holds_credits(self) -> bool:
        return self.row.holds_credits and self.row.released_at is None

    @strawberry.field(description="When it was made.")
    def created_at(self) -> datetime:
        return self.row.created_at

    @strawberry.field(description="Until when an order may be placed from it.")
    def expires_at(self) -> datetime:
        return self.row.expires_at


def quote_of(row: domain.Quote) -> Quote:
    return Quote(row=row)
