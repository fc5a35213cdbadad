"""A step that verbs share: the facts of invoices and credit notes as their documents print them, from the database.

Facts of an invoice are stored in the transaction that issues it, because later cancellations change the lines of its
orders. Rows of credit notes never change, so their facts are stored when they are first drawn.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from service.domain.accounts import Account
from service.domain.billing import Invoice, InvoiceLine
from service.domain.credit_notes import CreditNote
from service.domain.document_facts import billed_facts, credit_note_facts, invoice_facts, order_facts
from service.domain.event_types import EventType
from service.domain.order import Order, OrderLine, OrderStatus
from service.storage import accounts, catalogue, events, money, orders
from service.storage.database import Statements
from service.storage.documents import StoredDocument


async def state_invoice(
    statements: Statements, payer: Account, invoice: Invoice, billed: Sequence[InvoiceLine], sold: Collection[Order]
) -> StoredDocument:
    """Return the document of the payer's invoice. The lines and orders must be those of the invoice."""
    found = {order.id: order for order in sold}
    parts = await _parts(statements, payer, sold)
    stated = [
        billed_facts(line, found[line.order_id], parts.lines[line.order_id], parts.bundles, **parts.of(line.order_id))
        for line in billed
    ]
    return StoredDocument(
        account_id=invoice.account_id, id=invoice.id, facts=invoice_facts(invoice, payer.mode, stated)
    )


async def state_credit_note(statements: Statements, payer: Account, note: CreditNote) -> StoredDocument:
    """Return the document of the payer's credit note."""
    invoice = (await money.of_ids(statements, money.INVOICES, payer.id, [note.invoice_id]))[note.invoice_id]
    credited = await money.credit_note_lines(statements, payer.id, note.id)
    sold = await orders_of_lines(statements, [(line.order_account_id, line.order_id) for line in credited])
    parts = await _parts(statements, payer, sold.values())
    stated = [
        (line, order_facts(sold[line.order_id], parts.lines[line.order_id], parts.bundles, **parts.of(line.order_id)))
        for line in credited
    ]
    return StoredDocument(account_id=payer.id, id=note.id, facts=credit_note_facts(note, invoice, payer.mode, stated))


async def state_order(statements: Statements, payer_id: UUID, account: Account, order: Order) -> Mapping[str, Any]:
    """Return the facts of the account's order in its present state."""
    parts = await _parts(statements, account, [order], payer_id=payer_id)
    return order_facts(order, parts.lines[order.id], parts.bundles, **parts.of(order.id))


async def orders_of_lines(statements: Statements, named: Collection[tuple[UUID, UUID]]) -> dict[UUID, Order]:
    """Return the orders with these pairs of account and order id."""
    found: dict[UUID, Order] = {}
    for account_id in sorted({account_id for account_id, _ in named}):
        ids = [order_id for owner, order_id in named if owner == account_id]
        found |= await orders.of_ids(statements, account_id, ids)
    return found


class _Parts:
    """Data for the facts of orders: their lines, the names of their bundles, and for each order the client account and
    the time of completion.
    """

    def __init__(self, lines: Mapping[UUID, list[OrderLine]], bundles: Mapping[UUID, str]) -> None:
        self.lines = lines
        self.bundles = bundles
        self.more: dict[UUID, dict[str, Any]] = defaultdict(dict)

    def of(self, order_id: UUID) -> dict[str, Any]:
        """Return the arguments of `order_facts` for the order, except its lines."""
        return self.more[order_id]


async def _parts(
    statements: Statements, known: Account, sold: Collection[Order], *, payer_id: UUID | None = None
) -> _Parts:
    """Return the data of the orders. Accounts other than `payer_id`, by default the known account, are named."""
    by_account: dict[UUID, list[Order]] = defaultdict(list)
    for order in sold:
        by_account[order.account_id].append(order)
    named = {known.id: known} | await accounts.of_ids(statements, set(by_account) - {known.id})
    lines: dict[UUID, list[OrderLine]] = defaultdict(list)
    parts = _Parts(lines, {})
    for account_id, own in sorted(by_account.items()):
        for line in await orders.lines(statements, account_id, [order.id for order in own]):
            lines[line.order_id].append(line)
        complete = [order.id for order in own if order.status is OrderStatus.COMPLETE]
        times = (
            await events.times_of_orders(statements, account_id, complete, EventType.ORDER_COMPLETED)
            if complete
            else {}
        )
        client = named[account_id].name if account_id != (payer_id or known.id) else None
        for order in own:
            parts.more[order.id] = {"account": client, "supplied_at": times.get(order.id)}
    bundle_ids = {line.bundle_id for each in lines.values() for line in each}
    found = await catalogue.bundles_of_ids(statements, bundle_ids)
    parts.bundles = {bundle_id: bundle.name for bundle_id, bundle in found.items()}
    return parts
