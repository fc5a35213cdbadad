"""Seal events: chain the digests of each account's events, so that `audit` finds an event that was changed afterwards.

Events of an account are committed in the order of their numbers, so a read has no gaps. If several workers seal the
same events, their rows have the same key and one is kept. Locks: none. Promise: P24.
"""

from datetime import timedelta

from service.domain.event_seals import BEFORE_THE_FIRST, seal_of
from service.operations.resources import Resources
from service.storage import event_seals
from service.storage.database import Statements

SEALED_EVERY = timedelta(minutes=1)
"""Time between two seals of an account, so that a busy account has one a minute; sooner if `EVENTS_MAX` events wait."""
ACCOUNTS_MAX = 50
"""Maximum number of accounts that are sealed in one transaction."""
EVENTS_MAX = 200
"""Maximum number of events of one seal."""


async def seal_events(resources: Resources) -> int:
    """Seal waiting events of at most `ACCOUNTS_MAX` accounts; return the number of seals. Safe to run in several
    processes at once.
    """
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
