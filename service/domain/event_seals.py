"""Seals of events: a chain of digests over the stored events of an account, by which a later change of one is found.

The digest of an event is the SHA-256 of the digest of the event before and of the event's canonical bytes. So the
digest of an account's last event stands for all of its events, in whatever batches they were sealed. Seals are stored:
the canonical bytes never change.
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
"""The digest before an account's first event."""


class StoredEvent(NamedTuple):
    """The columns of an event's row as texts, in the form in which SQLite stores them, whatever they hold: a row that
    was changed by hand may have no known type and no readable time.
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
        """Return the stored digest of one of the seal's events."""
        start = (seq - self.first_seq) * DIGEST_BYTES
        return self.digests[start : start + DIGEST_BYTES]


def event_bytes(event: StoredEvent) -> bytes:
    """Return the canonical bytes of the event. The payload counts as a value, because databases store one value as
    different texts.
    """
    try:
        return canonical_json({**event._asdict(), "payload": json.loads(event.payload)})
    except (TypeError, ValueError, RecursionError):
        # No event is written with such a payload, or with text that is not Unicode.
        return json.dumps(event._asdict(), sort_keys=True, separators=(",", ":")).encode()


def next_digest(previous: bytes, event: StoredEvent) -> bytes:
    """Return the digest of the event, which follows the event with the digest `previous`."""
    return hashlib.sha256(previous + event_bytes(event)).digest()


def seal_of(
    account_id: UUID, previous: bytes, last_seq: int, events: Sequence[StoredEvent], now: datetime
) -> EventSeal | None:
    """Return the seal of the events that follow `last_seq`, whose digest is `previous`, up to the first missing one;
    None if there are none.
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
    digest before the first of them. The event after a deviating one is compared with the stored digest, so that it
    deviates only if it was changed too.
    """
    found = []
    # By the digests: `last_seq` may have been changed to any number.
    for seq in range(seal.first_seq, seal.first_seq + len(seal.digests) // DIGEST_BYTES):
        event, stored = events.get(seq), seal.digest_of(seq)
        if event is None or next_digest(previous, event) != stored:
            found.append(seq)
        previous = stored
    return found


def decoded(cells: Sequence[Any]) -> StoredEvent:
    """Return the event of a row's cells, texts or their bytes in UTF-8. Bytes that are no text stay distinct."""
    texts: list[Any] = [cell.decode(errors="surrogateescape") if isinstance(cell, bytes) else cell for cell in cells]
    return StoredEvent(*texts)
