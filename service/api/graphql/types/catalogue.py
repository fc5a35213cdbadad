"""GraphQL types of the catalogue: projects, credit batches, bundles, portfolios."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.types.amounts import Mass, UnitPrice, mass_field, unit_price
from service.api.graphql.types.node import Node
from service.domain import catalogue
from service.domain.catalogue import Approach, CarbonPermanence, Mode, OffsetType
from service.domain.serials.block import UnnumberedBatch
from service.domain.serials.forms import SerialForm
from service.domain.supply import SERIAL_COLUMNS, block_of
from service.operations import read_catalogue
from service.plans import attribute_field, batch_field, needs, selected_columns


async def _category_names(parents: Sequence["Project"], info: Info) -> list[str]:
    ids = {parent.row.category_id for parent in parents}
    found = await read_catalogue.categories_of_ids(info.context.resources, info.context.caller, ids)
    return [found[parent.row.category_id].name for parent in parents]


@strawberry.type(description="A project that avoids or removes emissions and therefore issues carbon credits.")
class Project(Node):
    row: strawberry.Private[catalogue.Project]
    category: str = batch_field(
        _category_names, columns=("category_id",), description="Kind of project, such as forest conservation."
    )

    name = attribute_field("row.name", str, description="Name of the project, as it is displayed.")

    slug = attribute_field("row.slug", str, description="Identifier of the project for use in web addresses.")

    type = attribute_field(
        "row.project_type", str, description="Method by which the project avoids or removes emissions."
    )

    country = attribute_field(
        "row.country", str, description="Country of the project: ISO 3166-1 alpha-3 code, such as `BRA`."
    )

    registry_name = attribute_field(
        "row.registry_name", str, description="Name of the registry that issues the project's credits."
    )

    description = attribute_field("row.description", str, description="Description of the project in a few sentences.")

    created_at = attribute_field(
        "row.created_at", datetime, description="Time at which the project was added to the catalogue."
    )


def project_of(row: catalogue.Project) -> Project:
    return Project(row=row)


async def _projects_of_batches(parents: Sequence["CreditBatch"], info: Info) -> list[Project]:
    ids = {parent.row.project_id for parent in parents}
    columns = selected_columns(info)
    found = await read_catalogue.projects_of_ids(info.context.resources, info.context.caller, ids, columns=columns)
    projects = {id_: project_of(row) for id_, row in found.items()}
    return [projects[parent.row.project_id] for parent in parents]


@strawberry.type(
    description="Credits of one project and one vintage that were received together, with their registry serial "
    "numbers."
)
class CreditBatch(Node):
    row: strawberry.Private[catalogue.CreditBatch]
    project: Project = batch_field(
        _projects_of_batches, columns=("project_id",), description="Project that issued the credits."
    )

    vintage = attribute_field(
        "row.vintage",
        int,
        description="Year in which the emissions were avoided or removed. Credits of old vintages are sold first.",
    )

    mode = attribute_field("row.mode", Mode, description="LIVE for real credits, TEST for made-up credits.")

    reference = attribute_field(
        "row.reference",
        str | None,
        description="Reference that the operator gave on receiving the batch; null if it was received without one.",
    )

    @strawberry.field(
        description="Registry serial number of the first credit. If the registry does not number credits: its "
        "reference for the batch.",
        metadata=needs(*SERIAL_COLUMNS),
    )
    def first_serial(self) -> str:
        block = block_of(self.row)
        return block.reference if isinstance(block, UnnumberedBatch) else block.credit(block.first)

    @strawberry.field(
        description="Registry serial number of the last credit; null if the registry does not number credits.",
        metadata=needs(*SERIAL_COLUMNS),
    )
    def last_serial(self) -> str | None:
        block = block_of(self.row)
        return None if isinstance(block, UnnumberedBatch) else block.credit(block.last)

    @strawberry.field(
        description="Serial numbers of the batch as the registry writes a range. If first and last serial were given "
        "separately, they are joined by ` to `. Null if the registry does not number credits.",
        metadata=needs(*SERIAL_COLUMNS),
    )
    def serial_range(self) -> str | None:
        block = block_of(self.row)
        return None if isinstance(block, UnnumberedBatch) else " to ".join(block.written())

    serial_form = attribute_field(
        "row.serial_form", SerialForm, description="Format of the serial numbers, which depends on the registry."
    )

    registry_reference = attribute_field(
        "row.registry_reference",
        str | None,
        description="Registry's reference for the batch if the registry does not number credits; otherwise null.",
    )

    period_end = attribute_field(
        "row.period_end",
        date | None,
        description="Last day of the monitoring period, from the serial numbers or as given on receipt; null if "
        "unknown.",
    )

    issued = mass_field("row.issued_g", description="Mass that the registry issued in this batch.")

    available = mass_field("row.available_g", description="Mass of the batch that can still be ordered.")

    retired = mass_field(
        "row.retired_g",
        description="Mass of the batch that is retired: it can no longer be sold or claimed by anybody.",
    )

    created_at = attribute_field("row.created_at", datetime, description="Time at which the batch was received.")


def batch_of(row: catalogue.CreditBatch) -> CreditBatch:
    return CreditBatch(row=row)


@strawberry.type(description="A price per tonne that applies to orders of at least a certain mass.")
class PriceTier:
    minimum_mass: Mass = strawberry.field(description="Smallest mass of an order that gets this price.")
    unit_price: UnitPrice = strawberry.field(description="Price of one tonne, without commission.")


async def _tiers(parents: Sequence["Bundle"], info: Info) -> list[list[PriceTier]]:
    context = info.context
    currency = context.caller.account.currency
    ids = [parent.row.id for parent in parents]
    found = await read_catalogue.tiers_of_bundles(context.resources, context.caller, ids)
    return [
        [
            PriceTier(
                minimum_mass=Mass(mass_g=tier.minimum_mass_g),
                unit_price=unit_price(tier.unit_price_micros, currency),
            )
            for tier in tiers
        ]
        for tiers in found
    ]


async def _projects_of_bundles(parents: Sequence["Bundle"], info: Info) -> list[list[Project]]:
    ids = [parent.row.id for parent in parents]
    found = await read_catalogue.projects_of_bundles(info.context.resources, info.context.caller, ids)
    return [[project_of(row) for row in rows] for rows in found]


async def _available(parents: Sequence["Bundle"], info: Info) -> list[Mass]:
    ids = [parent.row.id for parent in parents]
    found = await read_catalogue.available_masses_g(info.context.resources, info.context.caller, ids)
    return [Mass(mass_g=mass_g) for mass_g in found]


@strawberry.type(description="A set of projects whose credits are sold at one price.")
class Bundle(Node):
    row: strawberry.Private[catalogue.Bundle]
    prices: list[PriceTier] = batch_field(
        _tiers,
        columns=("id",),
        description="Price tiers in the account's currency, sorted by minimum mass, smallest first; empty if the "
        "bundle has no price in it.",
        metadata=priced(size=5),
    )
    projects: list[Project] = batch_field(
        _projects_of_bundles,
        columns=("id",),
        description="Projects whose credits the bundle sells.",
        metadata=priced(size=10),
    )
    available: Mass = batch_field(
        _available,
        columns=("id",),
        description="Mass in stock for the account's mode. The stock of a project counts in each bundle that contains "
        "the project.",
    )

    name = attribute_field("row.name", str, description="Name of the bundle, as it is displayed.")

    description = attribute_field(
        "row.description", str, description="Description in a few sentences of the activities that the bundle supports."
    )

    slug = attribute_field(
        "row.slug", str | None, description="Identifier of the bundle for programs; null if it was created without one."
    )

    offset_type = attribute_field(
        "row.offset_type",
        OffsetType,
        description="Effect of the bundle's projects: emissions avoided, or carbon removed.",
    )

    approach = attribute_field(
        "row.approach", Approach, description="Maturity of the methods that the bundle's projects use."
    )

    carbon_permanence = attribute_field(
        "row.carbon_permanence", CarbonPermanence, description="Duration for which the bundle's projects store carbon."
    )

    @strawberry.field(
        description="True if the bundle is off sale and takes no new orders.", metadata=needs("disabled_at")
    )
    def disabled(self) -> bool:
        return self.row.disabled_at is not None

    created_at = attribute_field(
        "row.created_at", datetime, description="Time at which the bundle was added to the catalogue."
    )


def bundle_of(row: catalogue.Bundle) -> Bundle:
    return Bundle(row=row)


async def _bundles_of_weights(parents: Sequence["PortfolioWeight"], info: Info) -> list[Bundle]:
    ids = {parent.weight.bundle_id for parent in parents}
    columns = selected_columns(info)
    found = await read_catalogue.bundles_of_ids(info.context.resources, info.context.caller, ids, columns=columns)
    return [bundle_of(found[parent.weight.bundle_id]) for parent in parents]


@strawberry.type(description="The share that one bundle has in a portfolio.")
class PortfolioWeight:
    weight: strawberry.Private[catalogue.Weight]
    bundle: Bundle = batch_field(_bundles_of_weights, description="Bundle that this share is for.")

    @strawberry.field(
        description="Share of the mass in percent, with at most two decimals. The shares of a portfolio sum to 100."
    )
    def percentage(self) -> Decimal:
        return Decimal(self.weight.hundredths).scaleb(-2)


async def _weights(parents: Sequence["Portfolio"], info: Info) -> list[list[PortfolioWeight]]:
    ids = [parent.row.id for parent in parents]
    found = await read_catalogue.weights_of_portfolios(info.context.resources, info.context.caller, ids)
    return [[PortfolioWeight(weight=weight) for weight in weights] for weights in found]


@strawberry.type(
    description="A named choice of bundles with their shares. An order that names neither bundles nor a portfolio buys "
    "the account's portfolio."
)
class Portfolio(Node):
    row: strawberry.Private[catalogue.Portfolio]
    weights: list[PortfolioWeight] = batch_field(
        _weights,
        columns=("id",),
        description="Bundles of the portfolio with their shares, in the order in which they were set.",
        metadata=priced(size=10),
    )

    identifier = attribute_field("row.identifier", str, description="Stable identifier of the portfolio for programs.")

    label = attribute_field("row.label", str, description="Name of the portfolio, as it is displayed.")


def portfolio_of(row: catalogue.Portfolio) -> Portfolio:
    return Portfolio(row=row)
