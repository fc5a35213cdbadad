"""Counts of outgoing items in their tables; SQL for partial indexes, which need a literal condition."""

from datetime import datetime

from service.storage.database import Statements

COUNTED_MAX = 10_000
"""Maximum number of rows that are counted, so that a count takes milliseconds however many wait."""


async def count_unsent(statements: Statements, table: str, sent: str) -> tuple[int, int, datetime | None]:
    """Return the numbers of waiting and of failed rows, each up to `COUNTED_MAX`, and the time when the oldest waiting
    row was created. `sent` is the status of rows that were sent.
    """
    unsent = f"status <> '{sent}'"  # SQLite uses a partial index only if the statement repeats its condition
    counts = [
        (
            await statements.fetch(
                f"SELECT COUNT(*) AS attempts FROM (SELECT 1 FROM {table} WHERE status = '{status}'"
                f" AND {unsent} LIMIT {COUNTED_MAX}) AS counted"
            )
        )[0]["attempts"]
        for status in ("PENDING", "FAILED")
    ]
    oldest = await statements.fetch(
        f"SELECT created_at FROM {table} WHERE status = 'PENDING' AND {unsent} ORDER BY created_at LIMIT 1"
    )
    return counts[0], counts[1], oldest[0]["created_at"] if oldest else None
