"""Locks on as much stock of bundles as orders need; SQL for these locks.

Every transaction locks batches in ascending order of vintage and id, so that no two transactions wait for each other.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from uuid import UUID

from service.domain.allocation import BatchStock, Stock, covers
from service.domain.catalogue import Mode
from service.domain.order import OUT_OF_LINE
from service.storage.backorders import awaited_projects
from service.storage.batches import BATCHES, BUNDLE_PROJECTS, LOCK_ORDER, may_be_sold
from service.storage.database import Row, Statements, placeholders
from service.storage.dialects import for_update

FIRST_BATCHES = 8
"""Maximum number of batches that the first statement locks; each next one locks up to twice as many."""

_START = (0, UUID(int=0))


async def lock_stock(
    statements: Statements,
    mode: Mode,
    wanted_g: Mapping[UUID, int],
    held_ids: Collection[UUID] = (),
    *,
    today: date,
    awaited_at: datetime | None,
    before: datetime = OUT_OF_LINE,
) -> Stock:
    """Lock the first batches of each bundle, by vintage and id, that have grams left and may be sold on the day (in
    UTC), until they have the grams that are wanted from it or no batch is left; the locks last until the transaction
    ends. Grams that other bundles want from the same batches count too.

    Credits of a project do not count if lines of orders placed `before` the time wait for them at `awaited_at`; with
    None all count. The batches `held_ids`, of which quotes or the order hold grams, are locked too.
    """
    batches: dict[UUID, list[BatchStock]] = {bundle_id: [] for bundle_id in wanted_g}
    awaited: set[UUID] = set()
    projects = await _projects_of(statements, wanted_g)
    missing, held = set(wanted_g), set(held_ids)
    behind, limit = _START, FIRST_BATCHES
    while missing or held:
        rows = await _lock_next(statements, mode, missing, held, today, behind, limit)
        for row in rows:
            held.discard(row["id"])
            if row["is_stocked"]:
                batch = BatchStock(row["id"], row["project_id"], row["vintage"], row["available_g"])
                for bundle_id in missing:
                    if batch.project_id in projects[bundle_id]:
                        batches[bundle_id].append(batch)
        if awaited_at is not None and missing:
            # Read after each lock: every line that waits for these batches is committed by then, so none is overtaken.
            awaited |= await awaited_projects(statements, mode, wanted_g, now=awaited_at, before=before)
        if len(rows) < limit:
            break
        missing = {each for each in missing if not covers(Stock(batches, awaited), wanted_g, projects, each)}
        behind, limit = (rows[-1]["vintage"], rows[-1]["id"]), limit * 2
    return Stock(batches, awaited)


async def _projects_of(statements: Statements, bundle_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    projects: dict[UUID, set[UUID]] = {bundle_id: set() for bundle_id in bundle_ids}
    if bundle_ids:
        marks = placeholders(1, len(bundle_ids))
        for row in await statements.fetch(
            f"SELECT bundle_id, project_id FROM {BUNDLE_PROJECTS} WHERE bundle_id IN ({marks})", *bundle_ids
        ):
            projects[row["bundle_id"]].add(row["project_id"])
    return projects


async def _lock_next(
    statements: Statements,
    mode: Mode,
    bundle_ids: Collection[UUID],
    held_ids: Collection[UUID],
    today: date,
    behind: tuple[int, UUID],
    limit: int,
) -> list[Row]:
    """Lock and return the next batches that are in the stock of one of the bundles or held."""
    marks = placeholders(7, len(bundle_ids))
    stocked = f"b.mode = $1 AND b.available_g > 0 AND {may_be_sold('$2', '$3')}"
    in_stock = f"{stocked} AND b.project_id IN (SELECT project_id FROM {BUNDLE_PROJECTS} WHERE bundle_id IN ({marks}))"
    condition = in_stock
    if held_ids:
        # Batches are selected by id, because with OR the databases read all batches.
        held_marks = placeholders(7 + len(bundle_ids), len(held_ids))
        condition = (
            f"b.id IN (SELECT id FROM {BATCHES.name} WHERE id IN ({held_marks})"
            + (f" UNION ALL SELECT b.id FROM {BATCHES.name} b WHERE {in_stock}" if bundle_ids else "")
            + ")"
        )
    return await statements.fetch(
        f"SELECT b.id, b.project_id, b.vintage, b.available_g, {stocked} AS is_stocked FROM {BATCHES.name} b"
        f" WHERE {condition} AND (b.vintage, b.id) > ($4, $5)"
        f" ORDER BY {LOCK_ORDER} LIMIT $6{for_update(statements, of='b')}",
        *(mode, today.year, today, *behind, limit, *bundle_ids, *held_ids),
    )
