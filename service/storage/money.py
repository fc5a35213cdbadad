"""Rows of payments, invoices and credit notes; SQL for a page of each invoice's lines in one statement.

The tables refuse changes of recorded or issued facts.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from service.domain.billing import Invoice, InvoiceLine, InvoiceStatus, Payment
from service.domain.credit_notes import CreditNote, CreditNoteLine
from service.domain.listing import ListSort, MoneyFilter, Owner, Owners
from service.domain.order import Order, OrderStatus, PaymentStatus, Source
from service.kit.keyset import PageRequest
from service.storage import models
from service.storage.conditions import Conditions, among
from service.storage.database import Statements
from service.storage.dialects import apart
from service.storage.orders import ORDERS
from service.storage.tables import Table, given

PAYMENTS = Table(models.Payment, Payment)
INVOICES = Table(models.Invoice, Invoice)
INVOICE_LINES = Table(models.InvoiceLine, InvoiceLine)
CREDIT_NOTES = Table(models.CreditNote, CreditNote)
CREDIT_NOTE_LINES = Table(models.CreditNoteLine, CreditNoteLine)
_LATER_SUMS = ("credited_minor", "tax_credited_minor", "tax_paid_minor")
ACCOUNTS = models.Account._meta.db_table  # noqa: SLF001 - as in tables.py

T = TypeVar("T", Payment, Invoice, CreditNote)
L = TypeVar("L", InvoiceLine, CreditNoteLine)
R = TypeVar("R", InvoiceLine, CreditNoteLine, CreditNote)


async def of_reference(
    statements: Statements, table: Table[T], account_id: UUID, spellings: Collection[str]
) -> T | None:
    """Return the account's payment or invoice with this reference, or None. It is looked up with and without the blanks
    around it, because earlier releases stored these.
    """
    query = table.model.filter(account_id=account_id, reference__in=spellings)
    return await table.read_first(statements, query.order_by("created_at", "id"))


async def of_ids(statements: Statements, table: Table[T], account_id: UUID, ids: Collection[UUID]) -> dict[UUID, T]:
    """Return the payments or invoices with these ids, by id; only the account's."""
    return await table.read_by(statements, table.model.filter(account_id=account_id, id__in=ids))


async def of_accounts(
    statements: Statements, table: Table[T], account_ids: Collection[UUID], ids: Collection[UUID]
) -> dict[UUID, T]:
    """Return the payments or invoices with these ids, by id; only those of the accounts."""
    return await table.read_by(statements, table.model.filter(account_id__in=account_ids, id__in=ids))


async def id_of_number(statements: Statements, table: Table[T], account_id: UUID, number: str) -> UUID | None:
    """Return the id of the account's invoice or credit note of that number, or None."""
    found = await table.read_first(statements, table.model.filter(account_id=account_id, number=number))
    return found.id if found else None


async def invoices_of_orders(
    statements: Statements, payer_id: UUID, account_id: UUID, order_ids: Collection[UUID]
) -> dict[UUID, Invoice]:
    """Return the payer's invoice for each of the account's orders that is on one, by order."""
    query = models.InvoiceLine.filter(
        account_id=payer_id, invoice__account_id=payer_id, order_account_id=account_id, order_id__in=order_ids
    )
    invoice = {column: f"invoice__{column}" for column in INVOICES.columns}
    rows = await query.using_db(statements.client).values("order_id", **invoice)
    return {row["order_id"]: INVOICES.value(row) for row in rows}


async def payments_of_orders(
    statements: Statements, payer_id: UUID, account_id: UUID, order_ids: Collection[UUID]
) -> list[Payment]:
    """Return the payer's payments for these orders of the account, oldest first."""
    query = models.Payment.filter(account_id=payer_id, order_account_id=account_id, order_id__in=order_ids)
    return await PAYMENTS.read(statements, query.order_by("created_at", "id"))


async def payments_of_invoice(statements: Statements, payer_id: UUID, invoice_id: UUID) -> list[Payment]:
    """Return the payer's payments for the invoice, oldest first."""
    query = models.Payment.filter(account_id=payer_id, invoice_id=invoice_id)
    return await PAYMENTS.read(statements, query.order_by("created_at", "id"))


async def invoices(
    statements: Statements, account_id: UUID, request: PageRequest, wanted: MoneyFilter
) -> list[Invoice]:
    """Return one invoice of the account more than the page holds, newest first."""
    query = _filtered(INVOICES, account_id, wanted)
    return await INVOICES.read_page(statements, query, "created_at", request, descending=True)


async def payments(
    statements: Statements, account_id: UUID, request: PageRequest, wanted: MoneyFilter
) -> list[Payment]:
    """Return one payment of the account more than the page holds, newest first."""
    return await PAYMENTS.read_by_id(statements, _filtered(PAYMENTS, account_id, wanted), request)


async def page(
    statements: Statements, table: Table[T], owner: Owner, wanted: MoneyFilter, sort: ListSort, request: PageRequest
) -> list[T]:
    """Return one payment or invoice more than the page holds, in the order in which the page is read."""
    query = _filtered(table, owner, wanted)
    return await table.read_page(statements, query, sort.field, request, descending=sort.descending)


