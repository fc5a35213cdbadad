"""The limits of a database's connections, which a database and a replica of it take alike."""

from typing import TypedDict


class Limits(TypedDict, total=False):
    """Limits by name; the engines have the defaults. A SQLite file has no use for those of the pool."""

    pool_size_max: int
    pool_wait_ms: int
    lock_timeout_ms: int
    statement_timeout_ms: int
    statement_cache_size: int
    idle_transaction_ms: int
    """Time after which a PostgreSQL ends a session that stands still in a transaction."""
    pooled: bool
    """For a PostgreSQL behind a pooler in transaction mode, which `statement_cache_size=0` implies: no session is told
    anything at its start, and every statement runs in a transaction.
    """
    query_batching: bool
    """Queries of one text that wait at the same time go to PostgreSQL as one statement."""
