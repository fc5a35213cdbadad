"""Refresh the statistics by which the database plans its queries, where it does not do so itself. Safe to run at any
time. Locks: the file's writers, for some tens of milliseconds.
"""

from service.operations.resources import Resources
from service.storage import planner


async def refresh_statistics(resources: Resources) -> int:
    """Have the database refresh what is missing or outdated; return 0, because nothing is left to do at once."""
    await resources.transact(planner.refresh)
    return 0
