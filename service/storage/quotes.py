"""Quotes, as rows. Whether a quote is open is judged by the database's clock; it is used by one conditional update."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from service.domain.quote import Quote, QuoteLine, QuoteNow
from service.storage import models
from service.storage.database import Statements, placeholders
from service.storage.dialects import database_now, typed_rows
from service.storage.tables import Table

QUOTES = Table(models.Quote, Quote)
LINES = Table(models.QuoteLine, QuoteLine)


async def validity(statements: Statements, valid_ms: int) -> tuple[datetime, datetime]:
    """Now, by the database's clock, and `valid_ms` later."""
    rows = await statements.fetch(f"SELECT {database_now(statements)} AS created_at")
    now: datetime = rows[0]["created_at"]
    return now, now + timedelta(milliseconds=valid_ms)


async def add(statements: Statements, quote: Quote, lines: Sequence[QuoteLine]) -> None:
    """The quote stands with its lines; it holds nothing but its price."""
    await QUOTES.insert(statements, [quote])
    await LINES.insert(statements, lines)


async def find(
    statements: Statements, account_ids: Collection[UUID], quote_ids: Collection[UUID]
) -> dict[tuple[UUID, UUID], QuoteNow]:
    """Those of the quotes that belong to the accounts, by (account, quote)."""
    if not quote_ids:
        return {}
    owned = (
        f"account_id IN ({placeholders(1, len(account_ids))})"
        f" AND {{}} IN ({placeholders(1 + len(account_ids), len(quote_ids))})"
    )
    rows = await statements.fetch(
        f"SELECT {QUOTES.column_list}, expires_at > {database_now(statements)} AS unexpired"
        f" FROM {QUOTES.name} WHERE {owned.format('id')}",
        *account_ids,
        *quote_ids,
    )
    lines: dict[UUID, list[QuoteLine]] = {row["id"]: [] for row in rows}
    for line in await lines_of(statements, account_ids, list(lines)):
        lines[line.quote_id].append(line)
    return {
        (row["account_id"], row["id"]): QuoteNow(QUOTES.value(row), tuple(lines[row["id"]]), bool(row["unexpired"]))
        for row in rows
    }


async def lines_of(
    statements: Statements, account_ids: Collection[UUID], quote_ids: Collection[UUID]
) -> list[QuoteLine]:
    """The lines of the accounts' quotes, in order."""
    if not quote_ids:
        return []
    rows = await statements.fetch(
        f"SELECT {LINES.column_list} FROM {LINES.name} WHERE account_id IN ({placeholders(1, len(account_ids))})"
        f" AND quote_id IN ({placeholders(1 + len(account_ids), len(quote_ids))}) ORDER BY quote_id, position",
        *account_ids,
        *quote_ids,
    )
    return [LINES.value(row) for row in rows]


async def use(statements: Statements, used: Mapping[tuple[UUID, UUID], UUID]) -> None:
    """Each (account, quote) is used by its order. Raises if one was used before: its head's lock makes that impossible."""
    if not used:
        return
    cells = [cell for (account_id, quote_id), order_id in used.items() for cell in (account_id, quote_id, order_id)]
    changed = await statements.execute(
        f"UPDATE {QUOTES.name} SET order_id = v.column3"
        f" FROM (VALUES {typed_rows(statements, ('uuid', 'uuid', 'uuid'), len(used))}) AS v"
        f" WHERE {QUOTES.name}.account_id = v.column1 AND {QUOTES.name}.id = v.column2"
        f" AND {QUOTES.name}.order_id IS NULL",
        *cells,
    )
    if changed != len(used):
        raise RuntimeError("a quote was used twice under its account's lock")
