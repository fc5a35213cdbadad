"""GraphQL types of the seller's stock overview."""

import strawberry

from service.api.graphql.cost.field_costs import priced
from service.api.graphql.types.amounts import mass_field
from service.api.graphql.types.catalogue import Project, project_of
from service.domain import catalogue_listing
from service.domain.catalogue import Mode
from service.plans import attribute_field

VINTAGES_USUAL = 5


@strawberry.type(description="Stock of one project and one vintage, over all batches of one mode.")
class VintageStock:
    row: strawberry.Private[catalogue_listing.StockLevel]

    vintage = attribute_field(
        "row.vintage", int, description="Vintage of the credits: the year in which emissions were avoided or removed."
    )

    issued = mass_field(
        "row.issued_g",
        description="Mass that the registry issued: the sum of `available`, `notForSale`, `held`, `allocated` and "
        "`retired`.",
    )

    available = mass_field("row.available_g", description="Mass that new orders can buy now.")

    not_for_sale = mass_field(
        "row.unsold_g",
        description="Mass that belongs to no quote and no order, and that new orders cannot buy: credits of withdrawn "
        "batches and of batches whose vintage is not over.",
    )

    held = mass_field("row.held_g", description="Mass that quotes hold for later orders.")

    allocated = mass_field("row.allocated_g", description="Mass that is set aside for orders and not retired yet.")

    retired = mass_field("row.retired_g", description="Mass that is retired for good.")


@strawberry.type(description="Stock of one project in one mode, for the seller.")
class ProjectStock:
    row: strawberry.Private[catalogue_listing.ProjectStock]
    mode: Mode = strawberry.field(description="Mode of the credits: LIVE for real credits, TEST for made-up credits.")

    @strawberry.field(description="Project that the credits come from.")
    def project(self) -> Project:
        return project_of(self.row.project)

    @strawberry.field(
        description="Stock of each vintage of which the seller received credits, oldest first.",
        metadata=priced(size=VINTAGES_USUAL),
    )
    def vintages(self) -> list[VintageStock]:
        return [VintageStock(row=level) for level in self.row.vintages]

    waiting = mass_field(
        "row.waiting_g",
        description="Mass for which orders wait that may take credits of this project. An order that may take credits "
        "of several projects counts in each of them.",
    )
