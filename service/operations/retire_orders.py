"""Retire orders: each takes the next grams of its batches for good, and is complete when all of its lines have. It then
has its certificate, in the same transaction.

Locks: the account's head, its orders by id, then batches by vintage and id. A retirement that has started cannot be
undone, and an order that is cancelled first is not retired: both change its status under the same lock. Promises: P3,
P6, P24.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from uuid import UUID

from service.domain.events import EventRecorder, EventType
from service.domain.order import CreditEntry, Order, PaymentStatus
from service.domain.retirement import Retired, Retirement, Share, may_retire, retire, shares_of
from service.domain.worker_failures import ItemKey, WorkerStep
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.operations.steps.isolate import do_item, failed_before, forget
from service.operations.steps.issue_retirement_certificates import issue_retirement_certificates
from service.operations.steps.state_certificates import state_certificates
from service.storage import accounts, batches, certificates, orders, retirements
from service.storage.database import Statements
from service.storage.events import EVENTS

ORDERS_AT_ONCE = 50
SHARES_A_TRANSACTION = 100
ACTOR = "worker:retire"
STEP = WorkerStep.RETIRE_ORDERS


async def retire_orders(resources: Resources, *, after_ms: int, unpaid: bool) -> int:
    """Retire a page of live orders that have been fulfilled and paid for `after_ms`; with `unpaid` those that have been
    fulfilled so long, paid or owed. Return how many shares of lines were retired.
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
    """Retire orders of one account together, or each by itself where that fails."""

    async def retire_these(these: Sequence[ItemKey]) -> int:
        order_ids = [key.item_id for key in these]
        return await _retire(resources, these[0].account_id, order_ids, unpaid=unpaid, keep=0, actor=ACTOR)

    if len(keys) > 1:
        # One of them may be the cause of a failure, and the others do not wait for it.
        with suppress(Exception):
            return await retire_these(keys)
    return sum([await do_item(resources, STEP, key, partial(retire_these, [key])) for key in keys])


async def retire_order(resources: Resources, account_id: UUID, order_id: UUID, *, keep: int, actor: str) -> int:
    """Start the order's retirement and retire all but the last `keep` shares of it; an order that may not retire stays
    unchanged. Return the number of retired shares.
    """
    return await _retire(resources, account_id, [order_id], unpaid=True, keep=keep, actor=actor)


async def _retire(
    resources: Resources, account_id: UUID, order_ids: Collection[UUID], *, unpaid: bool, keep: int, actor: str
) -> int:
    async def work(statements: Statements) -> int:
        head = (await accounts.lock_heads(statements, [account_id]))[account_id]
        found = await orders.lock(statements, account_id, order_ids)
        now = resources.clock()
        refused = await retirements.refused(statements, account_id, order_ids, today=utc_date(now))
        ready = [order for order in found.values() if may_retire(order, unpaid=unpaid) and order.id not in refused]
        if not ready:
            return 0
        wanted = await _shares(statements, account_id, ready, keep)
        next_g = await batches.lock_ends(statements, {share.batch_id for _, shares in wanted for share in shares})
        retired = [retire(order, shares, next_g, now=now) for order, shares in wanted]
        recorder = EventRecorder({account_id: head.event_seq}, actor=actor, now=now, new_id=resources.new_id)
        await _write(statements, account_id, recorder, retired, now)
        return sum(len(each.retirements) for each in retired)

    return await resources.transact(work)


async def _shares(
    statements: Statements, account_id: UUID, ready: Sequence[Order], keep: int
) -> list[tuple[Order, Sequence[Share]]]:
    """Return the shares of each order to retire in this transaction; an order that does not fit in waits for
    the next.
    """
    order_ids = [order.id for order in ready]
    entries: dict[UUID, list[CreditEntry]] = defaultdict(list)
    for entry in await orders.entries(statements, account_id, order_ids):
        entries[entry.order_id].append(entry)
    done: dict[UUID, list[Retirement]] = defaultdict(list)
    for each in await retirements.of_orders(statements, account_id, order_ids):
        done[each.order_id].append(each)
    wanted: list[tuple[Order, Sequence[Share]]] = []
    room = SHARES_A_TRANSACTION
    for order in ready:
        shares = shares_of(entries[order.id], done[order.id])
        shares = shares[: min(room, max(0, len(shares) - keep))]
        if room:
            wanted.append((order, shares))
        room -= len(shares)
    return wanted


async def _write(
    statements: Statements, account_id: UUID, recorder: EventRecorder, retired: Sequence[Retired], now: datetime
) -> None:
    retired_g: Counter[UUID] = Counter()
    for each in retired:
        await orders.change(statements, each.order, ("status", "retired_g"))
        for event_type in each.events:
            recorder.record_order(each.order, event_type, retired_g=each.order.retired_g)
        for retirement in each.retirements:
            retired_g[retirement.batch_id] += retirement.mass_g
    intervals = [retirement for each in retired for retirement in each.retirements]
    if await retirements.RETIREMENTS.insert(statements, intervals) != len(intervals):
        raise RuntimeError("grams were retired twice under their batch's lock")
    complete = [each.order for each in retired if EventType.ORDER_COMPLETED in each.events]
    if complete:
        stated = await state_certificates(statements, account_id, complete, now=now)
        await certificates.ISSUED.insert(statements, stated)
        of_id = {order.id: order for order in complete}
        await issue_retirement_certificates(statements, recorder, of_id, stated, now=now)
    await EVENTS.insert(statements, recorder.events)
    await batches.retire(statements, retired_g)
    await accounts.raise_heads(statements, recorder.event_seqs)
