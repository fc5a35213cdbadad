"""Rows of orders, lines and credit entries; SQL for hot reads (4 to 6 times faster), locks and filters.

Every statement names the account.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from operator import attrgetter
from uuid import UUID

from service.domain.amounts import MICROS_PER_UNIT, currencies_by_decimals
from service.domain.listing import (
    EVERY_ORDER,
    NumberedPage,
    NumberedSort,
    OrderFilter,
    OrderRef,
    OrderSort,
    OrderSortField,
    Owner,
    Owners,
    WholeRange,
)
from service.domain.order import CreditEntry, Order, OrderLine, OrderStatus, PaymentStatus
from service.kit.keyset import PageRequest
from service.kit.search_key import optional_search_key, search_key
from service.storage import models
from service.storage.conditions import Conditions, owned
from service.storage.database import Statements
from service.storage.dialects import apart, contains, contains_text, for_update, json_member_equals
from service.storage.tables import Columns, Table, with_columns

ORDERS = Table(models.Order, Order, {"customer_key": lambda order: optional_search_key(order.customer)})
LINES = Table(models.OrderLine, OrderLine)
ENTRIES = Table(models.CreditEntry, CreditEntry)
ACCOUNTS = models.Account._meta.db_table  # noqa: SLF001 - as in tables.py
BATCHES = models.CreditBatch._meta.db_table  # noqa: SLF001 - as in tables.py
INVOICE_LINES = models.InvoiceLine._meta.db_table  # noqa: SLF001 - as in tables.py
_BY_AGE = attrgetter("order_id", "id")


async def existing(
    statements: Statements, account_ids: Collection[UUID], keys: Collection[str], order_ids: Collection[UUID]
) -> list[Order]:
    """Return the orders of these accounts that already have one of the keys or one of the ids."""
    found: dict[UUID, Order] = {}
    for column, wanted in (("idempotency_key", keys), ("id", order_ids)):
        if not wanted:
            continue
        conditions = Conditions()
        conditions.add_in("account_id", account_ids)
        conditions.add_in(column, wanted)
        for order in await ORDERS.select(statements, conditions):
            found[order.id] = order
    return list(found.values())


async def lock(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Lock these orders of the account, in id order, until the transaction ends, and return them."""
    conditions = owned(account_id)
    conditions.add_in("id", order_ids)
    return {
        order.id: order for order in await ORDERS.select(statements, conditions, f"ORDER BY id{for_update(statements)}")
    }


async def find(statements: Statements, account_id: UUID, ref: OrderRef, columns: Columns = None) -> Order | None:
    """Return the account's order with this reference, or None."""
    conditions = owned(account_id)
    if ref.id is not None:
        conditions.add("id = {}", ref.id)
    elif ref.number is not None:
        conditions.add("number = {}", ref.number)
    else:
        conditions.add("idempotency_key = {}", ref.idempotency_key)
    found = await ORDERS.select(statements, conditions, columns=columns)
    return found[0] if found else None


