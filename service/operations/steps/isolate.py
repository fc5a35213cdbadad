"""A step that workers share: each item is done by itself, and one that fails keeps no other waiting.

A failure is stored with its item in a transaction of its own, logged once, and tried again later and later; the queries
of what is due leave it out until then.
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
    """Return whether the database, and not the item, is the cause."""
    return isinstance(error, Refused) and error.code is Code.UNAVAILABLE


async def failed_before(resources: Resources, step: WorkerStep) -> Mapping[ItemKey, WorkerFailure]:
    """Return the step's items that failed last time."""
    return await worker_failures.of_step(resources.database.reader, step)


async def do_item(resources: Resources, step: WorkerStep, key: ItemKey, work: Callable[[], Awaitable[int]]) -> int:
    """Return what the work returns, or 0 after its failure was stored. Raises where the database cannot be reached to
    store it.
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
        if step is WorkerStep.ISSUE_CERTIFICATES:  # the name of releases before, until 2027-12-31
            log.error("certificate_failed", account_id=key.account_id, order_id=key.item_id)


async def forget(
    resources: Resources,
    step: WorkerStep,
    before: Mapping[ItemKey, WorkerFailure],
    tried: Collection[ItemKey],
    *,
    all_due_at: datetime | None = None,
) -> None:
    """Forget the failures of items that were tried and did not fail again; where everything due at `all_due_at` was
    tried, also those of items that rested no more and were not due.
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
