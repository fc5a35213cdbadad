"""Queries that show if a replica is recent enough to answer a read; SQL for clocks and heads, used by every read.

For an account's data the replica must have the primary's latest event of the account. Each change of an account's data
is committed together with an event, so the replica then has every change that was acknowledged before, through any
process. The event's id is compared and not its number, because after a failover another history may have used the same
number.
"""

from uuid import UUID

from service.storage import models
from service.storage.database import Statements
from service.storage.events import EVENTS

ACCOUNTS = models.Account._meta.db_table  # noqa: SLF001 - as in tables.py
_LATEST = (
    f"SELECT a.id, (SELECT e.id FROM {EVENTS.name} e WHERE e.account_id = a.id ORDER BY e.seq DESC LIMIT 1)"
    f" FROM {ACCOUNTS} a WHERE"
)
# The time of the last transaction that was replayed. It does not advance while the primary commits nothing, or after
# the server was promoted, so the age is then overestimated. NULL on a server that never was a replica.
_AGE = (
    "SELECT CAST(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000 AS BIGINT)"
    " WHERE pg_is_in_recovery()"
)
LatestEvents = list[tuple[object, ...]]


async def latest_events(statements: Statements, account_id: UUID, *, with_clients: bool = False) -> LatestEvents:
    """Return the id of the latest event of the account, and of each of its client accounts if `with_clients` is set,
    because their orders change its balance and its ledger.
    """
    if with_clients:
        rows = await statements.fetch_cells(
            f"{_LATEST} a.id = $1 OR a.parent_account_id = $1 ORDER BY a.id", account_id
        )
    else:
        rows = await statements.fetch_cells(f"{_LATEST} a.id = $1", account_id)
    return [tuple(row) for row in rows]


async def replica_age_ms(statements: Statements) -> int | None:
    """Return the maximum age of the replica's data in milliseconds; None if it is not known. Works on PostgreSQL
    only.
    """
    rows = await statements.fetch_cells(_AGE)
    return None if not rows or rows[0][0] is None else int(rows[0][0])