async def of_ids(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Return the orders with these ids, by id; only the account's."""
    conditions = owned(account_id)
    conditions.add_in("id", order_ids)
    return {order.id: order for order in await ORDERS.select(statements, conditions)}


async def page(
    statements: Statements,
    owner: Owner,
    wanted: OrderFilter,
    sort: OrderSort,
    request: PageRequest,
    columns: Columns = None,
) -> list[Order]:
    """Return one row more than the page holds, in the order in which the page is read."""
    owners, alternatives = [owner], [wanted]
    if sort.field is OrderSortField.CREATED_AT:
        # The index sorts the orders of one account and one status, but not those of several statuses.
        if isinstance(owner, Owners) and owner.account_ids is not None:
            owners = [replace(owner, account_ids=frozenset({each})) for each in sorted(owner.account_ids)]
        elif isinstance(owner, UUID) and wanted.statuses is not None and len(wanted.statuses) > 1:
            alternatives = [replace(wanted, statuses=frozenset({status})) for status in sorted(wanted.statuses)]
    parameters: list[object] = []
    conditions = [filtered(statements, one, each, parameters) for one in owners for each in alternatives]
    return await ORDERS.page(statements, conditions, sort.field, request, descending=sort.descending, columns=columns)


async def numbered_page(
    statements: Statements, account_id: UUID, wanted: OrderFilter, asked: NumberedPage
) -> list[Order]:
    """Return the orders on the page with this number."""
    conditions = filtered(statements, account_id, wanted)
    match asked.sort:
        case NumberedSort.STATUS_PAIR:
            key = _rank(asked.status_pairs)
        case NumberedSort.MEAN_PRICE:
            key = _mean_price(statements.dialect)
        case sort:
            key = sort.value
    direction = "DESC" if asked.descending else "ASC"
    limit, offset = conditions.parameter(asked.size), conditions.parameter(asked.offset)
    return await ORDERS.select(
        statements, conditions, f"ORDER BY {key} {direction}, id {direction} LIMIT {limit} OFFSET {offset}"
    )


async def count(statements: Statements, owner: Owner, wanted: OrderFilter) -> int:
    """Return the exact number of orders that the filter selects."""
    conditions = filtered(statements, owner, wanted)
    rows = await statements.fetch(
        f"SELECT count(*) AS orders FROM {ORDERS.name} WHERE {conditions.clause}", *conditions.parameters
    )
    return int(rows[0]["orders"])


async def lines(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID], columns: Columns = None
) -> list[OrderLine]:
    """Return the lines of those orders, in order."""
    return await LINES.select(
        statements, _of_orders(account_id, order_ids), "ORDER BY order_id, position", with_columns(columns, "order_id")
    )


async def entries(
    statements: Statements, account_id: UUID, order_ids: Collection[UUID], columns: Columns = None
) -> list[CreditEntry]:
    """Return the credit entries of those orders, order by order and oldest first."""
    # In the order of the index, and sorted afterwards. Sorted by order and id, SQLite without statistics reads all
    # entries of the account, because its primary key ends in the id.
    found = await ENTRIES.select(
        statements,
        _of_orders(account_id, order_ids),
        "ORDER BY order_id, position",
        with_columns(columns, "order_id", "id"),
    )
    return sorted(found, key=_BY_AGE)


def _of_orders(account_id: UUID, order_ids: Collection[UUID]) -> Conditions:
    conditions = owned(account_id)
    conditions.add_in("order_id", order_ids)
    return conditions


async def change(statements: Statements, order: Order, columns: Sequence[str]) -> None:
    """Update these columns of the order's row with the order's values. The row must be locked."""
    await ORDERS.change(statements, order, columns, "account_id", "id")


async def describe(statements: Statements, order: Order) -> None:
    """Update the customer with its search key, the description and the metadata in the order's row, locked before."""
    await ORDERS.change(statements, order, ("customer", "description", "metadata"), "account_id", "id")


async def fill_line(statements: Statements, account_id: UUID, order_id: UUID, position: int, more_g: int) -> None:
    """Add grams to the line's fulfilled grams."""
    await statements.execute(
        f"UPDATE {LINES.name} SET fulfilled_g = fulfilled_g + $4"
        f" WHERE account_id = $1 AND order_id = $2 AND position = $3",
        account_id,
        order_id,
        position,
        more_g,
    )


