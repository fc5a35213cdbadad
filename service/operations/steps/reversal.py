"""A step that several operations share: reversal of orders, whole or in part, with their grams and money.

Expects the heads (by `lock_for_credits`) and the orders to be locked; locks other orders on their invoices, counters of
credit notes, balances, then batches by vintage and id.
Promises: P3, P4, P6.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.cancelling import Reversal
from service.domain.credit_notes import UndoneSale
from service.domain.order import CreditEntry, OrderLine
from service.operations.resources import Resources
from service.operations.steps.credit_notes import issue_credit_notes
from service.operations.steps.lock_payer import LockedPayer
from service.storage import accounts, backorders, batches, ledger, orders
from service.storage.database import Statements
from service.storage.events import EVENTS

CHANGED = (
    "status",
    "payment_status",
    "mass_g",
    "fulfilled_g",
    "offset_cost_minor",
    "commission_minor",
    "total_cost_minor",
    "paid_minor",
)


async def entries_by_order(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[CreditEntry]]:
    """Return each order's credit entries."""
    entries: dict[UUID, list[CreditEntry]] = defaultdict(list)
    for entry in await orders.entries(statements, account_id, order_ids):
        entries[entry.order_id].append(entry)
    return entries


async def lines_by_order(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[OrderLine]]:
    """Return each order's lines, in order."""
    lines: dict[UUID, list[OrderLine]] = defaultdict(list)
    if order_ids:
        for line in await orders.lines(statements, account_id, order_ids):
            lines[line.order_id].append(line)
    return lines


async def reverse_orders(
    resources: Resources,
    statements: Statements,
    caller: Caller,
    locked: LockedPayer,
    account_id: UUID,
    reversals: Sequence[Reversal],
) -> None:
    """Write the reversals: changes of the account's orders, lines, queue, credit notes, ledger, balances, batches and
    events.
    """
    if not reversals:
        return
    now = resources.clock()
    order_ids = [each.order.id for each in reversals]
    for each in reversals:
        await orders.change(statements, each.order, CHANGED)
    await orders.reduce_lines(statements, [line for each in reversals for line in each.lines])
    whole = [each.order.id for each in reversals if not each.lines]
    if whole:
        await orders.empty_lines(statements, account_id, whole)
    await backorders.leave(statements, account_id, order_ids)
    recorder = locked.recorder(resources, caller)
    for each in reversals:
        for event_type in each.event_types:
            recorder.record_order(each.order, event_type)
    sales = [UndoneSale(each.order, each.journal, each.undone_g) for each in reversals if each.journal is not None]
    tax = await issue_credit_notes(resources, statements, recorder, locked, sales, now)
    sold = [ledger.Booking(locked.payer_id, resources.new_id(), each.order, each.journal, now) for each in sales]
    await ledger.book(statements, [*sold, *tax])
    await EVENTS.insert(statements, recorder.events)
    returned_g: Counter[UUID] = Counter()
    for each in reversals:
        for entry in each.returns:
            returned_g[entry.batch_id] -= entry.mass_g
    await batches.lock(statements, returned_g)
    await orders.ENTRIES.insert(statements, [entry for each in reversals for entry in each.returns])
    await batches.give_back(statements, returned_g)
    await accounts.raise_heads(statements, recorder.event_seqs)
