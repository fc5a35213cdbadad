"""Checks of serial numbers; SQL for windows over all claims. The other checks call rules of the domain.

Each reads its rows in pages and yields those that break its rule.

Claims, serials and certificates never change, so pages that are read at different times are consistent.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from service.domain.catalogue import CreditBatch
from service.domain.certificate import Interval, retired_batch
from service.domain.retirement import Retirement
from service.domain.serials.block import Layout, SerialBlock
from service.domain.serials.forms import SerialForm
from service.domain.serials.overlap import Claim, claims
from service.domain.serials.plain import refuse_ambiguous
from service.domain.supply import block_of
from service.errors import Refused
from service.storage import models, serials
from service.storage.audit.check import Check, Key
from service.storage.batches import BATCHES, of_any_mode
from service.storage.certificates import ISSUED
from service.storage.conditions import Conditions
from service.storage.database import Statements
from service.storage.retirements import RETIREMENTS
from service.storage.serials import CLAIMS
from service.storage.tables import given

ROWS_A_PAGE = 500

_Order: TypeAlias = tuple[UUID, UUID]
"""Ids of an order's account and of the order."""


async def _ambiguous(statements: Statements) -> AsyncIterator[Key]:
    """Yield the batches whose serials can be read in two ways and would be refused today."""
    async for page in _batch_pages(statements, only=SerialForm.PLAIN):
        for batch in page:
            block = block_of(batch)
            try:
                if isinstance(block, SerialBlock):
                    refuse_ambiguous(block, ())
            except Refused:
                yield None, str(batch.id)


async def _read_as_others(statements: Statements) -> AsyncIterator[Key]:
    """Yield the batches of which a single credit is written like a range of another batch."""
    rows = await statements.fetch(
        f"SELECT r.batch_id FROM {CLAIMS.name} r WHERE r.is_reading AND EXISTS"
        f" (SELECT 1 FROM {CLAIMS.name} c JOIN {BATCHES.name} b ON b.id = c.batch_id"
        f" WHERE c.mode = r.mode AND c.series_key = r.series_key AND NOT c.is_reading AND c.batch_id <> r.batch_id"
        f" AND c.first_number <= r.last_number AND c.last_number >= r.first_number"
        f" AND b.serial_layout = '{Layout.RANGE}') ORDER BY r.batch_id"
    )
    for row in rows:
        yield None, str(row["batch_id"])


async def _wrongly_claimed(statements: Statements) -> AsyncIterator[Key]:
    """Yield the batches whose stored claims differ from those computed from serials, mass and mode."""
    async for page in _batch_pages(statements):
        stored = defaultdict(set)
        for claim in await serials.of_batches(statements, [batch.id for batch in page]):
            stored[claim.batch_id].add(claim)
        for batch in page:
            if stored[batch.id] != set(serials.claims_of(batch)):
                yield None, str(batch.id)


async def _wrongly_certified(statements: Statements) -> AsyncIterator[Key]:
    """Yield the orders whose certificate states different grams or serials than the order retired."""
    after: _Order = (UUID(int=0), UUID(int=0))
    while True:
        conditions = Conditions()
        conditions.add("issued_at IS NOT NULL")
        conditions.add("(account_id, order_id) > ({}, {})", *after)
        page = await ISSUED.select(statements, conditions, f"ORDER BY account_id, order_id LIMIT {ROWS_A_PAGE}")
        if not page:
            return
        retired = defaultdict(list)
        query = models.Retirement.filter(
            account_id__in={each.account_id for each in page}, order_id__in=[each.order_id for each in page]
        )
        for each in await RETIREMENTS.read(statements, query):
            retired[each.account_id, each.order_id].append(each)
        found = await of_any_mode(statements, {each.batch_id for rows in retired.values() for each in rows})
        for certificate in page:
            after = (certificate.account_id, certificate.order_id)
            if _stated(certificate.facts) != _serials_of(retired[after], found):
                yield str(after[0]), str(after[1])


