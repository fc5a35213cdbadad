"""Statistics of orders: number, mass and cost by a common property; always the caller's own."""

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.listing import OrderFilter
from service.domain.statistics import GROUPS_MAX, GroupPart, OrderGrouping, OrderStatistics, statistics_of
from service.operations.resources import Resources
from service.storage.database import Statements
from service.storage.statistics import group_parts


async def order_statistics(
    resources: Resources, caller: Caller, wanted: OrderFilter, grouping: OrderGrouping
) -> OrderStatistics:
    """Return the groups of the orders that the filter selects, in their present state; at most `GROUPS_MAX` of them."""
    caller.require(Scope.ORDERS_READ)
    account_id = caller.account.id

    async def read(statements: Statements) -> list[GroupPart]:
        return await group_parts(statements, account_id, wanted, grouping, limit=GROUPS_MAX + 1)

    parts = await resources.read_own(account_id, read, is_large=True)
    return statistics_of(grouping, parts)
