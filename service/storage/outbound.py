"""Counts of the tables from which something is sent; SQL for partial indexes, which need a literal condition."""

from datetime import datetime

from service.storage.database import Statements

COUNTED_MAX = 10_000
"""Rows that are counted at most, so that a count costs milliseconds however much waits."""


async def count_unsent(statements: Statements, table: str, sent: str) -> tuple[int, int, datetime | None]:
    """Return how many rows of the table wait and failed, each up to `COUNTED_MAX`, and when the oldest that waits was
    created. `sent` is the status of those that were sent.
    """
    unsent = f"status <> '{sent}'"  # SQLite uses an index only for its own condition
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