async def mark_billed(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> None:
    """Mark these orders as billed. They must be locked."""
    billed = {"payment_status": PaymentStatus.BILLED}
    await ORDERS.update(statements, billed, account_id=account_id, id=list(order_ids))


async def reduce_lines(statements: Statements, lines: Sequence[OrderLine]) -> None:
    """Store the mass, the unit prices and the cost of each line."""
    columns = ("mass_g", "offset_cost_minor", "unit_price_micros", "gross_unit_price_micros")
    for line in lines:
        await LINES.change(statements, line, columns, "account_id", "order_id", "position")


async def empty_lines(statements: Statements, account_id: UUID, order_ids: Collection[UUID]) -> None:
    """Set the fulfilled grams of all lines of those orders to zero."""
    await LINES.update(statements, {"fulfilled_g": 0}, account_id=account_id, order_id=list(order_ids))


def filtered(
    statements: Statements, owner: Owner, wanted: OrderFilter, parameters: list[object] | None = None
) -> Conditions:
    """Return the conditions of the filter on the orders of one account or several; with `parameters` they share
    those.
    """
    conditions = Conditions(parameters)
    if isinstance(owner, Owners):
        _add_owners(conditions, owner)
    else:
        conditions.add("account_id = {}", owner)
    if wanted is EVERY_ORDER:
        return conditions  # without a filter, which is most frequent, skip the look at its members
    for column, members in (
        ("status", wanted.statuses),
        ("payment_status", wanted.payment_statuses),
        ("kind", wanted.kinds),
        ("currency", wanted.currencies),
        ("portfolio_id", wanted.portfolio_ids),
    ):
        if members is not None:
            conditions.add_in(column, sorted(members))
    for column, sign, bound in (
        ("created_at", ">=", wanted.created_from),
        ("created_at", "<", wanted.created_until),
        ("mass_g", ">=", wanted.mass_g_from),
        ("mass_g", "<", wanted.mass_g_until),
        ("total_cost_minor", ">=", wanted.total_minor_from),
        ("total_cost_minor", "<", wanted.total_minor_until),
        (_mean_price(statements.dialect), ">=", wanted.mean_price_micros_from),
        (_mean_price(statements.dialect), "<", wanted.mean_price_micros_until),
    ):
        if bound is not None:
            conditions.add(f"{column} {sign} {{}}", bound)
    if wanted.totals_minor is not None:
        _add_totals(conditions, wanted.totals_minor)
    if wanted.status_pairs is not None:
        _add_status_pairs(conditions, wanted.status_pairs)
    if wanted.invoice_id is not None:
        lines = f"SELECT order_account_id, order_id FROM {INVOICE_LINES} WHERE invoice_id = {{}}"
        conditions.add(
            f"EXISTS (SELECT 1 FROM {apart(statements, lines)} i"
            f" WHERE i.order_account_id = {ORDERS.name}.account_id AND i.order_id = {ORDERS.name}.id)",
            wanted.invoice_id,
        )
    _add_contents(conditions, wanted)
    _add_texts(statements, conditions, wanted)
    return conditions


def _add_owners(conditions: Conditions, owners: Owners) -> None:
    if owners.account_ids is not None:
        conditions.add_in("account_id", sorted(owners.account_ids))
    if owners.parent_id is not None:
        conditions.add(
            f"account_id IN (SELECT id FROM {ACCOUNTS} WHERE id = {{}} OR parent_account_id = {{}})",
            *(owners.parent_id, owners.parent_id),
        )
    if owners.mode is not None:
        # Not NOT IN: SQLite would then read and sort the orders of every account of the mode, instead of a page by age.
        conditions.add(
            f"EXISTS (SELECT 1 FROM {ACCOUNTS} a WHERE a.id = {ORDERS.name}.account_id AND a.mode = {{}})", owners.mode
        )


def _add_contents(conditions: Conditions, wanted: OrderFilter) -> None:
    of_order = f"account_id = {ORDERS.name}.account_id AND {{0}}.order_id = {ORDERS.name}.id".format
    if wanted.bundle_ids is not None:
        # A line of 0 g, whose share was rounded down to nothing, does not count.
        conditions.add(
            f"EXISTS (SELECT 1 FROM {LINES.name} l WHERE l.{of_order('l')} AND l.mass_g > 0"
            f" AND l.bundle_id IN ({_places(wanted.bundle_ids)}))",
            *sorted(wanted.bundle_ids),
        )
    if wanted.project_ids is not None:
        # Credits that an order returned do not count.
        conditions.add(
            f"fulfilled_g > 0 AND EXISTS (SELECT 1 FROM {ENTRIES.name} e JOIN {BATCHES} b ON b.id = e.batch_id"
            f" WHERE e.{of_order('e')} AND b.project_id IN ({_places(wanted.project_ids)}))",
            *sorted(wanted.project_ids),
        )


def _places(values: Collection[object]) -> str:
    return ", ".join(["{}"] * len(values)) or "NULL"


def _add_status_pairs(conditions: Conditions, status_pairs: Collection[tuple[OrderStatus, PaymentStatus]]) -> None:
    if not status_pairs:
        conditions.add("1 = 0")
        return
    pairs = " OR ".join(["(status = {} AND payment_status = {})"] * len(status_pairs))
    conditions.add(f"({pairs})", *(each for pair in sorted(status_pairs) for each in pair))


def _add_texts(statements: Statements, conditions: Conditions, wanted: OrderFilter) -> None:
    if wanted.customer_contains is not None:
        found = contains_text(statements, "customer", "customer_key")
        conditions.add(found, search_key(wanted.customer_contains), wanted.customer_contains)
    if wanted.number is not None:
        conditions.add("number = {}", wanted.number)
    if (text := wanted.text) is not None:
        customer = contains_text(statements, "customer", "customer_key")
        number, description = contains(statements, "number"), contains(statements, "description")
        conditions.add(f"({customer} OR {number} OR {description})", search_key(text), text, text, text)
    for key, value in sorted(wanted.metadata):
        conditions.add(json_member_equals(statements, f"{ORDERS.name}.metadata"), key, value)


def _add_totals(conditions: Conditions, totals_minor: Mapping[int, WholeRange]) -> None:
    for end, sign in enumerate((">=", "<")):
        bounds = {decimals: totals_minor[decimals][end] for decimals in currencies_by_decimals()}
        if None not in bounds.values():
            template, order = _by_decimals(dict.fromkeys(bounds, "CAST({} AS BIGINT)"))
            conditions.add(f"total_cost_minor {sign} {template}", *(bounds[decimals] for decimals in order))


def _by_decimals(values: Mapping[int, str]) -> tuple[str, list[int]]:
    """Return an expression that selects a value by the decimals of the order's currency, and the numbers of decimals in
    the order of their values in it.
    """
    most, *others = sorted(values, key=lambda decimals: -len(currencies_by_decimals()[decimals]))
    cases = (
        f"WHEN {ORDERS.name}.currency IN ({', '.join(map(repr, currencies_by_decimals()[decimals]))})"
        f" THEN {values[decimals]}"
        for decimals in others
    )
    return f"(CASE {' '.join(cases)} ELSE {values[most]} END)", [*others, most]


def _rank(status_pairs: Sequence[Collection[tuple[OrderStatus, PaymentStatus]]]) -> str:
    """Return the expression for the index of the first set that contains the order's pair of states."""
    cases = " ".join(
        f"WHEN status = '{status}' AND payment_status = '{payment}' THEN {rank}"
        for rank, states in enumerate(status_pairs)
        for status, payment in sorted(states)
    )
    return f"(CASE {cases} END)"


@cache
def _mean_price(dialect: str) -> str:
    """Return the expression for the average gross price of a tonne of the order, in millionths, rounded half up to the
    minor unit of its currency. It is the value that lists show. Computed for each row; there is no index.
    """
    # As integers the products could be truncated or exceed 64 bits.
    mass_g = "l.mass_g * 1.0" if dialect == "sqlite" else "l.mass_g::numeric"
    micros, _ = _by_decimals({each: str(MICROS_PER_UNIT // 10**each) for each in currencies_by_decimals()})
    return (
        f"(SELECT coalesce(round(sum({mass_g} * l.gross_unit_price_micros) / nullif(sum({mass_g}), 0) / {micros}), 0)"
        f" * {micros} FROM {LINES.name} l"
        f" WHERE l.account_id = {ORDERS.name}.account_id AND l.order_id = {ORDERS.name}.id)"
    )
