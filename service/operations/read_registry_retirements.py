"""Read registry entries and retirement certificates: an account reads those of its orders, everybody those of a
certificate whose token they have. Operators also read the retirements that no entry covers.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import CreditBatch, Mode
from service.domain.certificate import Interval, IssuedCertificate
from service.domain.registry_evidence import (
    Evidence,
    RetirementCertificate,
    covers,
    evidence_of,
    retired_in,
    written_credits,
)
from service.domain.retirement import Retirement
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.operations.steps.draw_certificate import retirement_pdf_of
from service.storage import batches, certificates, registry_retirements
from service.storage.database import Statements
from service.storage.registry_retirements import Unrecorded


@dataclass(frozen=True, slots=True)
class Certified:
    """The registry entries for an order's credits, the batches that they name, and the retirement certificate; None
    instead of it while not all credits are covered.
    """

    evidence: Sequence[Evidence] = ()
    batches: Mapping[UUID, CreditBatch] = field(default_factory=dict)
    certificate: RetirementCertificate | None = None


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """A certificate as its page shows it: as it was issued, with the registry entries recorded since."""

    issued: IssuedCertificate
    certified: Certified


@dataclass(frozen=True, slots=True)
class UnrecordedRetirement:
    """A retirement of which `missing_g` grams are not covered by any entry, and its credits as the registry writes
    them.
    """

    retirement: Retirement
    missing_g: int
    written: Sequence[str]


async def certified_of_orders(
    resources: Resources, caller: Caller, order_ids: Sequence[UUID]
) -> list[Certified | None]:
    """Return the registry entries and retirement certificate of each of the caller's orders; None for an order without
    a certificate.
    """
    caller.require(Scope.ORDERS_READ)
    account_id, reader = caller.account.id, resources.database.reader
    issued = await certificates.of_orders(reader, account_id, order_ids)
    found = await _certified(reader, account_id, list(issued.values()))
    return [found.get(order_id) for order_id in order_ids]


async def public_evidence(resources: Resources, token: str) -> ShownCertificate | None:
    """Return the certificate of the public address with the registry entries for its order; None while the account
    hides its pages.
    """
    issued = await certificates.of_token(resources.database.reader, token)
    if issued is None:
        return None
    found = await _certified(resources.database.reader, issued.account_id, [issued])
    return ShownCertificate(issued, found[issued.order_id])


async def retirement_file(resources: Resources, caller: Caller, order_id: UUID, *, public_address: str) -> bytes | None:
    """Return the PDF of the retirement certificate of the caller's order, as it was first drawn; None without one."""
    (found,) = await certified_of_orders(resources, caller, [order_id])
    return None if found is None else await _file(resources, found.certificate, public_address)


async def public_retirement_file(resources: Resources, token: str, *, public_address: str) -> bytes | None:
    """Return the PDF of the retirement certificate that belongs to the public address; None as `public_evidence`, and
    while not all credits are covered.
    """
    shown = await public_evidence(resources, token)
    return None if shown is None else await _file(resources, shown.certified.certificate, public_address)


async def list_unrecorded(
    resources: Resources, caller: Caller, mode: Mode, request: PageRequest
) -> Slice[UnrecordedRetirement]:
    """Return one page of the retirements of the mode that entries do not cover completely, by batch and first gram."""
    caller.require(Scope.OPERATOR)

    async def read(statements: Statements) -> list[UnrecordedRetirement]:
        rows = await registry_retirements.unrecorded(statements, mode, request)
        found = await batches.of_any_mode(statements, {row.retirement.batch_id for row in rows})
        return [_unrecorded(row, found[row.retirement.batch_id]) for row in rows]

    return slice_of(await resources.read_shared(read), request)


def _unrecorded(row: Unrecorded, batch: CreditBatch) -> UnrecordedRetirement:
    part = Interval(row.retirement.start_g, row.retirement.end_g)
    return UnrecordedRetirement(row.retirement, row.missing_g, written_credits(batch, [part]))


async def _file(resources: Resources, certificate: RetirementCertificate | None, public_address: str) -> bytes | None:
    if certificate is None:
        return None
    return await retirement_pdf_of(resources, certificate, public_address=public_address)


async def _certified(
    statements: Statements, account_id: UUID, issued: Sequence[IssuedCertificate]
) -> dict[UUID, Certified]:
    """Return the registry entries and retirement certificates of the orders of these certificates, by order."""
    retired = {each.order_id: retired_in(json.loads(each.facts)) for each in issued}
    intervals: dict[UUID, list[Interval]] = defaultdict(list)
    for of_order in retired.values():
        for batch_id, parts in of_order.items():
            intervals[batch_id] += parts
    entries = await registry_retirements.valid_of_batches(statements, intervals)
    if not entries:
        return {order_id: Certified() for order_id in retired}
    latest = await registry_retirements.latest_certificates(statements, account_id, list(retired))
    found = await batches.of_any_mode(statements, {entry.batch_id for entry in entries})
    certified = {}
    for order_id, of_order in retired.items():
        evidence = evidence_of(order_id, of_order, entries)
        is_covered = covers(evidence, of_order)
        certified[order_id] = Certified(evidence, found, latest.get(order_id) if is_covered else None)
    return certified
