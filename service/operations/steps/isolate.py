"""A step that workers share: each item is processed alone, so that a failing one does not delay the others.

A failure is stored with its item in a separate transaction and logged once. The item is retried at growing intervals;
until then queries for due items leave it out.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime

import structlog

from service.domain.worker_failures import ItemKey, WorkerFailure, WorkerStep
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import worker_failures
from service.storage.database import Statements

log = structlog.get_logger(__name__)


def is_unavailable(error: Exception) -> bool:
    """Return True if the database, and not the item, caused the error."""
    return isinstance(error, Refused) and error.code is Code.UNAVAILABLE


async def failed_before(resources: Resources, step: WorkerStep) -> Mapping[ItemKey, WorkerFailure]:
    """Return the step's items that failed last time."""
    return await worker_failures.of_step(resources.database.reader, step)


async def do_item(resources: Resources, step: WorkerStep, key: ItemKey, work: Callable[[], Awaitable[int]]) -> int:
    """Run the work and return its result; if it fails, store the failure and return 0. Raises only if the
    failure cannot be stored, because the database is unreachable.
    """
    try:
        return await work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it concerns this item alone
        await _store(resources, step, key, error)
        return 0


async def _store(resources: Resources, step: WorkerStep, key: ItemKey, error: Exception) -> None:
    async def work(statements: Statements) -> int:
        return await worker_failures.record(statements, step, key, repr(error), resources.clock())

    attempts = await resources.transact(work)
    if attempts == 1:
        log.error(
            "item_failed",
            step=step.value,
            account_id=key.account_id,
            item_id=key.item_id,
            position=key.position,
            exc_info=None if is_unavailable(error) else error,
        )
        if step is WorkerStep.ISSUE_CERTIFICATES:  # name in earlier releases, supported until 2027-12-31
            log.error("certificate_failed", account_id=key.account_id, order_id=key.item_id)


async def forget(
    resources: Resources,
    step: WorkerStep,
    before: Mapping[ItemKey, WorkerFailure],
    tried: Collection[ItemKey],
    *,
    all_due_at: datetime | None = None,
) -> None:
    """Delete the failures of items that were tried and did not fail again. If everything that was due at `all_due_at`
    was tried, delete also failures whose pause is over and whose item was not due any more.
    """
    if not before:
        return
    after = await failed_before(resources, step)
    again = {key for key, failure in after.items() if key in before and failure.attempts > before[key].attempts}
    gone = {key for key, failure in before.items() if all_due_at is not None and failure.retry_at <= all_due_at}
    over = (gone | (before.keys() & set(tried))) - again

    async def work(statements: Statements) -> None:
        await worker_failures.clear(statements, step, over)

    if over:
        await resources.transact(work)
