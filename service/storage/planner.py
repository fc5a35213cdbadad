"""Statistics by which SQLite chooses between indexes; SQL for its pragmas.

PostgreSQL keeps its own by autovacuum.
"""

from service.storage.database import Statements

ROWS_ANALYSED = 400
"""Entries of each index that are read for the statistics. This takes 60 ms for 100,000 orders; reading all of them
takes 6 s.
"""


async def refresh(statements: Statements) -> None:
    """Gather the statistics of tables for which they are missing or outdated.

    0x10002 is the mask that SQLite's documentation gives for connections that stay open. SQLite before 3.46 checks only
    tables that the connection has queried, later versions check all.
    """
    if statements.dialect == "sqlite":
        await statements.fetch(f"PRAGMA analysis_limit = {ROWS_ANALYSED}")
        await statements.execute("PRAGMA optimize = 0x10002")
