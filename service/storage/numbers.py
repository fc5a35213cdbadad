"""Counters of the numbers of documents; SQL for the upsert that counts.

Locked after orders and invoices, and before balances and batches.
"""

from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.numbering import DocumentKind, document_number
from service.storage import models
from service.storage.database import Statements

COUNTERS = models.NumberCounter._meta.db_table  # noqa: SLF001 - as in tables.py


async def next_number(statements: Statements, seller_id: UUID, mode: Mode, kind: DocumentKind, year: int) -> str:
    """Return the next number of the series. Its counter is locked until the transaction ends, and a rollback frees the
    number.
    """
    series = (seller_id, mode, kind, year)
    await statements.execute(
        f"INSERT INTO {COUNTERS} (seller_id, mode, kind, year, last_number) VALUES ($1, $2, $3, $4, 1)"
        f" ON CONFLICT (seller_id, mode, kind, year) DO UPDATE SET last_number = {COUNTERS}.last_number + 1",
        *series,
    )
    rows = await statements.fetch(
        f"SELECT last_number FROM {COUNTERS} WHERE seller_id = $1 AND mode = $2 AND kind = $3 AND year = $4", *series
    )
    return document_number(kind, mode, year, rows[0]["last_number"])
