"""Seals of events: a chain of digests over the stored events of an account, which reveal a later change of one.

The digest of an event is the SHA-256 of the digest of the event before and of the event's canonical bytes. So the
digest of an account's last event covers all of its events, however they were grouped when they were sealed. Digests are
stored, so the canonical bytes must never change.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from service.kit.canonical_json import canonical_json

DIGEST_BYTES = 32
BEFORE_THE_FIRST = bytes(DIGEST_BYTES)
"""Digest that precedes an account's first event."""


class StoredEvent(NamedTuple):
    """Columns of an event's row as the texts that SQLite stores. They are not parsed, because a row that was changed by
    hand may have an unknown type or an invalid time.
    """

    account_id: str
    seq: int
    id: str
    event_type: str
    order_id: str | None
    actor: str
    payload: str
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeal:
    """The digests of an account's events from `first_seq` to `last_seq`, one after another."""

    account_id: UUID
    first_seq: int
    last_seq: int
    digests: bytes
    sealed_at: datetime

    @property
    def digest(self) -> bytes:
        """Return the digest of the last event."""
        return self.digests[-DIGEST_BYTES:]

    def digest_of(self, seq: int) -> bytes:
        """Return the stored digest of the event with the number `seq`, which the seal contains."""
        start = (seq - self.first_seq) * DIGEST_BYTES
        return self.digests[start : start + DIGEST_BYTES]


def event_bytes(event: StoredEvent) -> bytes:
    """Return the canonical bytes of the event. The payload is parsed first, because the databases store equal JSON
    values as different texts.
    """
    try:
        return canonical_json({**event._asdict(), "payload": json.loads(event.payload)})
    except (TypeError, ValueError, RecursionError):
        # The service never writes such a payload, nor text that is not valid Unicode.
        return json.dumps(event._asdict(), sort_keys=True, separators=(",", ":")).encode()


def next_digest(previous: bytes, event: StoredEvent) -> bytes:
    """Return the digest of the event, which follows the event with the digest `previous`."""
    return hashlib.sha256(previous + event_bytes(event)).digest()


def seal_of(
    account_id: UUID, previous: bytes, last_seq: int, events: Sequence[StoredEvent], now: datetime
) -> EventSeal | None:
    """Return the seal of the events that follow `last_seq`, whose digest is `previous`, up to the first gap in their
    numbers; None if there is no such event.
    """
    digests = []
    for seq, event in enumerate(events, last_seq + 1):
        if event.seq != seq:
            break
        previous = next_digest(previous, event)
        digests.append(previous)
    if not digests:
        return None
    return EventSeal(
        account_id=account_id,
        first_seq=last_seq + 1,
        last_seq=last_seq + len(digests),
        digests=b"".join(digests),
        sealed_at=now,
    )


def deviations(seal: EventSeal, previous: bytes, events: Mapping[int, StoredEvent]) -> list[int]:
    """Return the numbers of the seal's events that are missing or are not those that were sealed. `previous` is the
    digest before the first of them. After a deviating event the stored digest is used, so that the next event is
    reported only if it was changed as well.
    """
    found = []
    # Counted by the digests, because `last_seq` may have been changed too.
    for seq in range(seal.first_seq, seal.first_seq + len(seal.digests) // DIGEST_BYTES):
        event, stored = events.get(seq), seal.digest_of(seq)
        if event is None or next_digest(previous, event) != stored:
            found.append(seq)
        previous = stored
    return found


def decoded(cells: Sequence[Any]) -> StoredEvent:
    """Return the event of a row's cells, texts or their bytes in UTF-8. Invalid UTF-8 is escaped, so that different
    bytes stay different.
    """
    texts: list[Any] = [cell.decode(errors="surrogateescape") if isinstance(cell, bytes) else cell for cell in cells]
    return StoredEvent(*texts)
