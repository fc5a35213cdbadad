"""Connections to the first of several PostgreSQL hosts that answers and has the wanted role.

asyncpg tries one host after the other within one time limit: a host that accepts connections without answering, or that
drops packets, would use up the time before the promoted host is tried. Uses addresses of
`service.kit.database_address`.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg  # type: ignore[import-untyped]

HEAD_START_S = 0.25
"""Seconds after which the next host is tried in parallel with one that has not answered; shorter than the watch waits
for a probe.
"""


async def connect_to_first(address: Mapping[str, Any], **options: Any) -> Any:
    """Return a connection to one of the address's hosts: they are tried in its order, the next one when one has failed
    or has not answered for `HEAD_START_S`; raise the driver's exception if all fail. Safe to cancel.
    """
    hosts, ports = address.get("host") or (), address.get("port") or ()
    # With prefer-standby all hosts are tried before one is chosen.
    if len(hosts) < 2 or address.get("target_session_attrs") == "prefer-standby":
        return await asyncpg.connect(**address, **options)
    left = list(zip(hosts, ports, strict=True))
    attempts: set[asyncio.Task[Any]] = set()
    failure: BaseException | None = None
    chosen = None
    try:
        while chosen is None and (left or attempts):
            if left:
                host, port = left.pop(0)
                attempts.add(asyncio.create_task(asyncpg.connect(**{**address, "host": host, "port": port}, **options)))
            await asyncio.wait(attempts, timeout=HEAD_START_S if left else None, return_when=asyncio.FIRST_COMPLETED)
            for attempt in [each for each in attempts if each.done()]:
                attempts.discard(attempt)
                error = attempt.exception()
                if error is None and chosen is None:
                    chosen = attempt.result()
                elif error is None:
                    attempt.result().terminate()
                elif failure is None or isinstance(failure, asyncpg.exceptions.TargetServerAttributeNotMatched):
                    # the failure of an unreachable host is more informative than that of a host in the wrong role
                    failure = error
        if chosen is None:
            assert failure is not None  # noqa: S101 - every attempt has ended without a connection
            raise failure
        return chosen
    finally:
        for attempt in attempts:
            attempt.cancel()
            attempt.add_done_callback(_end)


def _end(attempt: asyncio.Task[Any]) -> None:
    """Close the connection of an attempt that succeeded although it was no longer needed."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().terminate()
