"""A step that placing and quoting share: test credits are created if the locked stock has too few.

Other transactions do not see new batches before the commit, so these need no locks.
"""

from collections.abc import Collection, Container, Mapping, Sequence
from uuid import UUID

from service.domain.allocation import Stock
from service.domain.catalogue import CreditBatch, Mode
from service.domain.made_up_credits import lacking, made_up_batch, stocked_with
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.storage import catalogue, serials, stock_locks
from service.storage.database import Statements


async def lock_test_stock(
    resources: Resources, statements: Statements, wanted_g: Mapping[UUID, int], held_ids: Collection[UUID] = ()
) -> tuple[Stock, list[CreditBatch]]:
    """Lock the test stock of the bundles and the batches `held_ids`. Return the stock with enough credits for
    everything that is wanted, regardless of waiting orders, and those of its batches that `add_used` has to create. A
    bundle without projects has no stock.
    """
    now = resources.clock()
    stock = await stock_locks.lock_stock(
        statements, Mode.TEST, wanted_g, held_ids, today=utc_date(now), awaited_at=None
    )
    missing_g = lacking(stock, wanted_g)
    if not missing_g:
        return stock, []
    projects: dict[UUID, UUID] = {}
    for each in await catalogue.projects_in(statements, missing_g):
        projects.setdefault(each.bundle_id, each.project_id)
    made = {
        bundle_id: made_up_batch(project_id, missing_g[bundle_id], resources.new_id(), now, owner="STOCK")
        for bundle_id, project_id in projects.items()
    }
    return stocked_with(stock, made), list(made.values())


async def add_used(statements: Statements, made: Sequence[CreditBatch], used: Container[UUID]) -> None:
    """Insert the new batches from which grams were taken. Batches for refused orders or holds are not created."""
    if wanted := [batch for batch in made if batch.id in used]:
        await serials.add(statements, wanted)
