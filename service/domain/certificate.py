"""Contents of a certificate: the parties, the mass, and exactly which grams of which credits.

Does not know how a certificate is drawn or served. A certificate is made once, when its order is complete, and never
changes.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from service.domain.amounts import GRAMS_PER_TONNE
from service.domain.catalogue import CreditBatch, Mode, Project
from service.domain.parties import Seller
from service.domain.serials.block import Layout, SerialBlock, UnnumberedBatch
from service.domain.serials.collisions import Block
from service.domain.serials.forms import SerialForm
from service.domain.supply import block_of
from service.kit.canonical_json import canonical_json, fingerprint

ASSIGNMENT = "assignment"
"""Kind of a certificate that states which credits our records assign to an order, as long as no registry entry is
recorded.
"""
_SELLER_FACTS = ("legal_name", "address", "country", "tax_number", "registration_number", "retirement_statement")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Interval:
    """The grams [start_g, end_g) of a batch, counted from its first."""

    start_g: int
    end_g: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_g < self.end_g:
            raise ValueError("An interval holds at least one gram of its batch.")

    @property
    def mass_g(self) -> int:
        return self.end_g - self.start_g


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredBatch:
    """The grams of one credit batch that the order retired, and the names of the project they come from.

    `country` is an ISO 3166-1 code. `block` are the batch's serials in the form of its registry; None for a batch that
    has a prefix and the number of its first tonne, `serial_start`. `details` are further facts of project and batch.
    """

    batch_id: UUID
    project_id: UUID
    project_name: str
    country: str
    registry: str
    vintage: int
    serial_prefix: str
    serial_start: int
    intervals: tuple[Interval, ...]
    block: Block | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.intervals:
            raise ValueError("A retired batch has retired grams.")
        for before, after in zip(self.intervals, self.intervals[1:], strict=False):
            if after.start_g < before.end_g:
                raise ValueError("A gram is retired once; intervals ascend and do not overlap.")

    @property
    def mass_g(self) -> int:
        return sum(interval.mass_g for interval in self.intervals)

    @property
    def serial_numbers(self) -> tuple[tuple[int, int], ...]:
        """Return the numbers of the first and last tonne that each interval touches. The outermost tonnes may be
        retired in part only.
        """
        return tuple(
            (
                self.serial_start + each.start_g // GRAMS_PER_TONNE,
                self.serial_start + (each.end_g - 1) // GRAMS_PER_TONNE,
            )
            for each in self.intervals
        )

    @property
    def serials(self) -> tuple[tuple[str, str], ...]:
        """Return the serials of the first and the last tonne that each interval touches; empty if there are none."""
        if isinstance(self.block, UnnumberedBatch):
            return ()
        if self.block is not None:
            parts = [self.block.touched(each.start_g, each.end_g) for each in self.intervals]
            return tuple((part.credit(part.first), part.credit(part.last)) for part in parts)
        return tuple((f"{self.serial_prefix}{a}", f"{self.serial_prefix}{b}") for a, b in self.serial_numbers)

    @property
    def written(self) -> tuple[str, ...]:
        """Return the credits of each interval as the registry writes them: a range of serials, or the batch's reference
        if its registry does not number credits.
        """
        if isinstance(self.block, UnnumberedBatch):
            return tuple(self.block.reference for _ in self.intervals)
        if self.block is not None:
            parts = [self.block.touched(each.start_g, each.end_g).written() for each in self.intervals]
            return tuple(" to ".join(dict.fromkeys(part)) for part in parts)
        return tuple(a if a == b else f"{a} to {b}" for a, b in self.serials)

    @property
    def serial_facts(self) -> dict[str, list[Any]]:
        """Return the facts of a certificate that say which grams were retired, and of which serials."""
        facts: dict[str, list[Any]] = {
            "intervals": [[each.start_g, each.end_g] for each in self.intervals],
            "serials": [list(pair) for pair in self.serials],
        }
        if self.block is not None:
            facts["written"] = list(self.written)
        return facts


def retired_batch(batch: CreditBatch, taken: Iterable[Interval], **project_facts: Any) -> RetiredBatch:
    """Return the batch with the grams that the order retired: intervals in ascending order, adjacent ones joined.
    `project_facts` are `project_name`, `country`, `registry` and `details`.
    """
    block = block_of(batch)
    return RetiredBatch(
        batch_id=batch.id,
        project_id=batch.project_id,
        vintage=batch.vintage,
        serial_prefix=batch.serial_prefix,
        serial_start=batch.serial_start,
        intervals=_joined(taken),
        block=None if _is_prefix(block) else block,
        **project_facts,
    )


def seller_facts(seller: Seller) -> dict[str, Any]:
    """Return what a certificate states of its issuer; None for each fact that the seller has not set. `logo` is the
    digest of its logo, and absent without one.
    """
    facts = {name: getattr(seller, name) for name in _SELLER_FACTS}
    return facts if seller.logo_sha256 is None else {**facts, "logo": seller.logo_sha256}


def batch_details(project: Project, batch: CreditBatch) -> dict[str, Any]:
    """Return the further facts that a certificate states of a batch; None for each that is not known."""
    return {
        "registry_project_id": project.registry_project_id,
        "project_type": project.project_type,
        "offset_type": project.offset_type,
        "methodology": project.methodology,
        "storage_years": project.storage_years,
        "project_url": project.public_url,
        "period_start": batch.period_start and batch.period_start.isoformat(),
        "period_end": batch.period_end and batch.period_end.isoformat(),
        "article6_authorisation": batch.article6_authorisation,
        "labels": list(batch.labels),
    }


def _is_prefix(block: Block) -> bool:
    """Return True if a certificate states the serials as prefix and number, which was the only way before serial forms
    existed.
    """
    return isinstance(block, SerialBlock) and (block.form, block.layout, block.width) == (
        SerialForm.PLAIN,
        Layout.PAIR,
        1,
    )


def _joined(taken: Iterable[Interval]) -> tuple[Interval, ...]:
    joined: list[Interval] = []
    for each in sorted(taken, key=lambda interval: interval.start_g):
        if joined and joined[-1].end_g == each.start_g:
            joined[-1] = Interval(joined[-1].start_g, each.end_g)
        else:
            joined.append(each)
    return tuple(joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The facts of one certificate. `seller` is the party that issues it, as `seller_facts` returns it. `recipient` is
    the party it is issued to, `beneficiary` the party the credits are retired for: the recipient too, unless another is
    named.

    `token` is the secret of the public address and no fact: it is not part of the fingerprint.
    """

    number: str
    token: str
    mode: Mode
    seller: Mapping[str, Any]
    recipient: str
    order_id: UUID
    order_number: str
    retired_at: datetime
    issued_at: datetime
    batches: tuple[RetiredBatch, ...]
    beneficiary: str | None = None

    def __post_init__(self) -> None:
        if not self.batches:
            raise ValueError("A certificate states what was retired.")

    @property
    def mass_g(self) -> int:
        return sum(batch.mass_g for batch in self.batches)

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256, as 64 hexadecimal digits, of the canonical JSON of `facts`."""
        return fingerprint(self.facts)

    @property
    def facts(self) -> dict[str, object]:
        """Return the facts that the digest covers. Names here are part of every fingerprint ever printed and must not
        change.
        """
        return {
            "kind": ASSIGNMENT,
            "number": self.number,
            "mode": self.mode,
            "seller": self.seller,
            "recipient": self.recipient,
            "beneficiary": self.beneficiary or self.recipient,
            "order_id": self.order_id,
            "order_number": self.order_number,
            "mass_g": self.mass_g,
            "retired_at": self.retired_at,
            "issued_at": self.issued_at,
            "batches": [
                {
                    "batch_id": batch.batch_id,
                    "project_id": batch.project_id,
                    "project_name": batch.project_name,
                    "country": batch.country,
                    "registry": batch.registry,
                    "vintage": batch.vintage,
                    "mass_g": batch.mass_g,
                    **batch.details,
                    **batch.serial_facts,
                }
                for batch in self.batches
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """A certificate as it is stored. `facts` is canonical JSON, and `sha256` the digest of exactly those bytes."""

    account_id: UUID
    order_id: UUID
    number: str
    token: str = field(repr=False)
    facts: str
    sha256: str
    issued_at: datetime

    @property
    def id(self) -> UUID:
        """Return the order's id. An order has one certificate, so it identifies the certificate."""
        return self.order_id


def issued(account_id: UUID, certificate: Certificate) -> IssuedCertificate:
    """Return the certificate in its stored form, with canonical JSON and its digest."""
    return IssuedCertificate(
        account_id=account_id,
        order_id=certificate.order_id,
        number=certificate.number,
        token=certificate.token,
        facts=canonical_json(certificate.facts).decode(),
        sha256=certificate.fingerprint,
        issued_at=certificate.issued_at,
    )


def certificate_number(order_id: UUID) -> str:
    """Return the number of the order's one certificate: "CR-" and three groups of four Crockford base-32 characters.

    The groups encode the first 60 bits of the SHA-256 of the order's id, so no counter is needed and a certificate that
    is issued again keeps its number. The chance that any two of a million certificates share a number is 1 in 2
    million; the table's unique key refuses the second.
    """
    return f"CR-{crockford(hashlib.sha256(order_id.bytes).digest())}"


def crockford(digest: bytes) -> str:
    """Return the first 60 bits of the digest as three groups of four Crockford base-32 characters."""
    bits = int.from_bytes(digest[:8]) >> 4
    characters = "".join(_CROCKFORD[bits >> shift & 31] for shift in range(55, -1, -5))
    return f"{characters[:4]}-{characters[4:8]}-{characters[8:]}"
