"""Create an estimate: store an activity's emissions, with the public factors that they are computed from, so that they
can be ordered once.
"""

from typing import Any

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.emission_factors import Factor
from service.domain.estimate import SIZE_MEMBERS, Estimate, estimate
from service.domain.recorded_estimate import KINDS, CreateEstimate, Recorded, RecordedEstimate
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import accounts, estimates
from service.storage.database import Statements


async def create_estimate(resources: Resources, caller: Caller, command: CreateEstimate) -> Recorded:
    """Store the estimate of the command's activity, or return the one that was stored for the same key and activity.

    Refuses `IDEMPOTENCY_KEY_REUSED` for a key of another activity, `BAD_USER_INPUT` with the path of a quantity that is
    out of bounds, and `QUANTITY_INVALID` for emissions that round to nothing. The key is looked up first, so a retry
    returns the stored estimate even if rules and factors have changed. Locks the account's head.
    """
    caller.require(Scope.ORDERS_WRITE)
    account_id, fingerprint = caller.account.id, command.fingerprint()
    now = resources.clock()

    async def work(statements: Statements) -> Recorded:
        # Requests with the same key wait here for each other, so that the second finds the estimate of the first.
        await accounts.lock_heads(statements, [account_id])
        existing = await estimates.existing(statements, account_id, command.estimate_id, command.idempotency_key)
        if existing is None:
            worked_out = _worked_out(command)
            row = RecordedEstimate(
                account_id=account_id,
                id=command.estimate_id,
                activity_kind=KINDS[type(command.activity)],
                name=command.name,
                mass_g=worked_out.mass_g,
                activity=command.told,
                factor=_stored_form(worked_out.factors),
                working=list(worked_out.working),
                metadata=command.metadata or {},
                idempotency_key=command.idempotency_key,
                fingerprint=fingerprint,
                order_id=None,
                created_at=now,
            )
            await estimates.ESTIMATES.insert(statements, [row])
            return Recorded(row, replayed=False)
        if existing.id == command.estimate_id:
            return Recorded(existing, replayed=False)
        if existing.fingerprint != fingerprint:
            raise Refused(
                Code.IDEMPOTENCY_KEY_REUSED,
                "This idempotency key was used for another estimate. Use a new key for a new estimate.",
                ("idempotency_key",),
            )
        return Recorded(existing, replayed=True)

    return await resources.transact(work)


def _worked_out(command: CreateEstimate) -> Estimate:
    worked_out = estimate(command.activity)
    if worked_out.mass_g <= 0:
        message = "The emissions are less than half a gram. Give a larger quantity."
        raise Refused(Code.QUANTITY_INVALID, message, (SIZE_MEMBERS[type(command.activity)],))
    return worked_out


def _stored_form(factors: tuple[Factor, ...]) -> dict[str, Any] | list[dict[str, Any]] | None:
    """Return a single factor as an object, like estimates from before flights with several legs, and several factors as
    a list.
    """
    stored = [factor.wire_form() for factor in factors]
    return stored if len(stored) > 1 else next(iter(stored), None)
