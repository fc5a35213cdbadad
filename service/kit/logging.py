"""Logging of the service: one event a line on stderr, JSON for machines and columns for people, secrets hidden.

Knows no event. Every module logs through `structlog.get_logger(__name__)`; libraries that use the standard library's
logging, uvicorn among them, come out in the same form.
"""

import json as standard_json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

from service.kit.origins import origin_ids
from service.kit.request_id import REQUEST_ID

HIDDEN = "[hidden]"

TROUBLES: Counter[tuple[str, str]] = Counter()
"""Number of log lines of this process from the level `warning` up, by event and level. Lines of libraries, whose events
are free text, are counted as OTHERS.
"""
OTHERS = "library"

_SECRET_NAMES = frozenset({
    "authorization", "proxy_authorization", "cookie", "set_cookie", "password", "secret", "client_secret", "pepper",
    "api_key", "x_api_key", "token", "access_token", "refresh_token", "webhook_signature",
})  # fmt: skip
_QUIET = frozenset({"debug", "info"})
_PLAIN = frozenset({str, int, float, bool, type(None)})
# Secret texts in a line. The group is kept, so that a key's holder can be found by its first characters. Few lines
# contain one of these hints, and searching for the hints takes a tenth of the time of the expression. A request's JSON
# has no space, and a space is found ten times as fast as a word.
_HINTS = ("_live_", "_test_", "whsec_", "eyJ", "://")
_HINTS_BESIDE_SPACE = ("earer", "EARER", "asic", "ASIC", *_HINTS)
_SECRET_TEXT = re.compile(
    r"""([Bb]earer\s+|[Bb]asic\s+|B(?:EARER|ASIC)\s+)[\w.~+/=-]{6,}  # credentials of a header
    |(_(?:live|test)_\w{8})\w{20,}                  # API keys in the usual manner
    |(whsec_)[\w+/=-]+                             # webhook secrets
    |(eyJ)[\w-]+\.[\w-]+\.[\w-]*                  # JSON web tokens
    |(://[^/\s:@"]*:)[^/\s@"]+(?=@)                # the password in an address
    """,
    re.VERBOSE,
)


def configure_logging(*, json: bool | None = None, level: str = "info") -> None:
    """Send every log line from here on to stderr, from `level` up: as JSON when asked, or by default when stderr is no
    terminal. The request id is part of each line. May be called again.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    least = logging.getLevelNamesMapping()[level.upper()]
    written = _written_by(_renderer(as_json))
    structlog.configure(
        processors=[_named, written],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *names: _Lines(names[0] if names else "service", sys.stderr),
        cache_logger_on_first_use=False,  # otherwise loggers of loaded modules would keep the stream of an earlier call
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_named], processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, written]
        )
    )
    logging.basicConfig(handlers=[handler], level=least, force=True)
    logging.raiseExceptions = False  # otherwise a line that cannot be formatted would be shown unmasked
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)  # an earlier server in this process may have set another level
    # The access log contains query strings; our lines do not. httpx logs whole addresses of callbacks.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(max(least, logging.WARNING))


class _Lines:
    """A writer of lines. A full disk or a closed pipe loses the line, without any other effect."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self.name = name
        self._stream = stream

    def msg(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")  # a single write, because lines of two threads would mix otherwise
            self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = exception = msg


def _named(logger: Any, method: str, event: EventDict) -> EventDict:
    """Add level, logger, time and request id in one step, where structlog takes four, because every request has
    a line.
    """
    record = event.get("_record")  # of the standard library's logging
    if method not in _QUIET:
        TROUBLES[event["event"] if record is None else OTHERS, method] += 1
    event["level"] = method
    event["logger"] = logger.name if record is None else record.name
    unix_s, us = divmod(time.time_ns() // 1_000, 1_000_000)
    event["timestamp"] = f"{_second(unix_s)}.{us:06}Z"
    request_id = REQUEST_ID.get()
    if request_id:
        event.setdefault("request_id", request_id)
    elif ids := origin_ids():
        event["request_ids"] = ids
    return event


@lru_cache(maxsize=1)
def _second(unix_s: int) -> str:
    """Return the timestamp's part that changes once a second; cached, because many lines are written in one second."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(unix_s))


def _written_by(render: Processor) -> Processor:
    """Return the function that turns an event into a line: one step and not four, each as expensive as rendering."""

    def written(logger: Any, method: str, event: EventDict) -> str:
        if "exc_info" in event:
            event = structlog.processors.format_exc_info(logger, method, event)
        # Checked together, because most lines have the same names as an earlier one and contain only texts and numbers.
        if not _PLAIN.issuperset(map(type, event.values())) or _name_a_secret(tuple(event)):
            for name, value in event.items():
                event[name] = _hidden(name, value, depth=4)
        line = str(render(logger, method, event))
        # Applied to the finished line, so that the `repr` of objects is masked too.
        for hint in _HINTS_BESIDE_SPACE if " " in line or not line.isascii() else _HINTS:
            if hint in line:
                return _SECRET_TEXT.sub(lambda found: f"{found[found.lastindex or 0]}{HIDDEN}", line)
        return line

    return written


def _renderer(as_json: bool) -> Processor:
    if as_json:
        return _as_json
    # The plain traceback, because rich's shows local variables, which may contain secrets.
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _as_json(_logger: object, _method: str, event: EventDict) -> str:
    try:
        return orjson.dumps(event, repr).decode()
    except TypeError:  # a lone surrogate, or a number above 64 bits
        return standard_json.dumps(event, default=repr)


@lru_cache(maxsize=512)
def _name_a_secret(names: tuple[str, ...]) -> bool:
    return any(map(_names_a_secret, names))


@lru_cache(maxsize=512)
def _names_a_secret(name: str) -> bool:
    """Return True for the name of a secret member; cached, because the lines of all requests have the same names."""
    return name.lower().replace("-", "_") in _SECRET_NAMES


def _hidden(name: Any, value: Any, depth: int) -> Any:
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    if isinstance(name, str) and _names_a_secret(name):
        return HIDDEN
    if value is None or isinstance(value, (str, int)):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _hidden(key, item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        # Headers are lists of pairs, so the first of two may be the name of the second.
        owner = value[0] if len(value) == 2 else None
        return [item if item is owner else _hidden(owner, item, depth - 1) for item in value]
    return value
