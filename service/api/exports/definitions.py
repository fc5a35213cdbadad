"""The exports: the name, the columns and the reader of each. Route, command and documentation are made from them.

Readers read each page by a separate statement, newest first, after the position of the previous page. Positions of rows
never change, so a row that exists and meets the filter throughout is exported exactly once.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from service.api.exports import columns
from service.api.exports.columns import Column
from service.api.exports.filters import INVOICES, LEDGER, ORDERS, PAYMENTS, ListFilter
from service.domain.accounts import Caller
from service.domain.amounts import money_text
from service.domain.billing import owed_minor
from service.domain.ledger import LedgerAccount, Verb
from service.domain.listing import LedgerFilter, MoneyFilter, OrderFilter, OrderSort
from service.domain.order import Order, OrderStatus
from service.kit.keyset import PageRequest, Position, Slice
from service.operations import read_certificates, read_money, read_orders
from service.operations.resources import Resources

PAGE_ROWS = 500
"""Rows that are read at once. An export needs the memory of one page, and other requests wait while a page is
written.
"""

_NEWEST_FIRST = OrderSort()
_RETIRED = frozenset({OrderStatus.RETIRING, OrderStatus.COMPLETE})


class Page(NamedTuple):
    """The rows of one page, and the position after which the next one begins; None at the end."""

    rows: Sequence[Any]
    position: Position | None


Read: TypeAlias = Callable[[Resources, Caller, Any, PageRequest], Awaitable[Page]]


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of export. It takes the conditions of a GraphQL list; `read` is called with the filter that `filter`
    made of them.
    """

    name: str
    summary: str
    columns: tuple[Column, ...]
    read: Read
    filter: ListFilter

    async def pages(self, resources: Resources, caller: Caller, wanted: Any) -> AsyncGenerator[Sequence[Any]]:
        """Yield the rows, page by page; one page at least, which may be empty. Refuses as the GraphQL list does."""
        position: Position | None = None
        while True:
            page = await self.read(resources, caller, wanted, PageRequest(PAGE_ROWS, position))
            yield page.rows
            position = page.position
            if position is None:
                return


def _page(rows: Sequence[Any], found: Slice[Any], position: Callable[[Any], Position]) -> Page:
    return Page(rows, position(found.items[-1]) if found.has_next else None)


def _by_creation(row: Any) -> Position:
    return Position(row.created_at, row.id)


def _party(name: str, role: str, description: str) -> Column:
    def value(row: Any) -> str | None:
        party = (row.beneficiary or {}).get(role)
        return party["name"] if party else None

    return Column(name, description, value, ("beneficiary",), is_text=True)


ORDER_COLUMNS = (
    columns.reference("id", "Order", "id", "Global id of the order."),
    columns.text("number", "number", "Short number of the order, unique among the orders of the account."),
    columns.state("status", "status", "State of the order."),
    columns.state("paymentStatus", "payment_status", "State of the payment for the order."),
    columns.state("kind", "kind", "Kind of input that determined the order's mass."),
    columns.state("source", "source", "API through which the order was placed."),
    columns.time("createdAt", "created_at", "Time at which the order was placed (UTC)."),
    *columns.mass("mass", "mass_g", "Mass of the order."),
    *columns.mass("fulfilledMass", "fulfilled_g", "Mass for which credits are set aside."),
    *columns.mass("retiredMass", "retired_g", "Mass that is retired."),
    *columns.mass("requestedMass", "requested_mass_g", "Mass that the caller asked for. Empty for an order by value."),
    columns.plain("currency", "currency", "Currency of all amounts of the row (ISO 4217 code)."),
    columns.money(
        "requestedValue",
        "requested_value_minor",
        "Maximum sum that the caller wanted to spend. Empty for an order by mass or by estimate.",
    ),
    columns.money("offsetCost", "offset_cost_minor", "Cost of the credits, without commission."),
    columns.money("commission", "commission_minor", "Commission that is added to the cost of the credits."),
    columns.money("totalCost", "total_cost_minor", "Total cost: the cost of the credits and the commission."),
    columns.money("paid", "paid_minor", "Part of the total cost that has been paid."),
    Column(
        "due",
        "Part of the total cost that is still owed. Zero if the order is cancelled, failed or refunded.",
        lambda row: money_text(owed_minor(row), row.currency),
        ("status", "payment_status", "total_cost_minor", "paid_minor", "currency"),
    ),
    columns.reference(
        "portfolioId", "Portfolio", "portfolio_id", "Global id of the portfolio. Empty if there is none."
    ),
    columns.text("customer", "customer", "Name of the customer that the order was placed for."),
    columns.text("description", "description", "Note that the caller attached to the order."),
    _party("recipient", "recipient", "Name of the party that the certificate is issued to, if the caller named one."),
    _party("beneficiary", "retirement", "Name of the party for which credits are retired, if the caller named one."),
    columns.text("idempotencyKey", "idempotency_key", "Idempotency key with which the order was placed."),
    columns.text("callbackUrl", "callback_url", "Address that the caller stored with the order."),
    Column(
        "metadata",
        "Data that the caller attached to the order: an object, in CSV as the text of a JSON object.",
        lambda row: row.metadata,
        ("metadata",),
    ),
)
_ORDER_ATTRIBUTES = frozenset(need for column in ORDER_COLUMNS for need in column.needs)


