"""Rows of credit batches. A batch's grams change only by conditional updates here; CHECK constraints keep their sum."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from service.domain.allocation import BatchStock
from service.domain.catalogue import CreditBatch, Mode
from service.domain.serials.facts import CreditStatus
from service.kit.keyset import PageRequest
from service.storage import models
from service.storage.conditions import Conditions
from service.storage.database import Statements, placeholders
from service.storage.dialects import for_update, typed_rows
from service.storage.tables import Columns, Table

BATCHES = Table(models.CreditBatch, CreditBatch)
BUNDLE_PROJECTS = models.BundleProject._meta.db_table  # noqa: SLF001

LOCK_ORDER = "b.vintage, b.id"
"""Order in which every transaction locks batches `b` of one mode, so that two of them never wait crosswise."""

BundleStock = dict[UUID, list[BatchStock]]


def may_be_sold(year: str, day: str) -> str:
    """Return the condition that a batch `b` may be sold and retired in this year and on this day, two parameters: the
    rule of `domain/vintages.py` in SQL.
    """
    return (
        f"b.credit_status = '{CreditStatus.ISSUED}' AND ((b.period_end IS NULL AND b.vintage < {year})"
        f" OR b.period_end < {day})"
    )


async def read_stock(statements: Statements, mode: Mode, bundle_ids: Collection[UUID], *, today: date) -> BundleStock:
    """Return each bundle's batches of the mode that have grams left and may be sold on the day; nothing is locked."""
    rows = await statements.fetch(
        f"SELECT bp.bundle_id, b.id, b.project_id, b.vintage, b.available_g"
        f" FROM {BATCHES.name} b JOIN {BUNDLE_PROJECTS} bp ON bp.project_id = b.project_id"
        f" WHERE b.mode = $1 AND b.available_g > 0 AND {may_be_sold('$2', '$3')}"
        f" AND bp.bundle_id IN ({placeholders(4, len(bundle_ids))})",
        mode,
        today.year,
        today,
        *bundle_ids,
    )
    stock: BundleStock = {bundle_id: [] for bundle_id in bundle_ids}
    for row in rows:
        stock[row["bundle_id"]].append(BatchStock(row["id"], row["project_id"], row["vintage"], row["available_g"]))
    return stock


async def page(statements: Statements, mode: Mode, request: PageRequest) -> list[CreditBatch]:
    """Return one batch of the mode more than the page holds, oldest first."""
    return await BATCHES.read_page(
        statements, models.CreditBatch.filter(mode=mode), "created_at", request, descending=False
    )


async def of_ids(
    statements: Statements, mode: Mode, batch_ids: Collection[UUID], columns: Columns = None
) -> dict[UUID, CreditBatch]:
    """Return those of the batches that are of the mode, by id."""
    conditions = Conditions()
    conditions.add("mode = {}", mode)
    conditions.add_in("id", batch_ids)
    return await BATCHES.by_id(statements, conditions, columns)


async def existing_ids(statements: Statements, batch_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the ids that batches have, in either mode."""
    rows = await models.CreditBatch.filter(id__in=batch_ids).using_db(statements.client).values("id")
    return {row["id"] for row in rows}


async def available_g(
    statements: Statements, mode: Mode, bundle_ids: Collection[UUID], *, today: date
) -> dict[UUID, int]:
    """Return each bundle's stock of the mode that may be sold on the day, in grams; projects that are in two bundles
    count in both.
    """
    rows = await statements.fetch(
        f"SELECT bp.bundle_id, CAST(sum(b.available_g) AS BIGINT) AS grams"
        f" FROM {BATCHES.name} b JOIN {BUNDLE_PROJECTS} bp ON bp.project_id = b.project_id"
        f" WHERE b.mode = $1 AND b.available_g > 0 AND {may_be_sold('$2', '$3')}"
        f" AND bp.bundle_id IN ({placeholders(4, len(bundle_ids))}) GROUP BY bp.bundle_id",
        mode,
        today.year,
        today,
        *bundle_ids,
    )
    found: dict[UUID, int] = {row["bundle_id"]: row["grams"] for row in rows}
    return {bundle_id: found.get(bundle_id, 0) for bundle_id in bundle_ids}


async def hold(statements: Statements, held_g: Mapping[UUID, int]) -> None:
    """Move available grams to held ones for a quote, so that no other order gets them."""
    await _move(statements, "available_g", "held_g", held_g)


async def take_held(statements: Statements, held_g: Mapping[UUID, int]) -> None:
    """Move grams that a quote held to allocated ones."""
    await _move(statements, "held_g", "allocated_g", held_g)


async def let_go(statements: Statements, held_g: Mapping[UUID, int]) -> None:
    """Move grams that a quote held back to available ones."""
    await _move(statements, "held_g", "available_g", held_g)


async def take(statements: Statements, taken_g: Mapping[UUID, int]) -> None:
    """Move available grams to allocated ones. Raises if any batch has too few left, which the lock taken before makes
    impossible.
    """
    await _move(statements, "available_g", "allocated_g", taken_g)


async def give_back(statements: Statements, returned_g: Mapping[UUID, int]) -> None:
    """Move allocated grams back to available ones. The batches are locked before, because one update locks rows in no
    set order.
    """
    await _move(statements, "allocated_g", "available_g", returned_g)


async def retire(statements: Statements, retired_g: Mapping[UUID, int]) -> None:
    """Move allocated grams to retired ones, for good."""
    await _move(statements, "allocated_g", "retired_g", retired_g)


async def lock_ends(statements: Statements, batch_ids: Collection[UUID]) -> dict[UUID, int]:
    """Lock the batches, by vintage and id. Return for each the first gram that nobody has retired."""
    if not batch_ids:
        return {}
    rows = await statements.fetch(
        f"SELECT b.id, b.retired_g FROM {BATCHES.name} b WHERE b.id IN ({placeholders(1, len(batch_ids))})"
        f" ORDER BY {LOCK_ORDER}{for_update(statements)}",
        *batch_ids,
    )
    return {row["id"]: row["retired_g"] for row in rows}


async def lock(statements: Statements, batch_ids: Collection[UUID]) -> None:
    """Lock the batches, by vintage and id, until the transaction ends."""
    if not batch_ids:
        return
    await statements.fetch(
        f"SELECT b.id FROM {BATCHES.name} b WHERE b.id IN ({placeholders(1, len(batch_ids))})"
        f" ORDER BY {LOCK_ORDER}{for_update(statements)}",
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
