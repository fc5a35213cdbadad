"""GraphQL types of the catalogue: projects, credit batches, bundles."""

from collections.abc import Sequence
from datetime import date, datetime

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.scalars import CurrencyCode
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


@strawberry.type(
    description="A project that avoids or removes emissions. A registry issues carbon credits for these emissions."
)
class Project(Node):
    row: strawberry.Private[catalogue.Project]
    category: str = batch_field(
        _category_names, columns=("category_id",), description="Category of the project, such as forest conservation."
    )

    name = attribute_field("row.name", str, description="Name of the project for display to people.")

    slug = attribute_field(
        "row.slug", str, description="Identifier of the project for use in programs and web addresses."
    )

    type = attribute_field(
        "row.project_type", str, description="Method by which the project avoids or removes emissions."
    )

    country = attribute_field(
        "row.country", str, description="Country of the project, as an ISO 3166-1 alpha-3 code such as `BRA`."
    )

    registry_name = attribute_field(
        "row.registry_name", str, description="Name of the registry that issues the project's credits."
    )

    description = attribute_field("row.description", str, description="Description of the project in a few sentences.")

    logo_url = attribute_field(
        "row.logo_url", str | None, description="Address of the project's logo. Null if the project has no logo."
    )

    registry_project_id = attribute_field(
        "row.registry_project_id",
        str | None,
        description="Identifier of the project at its registry, such as `VCS1234`. Null if the seller has not stated "
        "it.",
    )

    methodology = attribute_field(
        "row.methodology",
        str | None,
        description="Methodology by which the project's credits are measured and verified, such as `VM0048`. Null if "
        "the seller has not stated it.",
    )

    offset_type = attribute_field(
        "row.offset_type",
        OffsetType | None,
        description="Effect of the project on the climate: it avoids emissions, or it removes carbon from the air. "
        "Null if the seller has not stated it.",
    )

    storage_years = attribute_field(
        "row.storage_years",
        int | None,
        description="Number of years for which the methodology counts the project's carbon as stored. Null if the "
        "project stores no carbon, or if the seller has not stated it.",
    )

    public_url = attribute_field(
        "row.public_url",
        str | None,
        description="Address of a public page about the project, such as its page at the registry. Null if the seller "
        "has not stated it.",
    )

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
    description="A batch of credits: credits of one project and one vintage that the seller received together."
)
class CreditBatch(Node):
    row: strawberry.Private[catalogue.CreditBatch]
    project: Project = batch_field(
        _projects_of_batches, columns=("project_id",), description="Project that the credits come from."
    )

    vintage = attribute_field(
        "row.vintage",
        int,
        description="Vintage of the credits: the year in which the emissions were avoided or removed. Credits of the "
        "oldest vintage are sold first.",
    )

    mode = attribute_field(
        "row.mode", Mode, description="Mode of the credits: LIVE for real credits, TEST for made-up credits."
    )

    reference = attribute_field(
        "row.reference",
        str | None,
        description="Reference that the seller gave when the batch was received. Null if the seller gave none.",
    )

    @strawberry.field(
        description="Serial number that the registry gave the first credit of the batch. If the registry does not "
        "number credits: the registry's reference for the batch.",
        metadata=needs(*SERIAL_COLUMNS),
    )
    def first_serial(self) -> str:
        block = block_of(self.row)
        return block.reference if isinstance(block, UnnumberedBatch) else block.credit(block.first)

    @strawberry.field(
        description="Serial number that the registry gave the last credit of the batch. Null if the registry does not "
        "number credits.",
        metadata=needs(*SERIAL_COLUMNS),
    )
    def last_serial(self) -> str | None:
        block = block_of(self.row)
        return None if isinstance(block, UnnumberedBatch) else block.credit(block.last)

    @strawberry.field(
        description="Serial numbers of the batch as one text, written as the registry writes a range. If the seller "
        "gave the first and the last serial number separately, the text is both numbers joined by ` to `. Null if the "
        "registry does not number credits.",
        metadata=needs(*SERIAL_COLUMNS),
    )
    def serial_range(self) -> str | None:
        block = block_of(self.row)
        return None if isinstance(block, UnnumberedBatch) else " to ".join(block.written())

    serial_form = attribute_field(
        "row.serial_form", SerialForm, description="Format in which the project's registry writes serial numbers."
    )

    registry_reference = attribute_field(
        "row.registry_reference",
        str | None,
        description="Registry's reference for the batch. Null if the registry numbers credits: the batch then has "
        "serial numbers.",
    )

    period_start = attribute_field(
        "row.period_start",
        date | None,
        description="First day of the period in which the project's emissions were monitored. Null if neither the "
        "seller nor the serial numbers named this day.",
    )

    period_end = attribute_field(
        "row.period_end",
        date | None,
        description="Last day of the period in which the project's emissions were monitored. Null if neither the "
        "seller nor the serial numbers named this day.",
    )

    article6_authorisation = attribute_field(
        "row.article6_authorisation",
        str | None,
        description="Authorisation of the credits by the host country under Article 6 of the Paris Agreement, such as "
        "the reference of its letter. Null if the seller has not stated one.",
    )

    labels = attribute_field(
        "row.labels",
        list[str],
        description="Names of further standards and programmes that the credits meet, such as `CCP` or `CORSIA "
        "Phase 1`, in alphabetical order.",
    )

    issued = mass_field(
        "row.issued_g",
        description="Mass that the registry issued in this batch: the sum of `available`, `held`, `allocated` and "
        "`retired`.",
    )

    available = mass_field(
        "row.available_g",
        description="Mass of the batch that belongs to no quote and no order. New orders can buy it, unless the batch "
        "is withdrawn or its vintage is not over.",
    )

    held = mass_field("row.held_g", description="Mass of the batch that quotes hold.")

    allocated = mass_field(
        "row.allocated_g", description="Mass of the batch that is set aside for orders and not retired yet."
    )

    withdrawn_at = attribute_field(
        "row.withdrawn_at",
        datetime | None,
        description="Time at which the seller withdrew the batch from sale. Null if the batch is not withdrawn.",
    )

    withdrawal_reason = attribute_field(
        "row.withdrawal_reason",
        str | None,
        description="Reason that the seller gave for withdrawing the batch. Null if the batch is not withdrawn.",
    )

    retired = mass_field(
        "row.retired_g",
        description="Mass of the batch that is retired. Nobody can sell or claim retired credits again.",
    )

    created_at = attribute_field("row.created_at", datetime, description="Time at which the batch was received.")


