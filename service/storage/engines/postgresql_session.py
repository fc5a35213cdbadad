"""Settings and checks of a PostgreSQL session at its start."""

import socket

import asyncpg  # type: ignore[import-untyped]
import orjson

from service.storage.failures import NotDurableError

SESSION = {
    "default_transaction_isolation": "read committed",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "8000",
}
"""Settings that each session gets at its start. The keepalives end sessions of clients that have vanished, and release
their locks; the server ignores them on a Unix socket.
"""
KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 8_000}
"""The same for the client's end of the connection: seconds, seconds, probes, milliseconds."""

IS_DISTRIBUTED = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus')"
TAKES_WRITES = "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"


async def decode_json(connection: asyncpg.Connection) -> None:
    """Let asyncpg decode JSON; text is sent to the server unchanged."""
    # Tortoise and `ENCODERS` both pass JSON text, so no encoder is set.
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=orjson.loads, format="text")


async def require_durable(connection: asyncpg.Connection) -> None:
    """Raise NotDurableError if the server could lose a commit that it answered."""
    for setting in ("fsync", "synchronous_commit"):
        held = await connection.fetchval("SELECT current_setting($1)", setting)
        if held not in ("on", "remote_apply"):
            raise NotDurableError(
                f"PostgreSQL runs with {setting} = {held}: an acknowledged order could be lost.",
                "Restore the default of this parameter in the configuration of the database server.",
            )


def keep_alive(connection: asyncpg.Connection) -> None:
    """Enable TCP keepalives, so that a connection to a vanished host is closed; otherwise silence would go
    unnoticed.
    """
    peer = connection._transport.get_extra_info("socket")  # noqa: SLF001 - asyncpg has no public way
    if peer is None or peer.family not in (socket.AF_INET, socket.AF_INET6):
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):  # not every system has all of these options
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
