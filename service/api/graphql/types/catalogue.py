"""The catalogue as callers see it: projects, credit batches, bundles, portfolios."""

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


@strawberry.type(description="A project that avoids or removes emissions and so issues carbon credits.")
class Project(Node):
    row: strawberry.Private[catalogue.Project]
    category: str = batch_field(
        _category_names, columns=("category_id",), description="The kind of project, such as forest conservation."
    )

    name = attribute_field("row.name", str, description="What people call it.")

    slug = attribute_field("row.slug", str, description="Its name in web addresses.")

    type = attribute_field("row.project_type", str, description="The method by which it avoids or removes emissions.")

    country = attribute_field("row.country", str, description="Where it is: ISO 3166-1 alpha-3.")

    registry_name = attribute_field("row.registry_name", str, description="The registry that issues its credits.")

    description = attribute_field("row.description", str, description="What it does, in a few sentences.")

    created_at = attribute_field("row.created_at", datetime, description="When it was added to the catalogue.")


def project_of(row: catalogue.Project) -> Project:
    return Project(row=row)


async def _projects_of_batches(parents: Sequence["CreditBatch"], info: Info) -> list[Project]:
    ids = {parent.row.project_id for parent in parents}
    columns = selected_columns(info)
    found = await read_catalogue.projects_of_ids(info.context.resources, info.context.caller, ids, columns=columns)
    projects = {id_: project_of(row) for id_, row in found.items()}
    return [projects[parent.row.project_id] for parent in parents]


@strawberry.type(description="Credits issued together under one project and vintage, with a range of registry serials.")
class CreditBatch(Node):
    row: strawberry.Private[catalogue.CreditBatch]
    project: Project = batch_field(
        _projects_of_batches, columns=("project_id",), description="The project that issued the credits."
    )

    vintage = attribute_field(
        "row.vintage",
        int,
        description="The year in which emissions were avoided or removed. Old vintages are sold first.",
    )

    mode = attribute_field("row.mode", Mode, description="Live or test.")

    reference = attribute_field(
        "row.reference",
        str | None,
        description="What whoever received it called it; null for batches that were received without one.",
    )

    @strawberry.field(
        description="The registry's serial of its first credit; the registry's reference where it numbers no credits.",
        metadata=needs(*SERIAL_COLUMNS),
    )
    def first_serial(self) -> str:
        block = block_of(self.row)
        return block.reference if isinstance(block, UnnumberedBatch) else block.credit(block.first)

    @strawberry.field(
        description="The registry's serial of its last credit; null where the registry numbers no credits.",
        metadata=needs(*SERIAL_COLUMNS),
    )
    def last_serial(self) -> str | None:
        block = block_of(self.row)
        return None if isinstance(block, UnnumberedBatch) else block.credit(block.last)

    @strawberry.field(
        description="All its serials as the registry writes their range, first and last serial joined by ` to ` where "
        "they were received as two; null where the registry numbers no credits.",
        metadata=needs(*SERIAL_COLUMNS),
    )
    def serial_range(self) -> str | None:
        block = block_of(self.row)
        return None if isinstance(block, UnnumberedBatch) else " to ".join(block.written())

    serial_form = attribute_field("row.serial_form", SerialForm, description="The form in which serials are written.")

    registry_reference = attribute_field(
        "row.registry_reference",
        str | None,
        description="The registry's reference for its credits, where it numbers none; otherwise null.",
    )

    period_end = attribute_field(
        "row.period_end",
        date | None,
        description="The last day of the monitoring period, as the serials or the receipt state it; null if unknown.",
    )

    issued = mass_field("row.issued_g", description="What the registry issued.")

    available = mass_field("row.available_g", description="What can still be ordered.")

    retired = mass_field("row.retired_g", description="What was retired: nobody can sell or claim it again.")

    created_at = attribute_field("row.created_at", datetime, description="When it was received.")


def batch_of(row: catalogue.CreditBatch) -> CreditBatch:
    return CreditBatch(row=row)


@strawberry.type(description="The price of a tonne for orders of at least a certain mass.")
class PriceTier:
    minimum_mass: Mass = strawberry.field(description="The smallest order that gets this price.")
    unit_price: UnitPrice = strawberry.field(description="The price of one tonne, without commission.")


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


@strawberry.type(description="A set of projects that is sold at one price.")
class Bundle(Node):
    row: strawberry.Private[catalogue.Bundle]
    prices: list[PriceTier] = batch_field(
        _tiers,
        columns=("id",),
        description="Its price tiers in the account's currency, smallest orders first; empty where it has none.",
        metadata=priced(size=5),
    )
    projects: list[Project] = batch_field(
        _projects_of_bundles, columns=("id",), description="The projects it is made of.", metadata=priced(size=10)
    )
    available: Mass = batch_field(
        _available,
        columns=("id",),
        description="What is in stock in the account's mode. A project in two bundles counts in both.",
    )

    name = attribute_field("row.name", str, description="What people call it.")

    description = attribute_field("row.description", str, description="What it supports, in a few sentences.")

    slug = attribute_field(
        "row.slug", str | None, description="Its name for programs; null for bundles that were made without one."
    )

    offset_type = attribute_field(
        "row.offset_type", OffsetType, description="Whether its projects avoid or remove emissions."
    )

    approach = attribute_field("row.approach", Approach, description="How proven its methods are.")

    carbon_permanence = attribute_field(
        "row.carbon_permanence", CarbonPermanence, description="How long the carbon stays away."
    )

    @strawberry.field(description="Whether it takes no orders any more.", metadata=needs("disabled_at"))
    def disabled(self) -> bool:
        return self.row.disabled_at is not None

    created_at = attribute_field("row.created_at", datetime, description="When it was added to the catalogue.")


def bundle_of(row: catalogue.Bundle) -> Bundle:
    return Bundle(row=row)


async def _bundles_of_weights(parents: Sequence["PortfolioWeight"], info: Info) -> list[Bundle]:
    ids = {parent.weight.bundle_id for parent in parents}
    columns = selected_columns(info)
    found = await read_catalogue.bundles_of_ids(info.context.resources, info.context.caller, ids, columns=columns)
    return [bundle_of(found[parent.weight.bundle_id]) for parent in parents]


@strawberry.type(description="A bundle's part of a portfolio.")
class PortfolioWeight:
    weight: strawberry.Private[catalogue.Weight]
    bundle: Bundle = batch_field(_bundles_of_weights, description="The bundle.")

    @strawberry.field(description="Percent of the mass, at most two decimals. A portfolio's weights sum to 100.")
    def percentage(self) -> Decimal:
        return Decimal(self.weight.hundredths).scaleb(-2)


async def _weights(parents: Sequence["Portfolio"], info: Info) -> list[list[PortfolioWeight]]:
    ids = [parent.row.id for parent in parents]
    found = await read_catalogue.weights_of_portfolios(info.context.resources, info.context.caller, ids)
    return [[PortfolioWeight(weight=weight) for weight in weights] for weights in found]


@strawberry.type(description="A standing choice of bundles: what an order buys when it names no bundles itself.")
class Portfolio(Node):
    row: strawberry.Private[catalogue.Portfolio]
    weights: list[PortfolioWeight] = batch_field(
        _weights, columns=("id",), description="Its bundles with their parts, in order.", metadata=priced(size=10)
    )

    identifier = attribute_field("row.identifier", str, description="A stable name for programs.")

    label = attribute_field("row.label", str, description="A name for people.")


def portfolio_of(row: catalogue.Portfolio) -> Portfolio:
    return Portfolio(row=row)
