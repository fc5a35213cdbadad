"""Rows of registry entries and of retirement certificates; SQL for overlapping intervals.

The tables refuse updates and deletes, except that a PDF is added once.

An entry is valid until another one corrects it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.certificate import Interval
from service.domain.registry_evidence import RegistryRetirement, RetirementCertificate, covered_masses
from service.domain.retirement import Retirement
from service.domain.worker_failures import WorkerStep
from service.kit.keyset import PageRequest, Position
from service.storage import models
from service.storage.batches import BATCHES
from service.storage.conditions import Conditions
from service.storage.database import Statements
from service.storage.retirements import RETIREMENTS
from service.storage.tables import Table
from service.storage.worker_failures import rests

ENTRIES = Table(models.RegistryRetirement, RegistryRetirement)
CERTIFICATES = Table(models.RetirementCertificate, RetirementCertificate)
_NOT_CORRECTED = f"NOT EXISTS (SELECT 1 FROM {ENTRIES.name} c WHERE c.corrects_id = {ENTRIES.name}.id)"
_RESTS = rests(
    WorkerStep.ISSUE_CERTIFICATES,
    f"{CERTIFICATES.name}.account_id",
    f"{CERTIFICATES.name}.order_id",
    "{}",
    position=f"{CERTIFICATES.name}.version",
)


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A retirement of which no entry covers `missing_g` grams."""

    retirement: Retirement
    missing_g: int


async def of_references(statements: Statements, references: Collection[str]) -> dict[str, RegistryRetirement]:
    """Return the existing entries among those with these references, by reference."""
    query = models.RegistryRetirement.filter(reference__in=references)
    return await ENTRIES.read_by(statements, query, "reference")


async def valid_of_batches(
    statements: Statements, intervals: Mapping[UUID, Sequence[Interval]]
) -> list[RegistryRetirement]:
    """Return valid entries, which are not corrected, that cover credits between the first and last of these grams of
    each batch.
    """
    found: list[RegistryRetirement] = []
    for batch_id, parts in sorted(intervals.items()):
        conditions = Conditions()
        conditions.add("batch_id = {}", batch_id)
        conditions.add("start_g < {}", max(part.end_g for part in parts))
        conditions.add("end_g > {}", min(part.start_g for part in parts))
        conditions.add(_NOT_CORRECTED)
        found += await ENTRIES.select(statements, conditions, "ORDER BY start_g, id")
    return found


async def corrected(statements: Statements, entry_ids: Collection[UUID]) -> set[UUID]:
    """Return the entries, among these, that another entry corrects."""
    query = models.RegistryRetirement.filter(corrects_id__in=entry_ids)
    rows = await query.using_db(statements.client).values("corrects_id")
    return {row["corrects_id"] for row in rows}


async def retirements_within(statements: Statements, batch_id: UUID, part: Interval, limit: int) -> list[Retirement]:
    """Return at most `limit` retirements that contain some of these grams of the batch."""
    query = models.Retirement.filter(batch_id=batch_id, start_g__lt=part.end_g, end_g__gt=part.start_g)
    return await RETIREMENTS.read(statements, query.order_by("start_g").limit(limit))


async def latest_certificates(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID]
) -> dict[UUID, RetirementCertificate]:
    """Return the latest retirement certificate of each of the account's orders that has one."""
    query = models.RetirementCertificate.filter(account_id=account_id, order_id__in=order_ids)
    return await CERTIFICATES.read_by(statements, query.order_by("version"), "order_id")


async def undrawn(statements: Statements, limit: int, *, now: datetime) -> list[RetirementCertificate]:
    """Return the retirement certificates without a PDF, oldest first, without those that failed and are paused at
    `now`.
    """
    conditions = Conditions()
    conditions.add("pdf IS NULL")
    conditions.add(f"NOT {_RESTS}", now)
    return await CERTIFICATES.select(statements, conditions, f"ORDER BY issued_at LIMIT {conditions.parameter(limit)}")


async def pdf_of(statements: Statements, certificate: RetirementCertificate) -> bytes | None:
    """Return the PDF of the certificate; None before it is drawn."""
    query = models.RetirementCertificate.filter(
        account_id=certificate.account_id, order_id=certificate.order_id, version=certificate.version
    )
    rows = await query.using_db(statements.client).values("pdf")
    return rows[0]["pdf"] if rows else None


async def keep_pdf(statements: Statements, certificate: RetirementCertificate, pdf: bytes) -> bool:
    """Store the PDF of the certificate for good; return False if it has one."""
    key = {column: getattr(certificate, column) for column in ("account_id", "order_id", "version")}
    return await CERTIFICATES.update(statements, {"pdf": pdf}, **key, pdf=None) == 1


PART = 500
"""Number of retirements whose entries one statement reads."""


async def unrecorded(statements: Statements, mode: Mode, request: PageRequest) -> list[Unrecorded]:
    """Return one retirement of the mode, with grams that no entry covers, more than the page holds; by batch and first
    gram. In a position of the list the value is the first gram and the id is the batch's.

    Retirements are compared with entries in parts of `PART`, because a statement that sums the entries of each
    retirement would read all earlier entries of the batch each time.
    """
    found: list[Unrecorded] = []
    while True:
        rows = await _retirements_of(statements, mode, request)
        found += await _uncovered(statements, rows)
        if len(rows) < PART or len(found) > request.limit:
            return found[: request.limit + 1]
        position = Position(rows[-1].start_g, rows[-1].batch_id)
        request = replace(request, before=position) if request.backward else replace(request, after=position)


async def _retirements_of(statements: Statements, mode: Mode, request: PageRequest) -> list[Retirement]:
    """Return the next part of the mode's retirements, by batch and first gram."""
    conditions = Conditions()
    conditions.add("b.mode = {}", mode)
    for position, sign in ((request.after, ">"), (request.before, "<")):
        if position is not None:
            conditions.add(f"(r.batch_id, r.start_g) {sign} ({{}}, {{}})", position.id, position.value)
    direction = "DESC" if request.backward else "ASC"
    limit = conditions.parameter(PART)
    text = conditions.statement(
        f"SELECT {RETIREMENTS.of('r')} FROM {RETIREMENTS.name} r JOIN {BATCHES.name} b ON b.id = r.batch_id",
        f"ORDER BY r.batch_id {direction}, r.start_g {direction} LIMIT {limit}",
    )
    return [RETIREMENTS.value(row) for row in await statements.fetch(text, *conditions.parameters)]


async def _uncovered(statements: Statements, rows: Sequence[Retirement]) -> list[Unrecorded]:
    """Return the retirements that have grams which no entry covers. They must follow each other by batch and
    first gram, in either direction, with no other retirement between them.
    """
    if not rows:
        return []
    first, last = sorted((rows[0], rows[-1]), key=lambda each: (each.batch_id, each.start_g))
    conditions = Conditions()
    conditions.add("batch_id >= {}", first.batch_id)
    conditions.add("batch_id <= {}", last.batch_id)
    conditions.add("(batch_id > {} OR end_g > {})", first.batch_id, first.start_g)
    conditions.add("(batch_id < {} OR start_g < {})", last.batch_id, last.end_g)
    conditions.add(_NOT_CORRECTED)
    entries = await ENTRIES.select(statements, conditions, "ORDER BY batch_id, start_g, id")
    parts = [(each.order_id, each.batch_id, Interval(each.start_g, each.end_g)) for each in rows]
    missing = [
        Unrecorded(row, row.end_g - row.start_g - mass_g)
        for row, mass_g in zip(rows, covered_masses(parts, entries), strict=True)
    ]
    return [each for each in missing if each.missing_g]
