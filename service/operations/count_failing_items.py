"""Count the items of background jobs that failed and are tried again."""

from collections.abc import Mapping

from service.domain.worker_failures import WorkerStep
from service.operations.resources import Resources
from service.storage import worker_failures


async def count_failing_items(resources: Resources) -> Mapping[str, int]:
    """Return the present number of failing items for every step whose items fail one by one."""
    return dict.fromkeys(map(str, WorkerStep), 0) | await worker_failures.count(resources.database.reader)
