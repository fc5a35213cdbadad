"""Receive a credit batch: take grams that a registry issued into stock, once.

Orders that wait are served by `match_backorders`, which finds the batch in stock. Locks: the caller's head, then the
project, then the series of the serials. Promises: P3, P24.
"""

from datetime import date
from uuid import UUID

from service.domain.accounts import Caller, Head
from service.domain.api_keys import Scope
from service.domain.catalogue import CreditBatch, Mode
from service.domain.events import EventType
from service.domain.receipt import StatedBatch, overlapping
from service.domain.serials.collisions import find_overlaps
from service.domain.serials.stated import StatedSerials
from service.domain.supply import REFERENCE_LENGTH_MAX, block_of, reused
from service.domain.texts import kept_reference
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import serials, supply
from service.storage.database import Statements


async def receive_batch(
    resources: Resources,
    caller: Caller,
    *,
    project_id: UUID,
    reference: str,
    mode: Mode,
    vintage: int,
    issued_g: int,
    stated: StatedSerials,
    period_end: date | None = None,
    period_start: date | None = None,
    article6_authorisation: str | None = None,
    labels: list[str] | None = None,
) -> CreditBatch:
    """Store the batch and return it. Its reference identifies the request: a retry returns the batch in its present
    state, and refuses `IDEMPOTENCY_KEY_REUSED` if any other fact differs. Refuses `NOT_FOUND` for the project, and
    `BAD_USER_INPUT` for invalid serials and for serials that another batch of the mode has, because a credit that is
    received twice is sold twice.
    """
    caller.require(Scope.OPERATOR)
    reference, given = kept_reference(reference, REFERENCE_LENGTH_MAX, "reference"), reference

    async def work(statements: Statements, _head: Head) -> Done[CreditBatch]:
        project = await supply.lock_project(statements, project_id)
        if project is None:
            raise Refused(Code.NOT_FOUND, "There is no such project.", ("project_id",))
        found = await supply.batches(statements, {reference, given})
        existing = found.get(given) or found.get(reference)
        fresh = StatedBatch(
            project_id=project_id,
            # Earlier releases stored references with the blanks around them.
            reference=reference if existing is None else existing.reference or "",
            mode=mode,
            vintage=vintage,
            issued_g=issued_g,
            stated=stated,
            period_end=period_end,
            period_start=period_start,
            article6_authorisation=article6_authorisation,
            labels=labels,
        )
        if existing is not None:
            if names := fresh.differing(existing, project.registry_name):
                raise reused("batch", names, "reference")
            return Done(existing, None, {})
        wanted = fresh.read(project.registry_name, batch_id=resources.new_id(), created_at=resources.clock())
        block = block_of(wanted)
        await serials.lock_series(statements, mode, [block])
        others = await serials.claimants(statements, mode, [block])
        overlaps = find_overlaps({wanted.id: block}, {each.id: block_of(each) for each in others.values()})
        if overlaps:
            raise overlapping(others[overlaps[wanted.id]], stated.member)
        if not await serials.add(statements, [wanted]):
            raise Refused(Code.UNAVAILABLE, "The same reference is being received for another project. Try again.")
        payload = {
            "batch_id": str(wanted.id),
            "project_id": str(project_id),
            "reference": reference,
            "mode": wanted.mode.value,
            "mass_g": wanted.issued_g,
        }
        return Done(wanted, EventType.BATCH_RECEIVED, payload)

    return await transact_with_event(resources, caller, work)
