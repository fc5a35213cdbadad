"""Rows of payments and invoices; the tables refuse changes of recorded or issued facts."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from service.domain.billing import Invoice, InvoiceLine, InvoiceStatus, Payment
from service.domain.listing import ListSort, MoneyFilter, Owner, Owners
from service.domain.order import Order, OrderStatus, PaymentStatus
from service.kit.keyset import PageRequest
from service.storage import models
from service.storage.conditions import Conditions
from service.storage.database import Statements
from service.storage.orders import ORDERS
from service.storage.tables import Table

PAYMENTS = Table(models.Payment, Payment)
INVOICES = Table(models.Invoice, Invoice)
INVOICE_LINES = Table(models.InvoiceLine, InvoiceLine)

T = TypeVar("T", Payment, Invoice)


async def of_reference(
    statements: Statements, table: Table[T], account_id: UUID, spellings: Collection[str]
) -> T | None:
    """Return the account's payment or invoice of that reference, if there is one: as it is kept, and as it was sent,
    because releases before kept the blanks around it.
    """
    query = table.model.filter(account_id=account_id, reference__in=spellings)
    found = await table.read(statements, query.order_by("created_at", "id"))
    return found[0] if found else None


async def of_ids(statements: Statements, table: Table[T], account_id: UUID, ids: Collection[UUID]) -> dict[UUID, T]:
    """Return those of the payments or invoices that are the account's, by id."""
    found = await table.read(statements, table.model.filter(account_id=account_id, id__in=ids))
    return {each.id: each for each in found}


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
    """Return the payer's payments for those of the account's orders, oldest first."""
    query = models.Payment.filter(account_id=payer_id, order_account_id=account_id, order_id__in=order_ids)
    return await PAYMENTS.read(statements, query.order_by("created_at", "id"))


async def invoices(statements: Statements, account_id: UUID, request: PageRequest) -> list[Invoice]:
    """Return one invoice of the account more than the page holds, newest first."""
    query = models.Invoice.filter(account_id=account_id)
    return await INVOICES.read_page(statements, query, "created_at", request, descending=True)


async def payments(statements: Statements, account_id: UUID, request: PageRequest) -> list[Payment]:
    """Return one payment of the account more than the page holds, newest first: an id begins with its time of creation,
    so that the key of the table serves as the index.
    """
    query = models.Payment.filter(account_id=account_id)
    if request.after is not None:
        query = query.filter(id__lt=request.after.id)
    if request.before is not None:
        query = query.filter(id__gt=request.before.id)
    return await PAYMENTS.read(statements, query.order_by("id" if request.backward else "-id").limit(request.limit + 1))


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
    conditions: dict[str, Any] = {
        "currency__in": wanted.currencies,
        "status__in": wanted.statuses,
        "created_at__gte": wanted.created_from,
        "created_at__lt": wanted.created_until,
        "due_at__gte": wanted.due_from,
        "due_at__lt": wanted.due_until,
    }
    if isinstance(owner, Owners):
        conditions |= {"account_id__in": owner.account_ids, "account__mode": owner.mode}
    else:
        conditions["account_id"] = owner
    query: QuerySet[Any] = table.model.filter(
        **{name: value for name, value in conditions.items() if value is not None}
    )
    if wanted.text is None:
        return query
    columns = [column for column in ("reference", "number") if column in table.columns]
    return query.filter(Q(*(Q(**{f"{column}__icontains": wanted.text}) for column in columns), join_type=Q.OR))


async def lines_of(statements: Statements, account_id: UUID, invoice_ids: Collection[UUID]) -> list[InvoiceLine]:
    """Return the lines of those of the invoices that are the account's, in order."""
    query = models.InvoiceLine.filter(account_id=account_id, invoice_id__in=invoice_ids)
    return await INVOICE_LINES.read(statements, query.order_by("invoice_id", "position"))


async def pages_of_lines(
    statements: Statements, account_id: UUID, invoice_ids: Collection[UUID], request: PageRequest
) -> list[InvoiceLine]:
    """Return, for each of the invoices that are the account's, one line more than the page holds, in the order in which
    the page is read. A position's value is the line's place on its invoice.
    """
    conditions = _owned(account_id)
    conditions.add_in("invoice_id", invoice_ids)
    for position, sign in ((request.after, ">"), (request.before, "<")):
        if position is not None:
            # PostgreSQL would take the value for an integer of 32 bits, as the column is, and fail on a larger one.
            conditions.add(f"position {sign} CAST({{}} AS BIGINT)", position.value)
    direction = "DESC" if request.backward else "ASC"
    limit = conditions.parameter(request.limit + 1)
    rows = await statements.fetch(
        f"SELECT {INVOICE_LINES.column_list} FROM (SELECT {INVOICE_LINES.column_list},"
        f" row_number() OVER (PARTITION BY invoice_id ORDER BY position {direction}) AS place"
        f" FROM {INVOICE_LINES.name} WHERE {conditions.clause}) AS numbered"
        f" WHERE place <= {limit} ORDER BY invoice_id, place",
        *conditions.parameters,
    )
    return [INVOICE_LINES.value(row) for row in rows]


async def mark_paid(statements: Statements, invoice: Invoice) -> None:
    """Mark the pending invoice as paid, with the time."""
    changed = await statements.execute(
        f"UPDATE {INVOICES.name} SET status = $3, paid_at = $4 WHERE account_id = $1 AND id = $2 AND status = $5",
        invoice.account_id,
        invoice.id,
        InvoiceStatus.PAID,
        invoice.paid_at,
        InvoiceStatus.PENDING,
    )
    if changed != 1:
        raise RuntimeError("an invoice was paid under its account's lock")


async def has_other_seller(statements: Statements, account_id: UUID, seller_id: UUID) -> bool:
    """Return True if another seller has issued an invoice to the account, with a number of its series."""
    query = models.Invoice.filter(account_id=account_id, seller_id__not=seller_id, seller_id__isnull=False)
    return await query.using_db(statements.client).exists()


async def billable(
    statements: Statements,
    account_id: UUID,
    currency: str,
    *,
    created_from: datetime | None,
    created_until: datetime | None,
    limit: int,
) -> list[Order]:
    """Return the oldest orders of the account and its client accounts, placed within the time, that are owed and on no
    invoice.
    """
    query = models.Order.filter(
        Q(account_id=account_id) | Q(account__parent_account_id=account_id),
        currency=currency,
        payment_status=PaymentStatus.ISSUED,
        status__not_in=(OrderStatus.CANCELLED, OrderStatus.FAILED),
    )
    if created_from is not None:
        query = query.filter(created_at__gte=created_from)
    if created_until is not None:
        query = query.filter(created_at__lt=created_until)
    return await ORDERS.read(statements, query.order_by("created_at", "id").limit(limit))


def _owned(account_id: UUID) -> Conditions:
    conditions = Conditions()
    conditions.add("account_id = {}", account_id)
    return conditions
