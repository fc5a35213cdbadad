"""Checks of the seals of events; SQL for one state of the database.

The chain is whole, and events are as they were sealed.
"""

from collections.abc import AsyncIterator

from service.storage import event_seals
from service.storage.audit.check import EVENT_SEALS, EVENTS, Check, Key, key
from service.storage.database import Statements


async def _broken(statements: Statements) -> AsyncIterator[Key]:
    async for account_id, seq in event_seals.broken(statements):
        yield str(account_id), str(seq)


CHECKS = (
    Check(
        "event-seal-gap",
        EVENT_SEALS,
        "every seal of events: begins after the one before, and has a digest of each of its events",
        f"SELECT {key('s.first_seq', account='s.account_id')} FROM"
        f" (SELECT account_id, first_seq, last_seq, length(digests) AS bytes, coalesce(lag(last_seq)"
        f" OVER (PARTITION BY account_id ORDER BY first_seq), 0) AS sealed FROM {EVENT_SEALS}) s"
        f" WHERE s.first_seq <> s.sealed + 1 OR s.bytes <> 32 * (s.last_seq - s.first_seq + 1)",
    ),
    Check("event-seal", EVENTS, "every sealed event: is as it was sealed", _broken),
)
