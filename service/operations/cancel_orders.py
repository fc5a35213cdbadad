"""Cancel orders: their credits and their money are back, exactly once.

Locks: the account's head, its orders by id, then batches by id. Promises: P3, P4, P6.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from service.domain.accounts import Caller, Head
from service.domain.api_keys import Scope
from service.domain.cancelling import Cancellation, cancel
from service.domain.events import Event, EventType
from service.domain.listing import OrderRef
from service.domain.order import CreditEntry, Order, amounts_of
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import accounts, backorders, balances, batches, ledger, orders
from service.storage.database import Statements
from service.storage.events import EVENTS

ORDERS_AT_ONCE_MAX = 100


async def cancel_orders(
    resources: Resources, caller: Caller, refs: Sequence[OrderRef], *, all_or_nothing: bool = True
) -> list[Order | Refused]:
    """Each order is cancelled, or was before, or has its refusal; with `all_or_nothing` one refusal leaves all of them
    as they were. Credits go back to their batches; what was paid goes to the balance.
    """
    caller.require(Scope.ORDERS_WRITE)
    if not 0 < len(refs) <= ORDERS_AT_ONCE_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Name 1 to {ORDERS_AT_ONCE_MAX} orders.")

    async def work(statements: Statements) -> list[Order | Refused]:
        head = (await accounts.lock_heads(statements, [caller.account.id]))[caller.account.id]
        order_ids = await _ids_of(statements, caller, refs)
        found = await orders.lock(statements, caller.account.id, {each for each in order_ids if each is not None})
        answers: dict[UUID | None, Order | Refused] = {order_id: _absent() for order_id in order_ids}
        answers.update(found.items())
        decided = await _decide(resources, statements, found)
        answers.update((order_id, each) for order_id, each in decided.items() if isinstance(each, Refused))
        refused = any(isinstance(answers[order_id], Refused) for order_id in order_ids)
        if not (refused and all_or_nothing):
            cancellations = [each for each in decided.values() if isinstance(each, Cancellation)]
            await _write(resources, statements, caller, head, cancellations)
            answers.update((each.order.id, each.order) for each in cancellations)
        return [answers[order_id] for order_id in order_ids]

    return await resources.transact(work)


async def _ids_of(statements: Statements, caller: Caller, refs: Sequence[OrderRef]) -> list[UUID | None]:
    """The id that each reference leads to, if it leads to any."""
    ids: list[UUID | None] = []
    for ref in refs:
        order = None if ref.id is not None else await orders.find(statements, caller.account.id, ref)
        ids.append(ref.id if order is None else order.id)
    return ids


def _absent() -> Refused:
    return Refused(Code.NOT_FOUND, "There is no such order.")


async def _decide(
    resources: Resources, statements: Statements, found: Mapping[UUID, Order]
) -> dict[UUID, Cancellation | Refused]:
    """What is to be done with each order; orders cancelled before are left out."""
    if not found:
        return {}
    entries: dict[UUID, list[CreditEntry]] = defaultdict(list)
    account_id = next(iter(found.values())).account_id
    for entry in await orders.entries(statements, account_id, list(found)):
        entries[entry.order_id].append(entry)
    decided: dict[UUID, Cancellation | Refused] = {}
    for order in found.values():
        try:
            cancellation = cancel(order, entries[order.id], now=resources.clock(), new_id=resources.new_id)
        except Refused as refusal:
            decided[order.id] = refusal
        else:
            if cancellation is not None:
                decided[order.id] = cancellation
    return decided


async def _write(
    resources: Resources, statements: Statements, caller: Caller, head: Head, cancellations: Sequence[Cancellation]
) -> None:
    if not cancellations:
        return
    now = resources.clock()
    account_id = caller.account.id
    order_ids = [each.order.id for each in cancellations]
    for each in cancellations:
        await orders.change(statements, each.order, ("status", "payment_status", "fulfilled_g", "paid_minor"))
    await orders.empty_lines(statements, account_id, order_ids)
    await backorders.leave(statements, account_id, order_ids)
    await orders.ENTRIES.insert(statements, [entry for each in cancellations for entry in each.returns])
    journals = [(each.order.id, each.journal) for each in cancellations if each.journal is not None]
    await ledger.book(
        statements,
        [ledger.Booking(account_id, resources.new_id(), order_id, journal, now) for order_id, journal in journals],
    )
    for _, journal in journals:
        await balances.add(statements, account_id, journal.currency, journal.balance_change_minor)
    await EVENTS.insert(
        statements,
        [
            Event(
                account_id=account_id,
                seq=seq,
                id=resources.new_id(),
                event_type=EventType.ORDER_CANCELLED,
                order_id=each.order.id,
                actor=caller.key_id,
                payload=amounts_of(each.order),
                created_at=now,
            )
            for seq, each in enumerate(cancellations, start=head.event_seq + 1)
        ],
    )
    returned_g: Counter[UUID] = Counter()
    for each in cancellations:
        for entry in each.returns:
            returned_g[entry.batch_id] -= entry.mass_g
    await batches.lock(statements, returned_g)
    await batches.give_back(statements, returned_g)
    await accounts.raise_heads(statements, {account_id: head.event_seq + len(cancellations)})
