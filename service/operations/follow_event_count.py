"""Follow the number of events of all accounts: it rises whenever an order, the stock or anything else changes."""

import asyncio
from collections.abc import AsyncGenerator

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.operations.resources import Resources
from service.storage import events
from service.storage.failures import DatabaseUnavailable

REST_S = 1.0
"""Time between two looks. Each look reads the head of every account in one statement."""


async def follow_event_count(resources: Resources, caller: Caller) -> AsyncGenerator[int, None]:
    """Return the number of events of all accounts at present, and then each higher number, at most one a second. The
    numbers never end. Refuses `FORBIDDEN`.
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
