"""The deadlocks that a PostgreSQL counted in one database, and what its log says of them."""

import asyncio

from service.storage.database import Database
from tests.waiting import HANGS_S


async def deadlocks_of(database: Database) -> int:
    """How many deadlocks the server counted, once only this pool's sessions are left: others add theirs as they end."""
    own = ", ".join(str(connection.get_server_pid()) for connection in database._writer.connections._open)
    sessions = f"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN ({own})"
    counted = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    async with asyncio.timeout(HANGS_S):
        while (await database.reader.fetch(sessions))[0]["count"]:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.05)
    return int((await database.reader.fetch(counted))[0]["deadlocks"])
