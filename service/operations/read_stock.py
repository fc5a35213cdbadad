"""Read the seller's stock: each project's grams by vintage, and the grams for which order lines wait."""

from collections import defaultdict
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.domain.catalogue_listing import NamedSort, ProjectFilter, ProjectStock, StockLevel
from service.kit.clock import utc_date
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.storage import batches, catalogue


async def count_stock(resources: Resources, caller: Caller, mode: Mode, wanted: ProjectFilter) -> int:
    """Return the exact number of projects that `list_stock` lists."""
    caller.require(Scope.OPERATOR)
    today = utc_date(resources.clock())
    return await catalogue.count_projects(resources.database.reader, wanted, mode=mode, today=today)


async def list_stock(
    resources: Resources, caller: Caller, mode: Mode, wanted: ProjectFilter, sort: NamedSort, request: PageRequest
) -> Slice[ProjectStock]:
    """Return one page of the projects with their stock of the mode, in two statements; the second reads the batches and
    the queues of the page's projects.
    """
    caller.require(Scope.OPERATOR)
    reader, today = resources.database.reader, utc_date(resources.clock())
    projects = await catalogue.projects(reader, wanted, sort, request, mode=mode, today=today)
    vintages: dict[UUID, list[StockLevel]] = defaultdict(list)
    waiting_g: dict[UUID, int] = defaultdict(int)
    for level in await batches.stock_of(reader, mode, [project.id for project in projects], today=today):
        if level.vintage is None:
            waiting_g[level.project_id] = level.waiting_g
        else:
            vintages[level.project_id].append(level)
    rows = [ProjectStock(project, tuple(vintages[project.id]), waiting_g[project.id]) for project in projects]
    return slice_of(rows, request)
