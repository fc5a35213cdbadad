"""Quotes as callers see them."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.plans import batch_field
from service.api.graphql.prices import priced
from service.api.graphql.types.amounts import Mass, Money, UnitPrice, money, unit_price
from service.api.graphql.types.catalogue import Bundle, bundle_of
from service.api.graphql.types.node import Node
from service.api.graphql.types.order import Order, order_of
from service.domain import quote as domain
from service.domain.amounts import MassUnit
from service.domain.order import OrderKind
from service.operations import read_catalogue, read_orders, read_quotes


async def _bundles(parents: Sequence["QuoteLine"], info: Info) -> list[Bundle]:
    ids = {parent.row.bundle_id for parent in parents}
    found = await read_catalogue.bundles_of_ids(info.context.resources, info.context.caller, ids)
    return [bundle_of(found[parent.row.bundle_id]) for parent in parents]


@strawberry.type(description="One bundle's share of a quote.")
class QuoteLine:
    row: strawberry.Private[domain.QuoteLine]
    currency: strawberry.Private[str]
    bundle: Bundle = batch_field(_bundles, description="The bundle.")

    @strawberry.field(description="The quoted mass.")
    def mass(self) -> Mass:
        return Mass(mass_g=self.row.mass_g)

    @strawberry.field(description="The price of a tonne without commission.")
    def unit_price(self) -> UnitPrice:
        return unit_price(self.row.unit_price_micros, self.currency)

    @strawberry.field(description="The price of a tonne with commission.")
    def gross_unit_price(self) -> UnitPrice:
        return unit_price(self.row.gross_unit_price_micros, self.currency)

    @strawberry.field(description="The line's credits, rounded by itself: lines and quote may differ by a minor unit.")
    def offset_cost(self) -> Money:
        return money(self.row.offset_cost_minor, self.currency)


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

    @strawberry.field(description="The mass that was asked for; null for a quote by value.")
    def requested_mass(self) -> Mass | None:
        return None if self.row.requested_mass_g is None else Mass(mass_g=self.row.requested_mass_g)

    @strawberry.field(description="The sum that was to be spent at most; null for a quote by mass.")
    def requested_value(self) -> Money | None:
        minor = self.row.requested_value_minor
        return None if minor is None else money(minor, self.row.currency)

    @strawberry.field(description="The unit to which each bundle's share was cut.")
    def step(self) -> MassUnit:
        return self.row.step

    @strawberry.field(description="The quoted mass: the sum of its lines.")
    def mass(self) -> Mass:
        return Mass(mass_g=self.row.mass_g)

    @strawberry.field(description="The credits without commission.")
    def net_cost(self) -> Money:
        return money(self.row.offset_cost_minor, self.row.currency)

    @strawberry.field(description="The commission.")
    def commission(self) -> Money:
        return money(self.row.commission_minor, self.row.currency)

    @strawberry.field(description="Credits and commission: exactly what an order from this quote costs.")
    def total_cost(self) -> Money:
        return money(self.row.total_cost_minor, self.row.currency)

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
