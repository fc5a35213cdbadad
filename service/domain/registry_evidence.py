"""Registry entries that show credits as retired, as the seller records them, and the certificates based on them.

A registry retires whole credits, so an entry covers credits from the first to the last one, expressed in grams of their
batch. An entry for one order covers nothing of another order, even if both have grams of the same credit.
"""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from service.domain.amounts import GRAMS_PER_TONNE
from service.domain.catalogue import CreditBatch
from service.domain.certificate import Interval, IssuedCertificate, crockford
from service.domain.serials.block import SerialBlock, UnnumberedBatch
from service.domain.serials.overlap import claims
from service.domain.serials.reading import read_serials
from service.domain.supply import block_of
from service.domain.texts import NAME_LENGTH_MAX, kept_text, kept_url
from service.errors import Code, Refused
from service.kit.canonical_json import canonical_json, fingerprint

RETIREMENT = "retirement"
"""Kind of a certificate whose credits are all covered by recorded registry entries."""
_EARLIEST = date(1990, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRetirement:
    """An entry as the seller states it. `reference` is the seller's own name for it; `retirement_id` is the registry's
    identifier. Serials are absent for a batch whose registry numbers no credits. `corrects` is the reference of the
    entry that this one replaces.
    """

    reference: str
    retired_on: date
    serial_range: str | None = None
    first_serial: str | None = None
    last_serial: str | None = None
    retirement_id: str | None = None
    url: str | None = None
    beneficiary: str | None = None
    corrects: str | None = None

    @property
    def member(self) -> str:
        """Return the name of the member that is named when the credits are refused."""
        given = (name for name in ("serial_range", "first_serial", "last_serial") if getattr(self, name) is not None)
        return next(given, "order")

    def check(self, today: date) -> None:
        """Refuse `BAD_USER_INPUT` for texts that are empty or too long, for an address that is not https, and for a day
        that is not past (UTC).
        """
        for name in ("retirement_id", "beneficiary"):
            text = getattr(self, name)
            if text is not None:
                kept_text(text, NAME_LENGTH_MAX, name)
        if self.url is not None:
            kept_url(self.url, "url")
        if not _EARLIEST <= self.retired_on <= today:
            message = f"Give a day from {_EARLIEST} to today (UTC)."
            raise Refused(Code.BAD_USER_INPUT, message, ("retired_on",))

    def fingerprint(self, batch_id: UUID, order_id: UUID | None) -> str:
        """Return the fingerprint of the command, which is stored: names here never change."""
        return fingerprint(
            {
                "batch_id": batch_id,
                "order_id": order_id,
                "retired_on": self.retired_on.isoformat(),
                "serial_range": self.serial_range,
                "first_serial": self.first_serial,
                "last_serial": self.last_serial,
                "retirement_id": self.retirement_id,
                "url": self.url,
                "beneficiary": self.beneficiary,
                "corrects": self.corrects,
            }
        )

    def credits_of(self, batch: CreditBatch, assigned: Sequence[Interval], *, of_order: bool) -> Interval:
        """Return the credits that the entry covers, as whole credits of the batch. `assigned` are the grams that are
        retired in our records: those of the order if there is one, else all of the batch.

        Refuses `BAD_USER_INPUT`, with the member that states them, for serials that are not of the batch, and for
        credits of which nothing is assigned.
        """
        block = block_of(batch)
        if isinstance(block, UnnumberedBatch):
            return self._unnumbered(assigned, of_order=of_order)
        stated = read_serials(
            batch.serial_form,
            serial_range=self.serial_range,
            first_serial=self.first_serial,
            last_serial=self.last_serial,
        )
        start = _offset(block, stated)
        if start is None:
            name = batch.reference or "named"
            message = f"These serials are not of the batch {name}, which has {' to '.join(block.written())}."
            raise Refused(Code.BAD_USER_INPUT, message, (self.member,))
        wanted = Interval(start * GRAMS_PER_TONNE, (start + stated.tonnes) * GRAMS_PER_TONNE)
        held = whole_credits(assigned)
        if not any(each.start_g <= wanted.start_g and wanted.end_g <= each.end_g for each in held):
            whose = "the order" if of_order else "orders"
            message = f"Some of these credits are not retired for {whose} in our records."
            if shown := [" to ".join(block.touched(each.start_g, each.end_g).written()) for each in held[:3]]:
                message += f" Retired are {', '.join(shown)}{' and more' if len(held) > len(shown) else ''}."
            raise Refused(Code.BAD_USER_INPUT, message, (self.member,))
        return wanted

    def _unnumbered(self, assigned: Sequence[Interval], *, of_order: bool) -> Interval:
        if any(text is not None for text in (self.serial_range, self.first_serial, self.last_serial)):
            message = "The registry of this batch does not number credits. Leave the serials out."
            raise Refused(Code.BAD_USER_INPUT, message, (self.member,))
        if not of_order:
            message = "Name the order, because the registry of this batch does not number credits."
            raise Refused(Code.BAD_USER_INPUT, message, ("order",))
        if not assigned:
            message = "No credits of this batch are retired for the order in our records."
            raise Refused(Code.BAD_USER_INPUT, message, ("order",))
        return Interval(min(each.start_g for each in assigned), max(each.end_g for each in assigned))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryRetirement:
    """An entry of a registry for the credits [start_g, end_g) of a batch, recorded once under its reference; for the
    order of `account_id` and `order_id`, or without them for all orders that have these credits. `corrects_id` is the
    entry that this one replaces.
    """

    id: UUID
    reference: str
    fingerprint: str
    batch_id: UUID
    account_id: UUID | None
    order_id: UUID | None
    start_g: int
    end_g: int
    retired_on: date
    retirement_id: str | None
    url: str | None
    beneficiary_name: str | None
    corrects_id: UUID | None
    created_at: datetime

    def is_for(self, order_id: UUID) -> bool:
        """Return True if the entry may cover credits of the order."""
        return self.order_id is None or self.order_id == order_id

    def meets(self, other: "RegistryRetirement") -> bool:
        """Return True if both entries cover at least one common gram."""
        is_elsewhere = self.batch_id != other.batch_id or self.end_g <= other.start_g or other.end_g <= self.start_g
        is_of_another = self.order_id is not None and other.order_id is not None and self.order_id != other.order_id
        return not (is_elsewhere or is_of_another)

    def covered(self, intervals: Iterable[Interval]) -> list[Interval]:
        """Return the parts of the intervals that the entry covers. The intervals are of the entry's batch."""
        found = []
        for each in intervals:
            start_g, end_g = max(each.start_g, self.start_g), min(each.end_g, self.end_g)
            if start_g < end_g:
                found.append(Interval(start_g, end_g))
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """An entry, and the grams of one order that it covers."""

    entry: RegistryRetirement
    covered: tuple[Interval, ...]

    def written(self, batch: CreditBatch) -> list[str]:
        """Return the covered credits as the registry writes them."""
        return written_credits(batch, self.covered)


def whole_credits(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the whole credits that the intervals touch, in ascending order, adjacent ones joined."""
    found: list[Interval] = []
    for each in sorted(intervals, key=lambda interval: interval.start_g):
        start_g = each.start_g // GRAMS_PER_TONNE * GRAMS_PER_TONNE
        end_g = -(-each.end_g // GRAMS_PER_TONNE) * GRAMS_PER_TONNE
        if found and start_g <= found[-1].end_g:
            found[-1] = Interval(found[-1].start_g, max(found[-1].end_g, end_g))
        else:
            found.append(Interval(start_g, end_g))
    return found


def written_credits(batch: CreditBatch, intervals: Iterable[Interval]) -> list[str]:
    """Return the credits that the intervals touch as the registry writes them; the batch's reference if the registry
    does not number credits.
    """
    block = block_of(batch)
    if isinstance(block, UnnumberedBatch):
        return [block.reference]
    parts = (block.touched(each.start_g, each.end_g).written() for each in whole_credits(intervals))
    return [" to ".join(dict.fromkeys(part)) for part in parts]


def evidence_of(
    order_id: UUID, retired: Mapping[UUID, Sequence[Interval]], entries: Iterable[RegistryRetirement]
) -> list[Evidence]:
    """Return the entries that cover grams of the order, with these grams, sorted by batch and serial. `retired` holds
    the order's grams of each batch.
    """
    found = [
        Evidence(entry, tuple(covered))
        for entry in entries
        if entry.is_for(order_id) and (covered := entry.covered(retired.get(entry.batch_id, ())))
    ]
    places = list(retired)
    return sorted(found, key=lambda each: (places.index(each.entry.batch_id), each.covered[0].start_g))


def covered_masses(parts: Iterable[tuple[UUID, UUID, Interval]], entries: Iterable[RegistryRetirement]) -> list[int]:
    """Return the grams that entries cover of each part, which is an order, a batch and an interval. The entries of a
    batch must be sorted by their first gram, so that each part is compared only with those that may cover it.
    """
    starts: dict[UUID, list[int]] = defaultdict(list)
    ends: dict[UUID, list[int]] = defaultdict(list)
    of_batch: dict[UUID, list[RegistryRetirement]] = defaultdict(list)
    for entry in entries:
        known = ends[entry.batch_id]
        starts[entry.batch_id].append(entry.start_g)
        known.append(max(entry.end_g, known[-1] if known else 0))  # largest end so far
        of_batch[entry.batch_id].append(entry)
    masses = []
    for order_id, batch_id, part in parts:
        first = bisect_right(ends[batch_id], part.start_g)
        after = bisect_left(starts[batch_id], part.end_g)
        near = (entry for entry in of_batch[batch_id][first:after] if entry.is_for(order_id))
        masses.append(sum(covered.mass_g for entry in near for covered in entry.covered([part])))
    return masses


def recorded_masses(
    retired: Mapping[UUID, Mapping[UUID, Sequence[Interval]]], entries: Iterable[RegistryRetirement]
) -> dict[UUID, dict[UUID, int]]:
    """Return the grams that entries cover of each order and batch. `retired` holds the grams of the orders by batch.
    The entries of a batch must be sorted by their first gram.
    """
    parts = [
        (order_id, batch_id, part)
        for order_id, of_order in retired.items()
        for batch_id, intervals in of_order.items()
        for part in intervals
    ]
    masses = {order_id: dict.fromkeys(of_order, 0) for order_id, of_order in retired.items()}
    for (order_id, batch_id, _), mass_g in zip(parts, covered_masses(parts, entries), strict=True):
        masses[order_id][batch_id] += mass_g
    return masses


def covers(evidence: Iterable[Evidence], retired: Mapping[UUID, Sequence[Interval]]) -> bool:
    """Return True if the entries cover all grams of the order. No two of them may cover the same grams."""
    covered_g = sum(part.mass_g for each in evidence for part in each.covered)
    return covered_g == sum(part.mass_g for intervals in retired.values() for part in intervals)


def retired_in(facts: Mapping[str, Any]) -> dict[UUID, list[Interval]]:
    """Return the grams of each batch that a certificate states."""
    return {UUID(batch["batch_id"]): [Interval(*pair) for pair in batch["intervals"]] for batch in facts["batches"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementCertificate:
    """A retirement certificate as it is stored: `facts` is canonical JSON, `sha256` the digest of exactly those bytes.
    A correction of an entry after which the order is still covered creates another version; the latest one is valid
    while the entries cover the whole order.
    """

    account_id: UUID
    order_id: UUID
    version: int
    number: str
    facts: str
    sha256: str
    issued_at: datetime


def retirement_certificate(
    certificate: IssuedCertificate,
    evidence: Sequence[Evidence],
    batches: Mapping[UUID, CreditBatch],
    *,
    version: int,
    now: datetime,
) -> RetirementCertificate:
    """Return the certificate of entries that cover all credits of the order. It repeats the facts of the order's first
    certificate, which never changes, and names that certificate and its digest. Names of facts never change.
    """
    original = json.loads(certificate.facts)
    number = retirement_number(certificate.order_id, version)
    facts = {
        **original,
        "kind": RETIREMENT,
        "number": number,
        "version": version,
        "certificate": {"number": certificate.number, "sha256": certificate.sha256},
        "issued_at": now,
        "registry_retirements": entry_facts(evidence, batches),
    }
    text = canonical_json(facts).decode()
    return RetirementCertificate(
        account_id=certificate.account_id,
        order_id=certificate.order_id,
        version=version,
        number=number,
        facts=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        issued_at=now,
    )


def states(certificate: RetirementCertificate, evidence: Iterable[Evidence]) -> bool:
    """Return True if the certificate states all of these entries and no others."""
    stated = {each["id"] for each in json.loads(certificate.facts)["registry_retirements"]}
    return stated == {str(each.entry.id) for each in evidence}


def entry_facts(evidence: Iterable[Evidence], batches: Mapping[UUID, CreditBatch]) -> list[dict[str, Any]]:
    """Return what certificates state of each entry. Names of facts never change."""
    return [_entry_facts(each, batches[each.entry.batch_id]) for each in evidence]


def retirement_number(order_id: UUID, version: int) -> str:
    """Return the number of a retirement certificate of the order: "RT-" and three groups of four characters."""
    return f"RT-{crockford(hashlib.sha256(order_id.bytes + version.to_bytes(4)).digest())}"


def _entry_facts(evidence: Evidence, batch: CreditBatch) -> dict[str, Any]:
    entry = evidence.entry
    return {
        "id": str(entry.id),
        "batch_id": str(entry.batch_id),
        "retired_on": entry.retired_on.isoformat(),
        "retirement_id": entry.retirement_id,
        "url": entry.url,
        "beneficiary": entry.beneficiary_name,
        "serials": evidence.written(batch),
        "mass_g": sum(part.mass_g for part in evidence.covered),
    }


def _offset(block: SerialBlock, stated: SerialBlock) -> int | None:
    """Return how many credits of the block precede the stated ones; None if a stated credit is not in the block."""
    (wanted,) = claims(stated)
    for claim in claims(block):
        if claim.key == wanted.key and claim.first <= wanted.first and wanted.last <= claim.last:
            return wanted.first - claim.first + _credits_before(block, claim.key, claim.first)
    return None


def _credits_before(block: SerialBlock, key: str, first: int) -> int:
    """Return how many credits of the block the claims before this one contain."""
    before = 0
    for claim in claims(block):
        if (claim.key, claim.first) == (key, first):
            break
        before += claim.last - claim.first + 1
    return before
