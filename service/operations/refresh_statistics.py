"""Refresh the statistics by which the database plans its queries, if it does not do so itself. Safe to run at any time.
Locks: the file's writers, for some tens of milliseconds.
"""

from service.operations.resources import Resources
from service.storage import planner


async def refresh_statistics(resources: Resources) -> int:
    """Refresh statistics that are missing or outdated; return 0, because no work is ever left for a second call."""
    await resources.transact(planner.refresh)
    return 0