async def _orders(resources: Resources, caller: Caller, wanted: OrderFilter, request: PageRequest) -> Page:
    found = await read_orders.list_orders(resources, caller, wanted, _NEWEST_FIRST, request, columns=_ORDER_ATTRIBUTES)
    return _page(found.items, found, _by_creation)


class _RetirementRow(NamedTuple):
    order_id: UUID
    order_number: str
    batch_id: UUID
    mass_g: int
    start_g: int
    retired_at: datetime


async def _retirements(resources: Resources, caller: Caller, wanted: OrderFilter, request: PageRequest) -> Page:
    # Orders in other states have no retirements: a retirement that has started is never undone.
    statuses = _RETIRED if wanted.statuses is None else wanted.statuses & _RETIRED
    found = await read_orders.list_orders(
        resources,
        caller,
        replace(wanted, statuses=statuses),
        _NEWEST_FIRST,
        request,
        columns=frozenset({"id", "number", "created_at"}),
    )
    orders: Sequence[Order] = found.items
    retired = await read_certificates.retirements_of_orders(resources, caller, [order.id for order in orders])
    rows = [
        _RetirementRow(order.id, order.number, each.batch_id, each.mass_g, each.start_g, each.retired_at)
        for order, own in zip(orders, retired, strict=True)
        for each in own
    ]
    return _page(rows, found, _by_creation)


class _EntryRow(NamedTuple):
    journal_id: UUID
    verb: Verb
    account: LedgerAccount
    amount_minor: int
    currency: str
    order_id: UUID | None
    created_at: datetime
    invoice_id: UUID | None


def _shown_order(caller: Caller, owner: UUID | None, order_id: UUID | None) -> UUID | None:
    """Return the order's id; None if GraphQL does not show it, because the caller acts for a client and the order is
    another account's.
    """
    return order_id if caller.account.parent_account_id is None or owner == caller.account.id else None


async def _ledger(resources: Resources, caller: Caller, wanted: LedgerFilter, request: PageRequest) -> Page:
    found = await read_money.list_journals(resources, caller, request, wanted)
    return _page(list(_entries(caller, found.items)), found, lambda journal: Position(journal.created_at, journal.id))


def _entries(caller: Caller, journals: Sequence[read_money.LedgerPage]) -> Iterator[_EntryRow]:
    for each in journals:
        journal = each.journal
        order_id = _shown_order(caller, each.order_account_id, each.order_id)
        for posting in journal.postings:
            yield _EntryRow(
                each.id,
                journal.verb,
                posting.account,
                posting.amount_minor,
                journal.currency,
                order_id,
                each.created_at,
                each.invoice_id,
            )


async def _invoices(resources: Resources, caller: Caller, wanted: MoneyFilter, request: PageRequest) -> Page:
    found = await read_money.list_invoices(resources, caller, request, wanted)
    return _page(found.items, found, _by_creation)


async def _payments(resources: Resources, caller: Caller, wanted: MoneyFilter, request: PageRequest) -> Page:
    found = await read_money.list_payments(resources, caller, request, wanted)
    rows = [replace(each, order_id=_shown_order(caller, each.order_account_id, each.order_id)) for each in found.items]
    return _page(rows, found, _by_creation)


