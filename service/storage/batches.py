"""Rows of credit batches; SQL for locks, hot sums, and conditional updates.

Grams change only by conditional updates; CHECK constraints keep their sum.
"""

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import date, datetime
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from service.domain.allocation import BatchStock
from service.domain.catalogue import CreditBatch, Mode
from service.domain.catalogue_listing import BatchFilter, BatchSort, StockLevel
from service.domain.order import OUT_OF_LINE
from service.domain.serials.facts import CreditStatus
from service.kit.keyset import PageRequest
from service.storage import models
from service.storage.conditions import Conditions, among
from service.storage.database import Statements, placeholders
from service.storage.dialects import for_update, typed_rows
from service.storage.tables import Columns, Table, given

BATCHES = Table(models.CreditBatch, CreditBatch)
BUNDLE_PROJECTS = models.BundleProject._meta.db_table  # noqa: SLF001
BACKORDERS = models.Backorder._meta.db_table  # noqa: SLF001
_LEVEL = [member.name for member in fields(StockLevel)]

LOCK_ORDER = "b.vintage, b.id"
"""Order in which every transaction locks batches `b` of one mode, so that no two transactions wait for each other."""

BundleStock = dict[UUID, list[BatchStock]]


def may_be_sold(year: str, day: str) -> str:
    """Return the condition that a batch `b` is not withdrawn and may be retired in this year and on this day."""
    return f"b.withdrawn_at IS NULL AND {may_be_retired(year, day)}"


def sellable(today: date) -> Q:
    """Return the condition that a batch has grams left which may be sold on the day (in UTC), as `may_be_sold`."""
    is_over = Q(period_end=None, vintage__lt=today.year) | Q(period_end__lt=today)
    return Q(is_over, available_g__gt=0, withdrawn_at=None, credit_status=CreditStatus.ISSUED)


def may_be_retired(year: str, day: str) -> str:
    """Return the condition that the credits of a batch `b` may be retired in the year and on the day of two parameters:
    the rule of `domain/vintages.py` in SQL. Credits of a withdrawn batch that orders hold may be retired.
    """
    return (
        f"b.credit_status = '{CreditStatus.ISSUED}' AND ((b.period_end IS NULL AND b.vintage < {year})"
        f" OR b.period_end < {day})"
    )


async def not_sellable(statements: Statements, batch_ids: Collection[UUID], *, today: date) -> set[UUID]:
    """Return the batches, among these, that are withdrawn or whose credits may not be retired on the day."""
    if not batch_ids:
        return set()
    rows = await statements.fetch(
        f"SELECT b.id FROM {BATCHES.name} b WHERE b.id IN ({placeholders(3, len(batch_ids))})"
        f" AND NOT coalesce({may_be_sold('$1', '$2')}, FALSE)",
        today.year,
        today,
        *batch_ids,
    )
    return {row["id"] for row in rows}


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


async def page(
    statements: Statements, mode: Mode, wanted: BatchFilter, sort: BatchSort, request: PageRequest, *, today: date
) -> list[CreditBatch]:
    """Return one batch of the mode more than the page holds."""
    query = _filtered(mode, wanted, today)
    return await BATCHES.read_page(statements, query, sort.field, request, descending=sort.descending)


async def count(statements: Statements, mode: Mode, wanted: BatchFilter, *, today: date) -> int:
    """Return the exact number of batches of the mode that the filter selects."""
    return int(await _filtered(mode, wanted, today).using_db(statements.client).count())


def _filtered(mode: Mode, wanted: BatchFilter, today: date) -> QuerySet[models.CreditBatch]:
    query = models.CreditBatch.filter(given(project_id__in=wanted.project_ids, vintage__in=wanted.vintages), mode=mode)
    if wanted.text_contains is not None:
        text = wanted.text_contains
        query = query.filter(Q(reference__icontains=text) | Q(registry_reference__icontains=text))
    if wanted.countries is not None:
        query = query.filter(project_id__in=_ids(models.Project.filter(country__in=wanted.countries)))
    if wanted.registry_names is not None:
        query = query.filter(project_id__in=_ids(models.Project.filter(registry_name__in=wanted.registry_names)))
    if wanted.is_in_stock is not None:
        query = query.filter(sellable(today) if wanted.is_in_stock else ~sellable(today))
    if wanted.is_withdrawn is not None:
        query = query.filter(withdrawn_at__isnull=not wanted.is_withdrawn)
    return query


def _ids(projects: QuerySet[models.Project]) -> Subquery:
    return Subquery(projects.values("id"))


