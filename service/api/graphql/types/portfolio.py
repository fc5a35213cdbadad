"""GraphQL types of portfolios: weighted bundles."""

from collections.abc import Sequence
from decimal import Decimal

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.types.catalogue import Bundle, bundle_of
from service.api.graphql.types.node import Node
from service.domain import catalogue
from service.operations import read_catalogue
from service.plans import attribute_field, batch_field, selected_columns


async def _bundles_of_weights(parents: Sequence["PortfolioWeight"], info: Info) -> list[Bundle]:
    ids = {parent.weight.bundle_id for parent in parents}
    columns = selected_columns(info)
    found = await read_catalogue.bundles_of_ids(info.context.resources, info.context.caller, ids, columns=columns)
    return [bundle_of(found[parent.weight.bundle_id]) for parent in parents]


@strawberry.type(description="A bundle of a portfolio, with its share.")
class PortfolioWeight:
    weight: strawberry.Private[catalogue.Weight]
    bundle: Bundle = batch_field(_bundles_of_weights, description="Bundle that the portfolio contains.")

    @strawberry.field(
        description="Share of the bundle in the mass of an order, in percent, with at most two decimals. The shares of "
        "a portfolio sum to 100."
    )
    def percentage(self) -> Decimal:
        return Decimal(self.weight.hundredths).scaleb(-2)


async def _weights(parents: Sequence["Portfolio"], info: Info) -> list[list[PortfolioWeight]]:
    ids = [parent.row.id for parent in parents]
    found = await read_catalogue.weights_of_portfolios(info.context.resources, info.context.caller, ids)
    return [[PortfolioWeight(weight=weight) for weight in weights] for weights in found]


@strawberry.type(description="A named set of bundles with their shares, which orders and quotes can buy.")
class Portfolio(Node):
    row: strawberry.Private[catalogue.Portfolio]
    weights: list[PortfolioWeight] = batch_field(
        _weights,
        columns=("id",),
        description="Bundles of the portfolio with their shares, in the sequence in which the bundles were given.",
        metadata=priced(size=10),
    )

    identifier = attribute_field(
        "row.identifier",
        str,
        description="Identifier of the portfolio for use in programs. The identifier never changes.",
    )

    label = attribute_field("row.label", str, description="Name of the portfolio for display to people.")


def portfolio_of(row: catalogue.Portfolio) -> Portfolio:
    return Portfolio(row=row)
