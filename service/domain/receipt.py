"""A credit batch as an operator states it, by a mutation or in a file, and as it is stored."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from service.domain.catalogue import CreditBatch, Mode
from service.domain.serials.block import SerialBlock
from service.domain.serials.facts import SerialFacts, facts_of
from service.domain.serials.stated import StatedSerials
from service.domain.supply import STOCK, block_of, differing, stocked
from service.domain.vintages import agreed_period_end, agreed_period_start, vintage_fault, vintage_refusal
from service.errors import Code, Refused

SERIALS = frozenset(
    {
        *("serial_form", "serial_layout", "serial_prefix", "serial_joiner", "serial_suffix", "serial_start"),
        *("serial_width", "registry_reference", "credit_status", "period_end"),
        *("period_start", "article6_authorisation", "labels"),
    }
)
"""Members of a batch that are read from its serials or are optional."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedBatch:
    """Statement of a received batch. `reference` names it; the project is known by its id."""

    project_id: UUID
    reference: str
    mode: Mode
    vintage: int
    issued_g: int
    stated: StatedSerials
    period_end: date | None = None
    period_start: date | None = None
    article6_authorisation: str | None = None
    labels: list[str] | None = None

    def read(self, registry_name: str, *, batch_id: UUID, created_at: datetime) -> CreditBatch:
        """Return the batch to be stored. Refuses `BAD_USER_INPUT` as `StatedSerials.read`, for a vintage or period end
        that contradicts the serials, for credits whose vintage or period is not over, and for ex ante and pending
        units.
        """
        block = self.stated.read(registry_name, self.issued_g)
        facts = facts_of(block) if isinstance(block, SerialBlock) else SerialFacts()
        period_end = agreed_period_end(facts, vintage=self.vintage, stated=self.period_end)
        period_start = agreed_period_start(facts, period_end=period_end, stated=self.period_start)
        fault = vintage_fault(
            vintage=self.vintage,
            period_end=period_end,
            status=facts.status,
            today=created_at.astimezone(UTC).date(),
        )
        if fault is not None:
            path = (self.stated.member,)
            raise vintage_refusal(fault, vintage=self.vintage, period_end=period_end, path=path)
        return stocked(
            block,
            id=batch_id,
            project_id=self.project_id,
            mode=self.mode,
            vintage=self.vintage,
            issued_g=self.issued_g,
            created_at=created_at,
            reference=self.reference,
            period_end=period_end,
            period_start=period_start,
            credit_status=facts.status,
            article6_authorisation=self.article6_authorisation,
            labels=self.labels or [],
        )

    def differing(self, existing: CreditBatch, registry_name: str) -> list[str]:
        """Return the names of the facts in which a batch of the same reference differs from the present statement. A
        repeated statement never differs from the batch that it created, even if the rules have changed since.
        """
        block = block_of(existing)
        plain = stocked(
            block,
            id=existing.id,
            project_id=self.project_id,
            mode=self.mode,
            vintage=self.vintage,
            issued_g=self.issued_g,
            created_at=existing.created_at,
            reference=self.reference,
        )
        names = differing(existing, plain, STOCK | SERIALS)
        if not self.stated.restates(block, registry_name, existing.issued_g):
            names.append("serials")
        for name in ("period_start", "period_end", "article6_authorisation", "labels"):
            stated = getattr(self, name)
            if stated is not None and stated != getattr(existing, name):
                names.append(name)
        return names


def overlapping(other: CreditBatch, member: str) -> Refused:
    """Return the refusal of serials that another batch already has; `member` is the member that states them."""
    name = other.reference or other.id
    return Refused(Code.BAD_USER_INPUT, f"The batch {name} contains some of these serials already.", (member,))
