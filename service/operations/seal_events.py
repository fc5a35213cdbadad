"""Seal events: chain the digests of each account's events, so that `audit` finds an event that was changed afterwards.

The events of an account are numbered in the order in which they are committed, so that what is read has no gap. Workers
that seal the same events beside each other write the same key, and one row of them is kept. Locks: none. Promise: P24.
"""

from datetime import timedelta

from service.domain.event_seals import BEFORE_THE_FIRST, seal_of
from service.operations.resources import Resources
from service.storage import event_seals
from service.storage.database import Statements

SEALED_EVERY = timedelta(minutes=1)
"""Time between two seals of an account, unless `EVENTS_MAX` events wait: a busy account has one seal a minute."""
ACCOUNTS_MAX = 50
"""Accounts that are sealed in one transaction."""
EVENTS_MAX = 200
"""Events of one seal."""


async def seal_events(resources: Resources) -> int:
    """Seal events of some accounts and return the number of seals. Safe to run in several processes at once."""
    before = resources.clock() - SEALED_EVERY
    if not await event_seals.due(resources.database.reader, before, EVENTS_MAX, 1):
        return 0

    async def work(statements: Statements) -> int:
        seals = []
        for account_id, last in await event_seals.due(statements, before, EVENTS_MAX, ACCOUNTS_MAX):
            last_seq, digest = (0, BEFORE_THE_FIRST) if last is None else (last.last_seq, last.digest)
            events = await event_seals.events_after(statements, account_id, last_seq, EVENTS_MAX)
            seals.append(seal_of(account_id, digest, last_seq, events, resources.clock()))
        return await event_seals.SEALS.insert(statements, [seal for seal in seals if seal is not None])

    return await resources.transact(work)
