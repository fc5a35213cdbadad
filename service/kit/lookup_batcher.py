"""Batching of look-ups that wait at the same time, so that many cost one statement.

Knows neither the values nor their source; nothing is remembered, so that every answer is as fresh as its question.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from service.kit.origins import ORIGINS

K = TypeVar("K")
V = TypeVar("V")


class LookupBatcher(Generic[K, V]):
    """Looks keys up through `read`. A caller that comes while the batcher is idle gets a read of its own; callers that
    come during a read share the next one, which begins after the last of them has asked.

    An exception of `read` is raised for all who shared it. One instance belongs to one event loop at a time.
    """

    def __init__(self, read: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._read = read
        self._waiting: _Batch[K, V] | None = None
        self._worker: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """Return the present value of the key, or None. If one caller is cancelled, the others still get their
        answer.
        """
        if self._waiting is None:
            self._waiting = _Batch(asyncio.get_running_loop().create_future())
        reading = self._waiting
        reading.keys.add(key)
        reading.origins.append(copy_context())
        if self._worker is None:
            # An empty context, because the worker reads for several requests and its log lines and traces must not
            # carry the id of one.
            self._worker = asyncio.get_running_loop().create_task(self._work(), context=Context())
        found = await asyncio.shield(reading.found)
        return found.get(key)

    async def _work(self) -> None:
        try:
            while (reading := self._waiting) is not None:
                self._waiting = None
                ORIGINS.set(reading.origins)
                try:
                    reading.found.set_result(await self._read(reading.keys))
                except Exception as failure:  # noqa: BLE001 - it belongs to those who asked
                    reading.found.set_exception(failure)
                    reading.found.exception()  # retrieved here in case all callers were cancelled
                except BaseException:
                    reading.found.cancel()
                    raise
        finally:
            self._worker = None


@dataclass(slots=True)
class _Batch(Generic[K, V]):
    """Keys of the callers that share a read, and its result."""

    found: "asyncio.Future[Mapping[K, V]]"
    keys: set[K] = field(default_factory=set)
    origins: list[Context] = field(default_factory=list)
