"""Check health: test that the database answers."""

import asyncio

from service.operations.resources import Resources

PATIENCE_S = 1.0


async def is_ready(resources: Resources) -> bool:
    """Return True if the database answers a trivial query within a second."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await resources.database.reader.fetch("SELECT 1 AS answer")
    except Exception:  # noqa: BLE001 - whatever is wrong, the answer is no
        return False
    return True
