"""Withdraw a credit batch from sale with a reason, and put it on sale again.

Verbs of operators. Orders and quotes keep the grams that they have of the batch, and these are retired as usual. Grams
that return from a cancelled order or a released hold count as available, but are not sold while the batch is withdrawn.
Orders and holds read the withdrawal from locked rows, so each comes either before the withdrawal or after it. Both
verbs are safe to repeat. Locks: the caller's head, then the batch. Promises: P3, P24.
"""

from dataclasses import replace
from uuid import UUID

from service.domain.accounts import Caller, Head
from service.domain.api_keys import Scope
from service.domain.catalogue import CreditBatch
from service.domain.events import EventType
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import batches
from service.storage.database import Statements


async def withdraw_batch(resources: Resources, caller: Caller, batch_id: UUID, reason: str) -> CreditBatch:
    """Take the batch, of either mode, off sale. A batch that is already withdrawn keeps its time and reason. Refuses
    `NOT_FOUND`.
    """
    caller.require(Scope.OPERATOR)
    now = resources.clock()

    async def work(statements: Statements, _head: Head) -> Done[CreditBatch]:
        existing = await _batch(statements, batch_id)
        if existing.withdrawn_at is not None:
            return Done(existing, None, {})
        await batches.set_withdrawn(statements, batch_id, now, reason)
        changed = replace(existing, withdrawn_at=now, withdrawal_reason=reason)
        payload = {"batch_id": str(batch_id), "reason": reason, "available_g": existing.available_g}
        return Done(changed, EventType.BATCH_WITHDRAWN, payload)

    return await transact_with_event(resources, caller, work)


async def reinstate_batch(resources: Resources, caller: Caller, batch_id: UUID) -> CreditBatch:
    """Put the batch, of either mode, on sale again; `match_backorders` then serves waiting lines from it first. Refuses
    `NOT_FOUND`.
    """
    caller.require(Scope.OPERATOR)

    async def work(statements: Statements, _head: Head) -> Done[CreditBatch]:
        existing = await _batch(statements, batch_id)
        if existing.withdrawn_at is None:
            return Done(existing, None, {})
        await batches.set_withdrawn(statements, batch_id, None, None)
        changed = replace(existing, withdrawn_at=None, withdrawal_reason=None)
        payload = {"batch_id": str(batch_id), "available_g": existing.available_g}
        return Done(changed, EventType.BATCH_REINSTATED, payload)

    return await transact_with_event(resources, caller, work)


async def _batch(statements: Statements, batch_id: UUID) -> CreditBatch:
    batch = await batches.lock_batch(statements, batch_id)
    if batch is None:
        raise Refused(Code.NOT_FOUND, "There is no such credit batch.", ("credit_batch_id",))
    return batch
