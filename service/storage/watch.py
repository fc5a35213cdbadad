"""Watch of a database: one cheap query a second, which decides if calls are attempted or refused at once.

A server that answers it is available, however slow its other statements are. Does not know the drivers, nor any table
except that of the write which tests if the disk has space again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import Context

from service.errors import Refused
from service.storage.engines.availability import Availability
from service.storage.engines.probes import Probe
from service.storage.failures import DatabaseDefect, DatabaseUnavailable

EVERY_S = 1.0
PATIENCE_S = 0.8
"""Seconds after which a probe counts as failed."""
PAUSE_S = 0.05
"""Minimum number of seconds between two probes, after a failed probe or a failed call."""
AWAY_PAUSE_S = 0.1
"""Seconds between two probes while the database is unreachable, so that its return is noticed within a second."""
READ_ONLY_EVERY_S = 0.25
"""Seconds between two probes while the database is read-only; each probe uses a new session."""
LATE_S = 0.2
"""Delay in seconds of a timer which shows that this process itself was suspended, so that a late probe says nothing
about the database.
"""


class Watch:
    """Watch that calls `probe` until it is cancelled. After two failed probes in a row the database counts as
    unreachable, and `end_waiting` is called; one successful probe ends that.

    After a write that failed, `try_write` is called at most once in `EVERY_S` until it succeeds.
    """

    def __init__(
        self,
        probe: Probe,
        availability: Availability,
        end_waiting: Callable[[], None],
        try_write: Callable[[], Awaitable[None]],
    ) -> None:
        self._probe = probe
        self._availability = availability
        self._end_waiting = end_waiting
        self._try_write = try_write
        self._write_at_s = 0.0

    async def run(self) -> None:
        """Watch until this task is cancelled."""
        now = asyncio.get_running_loop().time
        began_s = now()
        self._availability.is_watched = True
        while True:
            await self._pause(began_s + (EVERY_S if self._availability.takes_writes else READ_ONLY_EVERY_S))
            self._availability.suspected.clear()
            began_s = now()
            await self._look()
            if self._availability.refused_write and not self._availability.is_away and began_s >= self._write_at_s:
                self._write_at_s = began_s + EVERY_S
                with suppress(Refused):  # nothing has changed
                    await self._try_write()
                    self._availability.note_write()

    async def _pause(self, until_s: float) -> None:
        await asyncio.sleep(AWAY_PAUSE_S if self._availability.is_away else PAUSE_S)
        if not self._availability.failed_probes:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until_s):
                    await self._availability.suspected.wait()

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time
        give_up_s = now() + PATIENCE_S
        availability = self._availability
        try:
            async with asyncio.timeout_at(give_up_s):
                takes_writes = await self._probe.ask(afresh=not availability.takes_writes)
        except TimeoutError:
            if now() > give_up_s + LATE_S:
                return
            why = f"no answer within {PATIENCE_S} s"
        except DatabaseUnavailable as error:
            availability.note(error)
            why = error.detail
        except DatabaseDefect as error:
            why = str(error)
        else:
            availability.note_probe(takes_writes=takes_writes)
            return
        availability.note_failed_probe(why)
        if availability.is_away:
            self._end_waiting()


@asynccontextmanager
async def watching(watch: Watch, probe: Probe) -> AsyncIterator[None]:
    """Run the watch in a separate task while the context is open, and close its probe at the end."""
    task = asyncio.get_running_loop().create_task(watch.run(), name="watch of a database", context=Context())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await probe.close()
