"""Read serial numbers as receiving a batch would do, without storing anything."""

from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import CreditBatch, Mode
from service.domain.serials.block import SerialBlock
from service.domain.serials.collisions import find_overlaps
from service.domain.serials.facts import SerialFacts, facts_of
from service.domain.serials.forms import SerialForm, form_of
from service.domain.serials.reading import read_range
from service.domain.supply import block_of
from service.domain.vintages import VintageFault, vintage_fault
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import catalogue, serials


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialsRead:
    """Credits of a range. `fault` is the reason why they may not be received today, or None; `overlapping` is a batch
    in stock that already has some of them, or None.
    """

    block: SerialBlock
    facts: SerialFacts
    vintage: int | None
    fault: VintageFault | None
    overlapping: CreditBatch | None


async def read_serials(
    resources: Resources,
    caller: Caller,
    *,
    project_id: UUID,
    mode: Mode,
    serial_range: str,
    serial_form: SerialForm | None,
) -> SerialsRead:
    """Return the credits of the range. Refuses `NOT_FOUND` for the project, and `BAD_USER_INPUT` for a text that is not
    of the form, and if the form is neither given nor implied by the project's registry.
    """
    caller.require(Scope.OPERATOR)
    reader = resources.database.reader
    project = (await catalogue.projects_of_ids(reader, {project_id})).get(project_id)
    if project is None:
        raise Refused(Code.NOT_FOUND, "There is no such project.", ("project_id",))
    block = read_range(form_of(serial_form, project.registry_name), serial_range)
    facts = facts_of(block)
    vintage = facts.vintage or (facts.period_to.year if facts.period_to else None)
    fault = vintage_fault(
        vintage=vintage or 0,  # without a year, only the status of the credits is checked
        period_end=facts.period_to,
        status=facts.status,
        today=resources.clock().astimezone(UTC).date(),
    )
    others = await serials.claimants(reader, mode, [block])
    new_id = resources.new_id()
    overlaps = find_overlaps({new_id: block}, {each.id: block_of(each) for each in others.values()})
    overlapping = others[overlaps[new_id]] if overlaps else None
    return SerialsRead(block=block, facts=facts, vintage=vintage, fault=fault, overlapping=overlapping)
