"""Store when API keys were last used, for the people who decide which key is still needed.

Requests only note a use in memory. A transaction of its own stores the notes of many requests together, at most once a
minute for each key, however many processes serve. A process that is killed loses the notes that it has not stored yet.
Locks: the keys by their ids; those that are locked already are left to the next turn.
"""

from datetime import datetime

from service.operations.resources import Resources
from service.storage import api_keys
from service.storage.database import Statements
from service.storage.tables import ROWS_A_STATEMENT


async def record_key_uses(resources: Resources) -> int:
    """Store the uses that this process noted and that are due; return the number of keys that had some."""
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
