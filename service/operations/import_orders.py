"""Import orders: an account's order history from another system, with its ids and dates, all orders or none.

Called by the command line, without a caller. Locks: the heads of the account and its payer. Promises: P4, P24.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Account, payer_of
from service.domain.billing import Payment
from service.domain.events import EventRecorder, EventType
from service.domain.file_rows import json_document
from service.domain.history import Imported, Past, imported, numbers_of
from service.domain.history_file import TotalDifference, items_of, read_history
from service.domain.order import Order
from service.domain.rows import Fault
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import accounts, catalogue, history, ledger, money, orders
from service.storage.database import Statements
from service.storage.events import EVENTS

ORDERS_AT_ONCE = 500
ACTOR = "command:import"


@dataclass(frozen=True, slots=True)
class ImportedOrders:
    """Result of an import: number of orders in the file, of orders added (in a rehearsal: that would be), of orders
    that existed before, and the errors. With any error nothing is added. Differing totals are not errors.
    """

    rows: int
    added: int
    existing: int
    faults: tuple[Fault, ...]
    differing_totals: tuple[TotalDifference, ...]


async def import_orders(
    resources: Resources,
    account_id: UUID,
    text: str,
    *,
    rehearse: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> ImportedOrders:
    """Add every order of the file to the account, once; importing the file again adds nothing. Their lines name the
    first bundle of the account's portfolio, because the original goods are not in the catalogue.

    With `rehearse` nothing is stored. An interrupted import has added a part of the orders; importing again adds the
    rest. Refuses `NOT_FOUND` for the account and `BAD_USER_INPUT` for a text that is no order list, or not all of one.
    """
    account = await accounts.account(resources.database.reader, account_id)
    if account is None:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("account",))
    items = items_of(json_document(text, if_csv="Orders are imported from JSON."))
    read = read_history(items, resources.clock())
    past, faults, differing = read.past, read.faults, tuple(read.differing_totals)
    existing = await history.fingerprints(resources.database.reader, account_id, [each.id for each in past])
    for each in past:
        if each.id in existing and not each.is_fingerprinted_as(existing[each.id]):
            faults.append(
                Fault(f"order {each.id}", "id", "stands already, with another amount, price, currency, status or date")
            )
    fresh = [each for each in past if each.id not in existing]
    if faults or rehearse:
        added = 0 if faults else len(fresh)
        return ImportedOrders(len(items), added, len(past) - len(fresh), tuple(faults), differing)
    progress(len(past) - len(fresh))
    weights = await catalogue.weights_of(resources.database.reader, [account.portfolio_id])
    added = 0
    for start in range(0, len(fresh), ORDERS_AT_ONCE):
        chunk = fresh[start : start + ORDERS_AT_ONCE]
        added += await _add(resources, account, weights[0].bundle_id, chunk)
        progress(len(chunk))
    return ImportedOrders(len(items), added, len(past) - added, (), differing)


async def _add(resources: Resources, account: Account, bundle_id: UUID, past: Sequence[Past]) -> int:
    """Add the orders that do not exist yet, in one transaction; return their number."""

    async def work(statements: Statements) -> int:
        payer_id = payer_of(account)
        heads = await accounts.lock_heads(statements, {account.id, payer_id})
        existing = await history.fingerprints(statements, account.id, [each.id for each in past])
        fresh = [each for each in past if each.id not in existing]
        numbers = await _free_numbers(statements, account.id, fresh)
        added = [imported(each, account, bundle_id, number) for each, number in zip(fresh, numbers, strict=True)]
        recorder = EventRecorder(
            {account.id: heads[account.id].event_seq}, actor=ACTOR, now=resources.clock(), new_id=resources.new_id
        )
        for each in added:
            recorder.record_order(each.order, EventType.ORDER_IMPORTED)
        await _write(resources, statements, payer_id, added)
        await EVENTS.insert(statements, recorder.events)
        await accounts.raise_heads(statements, recorder.event_seqs)
        return len(added)

    return await resources.transact(work)


async def _free_numbers(statements: Statements, account_id: UUID, past: Sequence[Past]) -> list[str]:
    """Return a number for each order, none of which the account already uses."""
    taken: set[str] = set()
    while True:
        numbers = numbers_of(past, taken)
        found = await history.numbers(statements, account_id, numbers)
        if not found:
            return numbers
        taken |= found


async def _write(resources: Resources, statements: Statements, payer_id: UUID, added: Sequence[Imported]) -> None:
    if await orders.ORDERS.insert(statements, [each.order for each in added]) != len(added):
        raise RuntimeError("an order number was taken under its account's lock")
    await orders.LINES.insert(statements, [each.line for each in added])
    bookings = [
        ledger.Booking(payer_id, resources.new_id(), each.order, journal, each.order.created_at)
        for each in added
        for journal in each.journals
    ]
    await ledger.book(statements, bookings)
    paid = [_payment_of(each.order, payer_id, resources.new_id()) for each in added if each.order.paid_minor]
    await money.PAYMENTS.insert(statements, paid)


def _payment_of(order: Order, payer_id: UUID, payment_id: UUID) -> Payment:
    """Return the payment of an imported order that was paid, so that the ledger's cash still equals the sum of
    payments.
    """
    return Payment(
        account_id=payer_id,
        id=payment_id,
        reference=f"import:{order.account_id}:{order.id}",
        fingerprint=order.fingerprint,
        order_account_id=order.account_id,
        order_id=order.id,
        currency=order.currency,
        amount_minor=order.paid_minor,
        created_at=order.created_at,
    )
