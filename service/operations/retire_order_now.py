"""Retire one order at once, without the delay of the worker. An operator's verb.

Locks: the heads of the account and its payer, the order, then as steps/retire.py says. Promises: P3, P6, P24.
"""

from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.listing import OrderRef
from service.domain.order import Order, OrderStatus, refuse_unless_allowed
from service.domain.retirement import may_retire
from service.errors import Code, Refused
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.operations.steps.lock_payer import lock_order, lock_payer
from service.operations.steps.retire import retire_locked
from service.storage import retirements
from service.storage.database import Statements


async def retire_order_now(resources: Resources, caller: Caller, account_id: UUID, ref: OrderRef) -> Order:
    """Retire all credits of the account's order, which then has its certificate; a complete order stays as it is. An
    order with very many batches takes several transactions, and the worker goes on with it if this is interrupted.

    Refuses `NOT_FOUND`, `ORDER_STATE` for an order that lacks credits, was cancelled or failed, or holds credits that
    may not be retired yet, and `PAYMENT_STATE` for one that is not paid or was refunded.
    """
    caller.require(Scope.OPERATOR)

    async def work(statements: Statements) -> tuple[Order, int]:
        head = (await lock_payer(statements, account_id)).heads[account_id]
        order = await lock_order(statements, account_id, ref)
        if order.status is OrderStatus.COMPLETE:
            return order, 0
        await _refuse_unready(resources, statements, order)
        return order, await retire_locked(resources, statements, head, [order], keep=0, actor=caller.key_id)

    while True:
        order, shares = await resources.transact(work)
        if not shares:
            return order


async def _refuse_unready(resources: Resources, statements: Statements, order: Order) -> None:
    if order.status is not OrderStatus.RETIRING:
        refuse_unless_allowed(order.status, OrderStatus.RETIRING)
    if not may_retire(order, unpaid=False):
        status = order.payment_status.value
        raise Refused(Code.PAYMENT_STATE, f"The order is not paid: it is {status}.", ("order",), payment_status=status)
    today = utc_date(resources.clock())
    if await retirements.refused(statements, order.account_id, [order.id], today=today):
        message = "The order holds credits that may not be retired yet: their monitoring period or vintage is not over."
        raise Refused(Code.ORDER_STATE, message, ("order",), status=order.status.value)
