"""The queues for credits, one a bundle and mode, as rows: first come, first served."""

from collections.abc import Collection
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.order import Backorder
from service.storage import models
from service.storage.database import Statements, placeholders
from service.storage.tables import Table

BACKORDERS = Table(models.Backorder, Backorder)


async def queued_bundles(statements: Statements, mode: Mode, bundle_ids: Collection[UUID]) -> set[UUID]:
    """Those of the bundles for which somebody waits. True until the transaction ends if their batches are locked."""
    rows = await statements.fetch(
        f"SELECT DISTINCT bundle_id FROM {BACKORDERS.name} WHERE mode = $1"
        f" AND bundle_id IN ({placeholders(2, len(bundle_ids))})",
        mode,
        *bundle_ids,
    )
    return {row["bundle_id"] for row in rows}


async def leave(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> None:
    """The orders wait for nothing any more."""
    await statements.execute(
        f"DELETE FROM {BACKORDERS.name} WHERE account_id = $1 AND order_id IN ({placeholders(2, len(order_ids))})",
        account_id,
        *order_ids,
    )
