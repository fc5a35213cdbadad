"""GraphQL types of prices: the present cost of an order or a quote, which is stored nowhere."""

from collections.abc import Sequence

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.types.amounts import Mass, mass_field, money_field, unit_price_field
from service.api.graphql.types.catalogue import Bundle, bundle_of
from service.api.graphql.types.errors import UserError
from service.domain import pricing as domain
from service.operations import read_catalogue
from service.operations.price_order import shortage
from service.plans import batch_field, selected_columns


async def _bundles(parents: Sequence["PriceLine"], info: Info) -> list[Bundle]:
    ids = {parent.row.bundle_id for parent in parents}
    found = await read_catalogue.bundles_of_ids(
        info.context.resources, info.context.caller, ids, columns=selected_columns(info)
    )
    bundles = {id_: bundle_of(row) for id_, row in found.items()}
    return [bundles[parent.row.bundle_id] for parent in parents]


@strawberry.type(description="Part of a price that is for the credits of one bundle.")
class PriceLine:
    row: strawberry.Private[domain.PricedLine]
    currency: strawberry.Private[str]
    bundle: Bundle = batch_field(_bundles, description="Bundle that this part of the price is for.")

    mass = mass_field("row.mass_g", description="Mass of the bundle's credits.")

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
        "can differ slightly from the price's `netCost`.",
    )


@strawberry.type(
    description="Price that a quote requested at this moment would have. It is not guaranteed: request a quote to fix "
    "it."
)
class Price:
    row: strawberry.Private[domain.Pricing]

    @strawberry.field(
        description="Lines of the price, one for each bundle, in the sequence in which the bundles were given.",
        metadata=priced(size=5),
    )
    def lines(self) -> list[PriceLine]:
        return [PriceLine(row=line, currency=self.row.currency) for line in self.row.lines]

    mass = mass_field("row.mass_g", description="Mass that is bought: the sum of the masses of the lines.")

    net_cost = money_field("row.offset_cost_minor", description="Cost of the credits, without commission.")

    commission = money_field("row.commission_minor", description="Commission that is added to the cost of the credits.")

    total_cost = money_field(
        "row.total_cost_minor", description="Total cost: the cost of the credits and the commission."
    )

    @strawberry.field(
        description="Mass that an order placed at this moment would wait for, because too few credits are in stock, or "
        "because earlier orders wait for the same credits. Zero if all credits would be set aside at once. Leave the "
        "field out to get the price faster.",
    )
    async def short_mass(self, info: Info) -> Mass:
        return Mass(mass_g=sum(await shortage(info.context.resources, info.context.caller, self.row)))


@strawberry.type(description="Result of asking for a price.")
class PricePayload:
    price: Price | None = strawberry.field(description="The price. Null if a quote of the input would be refused.")
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why a quote of the input would be refused. Empty if `price` is not null."
    )
