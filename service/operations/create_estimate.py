"""Create an estimate: an activity's emissions, with the public factor they rest on, are kept, to be ordered once."""

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.estimate import estimate
from service.domain.recorded_estimate import KINDS, CreateEstimate, Recorded, RecordedEstimate
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import accounts, estimates
from service.storage.database import Statements


async def create_estimate(resources: Resources, caller: Caller, command: CreateEstimate) -> Recorded:
    """The estimate stands. The same key with the same activity answers the one that stood; with another it is refused.

    Refuses `BAD_USER_INPUT` with the path of a quantity that is out of bounds, and `QUANTITY_INVALID` for emissions
    that round to nothing.
    """
    caller.require(Scope.ORDERS_WRITE)
    worked_out = estimate(command.activity)
    if worked_out.mass_g <= 0:
        raise Refused(Code.QUANTITY_INVALID, "The activity emits less than half a gram.")
    row = RecordedEstimate(
        account_id=caller.account.id,
        id=command.estimate_id,
        activity_kind=KINDS[type(command.activity)],
        name=command.name,
        mass_g=worked_out.mass_g,
        activity=command.told,
        factor=None if worked_out.factor is None else worked_out.factor.wire_form(),
        working=list(worked_out.working),
        metadata=command.metadata or {},
        idempotency_key=command.idempotency_key,
        fingerprint=command.fingerprint(),
        order_id=None,
        created_at=resources.clock(),
    )

    async def work(statements: Statements) -> Recorded:
        # Twins of one key take their turn here, so that the second finds the first.
        await accounts.lock_heads(statements, [caller.account.id])
        existing = await estimates.existing(statements, row.account_id, row.id, row.idempotency_key)
        if existing is None:
            await estimates.ESTIMATES.insert(statements, [row])
            return Recorded(row, replayed=False)
        if existing.id == row.id:
            return Recorded(existing, replayed=False)
        if existing.fingerprint != row.fingerprint:
            raise Refused(
                Code.IDEMPOTENCY_KEY_REUSED,
                "This idempotency key was used for another estimate; use a fresh key.",
                ("idempotency_key",),
            )
        return Recorded(existing, replayed=True)

    return await resources.transact(work)
