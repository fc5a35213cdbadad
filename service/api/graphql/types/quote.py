"""GraphQL types of quotes."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.types.amounts import mass_field, money_field, offset_cost_field, unit_price_field
from service.api.graphql.types.by_account import by_account, named_by
from service.api.graphql.types.catalogue import Bundle, bundle_of
from service.api.graphql.types.node import Node
from service.api.graphql.types.order import Order, order_of
from service.domain import quote as domain
from service.domain.accounts import Caller
from service.domain.amounts import MassUnit
from service.domain.order import OrderKind
from service.operations import read_catalogue, read_orders, read_quotes
from service.plans import batch_field


async def _bundles(parents: Sequence["QuoteLine"], info: Info) -> list[Bundle]:
    ids = {parent.row.bundle_id for parent in parents}
    found = await read_catalogue.bundles_of_ids(info.context.resources, info.context.caller, ids)
    return [bundle_of(found[parent.row.bundle_id]) for parent in parents]


@strawberry.type(description="Part of a quote that buys credits of one bundle.")
class QuoteLine:
    row: strawberry.Private[domain.QuoteLine]
    currency: strawberry.Private[str]
    bundle: Bundle = batch_field(_bundles, description="Bundle that this part of the quote buys.")

    mass = mass_field("row.mass_g", description="Mass of the bundle's credits that the quote offers.")

    unit_price = unit_price_field(
        "row.unit_price_micros", "currency", description="Price of one tonne, without commission."
    )

    gross_unit_price = unit_price_field(
        "row.gross_unit_price_micros", "currency", description="Price of one tonne, including commission."
    )

    net_cost = money_field(
        "row.offset_cost_minor",
        "currency",
        description="Cost of the line without commission. Each line is rounded separately, so the sum of all lines "
        "can differ slightly from the quote's `netCost`.",
    )

    offset_cost = offset_cost_field("currency")


async def _lines(parents: Sequence["Quote"], info: Info) -> list[list[QuoteLine]]:
    async def read(reader: Caller, places: Sequence[int]) -> Sequence[Sequence[domain.QuoteLine]]:
        ids = [parents[place].row.id for place in places]
        return await read_quotes.lines_of_quotes(info.context.resources, reader, ids)

    found = await by_account([parent.row.account_id for parent in parents], info, read)
    return [
        [QuoteLine(row=line, currency=parent.row.currency) for line in lines]
        for parent, lines in zip(parents, found, strict=True)
    ]


async def _orders(parents: Sequence["Quote"], info: Info) -> list[Order | None]:
    return await named_by(parents, info, "order_id", read_orders.orders_of_ids, order_of)


@strawberry.type(
    description="An offer of credits at fixed prices. One order can be placed from the quote until the quote expires."
)
class Quote(Node):
    row: strawberry.Private[domain.Quote]
    lines: list[QuoteLine] = batch_field(
        _lines,
        description="Lines of the quote, one for each bundle, in the sequence in which the bundles were given.",
        metadata=priced(size=5),
    )
    order: Order | None = batch_field(
        _orders, description="Order that was placed from the quote. Null if no order was placed yet."
    )

    @strawberry.field(
        description="Kind of input that determined the quote's mass: a mass, a sum of money or an estimate."
    )
    def kind(self) -> OrderKind:
        return self.row.kind

    requested_mass = mass_field(
        "row.requested_mass_g",
        nullable=True,
        description="Mass that the caller asked for, before it was rounded down. Null for a quote by value.",
    )

    requested_value = money_field(
        "row.requested_value_minor",
        nullable=True,
        description="Maximum sum that the caller wanted to spend. Null for a quote by mass or by estimate.",
    )

    @strawberry.field(description="Unit to which the mass of each bundle was rounded down.")
    def step(self) -> MassUnit:
        return self.row.step

    mass = mass_field("row.mass_g", description="Mass of the quote: the sum of the masses of its lines.")

    net_cost = money_field("row.offset_cost_minor", description="Cost of the credits, without commission.")

    commission = money_field("row.commission_minor", description="Commission that is added to the cost of the credits.")

    total_cost = money_field(
        "row.total_cost_minor",
        description="Total cost: the cost of the credits and the commission. An order from this quote costs exactly "
        "this amount.",
    )

    @strawberry.field(
        description="True while credits are set aside for the quote: until an order is placed from the quote or the "
        "quote expires. Always false if the quote was requested without `hold`."
    )
    def holds_credits(self) -> bool:
        return self.row.holds_credits and self.row.released_at is None

    @strawberry.field(description="Time at which the quote was created.")
    def created_at(self) -> datetime:
        return self.row.created_at

    @strawberry.field(
        description="Time at which the quote expires. An order from the quote must be placed before this time."
    )
    def expires_at(self) -> datetime:
        return self.row.expires_at


def quote_of(row: domain.Quote) -> Quote:
    return Quote(row=row)
