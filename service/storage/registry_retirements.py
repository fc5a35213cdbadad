"""Rows of registries' entries and of the certificates of these; SQL for sums over overlapping intervals.

The tables refuse updates and deletes, but for a PDF that is stored once.

An entry counts until another one corrects it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.certificate import Interval
from service.domain.registry_evidence import RegistryRetirement, RetirementCertificate
from service.domain.retirement import Retirement
from service.domain.worker_failures import WorkerStep
from service.kit.keyset import PageRequest
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
    """Return those of the entries that exist, by reference."""
    query = models.RegistryRetirement.filter(reference__in=references)
    return await ENTRIES.read_by(statements, query, "reference")


async def valid_of_batches(
    statements: Statements, intervals: Mapping[UUID, Sequence[Interval]]
) -> list[RegistryRetirement]:
    """Return the entries that are not corrected and cover credits between the first and the last of these grams of each
    batch.
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
    """Return those of the entries that another one corrects."""
    query = models.RegistryRetirement.filter(corrects_id__in=entry_ids)
    rows = await query.using_db(statements.client).values("corrects_id")
    return {row["corrects_id"] for row in rows}


async def retirements_within(statements: Statements, batch_id: UUID, part: Interval, limit: int) -> list[Retirement]:
    """Return at most `limit` of the retirements that have some of these grams of the batch."""
    query = models.Retirement.filter(batch_id=batch_id, start_g__lt=part.end_g, end_g__gt=part.start_g)
    return await RETIREMENTS.read(statements, query.order_by("start_g").limit(limit))


async def latest_certificates(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID]
) -> dict[UUID, RetirementCertificate]:
    """Return the latest retirement certificate of each of the account's orders that has one."""
    query = models.RetirementCertificate.filter(account_id=account_id, order_id__in=order_ids)
    return await CERTIFICATES.read_by(statements, query.order_by("version"), "order_id")


async def undrawn(statements: Statements, limit: int, *, now: datetime) -> list[RetirementCertificate]:
    """Return the retirement certificates without a PDF, oldest first, without those that failed and rest at `now`."""
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


_COVERED = (
    f"(SELECT coalesce(sum(CASE WHEN e.end_g < r.end_g THEN e.end_g ELSE r.end_g END"
    f" - CASE WHEN e.start_g > r.start_g THEN e.start_g ELSE r.start_g END), 0)"
    f" FROM {ENTRIES.name} e WHERE e.batch_id = r.batch_id AND e.start_g < r.end_g AND e.end_g > r.start_g"
    f" AND (e.order_id IS NULL OR e.account_id = r.account_id AND e.order_id = r.order_id)"
    f" AND NOT EXISTS (SELECT 1 FROM {ENTRIES.name} c WHERE c.corrects_id = e.id))"
)
"""The grams of a retirement `r` that entries cover: no two of them cover the same ones of one order."""


async def unrecorded(statements: Statements, mode: Mode, request: PageRequest) -> list[Unrecorded]:
    """Return one retirement of the mode, with grams that no entry covers, more than the page holds; by batch and first
    gram. A position's value is a first gram, its id that of a batch.
    """
    conditions = Conditions()
    conditions.add("b.mode = {}", mode)
    for position, sign in ((request.after, ">"), (request.before, "<")):
        if position is not None:
            conditions.add(f"(r.batch_id, r.start_g) {sign} ({{}}, {{}})", position.id, position.value)
    direction = "DESC" if request.backward else "ASC"
    conditions.add(f"r.end_g - r.start_g > {_COVERED}")
    limit = conditions.parameter(request.limit + 1)
    text = conditions.statement(
        f"SELECT {RETIREMENTS.of('r')}, CAST(r.end_g - r.start_g - {_COVERED} AS BIGINT) AS missing_g"
        f" FROM {RETIREMENTS.name} r JOIN {BATCHES.name} b ON b.id = r.batch_id",
        f"ORDER BY r.batch_id {direction}, r.start_g {direction} LIMIT {limit}",
    )
    rows = await statements.fetch(text, *conditions.parameters)
    return [Unrecorded(RETIREMENTS.value(row), row["missing_g"]) for row in rows]
