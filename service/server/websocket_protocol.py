"""WebSockets as uvicorn speaks them, but for a peer that takes nothing: its connection ends all the same.

Knows nothing of what is sent.
"""

import asyncio
import logging
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER_S = 5.0
"""Time in which the peer of a connection that is closed may take what was sent, the reason included."""


_LOGGER = logging.getLogger("uvicorn.websockets")
_LOGGER.setLevel(logging.WARNING)


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One connection. uvicorn waits until the peer has taken everything before it sends that the connection is closed,
    and then for as long as the peer likes.
    """

    _linger: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # uvicorn's lines show query strings, and there is one when a connection is accepted.
        self.logger = self.conn.logger = _LOGGER

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "websocket.close" and self.handshake_complete:
            self.writable.set()  # nothing is written after it
            self._end_soon()
        await super().send(message)

    def shutdown(self) -> None:
        super().shutdown()
        self._end_soon()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._end_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._linger is not None:
            self._linger.cancel()
        super().connection_lost(exc)

    def _end_soon(self) -> None:
        if self._linger is None and not self.disconnected:
            self._linger = self.loop.call_later(LINGER_S, self.transport.abort)
