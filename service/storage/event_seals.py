"""Rows of event seals, and of events as seals see them; SQL for the stored bytes of a column.

Both tables refuse updates and deletes.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from uuid import UUID

from service.domain.event_seals import BEFORE_THE_FIRST, EventSeal, StoredEvent, decoded, deviations
from service.storage import models
from service.storage.accounts import HEADS
from service.storage.database import Statements, placeholders
from service.storage.events import EVENTS
from service.storage.tables import Table

SEALS = Table(models.EventSeal, EventSeal)
SEALS_A_PAGE = 100

_TEXTS = {
    # Read as bytes, because text that was corrupted by hand would be a decoding error.
    "sqlite": ("CAST({} AS BLOB)", "CAST({} AS BLOB)", "CAST({} AS BLOB)"),
    # The forms of SQLite, to which backups convert these columns too.
    "postgresql": (
        "CAST({} AS TEXT)",
        "CAST({} AS TEXT)",
        "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00'",
    ),
}
"""For each dialect: the expressions for a column of text or an id, for the payload, and for a time."""


async def due(statements: Statements, before: datetime, events: int, limit: int) -> list[tuple[UUID, EventSeal | None]]:
    """Return accounts with events to seal, each with its last seal, in the order of their ids: those that were
    never sealed or not since `before`, or that have at least `events` unsealed events. An account whose next event is
    missing is left out.
    """
    rows = await statements.fetch(
        f"SELECT h.account_id AS sealed_account_id, {SEALS.of('s')} FROM {HEADS.name} h"
        f" LEFT JOIN {SEALS.name} s ON s.account_id = h.account_id"
        f" AND s.first_seq = (SELECT max(l.first_seq) FROM {SEALS.name} l WHERE l.account_id = h.account_id)"
        f" WHERE h.event_seq > coalesce(s.last_seq, 0)"
        f" AND (s.sealed_at IS NULL OR s.sealed_at <= $1 OR h.event_seq >= s.last_seq + {events:d})"
        f" AND EXISTS (SELECT 1 FROM {EVENTS.name} e"
        f" WHERE e.account_id = h.account_id AND e.seq = coalesce(s.last_seq, 0) + 1)"
        f" ORDER BY h.account_id LIMIT {limit:d}",
        before,
    )
    return [
        (UUID(str(row["sealed_account_id"])), None if row["first_seq"] is None else SEALS.value(row)) for row in rows
    ]


async def events_after(statements: Statements, account_id: UUID, last_seq: int, limit: int) -> list[StoredEvent]:
    """Return at most `limit` of the account's events after the number, in order."""
    rows = await statements.fetch_cells(
        f"SELECT {_cells(statements)} FROM {EVENTS.name} e WHERE e.account_id = $1 AND e.seq > $2"
        f" ORDER BY e.seq LIMIT {limit:d}",
        account_id,
        last_seq,
    )
    return [decoded(row) for row in rows]


async def last_of(statements: Statements, account_ids: Collection[UUID], seq: int | None) -> dict[UUID, EventSeal]:
    """Return the last seal of each account, or the last one whose first event is not after `seq`."""
    if not account_ids:
        return {}
    until = "" if seq is None else " AND l.first_seq <= $1"
    named = placeholders(1 if seq is None else 2, len(account_ids))
    rows = await statements.fetch(
        f"SELECT {SEALS.of('s')} FROM {SEALS.name} s WHERE s.account_id IN ({named}) AND s.first_seq ="
        f" (SELECT max(l.first_seq) FROM {SEALS.name} l WHERE l.account_id = s.account_id{until})",
        *([] if seq is None else [seq]),
        *account_ids,
    )
    return {seal.account_id: seal for seal in map(SEALS.value, rows)}


async def broken(statements: Statements) -> AsyncIterator[tuple[UUID, int]]:
    """Yield the account and the number of each sealed event that is missing or is not as it was sealed. The first
    event after a missing seal is among them, because nothing shows what was before it.
    """
    last: EventSeal | None = None
    while page := await _page(statements, last):
        events = await _events_of(statements, page[0], page[-1])
        for seal in page:
            same = last is not None and last.account_id == seal.account_id
            previous = last.digest if last is not None and same else BEFORE_THE_FIRST
            for seq in deviations(seal, previous, events[seal.account_id]):
                yield seal.account_id, seq
            last = seal


async def _page(statements: Statements, after: EventSeal | None) -> list[EventSeal]:
    behind = "" if after is None else " WHERE (account_id, first_seq) > ($1, $2)"
    parameters = () if after is None else (after.account_id, after.first_seq)
    rows = await statements.fetch(
        f"SELECT {SEALS.column_list} FROM {SEALS.name}{behind} ORDER BY account_id, first_seq LIMIT {SEALS_A_PAGE}",
        *parameters,
    )
    return [SEALS.value(row) for row in rows]


async def _events_of(statements: Statements, first: EventSeal, last: EventSeal) -> dict[UUID, dict[int, StoredEvent]]:
    """Return the events of these two seals and of those between them, by account and number."""
    rows: Sequence[Sequence[object]] = await statements.fetch_cells(
        f"SELECT {_cells(statements)} FROM {SEALS.name} s JOIN {EVENTS.name} e"
        f" ON e.account_id = s.account_id AND e.seq BETWEEN s.first_seq AND s.last_seq"
        f" WHERE (s.account_id, s.first_seq) >= ($1, $2) AND (s.account_id, s.first_seq) <= ($3, $4)",
        first.account_id,
        first.first_seq,
        last.account_id,
        last.first_seq,
    )
    found: dict[UUID, dict[int, StoredEvent]] = defaultdict(dict)
    for row in rows:
        event = decoded(row)
        found[UUID(event.account_id)][event.seq] = event
    return found


def _cells(statements: Statements) -> str:
    """Return the columns of an event `e` for a SELECT list, under aliases that are not column names and so are not
    decoded.
    """
    text, payload, time = _TEXTS[statements.dialect]
    forms = {"seq": "{}", "payload": payload, "created_at": time}
    return ", ".join(f"{forms.get(name, text).format(f'e.{name}')} AS {name}_cell" for name in StoredEvent._fields)
