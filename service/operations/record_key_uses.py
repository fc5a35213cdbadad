"""Store when API keys were last used, for the people who decide which key is still needed.

Requests only note a use in memory. A separate transaction stores the uses of many requests together, at most one a
minute for each key over all processes. A process that is killed loses uses that it has not stored. Locks: the keys by
their ids; locked keys are skipped until the next run.
"""

from datetime import datetime

from service.operations.resources import Resources
from service.storage import api_keys
from service.storage.database import Statements
from service.storage.tables import ROWS_A_STATEMENT


async def record_key_uses(resources: Resources) -> int:
    """Store this process's uses of keys that are due; return the number of keys."""
    uses = resources.key_uses.due(ROWS_A_STATEMENT)
    if not uses:
        return 0

    async def work(statements: Statements) -> dict[str, datetime]:
        return await api_keys.set_last_uses(statements, uses, resources.key_uses.gap)

    try:
        stored = await resources.transact(work)
    except BaseException:
        resources.key_uses.put_back(uses)
        raise
    resources.key_uses.confirm(stored)
    return len(uses)