async def stock_of(
    statements: Statements, mode: Mode, project_ids: Collection[UUID], *, today: date
) -> list[StockLevel]:
    """Return the grams of each project and vintage of the mode, by project and vintage, and for each project one level
    without a vintage, with the grams for which order lines wait.
    """
    if not project_ids:
        return []
    marks = placeholders(5, len(project_ids))
    rows = await statements.fetch(
        f"SELECT b.project_id, b.vintage, CAST(sum(b.issued_g) AS BIGINT) AS issued_g,"
        f" CAST(sum(CASE WHEN {may_be_sold('$2', '$3')} THEN b.available_g ELSE 0 END) AS BIGINT) AS available_g,"
        f" CAST(sum(CASE WHEN {may_be_sold('$2', '$3')} THEN 0 ELSE b.available_g END) AS BIGINT) AS unsold_g,"
        f" CAST(sum(b.held_g) AS BIGINT) AS held_g, CAST(sum(b.allocated_g) AS BIGINT) AS allocated_g,"
        f" CAST(sum(b.retired_g) AS BIGINT) AS retired_g, CAST(0 AS BIGINT) AS waiting_g"
        f" FROM {BATCHES.name} b WHERE b.mode = $1 AND b.project_id IN ({marks}) GROUP BY b.project_id, b.vintage"
        f" UNION ALL SELECT bp.project_id, NULL, 0, 0, 0, 0, 0, 0, CAST(sum(q.waiting_g) AS BIGINT)"
        f" FROM {BUNDLE_PROJECTS} bp JOIN {BACKORDERS} q ON q.bundle_id = bp.bundle_id"
        f" WHERE q.mode = $1 AND q.created_at < $4 AND bp.project_id IN ({marks}) GROUP BY bp.project_id"
        f" ORDER BY 1, 2",
        mode,
        today.year,
        today,
        OUT_OF_LINE,
        *project_ids,
    )
    return [StockLevel(**{column: row[column] for column in _LEVEL}) for row in rows]


async def lock_batch(statements: Statements, batch_id: UUID) -> CreditBatch | None:
    """Lock the batch of either mode until the transaction ends, so that two changes of it take turns."""
    found = await BATCHES.select(statements, among("id", [batch_id]), for_update(statements))
    return found[0] if found else None


async def set_withdrawn(statements: Statements, batch_id: UUID, at: datetime | None, reason: str | None) -> None:
    """Set the time since which the batch is withdrawn and the reason, or None for both. The batch is locked before."""
    await BATCHES.update(statements, {"withdrawn_at": at, "withdrawal_reason": reason}, id=batch_id)


async def of_ids(
    statements: Statements, mode: Mode, batch_ids: Collection[UUID], columns: Columns = None
) -> dict[UUID, CreditBatch]:
    """Return the batches with these ids, by id; only those of the mode."""
    conditions = Conditions()
    conditions.add("mode = {}", mode)
    conditions.add_in("id", batch_ids)
    return await BATCHES.by_id(statements, conditions, columns)


async def of_any_mode(statements: Statements, batch_ids: Collection[UUID]) -> dict[UUID, CreditBatch]:
    """Return the batches, of either mode, by id."""
    return await BATCHES.read_by(statements, models.CreditBatch.filter(id__in=batch_ids))


async def existing_ids(statements: Statements, batch_ids: Collection[UUID]) -> set[UUID]:
    """Return the ids, among these, that belong to batches of either mode."""
    rows = await models.CreditBatch.filter(id__in=batch_ids).using_db(statements.client).values("id")
    return {row["id"] for row in rows}


async def available_g(
    statements: Statements, mode: Mode, bundle_ids: Collection[UUID], *, today: date
) -> dict[UUID, int]:
    """Return each bundle's stock of the mode that may be sold on the day, in grams; projects in two bundles count in
    both.
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
    """Move available grams to held ones, for a quote, so that no other order gets them."""
    await _move(statements, "available_g", "held_g", held_g)


async def take_held(statements: Statements, held_g: Mapping[UUID, int]) -> None:
    """Move grams that a quote held to allocated ones."""
    await _move(statements, "held_g", "allocated_g", held_g)


async def let_go(statements: Statements, held_g: Mapping[UUID, int]) -> None:
    """Move grams that a quote held back to available ones."""
    await _move(statements, "held_g", "available_g", held_g)


async def take(statements: Statements, taken_g: Mapping[UUID, int]) -> None:
    """Move available grams to allocated ones. Raises if a batch has too few left, which cannot happen if it was locked
    and read before.
    """
    await _move(statements, "available_g", "allocated_g", taken_g)


async def give_back(statements: Statements, returned_g: Mapping[UUID, int]) -> None:
    """Move allocated grams back to available ones. The batches are locked before, because a single update locks rows in
    an undefined order.
    """
    await _move(statements, "allocated_g", "available_g", returned_g)


async def retire(statements: Statements, retired_g: Mapping[UUID, int]) -> None:
    """Move allocated grams to retired ones, for good."""
    await _move(statements, "allocated_g", "retired_g", retired_g)


async def lock_ends(statements: Statements, batch_ids: Collection[UUID]) -> dict[UUID, int]:
    """Lock the batches, by vintage and id. Return the first gram of each that is not retired."""
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
