"""A transport that sends everything written in one turn of the event loop in one piece.

An HTTP server writes the head of an answer and then its body; uvloop hands each to the kernel at once, and each wakes
the caller, who can do nothing with a head alone. Knows nothing of HTTP.
"""

import asyncio
from typing import Any

HELD_MAX = 65_536
"""Maximum number of buffered bytes; more are sent at once, so that a writer who never pauses still meets the
transport's own limit.
"""


class CoalescingTransport:
    """A wrapper of `transport` that has all of its other methods."""

    __slots__ = ("_held", "_held_bytes", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._held_bytes = 0

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > HELD_MAX:
            self._send()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        if self._held:
            held, self._held, self._held_bytes = self._held, [], 0
            self._transport.write(b"".join(held))
