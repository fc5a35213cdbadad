"""Rows of quotes; SQL for conditional updates by the database's clock, which decides if a quote is open."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from service.domain.quote import Quote, QuoteHold, QuoteLine, QuoteNow
from service.domain.worker_failures import WorkerStep
from service.storage import models
from service.storage.conditions import among
from service.storage.database import Statements
from service.storage.dialects import database_now, typed_rows
from service.storage.tables import Table
from service.storage.worker_failures import rests

QUOTES = Table(models.Quote, Quote)
LINES = Table(models.QuoteLine, QuoteLine)
HOLDS = Table(models.QuoteHold, QuoteHold)


async def validity(statements: Statements, valid_ms: int) -> tuple[datetime, datetime]:
    """Return the present time of the database's clock, and the time `valid_ms` later."""
    rows = await statements.fetch(f"SELECT {database_now(statements)} AS created_at")
    now: datetime = rows[0]["created_at"]
    return now, now + timedelta(milliseconds=valid_ms)


async def add(statements: Statements, quote: Quote, lines: Sequence[QuoteLine], holds: Sequence[QuoteHold]) -> bool:
    """Insert the quote with its lines and holds; return False if an earlier attempt, whose answer was lost, has stored
    it.
    """
    if await QUOTES.insert(statements, [quote]) == 0:
        return False
    await LINES.insert(statements, lines)
    await HOLDS.insert(statements, holds)
    return True


async def of_ids(statements: Statements, account_id: UUID, quote_ids: Collection[UUID]) -> dict[UUID, Quote]:
    """Return the quotes with these ids, by id; only the account's."""
    if not quote_ids:
        return {}
    query = models.Quote.filter(account_id=account_id, id__in=quote_ids)
    return await QUOTES.read_by(statements, query)


async def find(
    statements: Statements, account_ids: Collection[UUID], quote_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID], QuoteNow]:
    """Return the quotes, by (account, quote); only those that belong to the accounts."""
    if not quote_ids:
        return {}
    conditions = among("account_id", account_ids)
    conditions.add_in("id", quote_ids)
    rows = await statements.fetch(
        f"SELECT {QUOTES.column_list}, expires_at > {database_now(statements)} AS unexpired"
        f" FROM {QUOTES.name} WHERE {conditions.clause}",
        *conditions.parameters,
    )
    lines: dict[UUID, list[QuoteLine]] = {row["id"]: [] for row in rows}
    for line in await lines_of(statements, account_ids, list(lines)):
        lines[line.quote_id].append(line)
    holds: dict[UUID, list[QuoteHold]] = {row["id"]: [] for row in rows}
    holding = [row["id"] for row in rows if row["holds_credits"]]
    for hold in await _holds_of(statements, account_ids, holding):
        holds[hold.quote_id].append(hold)
    return {
        (row["account_id"], row["id"]): QuoteNow(
            QUOTES.value(row), tuple(lines[row["id"]]), tuple(holds[row["id"]]), bool(row["unexpired"])
        )
        for row in rows
    }


async def _holds_of(
    statements: Statements, account_ids: Collection[UUID], quote_ids: Collection[UUID]
) -> list[QuoteHold]:
    if not quote_ids:
        return []
    conditions = among("account_id", account_ids)
    conditions.add_in("quote_id", quote_ids)
    return await HOLDS.select(statements, conditions, "ORDER BY quote_id, position, batch_id")


async def expired_holds(statements: Statements, limit: int, *, now: datetime) -> list[tuple[UUID, UUID]]:
    """Return the (account, quote) pairs whose hold has expired by the database's clock, longest ago first, without
    those whose release failed and is paused at `now`.
    """
    resting = rests(WorkerStep.EXPIRE_HOLDS, f"{QUOTES.name}.account_id", f"{QUOTES.name}.id", "$2")
    rows = await statements.fetch(
        f"SELECT account_id, id FROM {QUOTES.name} WHERE holds_credits AND order_id IS NULL AND released_at IS NULL"
        f" AND expires_at <= {database_now(statements)} AND NOT {resting} ORDER BY expires_at LIMIT $1",
        limit,
        now,
    )
    return [(row["account_id"], row["id"]) for row in rows]


async def release(statements: Statements, account_id: UUID, quote_id: UUID) -> list[QuoteHold]:
    """Release the hold of the quote, and return the grams held; empty if it was used, was released or is unexpired."""
    now = database_now(statements)
    released = await statements.execute(
        f"UPDATE {QUOTES.name} SET released_at = {now} WHERE account_id = $1 AND id = $2"
        f" AND holds_credits AND order_id IS NULL AND released_at IS NULL AND expires_at <= {now}",
        account_id,
        quote_id,
    )
    return await _holds_of(statements, [account_id], [quote_id]) if released else []


async def lines_of(
    statements: Statements, account_ids: Collection[UUID], quote_ids: Collection[UUID]
) -> list[QuoteLine]:
    """Return the lines of the accounts' quotes, in order."""
    if not quote_ids:
        return []
    conditions = among("account_id", account_ids)
    conditions.add_in("quote_id", quote_ids)
    return await LINES.select(statements, conditions, "ORDER BY quote_id, position")


async def use(statements: Statements, used: Mapping[tuple[UUID, UUID], UUID]) -> None:
    """Mark each (account, quote) as used by its order. Raises if one was used before, which cannot happen under the
    lock of its head.
    """
    if not used:
        return
    cells = [cell for key, order_id in used.items() for cell in (*key, order_id)]
    changed = await statements.execute(
        f"UPDATE {QUOTES.name} SET order_id = v.column3"
        f" FROM (VALUES {typed_rows(statements, ('uuid', 'uuid', 'uuid'), len(used))}) AS v"
        f" WHERE {QUOTES.name}.account_id = v.column1 AND {QUOTES.name}.id = v.column2"
        f" AND {QUOTES.name}.order_id IS NULL AND {QUOTES.name}.released_at IS NULL",
        *cells,
    )
    if changed != len(used):
        raise RuntimeError("a quote was used twice under its account's lock")