async def _certified_twice(statements: Statements) -> AsyncIterator[Key]:
    """Yield the orders that retired a serial that an order has retired from another batch as well."""
    meeting = await statements.fetch(
        f"SELECT DISTINCT batch_id FROM"
        f" (SELECT batch_id, first_number, last_number, max(last_number) OVER (PARTITION BY mode, series_key"
        f" ORDER BY first_number, last_number, batch_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach,"
        f" lead(first_number) OVER (PARTITION BY mode, series_key"
        f" ORDER BY first_number, last_number, batch_id) AS next_first"
        f" FROM {CLAIMS.name} WHERE NOT is_reading) c WHERE reach >= first_number OR next_first <= last_number"
    )
    found = await of_any_mode(statements, {row["batch_id"] for row in meeting})
    series: dict[tuple[str, str], list[tuple[Claim, Retirement]]] = defaultdict(list)
    for each in await RETIREMENTS.read(statements, models.Retirement.filter(batch_id__in=list(found))):
        batch = found[each.batch_id]
        block = block_of(batch)
        retired = block.touched(each.start_g, each.end_g) if isinstance(block, SerialBlock) else block
        for claim in claims(retired):
            series[batch.mode, claim.key].append((claim, each))
    orders = {(each.account_id, each.order_id) for claimed in series.values() for each in _meeting(claimed)}
    for account_id, order_id in sorted(orders):
        yield str(account_id), str(order_id)


def _meeting(claimed: Sequence[tuple[Claim, Retirement]]) -> list[Retirement]:
    """Return the retirements of one series that overlap a retirement of another batch."""
    found = []
    upwards = sorted(((claim.first, claim.last, each) for claim, each in claimed), key=lambda end: end[:2])
    # In ascending order each is compared with those that start before it, in descending order with those that end after
    # it.
    downwards = sorted(((-last, -first, each) for first, last, each in reversed(upwards)), key=lambda end: end[:2])
    for ends in (upwards, downwards):
        reaches: dict[UUID, int] = {}  # the two batches with the furthest ends
        for first, last, each in ends:
            if any(reach >= first for batch_id, reach in reaches.items() if batch_id != each.batch_id):
                found.append(each)
            reaches[each.batch_id] = max(last, reaches.get(each.batch_id, last))
            if len(reaches) > 2:
                del reaches[min(reaches, key=lambda batch_id: reaches[batch_id])]
    return found


def _stated(facts: str) -> dict[str, dict[str, Any]]:
    """Return what a certificate states of each batch: its grams and serials."""
    members = ("intervals", "serials", "written")
    return {
        batch["batch_id"]: {member: batch[member] for member in members if member in batch}
        for batch in json.loads(facts)["batches"]
    }


def _serials_of(retired: Iterable[Retirement], found: dict[UUID, CreditBatch]) -> dict[str, dict[str, Any]]:
    """Return the serials that the certificate of these retirements must state."""
    taken = defaultdict(list)
    for each in retired:
        taken[each.batch_id].append(Interval(each.start_g, each.end_g))
    unstated = {"project_name": "", "country": "", "registry": ""}
    return {
        str(batch_id): retired_batch(found[batch_id], intervals, **unstated).serial_facts
        for batch_id, intervals in taken.items()
    }


async def _batch_pages(statements: Statements, only: SerialForm | None = None) -> AsyncIterator[list[CreditBatch]]:
    query = models.CreditBatch.filter(given(serial_form=only)).order_by("id").limit(ROWS_A_PAGE)
    page = await BATCHES.read(statements, query)
    while page:
        yield page
        page = await BATCHES.read(statements, query.filter(id__gt=page[-1].id))


CHECKS = (
    Check("serial-form", BATCHES.name, "every batch: its serials can be read in one way only", _ambiguous),
    Check("serial-reading", CLAIMS.name, "every batch: no serial of it reads as a range of another's", _read_as_others),
    Check("serial-claims", BATCHES.name, "every batch: claims its serials and no others", _wrongly_claimed),
    Check(
        "certificate-serials",
        ISSUED.name,
        "every certificate: states the serials that its order retired",
        _wrongly_certified,
    ),
    Check("serial-retired", RETIREMENTS.name, "every order: its serials were retired from one batch", _certified_twice),
)
