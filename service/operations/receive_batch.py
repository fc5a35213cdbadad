"""Receive a credit batch: grams that a registry issued are in stock, once.

Whoever waits for them is served by `match_backorders`, which finds them in stock. Locks: the caller's head, then
the project. Promises: P3, P24.
"""

from typing import Any
from uuid import UUID

from service.domain.accounts import Caller, Head
from service.domain.api_keys import Scope
from service.domain.catalogue import CreditBatch
from service.domain.events import EventType
from service.domain.supply import STOCK, differing, overlap, reused, stocked
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import batches, supply
from service.storage.database import Statements


async def receive_batch(
    resources: Resources, caller: Caller, *, project_id: UUID, reference: str, **facts: Any
) -> CreditBatch:
    """The batch is in stock. Its reference names it: a repetition answers the batch as it now stands, and refuses
    `IDEMPOTENCY_KEY_REUSED` where any other fact differs. Refuses `NOT_FOUND` for the project, and `BAD_USER_INPUT`
    when another batch of the mode claims any of its serials, because a credit that is received twice is sold twice.
    """
    caller.require(Scope.OPERATOR)
    wanted = stocked(
        id=resources.new_id(), project_id=project_id, reference=reference, created_at=resources.clock(), **facts
    )

    async def work(statements: Statements, _head: Head) -> Done[CreditBatch]:
        if await supply.lock_project(statements, project_id) is None:
            raise Refused(Code.NOT_FOUND, "There is no such project.", ("project_id",))
        existing = (await supply.batches(statements, [reference])).get(reference)
        if existing is not None:
            if names := differing(existing, wanted, STOCK):
                raise reused("batch", names, "reference")
            return Done(existing, None, {})
        if any(overlap(each, wanted) for each in await supply.batches_in_series(statements, [wanted.serial_prefix])):
            raise Refused(Code.BAD_USER_INPUT, "Another batch has some of these serials.", ("serial_start",))
        if not await batches.BATCHES.insert(statements, [wanted]):
            raise Refused(Code.UNAVAILABLE, "The same reference is being received for another project; try again.")
        payload = {
            "batch_id": str(wanted.id),
            "project_id": str(project_id),
            "reference": reference,
            "mode": wanted.mode.value,
            "mass_g": wanted.issued_g,
        }
        return Done(wanted, EventType.BATCH_RECEIVED, payload)

    return await transact_with_event(resources, caller, work)
