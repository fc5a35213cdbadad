"""Rows of serial numbers that are taken; SQL for the locks of series and the search of overlapping claims.

The series of a batch are locked while it is received.

Claims, the credits that a batch contains, are written with their batch and never change. The keys come from
`domain/serials/overlap.py`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from service.domain.catalogue import CreditBatch, Mode
from service.domain.serials.collisions import Block
from service.domain.serials.overlap import claims, lookup_keys, range_reading
from service.domain.supply import block_of
from service.storage import models
from service.storage.batches import BATCHES
from service.storage.database import Statements
from service.storage.dialects import typed_rows
from service.storage.tables import Table

T = TypeVar("T")
KEYS_A_STATEMENT = 1_000
SERIES = models.SerialSeries._meta.db_table  # noqa: SLF001 - Tortoise publishes a model's table only there


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialClaim:
    """Credits of a series that a batch contains. With `is_reading` they are not contained, but the text of a single
    credit of the batch can be read as a range of them.
    """

    batch_id: UUID
    mode: Mode
    series_key: str
    first_number: int
    last_number: int
    is_reading: bool


CLAIMS = Table(models.SerialClaim, SerialClaim)


async def lock_series(statements: Statements, mode: Mode, blocks: Sequence[Block]) -> None:
    """Lock the series of these credits, in ascending order of their keys, until the transaction ends, so that the
    second of two receipts of the same serials waits and then finds the first.
    """
    keys = sorted({key for block in blocks for key in lookup_keys(block)})
    for some in _chunks(keys):
        rows = ", ".join(f"($1, ${number})" for number in range(2, len(some) + 2))
        # An update that changes nothing still locks an existing row; DO NOTHING would not.
        await statements.execute(
            f"INSERT INTO {SERIES} (mode, series_key) VALUES {rows}"
            f" ON CONFLICT (mode, series_key) DO UPDATE SET series_key = excluded.series_key",
            mode,
            *some,
        )


async def claimants(statements: Statements, mode: Mode, blocks: Sequence[Block]) -> dict[UUID, CreditBatch]:
    """Return every batch of the mode that may overlap one of these. Their series must be locked."""
    reach: dict[str, tuple[int, int]] = {}
    for block in blocks:
        reading = range_reading(block)
        for claim in (*claims(block), *([reading] if reading else [])):
            first, last = reach.get(claim.key, (claim.first, claim.last))
            reach[claim.key] = (min(first, claim.first), max(last, claim.last))
    found: dict[UUID, CreditBatch] = {}
    for some in _chunks(sorted(reach.items())):
        wanted = typed_rows(statements, ("text", "bigint", "bigint"), len(some), start=2)
        rows = await statements.fetch(
            f"SELECT {BATCHES.of('b')} FROM {BATCHES.name} b WHERE b.id IN (SELECT c.batch_id FROM (VALUES {wanted}) v"
            f" JOIN {CLAIMS.name} c ON c.mode = $1 AND c.series_key = v.column1 AND c.first_number <= v.column3"
            f" AND c.last_number >= v.column2)",
            mode,
            *(cell for key, (first, last) in some for cell in (key, first, last)),
        )
        found |= {row["id"]: BATCHES.value(row) for row in rows}
    return found


async def add(statements: Statements, batches: Sequence[CreditBatch]) -> bool:
    """Insert batches with their claims, and lock their series. Return false if another batch has the id or the
    reference of one; the transaction must then be rolled back.
    """
    if await BATCHES.insert(statements, batches) != len(batches):
        return False
    await claim(statements, batches)
    return True


async def claim(statements: Statements, batches: Sequence[CreditBatch]) -> None:
    """Write the claims of batches that were inserted in this transaction, and lock their series."""
    by_mode: dict[Mode, list[Block]] = defaultdict(list)
    for batch in batches:
        by_mode[batch.mode].append(block_of(batch))
    for mode in sorted(by_mode):
        await lock_series(statements, mode, by_mode[mode])
    await CLAIMS.insert(statements, [each for batch in batches for each in claims_of(batch)])


def claims_of(batch: CreditBatch) -> Iterator[SerialClaim]:
    """Yield the claims of a batch as they are stored."""
    block = block_of(batch)
    reading = range_reading(block)
    for each, is_reading in (*((each, False) for each in claims(block)), *([(reading, True)] if reading else [])):
        yield SerialClaim(
            batch_id=batch.id,
            mode=batch.mode,
            series_key=each.key,
            first_number=each.first,
            last_number=each.last,
            is_reading=is_reading,
        )


async def of_batches(statements: Statements, batch_ids: Sequence[UUID]) -> list[SerialClaim]:
    """Return the stored claims of these batches."""
    return await CLAIMS.read(statements, models.SerialClaim.filter(batch_id__in=batch_ids))


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + KEYS_A_STATEMENT] for start in range(0, len(items), KEYS_A_STATEMENT))
