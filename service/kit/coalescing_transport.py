"""A transport that sends everything written in one turn of the event loop in one piece.

An HTTP server writes the head of a response and then its body; uvloop sends each at once, which wakes the client twice.

Once the connection is closing, writing, pausing and resuming do nothing; uvloop would raise RuntimeError, but a
disconnected peer is not an error.
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
        if self._transport.is_closing():
            return
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > HELD_MAX:
            self._send()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def pause_reading(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        if self._held:
            held, self._held, self._held_bytes = self._held, [], 0
            if not self._transport.is_closing():
                self._transport.write(b"".join(held))
