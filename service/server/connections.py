"""The open connections of one process: how many there may be, and which of them are closed because they wait.

Knows nothing of HTTP. A connection waits while no request of it is under way: nothing was sent yet, the head of a
request is on its way, or the last answer was sent. Connections that work on a request, streams included, are never in
here and never closed from here.
"""

import asyncio
import sys
from dataclasses import dataclass
from typing import Protocol

if sys.platform != "win32":
    import resource

KIBIBYTE = 1_024
BACKLOG_MAX = 2_048
CONNECTIONS_DEFAULT_MAX = 10_000
"""Connections of one process where nothing else is set, however many files it may open: each takes memory."""
OTHER_FILES = 48
"""Files that a process needs beside its connections: the database, the log, the event loop, modules that load late."""


UNSENT_BYTES_MAX = 64 * KIBIBYTE * KIBIBYTE
"""Bytes of answers that peers do not take, of all connections of a process together."""

UNSENT_CHECK_S = 0.05


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The bounds of connections and of the heads of their requests.

    `head_timeout_s` is the time from opening the connection, or from the first byte of a later request, to the end of
    the head; `idle_timeout_s` how long a connection rests between two requests. `unsent_bytes_max` bounds the memory of
    answers that were given and not taken, of all connections together.
    """

    connections_max: int = CONNECTIONS_DEFAULT_MAX
    head_bytes_max: int = 32 * KIBIBYTE
    url_bytes_max: int = 8 * KIBIBYTE
    head_timeout_s: float = 10.0
    idle_timeout_s: float = 5.0
    unsent_bytes_max: int = UNSENT_BYTES_MAX


class Waiting(Protocol):
    """A connection as this module sees it."""

    def unsent_bytes(self) -> int:
        """Return how much of what was written the peer has not taken."""

    def end_overdue(self) -> bool:
        """Close the connection, whose time is over. Return False while the peer still takes the last answer."""

    def abort(self) -> None:
        """Close the connection at once, whatever is unsent."""


def backlog_for(files_max: int) -> int:
    """Return how many connections may wait in the kernel. The event loop accepts all of them in one turn, before any
    other is closed, so each takes a file beside those of the connections that are counted.
    """
    return max(8, min(BACKLOG_MAX, files_max // 4))


def connections_possible(files_max: int, other_files: int) -> int:
    """Return how many connections a process can keep open that may open so many files, `other_files` of them for its
    database.
    """
    return max(8, files_max - backlog_for(files_max) - other_files - OTHER_FILES)


def files_max() -> int:
    """Return how many files this process may open at once (`ulimit -n`)."""
    if sys.platform == "win32":
        return 8_192  # what its C library allows
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**20 if files == resource.RLIM_INFINITY else files


class ConnectionTable:
    """The connections of one process that wait, longest first. Belongs to one event loop.

    It is made before the loop runs, and is copied to worker processes while it is empty.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._heads: dict[Waiting, float] = {}
        self._idle: dict[Waiting, float] = {}
        self._unsent: set[Waiting] = set()
        self._is_bounding = False
        self._is_timed = False
        self.stopping = asyncio.Event()
        """Set when the process ends: answers that would stream for ever end then."""

    def make_room(self, open_count: int) -> bool:
        """Close the connection that has waited longest if so many are more than may be open. Return False if every
        connection works on a request: the newest cannot be kept.
        """
        if open_count <= self.limits.connections_max:
            return True
        # Unsent answers are passed over: to cut them would be to end a request that is under way.
        oldest = [
            (since_s, connection)
            for queue in (self._heads, self._idle)
            for connection, since_s in [next(((c, s) for c, s in queue.items() if not c.unsent_bytes()), (None, 0.0))]
            if connection is not None
        ]
        if not oldest:
            return False
        _, connection = min(oldest, key=lambda pair: pair[0])
        self.leave(connection)
        connection.abort()
        return True

    def wait_for_head(self, connection: Waiting) -> None:
        """Give the connection the time of a head, from now on unless it waits for one already."""
        if connection not in self._heads:
            self._idle.pop(connection, None)
            self._heads[connection] = asyncio.get_running_loop().time()
            self._watch()

    def rest(self, connection: Waiting) -> None:
        """Give the connection the time between two requests, from now on."""
        self.leave(connection)
        self._idle[connection] = asyncio.get_running_loop().time()
        self._watch()

    def leave(self, connection: Waiting) -> None:
        """Stop counting the connection as waiting: it works on a request, or is gone."""
        self._heads.pop(connection, None)
        self._idle.pop(connection, None)

    def note_unsent(self, connection: Waiting) -> None:
        """Count the answer that was just given until the peer has taken it. If all such answers are more than may be
        kept, a moment later, the connections with the largest ones are cut.
        """
        self._unsent.add(connection)
        if not self._is_bounding:
            # Later: what was written in this turn of the loop has not been handed to the system yet.
            self._is_bounding = True
            asyncio.get_running_loop().call_later(UNSENT_CHECK_S, self._bound_unsent)

    def _bound_unsent(self) -> None:
        sizes = {each: size for each in self._unsent if (size := each.unsent_bytes())}
        total = sum(sizes.values())
        for connection in sorted(sizes, key=sizes.__getitem__, reverse=True):
            if total <= self.limits.unsent_bytes_max:
                break
            total -= sizes.pop(connection)
            self.leave(connection)
            connection.abort()
        self._unsent = set(sizes)
        self._is_bounding = bool(sizes)
        if sizes:
            asyncio.get_running_loop().call_later(UNSENT_CHECK_S, self._bound_unsent)

    def forget_unsent(self, connection: Waiting) -> None:
        """Stop counting the answer of a connection that is gone."""
        self._unsent.discard(connection)

    def _watch(self) -> None:
        if not self._is_timed:
            self._is_timed = True
            # One timer for all: one for each connection and request would cost as much as the rest of serving it.
            tick_s = min(self.limits.head_timeout_s, self.limits.idle_timeout_s) / 10
            asyncio.get_running_loop().call_later(tick_s, self._end_overdue)

    def _end_overdue(self) -> None:
        self._is_timed = False
        now_s = asyncio.get_running_loop().time()
        for queue, patience_s in (
            (self._heads, self.limits.head_timeout_s),
            (self._idle, self.limits.idle_timeout_s),
        ):
            overdue = []
            for connection, since_s in queue.items():
                if now_s - since_s < patience_s:
                    break
                overdue.append(connection)
            for connection in overdue:
                del queue[connection]
                if not connection.end_overdue():
                    self.rest(connection)
        if self._heads or self._idle:
            self._watch()
