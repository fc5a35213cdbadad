"""Follow the number of events of all accounts: it rises with every change that records an event."""

import asyncio
from collections.abc import AsyncGenerator

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.operations.resources import Resources
from service.storage import events
from service.storage.failures import DatabaseUnavailable

REST_S = 1.0
"""Seconds between two polls. Each poll reads the event number of every account in one statement."""


async def follow_event_count(resources: Resources, caller: Caller) -> AsyncGenerator[int, None]:
    """Return the number of events of all accounts at present, and then each higher number, at most one a second. The
    iterator never ends. Refuses `FORBIDDEN` to callers who are not operators.
    """
    caller.require(Scope.OPERATOR)
    present = await events.count_all(resources.database.reader)

    async def following() -> AsyncGenerator[int, None]:
        last = present
        yield last
        while True:
            await asyncio.sleep(REST_S)
            try:
                found = await events.count_all(resources.database.reader)
            except DatabaseUnavailable:
                continue
            if found > last:
                last = found
                yield last

    return following()
