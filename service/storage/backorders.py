"""Order lines that wait for credits, as rows; SQL for queues, of which only the first lines are read.

Each mode has one queue across all bundles, in the order of `QUEUE_ORDER`.

A line may take credits of the projects of its bundle. Rows at `OUT_OF_LINE` are in no queue.
"""

from collections.abc import Collection
from datetime import date, datetime
from functools import partial
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.matching import place_in_queue
from service.domain.order import OUT_OF_LINE, Backorder
from service.domain.worker_failures import WorkerStep
from service.storage import models
from service.storage.batches import BUNDLE_PROJECTS, may_be_sold
from service.storage.conditions import Conditions
from service.storage.database import Statements, placeholders
from service.storage.tables import Table
from service.storage.worker_failures import FAILURES, rests

BACKORDERS = Table(models.Backorder, Backorder)
BATCHES = models.CreditBatch._meta.db_table  # noqa: SLF001 - as in tables.py
QUEUE_ORDER = "created_at, order_id, position"
"""Columns of the place in the queue, as in `domain.matching.place_in_queue`."""

_RESTS = partial(rests, WorkerStep.MATCH_BACKORDERS)
"""Condition that a line failed and is paused, so that it does not delay other lines."""

# Scalar subqueries with LIMIT are never turned into joins, and ORDER BY makes PostgreSQL use the index, so only the
# first line of each bundle is read. With EXISTS the plan of a prepared statement reads whole queues.
_HAS_QUEUE = (
    f"(SELECT 1 FROM {BACKORDERS.name} q WHERE q.bundle_id = {{bundle}} AND q.mode = $1 AND q.created_at < $2"
    f" AND NOT {_RESTS('q.account_id', 'q.order_id', '$3', 'q.position')}"
    " ORDER BY q.created_at LIMIT 1) IS NOT NULL"
)


async def awaited_projects(
    statements: Statements, mode: Mode, bundle_ids: Collection[UUID], *, now: datetime, before: datetime = OUT_OF_LINE
) -> set[UUID]:
    """Return the projects whose credits are reserved for waiting lines: those of bundles that share a project with
    these, and for which a line of an order placed `before` waits. The result stays valid while the stock is locked.
    """
    rows = await statements.fetch(
        f"SELECT DISTINCT bp.project_id FROM (SELECT DISTINCT other.bundle_id FROM {BUNDLE_PROJECTS} own"
        f" JOIN {BUNDLE_PROJECTS} other ON other.project_id = own.project_id"
        f" WHERE own.bundle_id IN ({placeholders(4, len(bundle_ids))})) c"
        f" JOIN {BUNDLE_PROJECTS} bp ON bp.bundle_id = c.bundle_id WHERE {_HAS_QUEUE.format(bundle='c.bundle_id')}",
        mode,
        before,
        now,
        *bundle_ids,
    )
    return {row["project_id"] for row in rows}


async def leave(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> None:
    """Delete the backorders of the orders."""
    await BACKORDERS.delete(statements, account_id=account_id, order_id=list(order_ids))


async def matchable(statements: Statements, mode: Mode, *, today: date, now: datetime) -> list[tuple[UUID, UUID]]:
    """Return each bundle for which a line waits, with each of its projects that has stock to sell on the day (in
    UTC).
    """
    rows = await statements.fetch(
        f"SELECT bp.bundle_id, bp.project_id FROM {BUNDLE_PROJECTS} bp"
        f" WHERE {_HAS_QUEUE.format(bundle='bp.bundle_id')}"
        f" AND (SELECT 1 FROM {BATCHES} b WHERE b.project_id = bp.project_id AND b.mode = $1 AND b.available_g > 0"
        f" AND {may_be_sold('$4', '$5')} LIMIT 1) IS NOT NULL",
        mode,
        OUT_OF_LINE,
        now,
        today.year,
        today,
    )
    return [(row["bundle_id"], row["project_id"]) for row in rows]


async def bundles_waiting_for(
    statements: Statements, mode: Mode, project_ids: Collection[UUID], *, now: datetime
) -> set[UUID]:
    """Return the bundles with any of these projects for which a line waits."""
    if not project_ids:
        return set()
    rows = await statements.fetch(
        f"SELECT DISTINCT bp.bundle_id FROM {BUNDLE_PROJECTS} bp"
        f" WHERE bp.project_id IN ({placeholders(4, len(project_ids))})"
        f" AND {_HAS_QUEUE.format(bundle='bp.bundle_id')}",
        mode,
        OUT_OF_LINE,
        now,
        *project_ids,
    )
    return {row["bundle_id"] for row in rows}


async def first_in_line(
    statements: Statements, mode: Mode, bundle_ids: Collection[UUID], limit: int, *, now: datetime
) -> list[Backorder]:
    """Return at most `limit` lines that wait for any of the bundles, in the order of the queue, except lines that
    failed and are paused at `now`.
    """
    found: list[Backorder] = []
    table = BACKORDERS.name
    resting = _RESTS(f"{table}.account_id", f"{table}.order_id", "{}", f"{table}.position")
    # One statement for each bundle: each stops after `limit` rows of the index, while a common one would sort every
    # queue.
    for bundle_id in sorted(bundle_ids):
        conditions = Conditions()
        conditions.add("bundle_id = {}", bundle_id)
        conditions.add("mode = {}", mode)
        conditions.add("created_at < {}", OUT_OF_LINE)
        conditions.add(f"NOT {resting}", now)
        found += await BACKORDERS.select(
            statements, conditions, f"ORDER BY {QUEUE_ORDER} LIMIT {conditions.parameter(limit)}"
        )
    return sorted(found, key=place_in_queue)[:limit]


async def of_order(statements: Statements, account_id: UUID, order_id: UUID) -> list[Backorder]:
    """Return the backorders of the order's lines, in order."""
    query = models.Backorder.filter(account_id=account_id, order_id=order_id)
    return await BACKORDERS.read(statements, query.order_by("position"))


async def serve(statements: Statements, backorder: Backorder, waiting_g: int) -> None:
    """Set the waiting grams of the line, or delete it when none are left."""
    key = {column: getattr(backorder, column) for column in ("bundle_id", "order_id", "position")}
    if waiting_g:
        await BACKORDERS.update(statements, {"waiting_g": waiting_g}, **key)
    else:
        await BACKORDERS.delete(statements, **key)


async def forget_gone(statements: Statements) -> None:
    """Delete the failures of lines that no longer wait."""
    await statements.execute(
        f"DELETE FROM {FAILURES.name} WHERE step = $1 AND NOT EXISTS (SELECT 1 FROM {BACKORDERS.name} q"
        f" WHERE q.account_id = {FAILURES.name}.account_id AND q.order_id = {FAILURES.name}.item_id"
        f" AND q.position = {FAILURES.name}.position)",
        WorkerStep.MATCH_BACKORDERS,
    )
