"""Items of worker steps that failed, as rows; SQL for the condition that an item is paused.

The table is small, so looking at it takes no time if nothing fails.
"""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

from tortoise.functions import Count

from service.domain.worker_failures import ItemKey, WorkerFailure, WorkerStep, retry_after
from service.storage import models
from service.storage.database import Statements
from service.storage.tables import Table

FAILURES = Table(models.WorkerFailure, WorkerFailure)
ERROR_LENGTH_MAX = 500

_KEY = ("step", "account_id", "item_id", "position")


def rests(step: WorkerStep, account_id: str, item_id: str, now: str, position: str = "0") -> str:
    """Return the condition that the item of these columns failed and is paused at `now`, a parameter."""
    # Uncorrelated, so that it is read once, and so that items and failures may be on different nodes of a cluster.
    return (
        f"({account_id}, {item_id}, {position}) IN (SELECT f.account_id, f.item_id, f.position"
        f" FROM {FAILURES.name} f WHERE f.step = '{step}' AND f.retry_at > {now})"
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
    """Return the number of failing items, by step."""
    query = models.WorkerFailure.filter(attempts__gt=0).annotate(items=Count("item_id")).group_by("step")
    return {row["step"]: row["items"] for row in await query.using_db(statements.client).values("step", "items")}


async def record(statements: Statements, step: WorkerStep, key: ItemKey, error: str, now: datetime) -> int:
    """Store that the item failed once more; return how often it has in a row."""
    former = await FAILURES.read_first(statements, models.WorkerFailure.filter(step=step, **asdict(key)))
    attempts = 1 + (former.attempts if former else 0)
    failure = WorkerFailure(
        step=step,
        **asdict(key),
        attempts=attempts,
        failed_at=now,
        retry_at=now + retry_after(attempts),
        error=error[:ERROR_LENGTH_MAX].replace("\x00", ""),
    )
    await FAILURES.write_over(statements, failure, *_KEY)
    return attempts


async def clear(statements: Statements, step: WorkerStep, keys: Collection[ItemKey]) -> None:
    """Delete the failures of these items: they succeeded, or there is nothing left to do for them."""
    for key in sorted(keys):
        await FAILURES.delete(statements, step=step, **asdict(key))
