"""Histories: every request and answer of every caller, the probes of readiness, and the faults, as lines of JSON.

The checks (tests/promises/checks.py) read nothing but a history and the tables.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

OK, REFUSED, UNAVAILABLE, UNKNOWN, BROKEN = "ok", "refused", "unavailable", "unknown", "broken"
"""Outcomes of an attempt: done; refused by a rule; refused for now; cut or too late, so that nobody knows; a 500 or an
answer that makes no sense.
"""


@dataclass(slots=True)
class Attempt:
    """One request and its answer. Times are those of the monotonic clock."""

    doing: str
    """`order`, `cancel`, `read`, or the API of a single call."""
    url: str
    account: str
    began_s: float
    key: str = ""
    mass_g: int = 0
    ended_s: float = 0.0
    outcome: str = UNKNOWN
    detail: str = ""
    order_id: str = ""
    total_minor: int = 0
    replayed: bool = False
    has_retry_after: bool = False


@dataclass(slots=True)
class Probe:
    """One question whether a process is ready; `status` is 0 without an answer."""

    url: str
    began_s: float
    ended_s: float
    status: int


@dataclass(slots=True)
class Window:
    """A fault, from its beginning until what failed is there again."""

    fault: str
    began_s: float
    healed_s: float = 0.0
    kills: int = 0
    """Processes of the service that were killed."""
    is_outage: bool = False
    """True if every order was to be refused meanwhile, and readiness to be red."""
    orders_url: str = ""
    """The address whose orders are to go on: any if empty."""
    answers_all: bool = False
    """True if a request that got no answer was not to be carried out."""
    over_s: float = 0.0
    """The time at which the next fault may begin."""


KINDS = {"attempt": Attempt, "probe": Probe, "window": Window}


class History:
    """Writes lines to a file as things happen, and keeps the last counts for faults to wait for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self.outcomes: dict[str, int] = {}
        self.acknowledged = 0
        self.reads = 0
        self.last_probe: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, entry: Attempt | Probe | Window) -> None:
        self._file.write(orjson.dumps({"kind": type(entry).__name__.lower(), "entry": entry}) + b"\n")
        if isinstance(entry, Attempt):
            self.outcomes[entry.outcome] = self.outcomes.get(entry.outcome, 0) + 1
            if entry.doing == "order" and entry.outcome == OK:
                self.acknowledged += 1
            if entry.doing == "read" and entry.outcome == OK:
                self.reads += 1
        elif isinstance(entry, Probe):
            self.last_probe[entry.url] = entry.status

    def flush(self) -> None:
        self._file.flush()


@dataclass
class Read:
    """A history that was read from its file."""

    attempts: list[Attempt]
    probes: list[Probe]
    windows: list[Window]


def read(path: Path) -> Read:
    found = Read([], [], [])
    lists: dict[str, list[Any]] = {"attempt": found.attempts, "probe": found.probes, "window": found.windows}
    for kind, entry in _lines(path):
        lists[kind].append(KINDS[kind](**entry))
    return found


def _lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with path.open("rb") as file:
        for line in file:
            written = orjson.loads(line)
            yield written["kind"], written["entry"]


def now_s() -> float:
    return time.monotonic()
