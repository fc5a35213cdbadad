"""HTTP/1.1 as uvicorn speaks it, within bounds: of heads in bytes and time, of trailers, and of pipelined requests.

Knows nothing of what is served. uvicorn hands what arrives to httptools as it is, and httptools keeps a URL or a header
until it ends: so what was fed to the parser is counted here until it brings a request further.
"""

import asyncio
from functools import partial
from typing import Any, cast
from weakref import ref

import httptools
import structlog
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from service.kit.coalescing_transport import CoalescingTransport
from service.server.connections import ConnectionTable

PIECE = 4_096
"""Bytes that are parsed at once. Of requests that follow each other without waiting for answers, no more are made ready
than one piece holds; the rest stays bytes until they are answered.
"""

FIRST_HEAD_S = 1.0
"""Time in which a connection that was just opened may bring its first request while the process ends."""

log = structlog.get_logger(__name__)


class BoundedProtocol(HttpToolsProtocol):
    """One connection. The head and the body of an answer go out in one packet.

    * A head above the limit is answered 431, a URL above its own 414, and the connection is closed. Trailers and the
      extensions of chunks are bounded as a head is, and dropped: no application sees them.
    * A head that does not end in time is answered 408; a connection without any byte is closed without an answer.
    * Of requests that are pipelined the first is worked on, and no more is read until it is answered.
    * While the process ends, a connection at rest is closed after its next answer, or at the end of its rest: a proxy
      may have sent a request on it already, and would not send it to another process.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        table: ConnectionTable,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._table = table
        self._limits = table.limits
        self._unread = 0  # bytes fed to the parser since a request came further
        self._in_head = False
        self._refusal: tuple[int, str] | None = None  # said once the answers before it are out
        self._backlog = b""
        self._unsent_before: int | None = None
        self._running: RequestResponseCycle | None = None
        self._is_ending = False
        self._is_upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's signature
        super().connection_made(cast(asyncio.Transport, CoalescingTransport(transport)))
        if self._table.make_room(len(self.connections)):
            self._table.wait_for_head(self)
        else:
            self._say(503, "Too many connections are open.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._table.leave(self)
        self._table.forget_unsent(self)
        self._backlog = b""
        self.pipeline.clear()
        # uvicorn tells the request that was read last; the one that is worked on may be another.
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self._is_ending = True
        self._table.stopping.set()
        if not self._is_idle():
            self.cycle.keep_alive = False
        elif self.cycle is None and not self._unread:
            self.loop.call_later(FIRST_HEAD_S, self._end_unused)

    def _end_unused(self) -> None:
        if self.cycle is None and not self._unread:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._backlog or self.pipeline or self._refusal:
            self._hold(data)
            return
        self._feed(data)
        if self._is_idle() and not self._is_upgraded and not self.transport.is_closing():
            self._table.wait_for_head(self)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _hold(self, data: bytes) -> None:
        """Keep what a later request was sent in until those before it are answered."""
        if self._refusal is None:
            self._backlog += data
        self.flow.pause_reading()

    def _feed(self, data: bytes) -> None:
        """Parse what arrived, in pieces, as far as a request that has to wait for another one's answer."""
        arrived, at = memoryview(data), 0
        while at < len(arrived) and not self.transport.is_closing():
            if self.pipeline or self._refusal:
                self._hold(bytes(arrived[at:]))
                return
            room = min(PIECE, self._limits.head_bytes_max - self._unread)
            if room <= 0:
                self._refuse(431, f"The head of a request has at most {self._limits.head_bytes_max} bytes.")
                return
            piece = arrived[at : at + room]
            self._unread += len(piece)
            at += len(piece)
            try:
                self.parser.feed_data(piece)
            except httptools.HttpParserUpgrade as upgrade:
                if self._should_upgrade():
                    self._is_upgraded = True
                    self.handle_websocket_upgrade()
                    return
                at -= len(piece) - upgrade.args[0]  # answered as it is; what follows is the next request
            except httptools.HttpParserError as error:
                too_long = isinstance(error.__context__, _UrlTooLongError)
                message = f"A URL has at most {self._limits.url_bytes_max} bytes." if too_long else "This is no HTTP."
                self._refuse(414 if too_long else 400, message)
                return

    def _refuse(self, status: int, message: str) -> None:
        """Answer in place of the request that is being read, after those before it, and close the connection."""
        log.info("connection_refused", status=status, reason=message, client=self.client[0] if self.client else "")
        if self.pipeline and self.cycle.more_body:
            self.pipeline.popleft()  # this very request
            self.cycle = None  # type: ignore[assignment]  # as uvicorn has it at first
        others = self._running is not None and not self._running.response_complete
        if others and (self._running is not self.cycle or not self.cycle.more_body):
            self._refusal = status, message
            self.flow.pause_reading()
        elif others and self.cycle.response_started:
            self.transport.close()
        else:
            self._say(status, message)

    def _say(self, status: int, message: str) -> None:
        body = message.encode()
        head = [
            STATUS_LINE[status],
            b"content-type: text/plain; charset=utf-8\r\n",
            b"content-length: %d\r\n" % len(body),
            b"retry-after: 1\r\n" if status == 503 else b"",
            b"connection: close\r\n\r\n",
        ]
        self.transport.write(b"".join([*head, body]))
        self.transport.close()
        self._table.rest(self)  # until it is gone, or its peer does not take the answer

    # What the parser finds

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if len(self.url) + len(url) > self._limits.url_bytes_max:
            raise _UrlTooLongError
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._unread = 0
        super().on_headers_complete()
        if self._is_ending and self.cycle is not None:  # there is none for a WebSocket
            self.cycle.keep_alive = False
        self._table.leave(self)

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unread = 0
        super().on_message_complete()

    # What the answers do

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        # Weak: a cycle of references for each request would be left to the garbage collector.
        cycle.scope["state"] |= {
            "has_left": partial(_has_left, ref(cycle)),
            "cut": partial(_cut, ref(self)),
            "stopping": self._table.stopping,
        }
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.get_write_buffer_size():
            self._table.note_unsent(self)
        if self.transport.is_closing():
            self._table.rest(self)
        elif self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._say(*self._refusal)
        else:
            self._read_on()

    def _read_on(self) -> None:
        data, self._backlog = self._backlog, b""
        if data:
            self._feed(data)
        if self._backlog or self._refusal or self.transport.is_closing():
            return
        self.flow.resume_reading()
        if not self._is_idle():
            return
        if self._unread:
            self._table.wait_for_head(self)
        else:
            self._table.rest(self)

    # What the table of connections asks

    def unsent_bytes(self) -> int:
        return self.transport.get_write_buffer_size()

    def end_overdue(self) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if unsent and (self._unsent_before is None or unsent < self._unsent_before):
            self._unsent_before = unsent
            return False
        if unsent:
            self.transport.abort()
        elif self._unread and not self.transport.is_closing():
            self._say(408, "The head of the request did not arrive in time.")
        else:
            self.transport.close()
        return True

    def abort(self) -> None:
        self.transport.abort()


def _has_left(running: "ref[RequestResponseCycle]") -> bool:
    """Return whether the peer closed the connection before the answer to its request."""
    cycle = running()
    return cycle is None or cycle.disconnected


def _cut(protocol: "ref[BoundedProtocol]") -> None:
    """Close the connection at once, whatever was not taken of the answer."""
    running = protocol()
    if running is not None:
        running.transport.abort()


class _UrlTooLongError(Exception):
    """The URL that is being read is above its limit."""
