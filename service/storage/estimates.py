"""Rows of estimates; SQL for the conditional update that marks many as used, so that each is ordered once."""

from collections.abc import Collection, Mapping
from uuid import UUID

from tortoise.expressions import Q

from service.domain.recorded_estimate import RecordedEstimate
from service.storage import models
from service.storage.database import Statements
from service.storage.dialects import typed_rows
from service.storage.tables import Table

ESTIMATES = Table(models.Estimate, RecordedEstimate)


async def existing(
    statements: Statements, account_id: UUID, estimate_id: UUID, idempotency_key: str | None
) -> RecordedEstimate | None:
    """Return the account's estimate with the id, or otherwise the one with the key."""
    named = Q(id=estimate_id)
    if idempotency_key is not None:
        named |= Q(idempotency_key=idempotency_key)
    found = await ESTIMATES.read(statements, models.Estimate.filter(named, account_id=account_id))
    return next((each for each in found if each.id == estimate_id), found[0] if found else None)


async def of_ids(
    statements: Statements, account_id: UUID, estimate_ids: Collection[UUID]
) -> dict[UUID, RecordedEstimate]:
    """Return the estimates with these ids, by id; only the account's."""
    if not estimate_ids:
        return {}
    query = models.Estimate.filter(account_id=account_id, id__in=estimate_ids)
    return await ESTIMATES.read_by(statements, query)


async def orders_of(
    statements: Statements, account_ids: Collection[UUID], estimate_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID], UUID | None]:
    """Return, for each existing (account, estimate), the order that was placed for it. The result stays valid while the
    account's head is locked.
    """
    if not estimate_ids:
        return {}
    query = models.Estimate.filter(account_id__in=account_ids, id__in=estimate_ids).using_db(statements.client)
    rows = await query.values("account_id", "id", "order_id")
    return {(row["account_id"], row["id"]): row["order_id"] for row in rows}


async def use(statements: Statements, used: Mapping[tuple[UUID, UUID], UUID]) -> None:
    """Mark each (account, estimate) as used by its order. Raises if one was used before, which cannot happen under the
    lock of its head.
    """
    if not used:
        return
    cells = [
        cell for (account_id, estimate_id), order_id in used.items() for cell in (account_id, estimate_id, order_id)
    ]
    changed = await statements.execute(
        f"UPDATE {ESTIMATES.name} SET order_id = v.column3"
        f" FROM (VALUES {typed_rows(statements, ('uuid', 'uuid', 'uuid'), len(used))}) AS v"
        f" WHERE {ESTIMATES.name}.account_id = v.column1 AND {ESTIMATES.name}.id = v.column2"
        f" AND {ESTIMATES.name}.order_id IS NULL",
        *cells,
    )
    if changed != len(used):
        raise RuntimeError("an estimate was used twice under its account's lock")