async def count(statements: Statements, table: Table[T], owner: Owner, wanted: MoneyFilter) -> int:
    """Return the exact number of payments or invoices that the filter selects."""
    return int(await _filtered(table, owner, wanted).using_db(statements.client).count())


def _filtered(table: Table[T], owner: Owner, wanted: MoneyFilter) -> QuerySet[Any]:
    conditions = given(
        currency__in=wanted.currencies,
        status__in=wanted.statuses,
        created_at__gte=wanted.created_from,
        created_at__lt=wanted.created_until,
        due_at__gte=wanted.due_from,
        due_at__lt=wanted.due_until,
    )
    if isinstance(owner, Owners):
        owned = given(account_id__in=owner.account_ids, account__mode=owner.mode)
    else:
        owned = Q(account_id=owner)
    query: QuerySet[Any] = table.model.filter(conditions, owned)
    if wanted.text is None:
        return query
    columns = [column for column in ("reference", "number") if column in table.columns]
    return query.filter(Q(*(Q(**{f"{column}__icontains": wanted.text}) for column in columns), join_type=Q.OR))


async def lines_of(statements: Statements, account_id: UUID, invoice_ids: Collection[UUID]) -> list[InvoiceLine]:
    """Return the lines of those of the invoices that are the account's, in order."""
    query = models.InvoiceLine.filter(account_id=account_id, invoice_id__in=invoice_ids)
    return await INVOICE_LINES.read(statements, query.order_by("invoice_id", "position"))


async def credit_note_lines(statements: Statements, account_id: UUID, credit_note_id: UUID) -> list[CreditNoteLine]:
    """Return the lines of the credit note, which is the account's, in order."""
    query = models.CreditNoteLine.filter(account_id=account_id, credit_note_id=credit_note_id)
    return await CREDIT_NOTE_LINES.read(statements, query.order_by("position"))


async def lines_with_currency(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID]
) -> list[tuple[InvoiceLine, str]]:
    """Return the invoice lines of these orders of the account, each with the invoice's currency."""
    query = models.InvoiceLine.filter(
        account_id=account_id, invoice__account_id=account_id, order_id__in=order_ids
    ).using_db(statements.client)
    rows = await query.values(*INVOICE_LINES.columns, currency="invoice__currency")
    return [(INVOICE_LINES.value(row), row["currency"]) for row in rows]


async def pages_of_lines(
    statements: Statements,
    table: Table[L],
    account_ids: Collection[UUID],
    ids: Collection[UUID],
    request: PageRequest,
) -> list[L]:
    """Return, for each of these invoices or credit notes of the accounts, one line more than the page holds, in the
    order in which the page is read. The sort value of a position in the list is the line's position on its document.
    """
    conditions = among("account_id", account_ids)
    document = "invoice_id" if "invoice_id" in table.columns else "credit_note_id"
    conditions.add_in(document, ids)
    for position, sign in ((request.after, ">"), (request.before, "<")):
        if position is not None:
            # Cast because PostgreSQL would take the parameter as the column's 32-bit integer and fail for larger
            # values.
            conditions.add(f"position {sign} CAST({{}} AS BIGINT)", position.value)
    return await _pages(statements, table, conditions, document, "position", request)


async def pages_of_credit_notes(
    statements: Statements, account_ids: Collection[UUID], invoice_ids: Collection[UUID], request: PageRequest
) -> list[CreditNote]:
    """Return, for each of these invoices of the accounts, one credit note more than the page holds, in the order in
    which the page is read: an id begins with its time of creation.
    """
    conditions = among("account_id", account_ids)
    conditions.add_in("invoice_id", invoice_ids)
    for position, sign in ((request.after, ">"), (request.before, "<")):
        if position is not None:
            conditions.add(f"id {sign} {{}}", position.id)
    return await _pages(statements, CREDIT_NOTES, conditions, "invoice_id", "id", request)


async def _pages(
    statements: Statements, table: Table[R], conditions: Conditions, parent: str, place: str, request: PageRequest
) -> list[R]:
    """Return for each parent one row more than the page holds, sorted by `place`."""
    direction = "DESC" if request.backward else "ASC"
    limit = conditions.parameter(request.limit + 1)
    rows = await statements.fetch(
        f"SELECT {table.column_list} FROM (SELECT {table.column_list},"
        f" row_number() OVER (PARTITION BY {parent} ORDER BY {place} {direction}) AS place"
        f" FROM {table.name} WHERE {conditions.clause}) AS numbered"
        f" WHERE place <= {limit} ORDER BY {parent}, place",
        *conditions.parameters,
    )
    return [table.value(row) for row in rows]


