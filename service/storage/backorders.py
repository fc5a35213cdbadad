"""Rows of the queues for credits, one for each bundle and mode: first come, first served. Rows `OUT_OF_LINE` are in
none.
"""

from collections.abc import Collection
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.order import OUT_OF_LINE, Backorder
from service.storage import models
from service.storage.conditions import Conditions
from service.storage.database import Statements, placeholders
from service.storage.tables import Table

BACKORDERS = Table(models.Backorder, Backorder)
BATCHES = models.CreditBatch._meta.db_table  # noqa: SLF001 - as in tables.py
BUNDLE_PROJECTS = models.BundleProject._meta.db_table  # noqa: SLF001


async def queued_bundles(statements: Statements, mode: Mode, bundle_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the bundles that have a queue. Valid until the transaction ends if their batches are locked."""
    rows = await statements.fetch(
        f"SELECT DISTINCT bundle_id FROM {BACKORDERS.name} WHERE mode = $1 AND created_at < $2"
        f" AND bundle_id IN ({placeholders(3, len(bundle_ids))})",
        mode,
        OUT_OF_LINE,
        *bundle_ids,
    )
    return {row["bundle_id"] for row in rows}


async def leave(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> None:
    """Delete the backorders of the orders."""
    await statements.execute(
        f"DELETE FROM {BACKORDERS.name} WHERE account_id = $1 AND order_id IN ({placeholders(2, len(order_ids))})",
        account_id,
        *order_ids,
    )


async def matchable(statements: Statements) -> list[tuple[Mode, UUID]]:
    """Return the (mode, bundle) queues whose bundle has anything in stock."""
    rows = await statements.fetch(
        f"SELECT DISTINCT q.mode, q.bundle_id FROM {BACKORDERS.name} q WHERE EXISTS"
        f" (SELECT 1 FROM {BATCHES} b JOIN {BUNDLE_PROJECTS} bp ON bp.project_id = b.project_id"
        f" WHERE bp.bundle_id = q.bundle_id AND b.mode = q.mode AND b.available_g > 0) AND q.created_at < $1",
        OUT_OF_LINE,
    )
    return [(Mode(row["mode"]), row["bundle_id"]) for row in rows]


async def first_in_line(statements: Statements, mode: Mode, bundle_id: UUID, limit: int) -> list[Backorder]:
    """Return the first of the queue, at most `limit` of them."""
    conditions = Conditions()
    conditions.add("bundle_id = {}", bundle_id)
    conditions.add("mode = {}", mode)
    conditions.add("created_at < {}", OUT_OF_LINE)
    return await BACKORDERS.select(
        statements, conditions, f"ORDER BY created_at, order_id, position LIMIT {conditions.parameter(limit)}"
    )


async def of_order(statements: Statements, account_id: UUID, order_id: UUID) -> list[Backorder]:
    """Return the backorders of the order's lines, in order."""
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    conditions.add("order_id = {}", order_id)
    return await BACKORDERS.select(statements, conditions, "ORDER BY position")


async def serve(statements: Statements, backorder: Backorder, waiting_g: int) -> None:
    """Set the waiting grams of the line, or delete it when none are left."""
    key = (backorder.bundle_id, backorder.order_id, backorder.position)
    where = "WHERE bundle_id = $1 AND order_id = $2 AND position = $3"
    if waiting_g:
        await statements.execute(f"UPDATE {BACKORDERS.name} SET waiting_g = $4 {where}", *key, waiting_g)
    else:
        await statements.execute(f"DELETE FROM {BACKORDERS.name} {where}", *key)
