"""Read the seals of an account's events, which customers keep to notice changes later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.event_seals import EventSeal
from service.operations.resources import Resources
from service.storage import event_seals


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """The number of a sealed event in its account, its digest, and the time of its seal."""

    sequence: int
    digest: bytes
    sealed_at: datetime


async def sealed_events(
    resources: Resources, readers: Sequence[Caller], sequence: int | None = None
) -> list[SealedEvent | None]:
    """Return the sealed event with the number `sequence` of each reader's account, by default the last sealed one, in
    the order of the readers; None if it is not sealed.
    """
    for reader in readers:
        reader.require(Scope.ORDERS_READ)
    account_ids = {reader.account.id for reader in readers}
    seals = await event_seals.last_of(resources.database.reader, account_ids, sequence)
    return [_event_of(seals.get(reader.account.id), sequence) for reader in readers]


def _event_of(seal: EventSeal | None, sequence: int | None) -> SealedEvent | None:
    if seal is None or (sequence is not None and sequence > seal.last_seq):
        return None
    found = seal.last_seq if sequence is None else sequence
    return SealedEvent(found, seal.digest_of(found), seal.sealed_at)
