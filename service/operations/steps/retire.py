"""A step that the worker and an operator share: retirement of the credits of locked orders; complete orders get their
certificates.

Locks: batches by vintage and id. The account's head and its orders must be locked.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service.domain.accounts import Head
from service.domain.events import EventRecorder, EventType
from service.domain.order import CreditEntry, Order
from service.domain.retirement import Retired, Retirement, Share, retire, shares_of
from service.operations.resources import Resources
from service.operations.steps.issue_retirement_certificates import issue_retirement_certificates
from service.operations.steps.state_certificates import state_certificates
from service.storage import accounts, batches, certificates, orders, retirements
from service.storage.database import Statements
from service.storage.events import EVENTS

SHARES_A_TRANSACTION = 100


async def retire_locked(
    resources: Resources, statements: Statements, head: Head, ready: Sequence[Order], *, keep: int, actor: str
) -> int:
    """Retire the account's orders except the last `keep` shares of each. The orders must be locked, and all of them
    must be permitted to retire. Return the number of retired shares: at most `SHARES_A_TRANSACTION`, so that an order
    may need several transactions.
    """
    if not ready:
        return 0
    account_id, now = head.account.id, resources.clock()
    wanted = await _shares(statements, account_id, ready, keep)
    next_g = await batches.lock_ends(statements, {share.batch_id for _, shares in wanted for share in shares})
    retired = [retire(order, shares, next_g, now=now) for order, shares in wanted]
    recorder = EventRecorder({account_id: head.event_seq}, actor=actor, now=now, new_id=resources.new_id)
    await _write(statements, account_id, recorder, retired, now)
    return sum(len(each.retirements) for each in retired)


async def _shares(
    statements: Statements, account_id: UUID, ready: Sequence[Order], keep: int
) -> list[tuple[Order, Sequence[Share]]]:
    """Return the shares of each order to retire in this transaction; an order that does not fit is left for the next
    one.
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
