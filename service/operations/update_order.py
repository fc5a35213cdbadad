"""Change the facts that a caller attached to an order: customer, description and metadata.

Prices, credits, invoices and certificates do not depend on them, so orders in any state may be changed, imported ones
included. The order's fingerprint does not change, so a retry of the command that placed it still finds it. Locks: the
account's head, then the order. Promise: P24.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from service.domain.accounts import Caller, refuse_if_suspended
from service.domain.api_keys import Scope
from service.domain.events import EventRecorder, EventType
from service.domain.listing import OrderRef
from service.domain.order import Order
from service.operations.resources import Resources
from service.operations.steps.lock_payer import lock_order, write_events
from service.storage import accounts, orders
from service.storage.database import Statements

CHANGEABLE = frozenset({"customer", "description", "metadata"})


async def update_order(resources: Resources, caller: Caller, ref: OrderRef, changes: Mapping[str, Any]) -> Order:
    """Change facts of the order, each of `CHANGEABLE`, and return the order. The others stay, and repeating it changes
    nothing and records no event.

    Refuses `NOT_FOUND`, and `ACCOUNT_SUSPENDED`.
    """
    caller.require(Scope.ORDERS_WRITE)
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"of an order nobody changes {sorted(unknown)}")

    async def work(statements: Statements) -> Order:
        account_id = caller.account.id
        head = (await accounts.lock_heads(statements, [account_id]))[account_id]
        refuse_if_suspended(head.account)
        order = await lock_order(statements, account_id, ref)
        changed = replace(order, **changes)
        names = [name for name in sorted(changes) if getattr(changed, name) != getattr(order, name)]
        if not names:
            return order
        await orders.describe(statements, changed)
        recorder = EventRecorder(
            {account_id: head.event_seq}, actor=caller.key_id, now=resources.clock(), new_id=resources.new_id
        )
        recorder.record_order(changed, EventType.ORDER_UPDATED, changed=names)
        await write_events(statements, recorder)
        return changed

    return await resources.transact(work)