TAX_COLUMNS = (
    columns.money("net", "total_minor", "Sum of the amounts billed for the orders, without tax."),
    columns.money("tax", "tax_minor", "Tax on the net amount."),
    columns.money("gross", "gross_minor", "Net amount and tax together."),
    columns.money("prepaid", "prepaid_minor", "Amount that had been paid of the orders when the invoice was issued."),
    columns.money(
        "due", "due_minor", "Amount that was to be paid when the invoice was issued: `gross` less `prepaid`."
    ),
    columns.state("taxCategory", "tax_category", "Category of the tax. Empty if the customer had no tax profile."),
    Column(
        "taxRate",
        "Rate of the tax in percent, with two decimals. Empty for invoices of earlier releases.",
        lambda row: None if row.is_former else str(Decimal(row.tax_rate_hundredths).scaleb(-2)),
        ("tax_rate_hundredths",),
    ),
    columns.text("taxReason", "tax_reason", "Reason why no tax is due, as the invoice states it."),
    columns.text("taxReasonCode", "tax_reason_code", "Code of the reason, such as `VATEX-EU-AE`."),
    columns.money("credited", "credited_minor", "Net amount of all credit notes of the invoice."),
    columns.money("taxCredited", "tax_credited_minor", "Tax of all credit notes of the invoice."),
    columns.money("taxPaid", "tax_paid_minor", "Part of the tax that has been paid."),
)

EXPORTS = (
    Export(
        "orders",
        "Orders of the account, newest first.",
        ORDER_COLUMNS,
        _orders,
        ORDERS,
    ),
    Export(
        "retirements",
        "Retired credits of the orders that the filter selects, newest order first: one row for each line and batch.",
        (
            columns.reference("orderId", "Order", "order_id", "Global id of the order."),
            columns.text("orderNumber", "order_number", "Short number of the order."),
            columns.reference("batchId", "CreditBatch", "batch_id", "Global id of the batch of the credits."),
            *columns.mass("mass", "mass_g", "Mass that was retired from the batch."),
            *columns.mass("start", "start_g", "Mass of the batch that lies before the first retired gram."),
            columns.time("retiredAt", "retired_at", "Time at which the credits were retired (UTC)."),
        ),
        _retirements,
        ORDERS,
    ),
    Export(
        "ledger",
        "Postings of the account's journals, newest journal first. The postings of a journal sum to zero.",
        (
            columns.reference("journalId", "Journal", "journal_id", "Global id of the journal."),
            columns.state("verb", "verb", "Event that the journal records."),
            columns.state("account", "account", "Ledger account on which the amount is booked."),
            columns.money("amount", "amount_minor", "Amount: positive for a debit, negative for a credit."),
            columns.plain("currency", "currency", "Currency of the amount (ISO 4217 code)."),
            columns.reference("orderId", "Order", "order_id", "Global id of the order. Empty if there is none."),
            columns.time("createdAt", "created_at", "Time at which the event was recorded (UTC)."),
            columns.reference(
                "invoiceId",
                "Invoice",
                "invoice_id",
                "Global id of the invoice whose tax or payment the event concerns. Empty if there is none.",
            ),
        ),
        _ledger,
        LEDGER,
    ),
    Export(
        "invoices",
        "Invoices of the account, newest first.",
        (
            columns.reference("id", "Invoice", "id", "Global id of the invoice."),
            columns.text("number", "number", "Short number of the invoice."),
            columns.text("reference", "reference", "Reference that the seller chose for the invoice."),
            columns.state("status", "status", "State of the invoice."),
            columns.money("total", "total_minor", "Sum of the amounts billed, without tax: the same as `net`."),
            columns.plain("currency", "currency", "Currency of all amounts of the row (ISO 4217 code)."),
            *columns.mass("mass", "mass_g", "Mass of the invoice's orders at the time of billing."),
            columns.time("createdAt", "created_at", "Time at which the invoice was issued (UTC)."),
            columns.time("dueAt", "due_at", "Time by which the invoice must be paid (UTC)."),
            columns.time("paidAt", "paid_at", "Time at which the invoice was paid (UTC). Empty while it is pending."),
            *TAX_COLUMNS,
        ),
        _invoices,
        INVOICES,
    ),
    Export(
        "payments",
        "Payments that the seller recorded for the account, newest first.",
        (
            columns.reference("id", "Payment", "id", "Global id of the payment."),
            columns.text("reference", "reference", "Reference that the seller chose for the payment."),
            columns.money("amount", "amount_minor", "Amount received."),
            columns.plain("currency", "currency", "Currency of the amount (ISO 4217 code)."),
            columns.reference("orderId", "Order", "order_id", "Global id of the order. Empty if there is none."),
            columns.time("createdAt", "created_at", "Time at which the payment was recorded (UTC)."),
            columns.reference(
                "invoiceId",
                "Invoice",
                "invoice_id",
                "Global id of the invoice that the payment is for, if it names one.",
            ),
        ),
        _payments,
        PAYMENTS,
    ),
)
