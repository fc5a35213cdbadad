"""Read the seals of an account's events, which customers keep to notice changes later."""

from dataclasses import dataclass
from datetime import datetime

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.operations.resources import Resources
from service.storage import event_seals


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """The number of a sealed event in its account, its digest, and the time of its seal."""

    sequence: int
    digest: bytes
    sealed_at: datetime


async def sealed_event(resources: Resources, caller: Caller, sequence: int | None = None) -> SealedEvent | None:
    """Return the caller's sealed event of that number, by default the last one; None if it is not sealed."""
    caller.require(Scope.ORDERS_READ)
    seal = await event_seals.last_of(resources.database.reader, caller.account.id, sequence)
    if seal is None or (sequence is not None and sequence > seal.last_seq):
        return None
    found = seal.last_seq if sequence is None else sequence
    return SealedEvent(found, seal.digest_of(found), seal.sealed_at)