def batch_of(row: catalogue.CreditBatch) -> CreditBatch:
    return CreditBatch(row=row)


@strawberry.type(description="Price of one tonne for orders of at least a certain mass.")
class PriceTier:
    minimum_mass: Mass = strawberry.field(description="Smallest mass of the whole order that gets this price.")
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


async def _currencies(parents: Sequence["Bundle"], info: Info) -> list[list[CurrencyCode]]:
    ids = [parent.row.id for parent in parents]
    found = await read_catalogue.currencies_of_bundles(info.context.resources, info.context.caller, ids)
    return [list(map(CurrencyCode, codes)) for codes in found]


async def _projects_of_bundles(parents: Sequence["Bundle"], info: Info) -> list[list[Project]]:
    ids = [parent.row.id for parent in parents]
    found = await read_catalogue.projects_of_bundles(info.context.resources, info.context.caller, ids)
    return [[project_of(row) for row in rows] for rows in found]


async def _available(parents: Sequence["Bundle"], info: Info) -> list[Mass]:
    ids = [parent.row.id for parent in parents]
    found = await read_catalogue.available_masses_g(info.context.resources, info.context.caller, ids)
    return [Mass(mass_g=mass_g) for mass_g in found]


@strawberry.type(
    description="A product of the catalogue: a set of projects whose credits are sold at one price per tonne."
)
class Bundle(Node):
    row: strawberry.Private[catalogue.Bundle]
    prices: list[PriceTier] = batch_field(
        _tiers,
        columns=("id",),
        description="Price tiers in the currency of the caller's account, smallest minimum mass first. Empty if the "
        "bundle has no price in this currency.",
        metadata=priced(size=5),
    )
    currencies: list[CurrencyCode] = batch_field(
        _currencies,
        columns=("id",),
        description="Currencies in which the bundle has a price (ISO 4217 codes), in alphabetical order.",
        metadata=priced(own=1),
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
        description="Mass of the bundle's credits that are in stock and can be ordered. A live account sees live "
        "credits, a test account test credits. The stock of a project counts in every bundle that contains the "
        "project.",
    )

    name = attribute_field("row.name", str, description="Name of the bundle for display to people.")

    description = attribute_field(
        "row.description",
        str,
        description="Description of the activities that the bundle supports, in a few sentences.",
    )

    slug = attribute_field(
        "row.slug",
        str | None,
        description="Identifier of the bundle for use in programs. Null if the bundle was created without a slug.",
    )

    offset_type = attribute_field(
        "row.offset_type",
        OffsetType,
        description="Effect of the bundle's projects on the climate: they avoid emissions, or they remove carbon from "
        "the air.",
    )

    approach = attribute_field(
        "row.approach", Approach, description="Maturity of the methods that the bundle's projects use."
    )

    carbon_permanence = attribute_field(
        "row.carbon_permanence",
        CarbonPermanence,
        description="Time for which the bundle's projects keep carbon stored.",
    )

    @strawberry.field(
        description="True if the bundle is off sale: new orders and quotes cannot buy it.",
        metadata=needs("disabled_at"),
    )
    def disabled(self) -> bool:
        return self.row.disabled_at is not None

    disabled_at = attribute_field(
        "row.disabled_at",
        datetime | None,
        description="Time at which the bundle was taken off sale. Null if the bundle is on sale.",
    )

    primary_image_url = attribute_field(
        "row.primary_image_url",
        str | None,
        description="Address of a picture of the bundle. Null if the bundle has no picture.",
    )

    background_colour = attribute_field(
        "row.background_colour",
        str | None,
        description="Background colour of the bundle's picture: a number sign and six hexadecimal digits, such as "
        "`#E8F1E4`. Null if the picture has no background colour.",
    )

    created_at = attribute_field(
        "row.created_at", datetime, description="Time at which the bundle was added to the catalogue."
    )


def bundle_of(row: catalogue.Bundle) -> Bundle:
    return Bundle(row=row)
