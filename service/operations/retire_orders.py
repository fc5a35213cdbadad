"""Retire orders: an order takes the next grams of its batches for good. It is complete when all of its lines are
retired, and gets its certificate in the same transaction.

Locks: the account's head, its orders by id, then batches by vintage and id. A retirement that has started cannot be
undone, and an order that is cancelled first is not retired: both change its status under the same lock. Promises: P3,
P6, P24.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import groupby
from uuid import UUID

from service.domain.events import EventType
from service.domain.order import PaymentStatus
from service.domain.retirement import may_retire
from service.domain.worker_failures import ItemKey, WorkerStep
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.operations.steps.isolate import do_item, failed_before, forget
from service.operations.steps.retire import retire_locked
from service.storage import accounts, orders, retirements
from service.storage.database import Statements

ORDERS_AT_ONCE = 50
ACTOR = "worker:retire"
STEP = WorkerStep.RETIRE_ORDERS


async def retire_orders(resources: Resources, *, after_ms: int, unpaid: bool) -> int:
    """Retire a page of live orders that were fulfilled and paid at least `after_ms` milliseconds ago; with `unpaid`
    payment is not required. Return the number of shares of lines that were retired.
    """
    payments, awaited = {PaymentStatus.PAID}, {EventType.ORDER_FULFILLED, EventType.ORDER_PAID}
    if unpaid:
        payments, awaited = payments | {PaymentStatus.ISSUED, PaymentStatus.BILLED}, {EventType.ORDER_FULFILLED}
    before, now = await failed_before(resources, STEP), resources.clock()
    due = await retirements.due(
        resources.database.reader,
        payments,
        ready_until=now - timedelta(milliseconds=after_ms),
        awaited=awaited,
        limit=ORDERS_AT_ONCE,
        today=utc_date(now),
        now=now,
    )
    keys = sorted(ItemKey(account_id, order_id) for account_id, order_id in due)
    retired = 0
    for _, of_account in groupby(keys, key=lambda key: key.account_id):
        retired += await _retire_isolated(resources, list(of_account), unpaid=unpaid)
    await forget(resources, STEP, before, keys, all_due_at=now if len(due) < ORDERS_AT_ONCE else None)
    return retired


async def _retire_isolated(resources: Resources, keys: Sequence[ItemKey], *, unpaid: bool) -> int:
    """Retire orders of one account together; if that fails, retire each alone."""

    async def retire_these(these: Sequence[ItemKey]) -> int:
        order_ids = [key.item_id for key in these]
        return await _retire(resources, these[0].account_id, order_ids, unpaid=unpaid, keep=0, actor=ACTOR)

    if len(keys) > 1:
        # One order may have caused the failure; the others are retried alone.
        with suppress(Exception):
            return await retire_these(keys)
    return sum([await do_item(resources, STEP, key, partial(retire_these, [key])) for key in keys])


async def retire_order(resources: Resources, account_id: UUID, order_id: UUID, *, keep: int, actor: str) -> int:
    """Start the order's retirement and retire all of its shares except the last `keep`; an order that may not be
    retired stays unchanged. Return the number of retired shares.
    """
    return await _retire(resources, account_id, [order_id], unpaid=True, keep=keep, actor=actor)


async def _retire(
    resources: Resources, account_id: UUID, order_ids: Collection[UUID], *, unpaid: bool, keep: int, actor: str
) -> int:
    async def work(statements: Statements) -> int:
        head = (await accounts.lock_heads(statements, [account_id]))[account_id]
        found = await orders.lock(statements, account_id, order_ids)
        refused = await retirements.refused(statements, account_id, order_ids, today=utc_date(resources.clock()))
        ready = [order for order in found.values() if may_retire(order, unpaid=unpaid) and order.id not in refused]
        return await retire_locked(resources, statements, head, ready, keep=keep, actor=actor)

    return await resources.transact(work)
