"""Refund an order: what was paid pays the rest of its invoice, then goes to the balance; the order keeps its state and
its credits, and waits for no more. An operator's verb.

Locks: the heads of the account, its payer and every account whose orders are on its invoice, the orders, the counter of
credit notes, then the balance. Promise: P4.
"""

from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.billing import refund
from service.domain.credit_notes import UndoneSale
from service.domain.events import EventType
from service.domain.listing import OrderRef
from service.domain.order import Order
from service.operations.resources import Resources
from service.operations.steps.credit_notes import issue_credit_notes, lock_credited_order
from service.operations.steps.lock_payer import write_events
from service.storage import backorders, ledger, orders
from service.storage.database import Statements


async def refund_order(resources: Resources, caller: Caller, account_id: UUID, ref: OrderRef) -> Order:
    """Refund the account's order: reverse its whole sale, so that nothing is owed for it, and remove it from the queue
    for credits. A refunded order is returned unchanged.

    Refuses `NOT_FOUND`, and `PAYMENT_STATE` when nothing was paid for it.
    """
    caller.require(Scope.OPERATOR)

    async def work(statements: Statements) -> Order:
        locked, order = await lock_credited_order(statements, account_id, ref)
        refunded = refund(order)
        if refunded is None:
            return order
        await orders.change(statements, refunded.order, ("paid_minor", "payment_status"))
        # Credits that it received later could neither be retired nor returned.
        await backorders.leave(statements, account_id, [order.id])
        now = resources.clock()
        recorder = locked.recorder(resources, caller)
        recorder.record_order(refunded.order, EventType.ORDER_REFUNDED, refunded_minor=order.paid_minor)
        sale = UndoneSale(refunded.order, refunded.journal, order.mass_g)
        tax = await issue_credit_notes(resources, statements, recorder, locked, [sale], now)
        booking = ledger.Booking(locked.payer_id, resources.new_id(), refunded.order, refunded.journal, now)
        await ledger.book(statements, [booking, *tax])
        await write_events(statements, recorder)
        return refunded.order

    return await resources.transact(work)