async def accounts_billed_with(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> set[UUID]:
    """Return the accounts whose orders are on unpaid invoices of the account's payer with one of these orders."""
    conditions = Conditions()
    payer = f"SELECT coalesce(parent_account_id, id) FROM {ACCOUNTS} WHERE id"
    conditions.add(f"l.account_id = ({payer} = {{}})", account_id)
    conditions.add_in("l.order_id", order_ids)
    conditions.add("i.status = {}", InvoiceStatus.PENDING)
    rows = await statements.fetch(
        f"SELECT DISTINCT beside.order_account_id FROM {INVOICE_LINES.name} l"
        f" JOIN {INVOICES.name} i ON i.account_id = l.account_id AND i.id = l.invoice_id"
        f" JOIN {INVOICE_LINES.name} beside ON beside.account_id = l.account_id AND beside.invoice_id = l.invoice_id"
        f" WHERE {conditions.clause}",
        *conditions.parameters,
    )
    return {row["order_account_id"] for row in rows}


async def lines_of_orders(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> list[InvoiceLine]:
    """Return the lines of those of the orders that are on an invoice of the account, by invoice and position."""
    query = models.InvoiceLine.filter(account_id=account_id, order_id__in=order_ids)
    return await INVOICE_LINES.read(statements, query.order_by("invoice_id", "position"))


async def net_owed(statements: Statements, invoice: Invoice) -> int:
    """Return the net amount owed for the orders on the invoice. It does not change while the head of its account is
    locked.
    """
    return (await net_owed_of(statements, [invoice.account_id], [invoice.id])).get(invoice.id, 0)


async def net_owed_of(
    statements: Statements, account_ids: Collection[UUID], invoice_ids: Collection[UUID]
) -> dict[UUID, int]:
    """Return the net amount owed for the orders on each of the accounts' invoices, by invoice."""
    conditions = among("account_id", account_ids)
    conditions.add_in("invoice_id", invoice_ids)
    lines = f"SELECT invoice_id, order_account_id, order_id FROM {INVOICE_LINES.name} WHERE {conditions.clause}"
    rows = await statements.fetch(
        f"SELECT l.invoice_id, CAST(sum(o.total_cost_minor - o.paid_minor) AS BIGINT) AS owed_minor"
        f" FROM {apart(statements, lines)} l"
        f" JOIN {ORDERS.name} o ON o.account_id = l.order_account_id AND o.id = l.order_id"
        f" WHERE o.status NOT IN ('{OrderStatus.CANCELLED}', '{OrderStatus.FAILED}')"
        f" AND o.payment_status <> '{PaymentStatus.REFUNDED}' GROUP BY l.invoice_id",
        *conditions.parameters,
    )
    return {row["invoice_id"]: row["owed_minor"] for row in rows}


async def change(statements: Statements, before: Invoice, invoice: Invoice) -> None:
    """Update the invoice's status and its sums of later events, if they are still those of `before`."""
    owned = {"account_id": invoice.account_id, "id": invoice.id}
    sums = {column: getattr(invoice, column) for column in _LATER_SUMS}
    former = {column: getattr(before, column) for column in _LATER_SUMS}
    if await INVOICES.update(statements, sums, **owned, **former) != 1:
        raise RuntimeError("an invoice was changed under its account's lock")
    if invoice.status is not before.status:
        paid = {column: getattr(invoice, column) for column in ("status", "paid_at", "settled_minor")}
        if await INVOICES.update(statements, paid, **owned, status=InvoiceStatus.PENDING) != 1:
            raise RuntimeError("an invoice was paid under its account's lock")


async def has_other_seller(statements: Statements, account_id: UUID, seller_id: UUID) -> bool:
    """Return True if another seller has issued an invoice to the account, with a number from its own series."""
    query = models.Invoice.filter(account_id=account_id, seller_id__not=seller_id, seller_id__isnull=False)
    return await query.using_db(statements.client).exists()


async def billable(
    statements: Statements,
    account_id: UUID,
    payer_id: UUID,
    currency: str,
    *,
    created_from: datetime | None,
    created_until: datetime | None,
    limit: int,
) -> list[Order]:
    """Return the oldest orders of the account and its client accounts, placed within the time, whose sale was not
    undone and that are on no invoice of the payer. Paid orders are included, except imported history and orders without
    a price.
    """
    conditions = Conditions()
    clients = f"SELECT id FROM {ACCOUNTS} WHERE parent_account_id"
    conditions.add(f"(account_id = {{}} OR account_id IN ({clients} = {{}}))", account_id, account_id)
    conditions.add("currency = {}", currency)
    conditions.add("status NOT IN ({}, {})", OrderStatus.CANCELLED, OrderStatus.FAILED)
    lines = apart(statements, f"SELECT order_id FROM {INVOICE_LINES.name} WHERE account_id = {{}}")
    conditions.add(
        f"(payment_status = {{}} OR payment_status = {{}} AND source <> {{}} AND total_cost_minor > 0 AND NOT EXISTS"
        f" (SELECT 1 FROM {lines} l WHERE l.order_id = {ORDERS.name}.id))",
        PaymentStatus.ISSUED,
        PaymentStatus.PAID,
        Source.IMPORT,
        payer_id,
    )
    if created_from is not None:
        conditions.add("created_at >= {}", created_from)
    if created_until is not None:
        conditions.add("created_at < {}", created_until)
    return await ORDERS.select(statements, conditions, f"ORDER BY created_at, id LIMIT {limit}")
