"""Limits of a database's connections, which apply to a database and to its replica."""

from typing import TypedDict


class Limits(TypedDict, total=False):
    """Limits by name; the engines define the defaults. Limits of the pool do not apply to a SQLite file."""

    pool_size_max: int
    pool_wait_ms: int
    lock_timeout_ms: int
    statement_timeout_ms: int
    statement_cache_size: int
    idle_transaction_ms: int
    """Time after which PostgreSQL ends a session that is idle in a transaction."""
    pooled: bool
    """True for a PostgreSQL behind a pooler in transaction mode, which `statement_cache_size=0` implies: sessions get
    no settings at their start, and every statement runs in a transaction.
    """
    query_batching: bool
    """True if queries with the same text that wait at the same time are sent to PostgreSQL as one statement."""
