"""Credentials of long-lived connections: keys and tokens are checked repeatedly while they are in use.

Knows HTTP, but not the APIs and not the contents of the connections.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context

import structlog
from starlette.types import Scope

from service.api.caller import ACCOUNT_HEADER
from service.api.headers import header_of
from service.domain.accounts import Caller
from service.errors import Code, Refused

log = structlog.get_logger(__name__)

EVERY_S = 0.5
"""Seconds between two checks; a process caches a key for at most a second (SERVICE_KNOWN_KEYS_MS)."""
LOOKS_MAX = 16
"""Maximum number of credentials that are checked at the same time."""

Ended = Callable[[Refused], None]
_AUTHORIZATION = b"authorization"


class CredentialWatch:
    """Watch that reports when the key or token of a connection is no longer valid, or its account was suspended.

    `identify` returns the caller of a request. A key with many connections is checked once for all of them. While the
    database is unreachable nothing is reported.
    """

    def __init__(self, identify: Callable[[Scope], Awaitable[Caller | None]], *, every_s: float = EVERY_S) -> None:
        self._identify = identify
        self._every_s = every_s
        self._watched: dict[tuple[str | None, str | None], list[Ended]] = {}
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, scope: Scope, ended: Ended) -> Iterator[None]:
        """Context in which `ended` is called with the refusal once the request's credentials are no longer valid."""
        credentials = header_of(scope, _AUTHORIZATION), header_of(scope, ACCOUNT_HEADER)
        holders = self._watched.setdefault(credentials, [])
        holders.append(ended)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._look_on(), context=Context())
        try:
            yield
        finally:
            holders.remove(ended)
            if not holders and self._watched.get(credentials) is holders:
                del self._watched[credentials]

    async def _look_on(self) -> None:
        while self._watched:
            await asyncio.sleep(self._every_s)
            present = list(self._watched)
            for start in range(0, len(present), LOOKS_MAX):
                await asyncio.gather(*map(self._look, present[start : start + LOOKS_MAX]))
        self._task = None

    async def _look(self, credentials: tuple[str | None, str | None]) -> None:
        names = (_AUTHORIZATION, ACCOUNT_HEADER)
        headers = [(name, value.encode("latin-1")) for name, value in zip(names, credentials, strict=True) if value]
        try:
            caller = await self._identify({"type": "http", "headers": headers})
            if caller is not None:
                caller.refuse_change_if_suspended(caller.account)
        except Refused as refusal:
            if refusal.code is not Code.UNAVAILABLE:
                for ended in list(self._watched.get(credentials, ())):
                    ended(refusal)
        except Exception:
            log.exception("credentials_not_checked")
