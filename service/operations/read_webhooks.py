"""Read the deliveries of webhooks, and delete those that are older than the retention time."""

from collections.abc import Collection
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.webhooks import Delivery, DeliveryStatus
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.storage import webhook_deliveries
from service.storage.database import Statements

EXPIRED_A_TURN = 500


async def list_deliveries(
    resources: Resources,
    caller: Caller,
    request: PageRequest,
    *,
    endpoint_id: UUID | None = None,
    status: DeliveryStatus | None = None,
) -> Slice[Delivery]:
    """Return one page of the deliveries of the caller's endpoints, newest first."""
    caller.require(Scope.ORDERS_READ)
    rows = await webhook_deliveries.page(resources.database.reader, caller.account.id, endpoint_id, status, request)
    return slice_of(rows, request)


async def deliveries_of_ids(
    resources: Resources, caller: Caller, delivery_ids: Collection[UUID]
) -> dict[UUID, Delivery]:
    """Return the deliveries with these ids, by id; only those of the caller's endpoints."""
    caller.require(Scope.ORDERS_READ)
    return await webhook_deliveries.of_ids(resources.database.reader, caller.account.id, delivery_ids)


async def expire_deliveries(resources: Resources) -> int:
    """Delete a limited number of deliveries that are older than the retention time; return their number."""

    async def work(statements: Statements) -> int:
        return await webhook_deliveries.expire(statements, resources.clock() - resources.webhooks.kept, EXPIRED_A_TURN)

    return await resources.transact(work)
