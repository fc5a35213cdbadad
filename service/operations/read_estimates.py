"""Read estimates; only the caller's own."""

from collections.abc import Collection
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.recorded_estimate import RecordedEstimate
from service.operations.resources import Resources
from service.storage import estimates


async def estimates_of_ids(
    resources: Resources, caller: Caller, estimate_ids: Collection[UUID]
) -> dict[UUID, RecordedEstimate]:
    """Return the estimates with these ids, by id; only the caller's."""
    caller.require(Scope.ORDERS_READ)
    return await estimates.of_ids(resources.database.reader, caller.account.id, estimate_ids)
