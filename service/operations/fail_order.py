"""Fail an order that cannot be delivered: return its credits and its money, exactly once. An operator's verb.

Locks: the heads of the account, its payer and every account whose orders are on its invoice, the order, then as
reversal.py says. Promises: P3, P4, P6.
"""

from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.cancelling import fail
from service.domain.listing import OrderRef
from service.domain.order import Order
from service.operations.resources import Resources
from service.operations.steps.credit_notes import lock_credited_order
from service.operations.steps.reversal import entries_by_order, reverse_orders
from service.storage.database import Statements


async def fail_order(resources: Resources, caller: Caller, account_id: UUID, ref: OrderRef) -> Order:
    """Let the account's order fail, if it has not failed before: credits go back to their batches, payments to the rest
    of its invoice and to the balance.

    Refuses `NOT_FOUND`, and `ORDER_STATE` once retirement has started or the order was cancelled.
    """
    caller.require(Scope.OPERATOR)

    async def work(statements: Statements) -> Order:
        locked, order = await lock_credited_order(statements, account_id, ref)
        entries = await entries_by_order(statements, account_id, [order.id])
        reversal = fail(order, entries.get(order.id, ()), now=resources.clock(), new_id=resources.new_id)
        if reversal is None:
            return order
        await reverse_orders(resources, statements, caller, locked, account_id, [reversal])
        return reversal.order

    return await resources.transact(work)
