"""Credit batches, as rows. A batch's grams move only by conditional updates here; CHECK constraints hold the sum."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.allocation import BatchStock
from service.domain.catalogue import Mode
from service.storage import models
from service.storage.database import Statements, placeholders
from service.storage.dialects import for_update, typed_rows
from service.storage.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBatch:
    """Grams issued under one project and vintage; `issued = available + held + allocated + retired`."""

    id: UUID
    project_id: UUID
    mode: Mode
    vintage: int
    serial_prefix: str
    serial_start: int
    issued_g: int
    available_g: int
    held_g: int
    allocated_g: int
    retired_g: int
    created_at: datetime


BATCHES = Table(models.CreditBatch, CreditBatch)
BUNDLE_PROJECTS = models.BundleProject._meta.db_table  # noqa: SLF001

Shelves = dict[UUID, list[BatchStock]]


async def lock_shelves(statements: Statements, mode: Mode, bundle_ids: Collection[UUID]) -> Shelves:
    """Each bundle's batches of the mode that have grams left; they are locked, in id order, until the transaction ends."""
    rows = await statements.fetch(
        f"SELECT bp.bundle_id, b.id, b.project_id, b.vintage, b.available_g"
        f" FROM {BATCHES.name} b JOIN {BUNDLE_PROJECTS} bp ON bp.project_id = b.project_id"
        f" WHERE b.mode = $1 AND b.available_g > 0 AND bp.bundle_id IN ({placeholders(2, len(bundle_ids))})"
        f" ORDER BY b.id{for_update(statements, of='b')}",
        mode,
        *bundle_ids,
    )
    shelves: Shelves = {bundle_id: [] for bundle_id in bundle_ids}
    for row in rows:
        shelves[row["bundle_id"]].append(BatchStock(row["id"], row["project_id"], row["vintage"], row["available_g"]))
    return shelves


async def take(statements: Statements, taken_g: Mapping[UUID, int]) -> None:
    """The grams are allocated. Raises if any batch has too few left, which the lock taken before makes impossible."""
    await _move(statements, "available_g", "allocated_g", taken_g)


async def give_back(statements: Statements, returned_g: Mapping[UUID, int]) -> None:
    """The grams are available again. Batches are written in id order, each locked by its own update."""
    await _move(statements, "allocated_g", "available_g", returned_g)


async def lock(statements: Statements, batch_ids: Collection[UUID]) -> None:
    """The batches are locked, in id order, until the transaction ends."""
    await statements.fetch(
        f"SELECT id FROM {BATCHES.name} WHERE id IN ({placeholders(1, len(batch_ids))})"
        f" ORDER BY id{for_update(statements)}",
        *batch_ids,
    )


async def _move(statements: Statements, source: str, target: str, grams: Mapping[UUID, int]) -> None:
    if not grams:
        return
    cells = [cell for pair in sorted(grams.items()) for cell in pair]
    moved = await statements.execute(
        f"UPDATE {BATCHES.name} SET {source} = {source} - v.column2, {target} = {target} + v.column2"
        f" FROM (VALUES {typed_rows(statements, ('uuid', 'bigint'), len(grams))}) AS v"
        f" WHERE {BATCHES.name}.id = v.column1 AND {BATCHES.name}.{source} >= v.column2",
        *cells,
    )
    if moved != len(grams):
        raise RuntimeError(f"{len(grams) - moved} of {len(grams)} batches held fewer grams than were locked")
