"""Items of worker steps that failed, as rows. Few, so that looking at them costs nothing where none fails."""

from collections.abc import Collection
from datetime import datetime

from service.domain.worker_failures import ItemKey, WorkerFailure, WorkerStep, retry_after
from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table

FAILURES = Table(models.WorkerFailure, WorkerFailure)
ERROR_LENGTH_MAX = 500

_KEY = "step = $1 AND account_id = $2 AND item_id = $3 AND position = $4"


def rests(step: WorkerStep, account_id: str, item_id: str, now: str, position: str = "0") -> str:
    """Return the condition that the item of these columns failed and is left alone at `now`, a parameter."""
    # A scalar subquery with LIMIT is never turned into a join, which would read all that it is asked of. With IS NOT
    # NULL instead of coalesce, PostgreSQL takes nearly all items for resting, and sorts a queue to find its first one.
    return (
        f"coalesce((SELECT TRUE FROM {FAILURES.name} f WHERE f.step = '{step}' AND f.account_id = {account_id}"
        f" AND f.item_id = {item_id} AND f.position = {position} AND f.retry_at > {now} LIMIT 1), FALSE)"
    )


async def of_step(statements: Statements, step: WorkerStep) -> dict[ItemKey, WorkerFailure]:
    """Return the step's items that failed last time, by key."""
    found = await FAILURES.read(statements, models.WorkerFailure.filter(step=step))
    return {failure.key: failure for failure in found}


async def longest_failing(statements: Statements, limit: int) -> list[WorkerFailure]:
    """Return the items that failed most often, at most `limit` of them."""
    query = models.WorkerFailure.all().order_by("-attempts", "step", "item_id", "position")
    return await FAILURES.read(statements, query.limit(limit))


async def count(statements: Statements) -> dict[str, int]:
    """Return how many items fail, by step."""
    rows = await statements.fetch(
        f"SELECT step, COUNT(*) AS attempts FROM {FAILURES.name} WHERE attempts > 0 GROUP BY step"
    )
    return {row["step"]: row["attempts"] for row in rows}


async def record(statements: Statements, step: WorkerStep, key: ItemKey, error: str, now: datetime) -> int:
    """Store that the item failed once more; return how often it has in a row."""
    place = (step, key.account_id, key.item_id, key.position)
    rows = await statements.fetch(f"SELECT attempts FROM {FAILURES.name} WHERE {_KEY}", *place)
    attempts = 1 + (rows[0]["attempts"] if rows else 0)
    failure = WorkerFailure(
        step=step,
        account_id=key.account_id,
        item_id=key.item_id,
        position=key.position,
        attempts=attempts,
        failed_at=now,
        retry_at=now + retry_after(attempts),
        error=error[:ERROR_LENGTH_MAX].replace("\x00", ""),
    )
    if not await FAILURES.insert(statements, [failure]):
        await statements.execute(
            f"UPDATE {FAILURES.name} SET attempts = $5, failed_at = $6, retry_at = $7, error = $8 WHERE {_KEY}",
            *place,
            *(attempts, failure.failed_at, failure.retry_at, failure.error),
        )
    return attempts


async def clear(statements: Statements, step: WorkerStep, keys: Collection[ItemKey]) -> None:
    """Forget the failures of these items: they were done, or there is nothing to do for them any more."""
    for key in sorted(keys):
        await statements.execute(
            f"DELETE FROM {FAILURES.name} WHERE {_KEY}", step, key.account_id, key.item_id, key.position
        )
