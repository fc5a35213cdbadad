"""Numbers and sums of an account's orders by day, currency, state and kind; SQL for a union with rows of orders.

Triggers of the migration 0031 keep the rows, in the transaction of each change of an order. Lists of a million orders
are counted by a few rows a day; the hours of a range that are no whole day are counted order by order.
"""

from dataclasses import replace

from service.domain.listing import EVERY_ORDER, OrderFilter, Owner
from service.domain.statistics import Span, spans
from service.storage import models, orders
from service.storage.database import Statements
from service.storage.dialects import utc_date_text

TOTALS = models.OrderTotal._meta.db_table  # noqa: SLF001 - as in tables.py
PART = 1_000_000_000
"""Sums are in two parts, of billions and of the rest: SQLite fails at 2^63, which ten thousand large orders reach."""
SUMS = ("mass", "offset", "total")
_COLUMNS = ", ".join(f"{name}_high, {name}_low" for name in SUMS)


def are_kept(wanted: OrderFilter) -> bool:
    """Return True if the filter has no condition but on what the rows are kept by."""
    others = replace(
        wanted,
        statuses=None,
        payment_statuses=None,
        status_pairs=None,
        kinds=None,
        currencies=None,
        created_from=None,
        created_until=None,
    )
    return others == EVERY_ORDER


async def count(statements: Statements, owner: Owner, wanted: OrderFilter) -> int:
    """Return the exact number of orders that the filter selects."""
    if not are_kept(wanted):
        return await orders.count(statements, owner, wanted)
    parameters: list[object] = []
    rows = await statements.fetch(
        f"SELECT CAST(coalesce(sum(orders), 0) AS BIGINT) AS orders"
        f" FROM ({selected(statements, owner, wanted, parameters)}) o",
        *parameters,
    )
    return int(rows[0]["orders"])


def selected(statements: Statements, owner: Owner, wanted: OrderFilter, parameters: list[object]) -> str:
    """Return a query of rows like those of the table, which together are the orders that the filter selects."""
    days, edges = spans(wanted.created_from, wanted.created_until)
    parts = [_orders(statements, owner, wanted, edge, parameters) for edge in edges]
    if days is not None:
        undated = replace(wanted, created_from=None, created_until=None)
        conditions = orders.filtered(statements, owner, undated, parameters)
        for sign, day in ((">=", days[0]), ("<", days[1])):
            if day is not None:
                conditions.add(f"day {sign} {{}}", day)
        # By the name of the other table, because conditions on owners name that.
        parts.append(
            f"SELECT CAST(day AS TEXT) AS day, currency, status, payment_status, orders, {_COLUMNS}"
            f" FROM {TOTALS} AS {orders.ORDERS.name} WHERE {conditions.clause}"
        )
    return " UNION ALL ".join(parts)


def _orders(statements: Statements, owner: Owner, wanted: OrderFilter, edge: Span, parameters: list[object]) -> str:
    within = replace(wanted, created_from=edge[0], created_until=edge[1])
    conditions = orders.filtered(statements, owner, within, parameters)
    columns = zip(SUMS, ("mass_g", "offset_cost_minor", "total_cost_minor"), strict=True)
    sums = ", ".join(f"{column} / {PART} AS {name}_high, {column} % {PART} AS {name}_low" for name, column in columns)
    day = utc_date_text(statements, "created_at", length=10)
    return (
        f"SELECT {day} AS day, currency, status, payment_status, 1 AS orders, {sums}"
        f" FROM {orders.ORDERS.name} WHERE {conditions.clause}"
    )
