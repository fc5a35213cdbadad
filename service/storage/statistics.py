"""Statistics over an account's orders, computed by the database; SQL for sums that cannot overflow."""

from uuid import UUID

from service.domain.listing import OrderFilter
from service.domain.statistics import GroupPart, OrderGrouping
from service.storage import batches, order_totals, orders
from service.storage.database import Statements
from service.storage.dialects import utc_date_text
from service.storage.order_totals import PART, SUMS

_LINES = f"JOIN {orders.LINES.name} l ON l.account_id = o.account_id AND l.order_id = o.id"
# Credits that an order returned do not count; orders without credits are left out.
_CREDITS = (
    f"JOIN {orders.ENTRIES.name} e ON e.account_id = o.account_id AND e.order_id = o.id AND o.fulfilled_g > 0"
    f" JOIN {batches.BATCHES.name} b ON b.id = e.batch_id"
)
_KEPT = {
    OrderGrouping.STATUS: "status",
    OrderGrouping.PAYMENT_STATUS: "payment_status",
    OrderGrouping.CURRENCY: "currency",
    OrderGrouping.DAY: "day",
    OrderGrouping.MONTH: "substr(day, 1, 7)",
}
"""Expressions of the keys of groupings by what the totals of each day are kept by."""


async def group_parts(
    statements: Statements, account_id: UUID, wanted: OrderFilter, grouping: OrderGrouping, *, limit: int
) -> list[GroupPart]:
    """Return the first `limit` groups of the account's orders that the filter selects, each in parts by currency."""
    parameters: list[object] = []
    if grouping in _KEPT and order_totals.are_kept(wanted):
        parts = _of_totals(statements, account_id, wanted, grouping, parameters)
    else:
        parts = _of_orders(statements, account_id, wanted, grouping, parameters)
    ranked = "group_key DESC" if grouping.is_time else "sum(orders) DESC, group_key"
    rows = await statements.fetch(
        f"WITH parts AS ({parts}), listed AS (SELECT group_key FROM parts GROUP BY group_key ORDER BY {ranked}"
        f" LIMIT ${len(parameters) + 1})"
        f" SELECT p.* FROM parts p JOIN listed ON listed.group_key IS NOT DISTINCT FROM p.group_key",
        *parameters,
        limit,
    )
    return [
        GroupPart(
            key=row["group_key"],
            currency=row["currency"],
            orders=row["orders"],
            mass_g=row["mass_high"] * PART + row["mass_low"],
            offset_cost_minor=row["offset_high"] * PART + row["offset_low"],
            total_cost_minor=row["total_high"] * PART + row["total_low"],
        )
        for row in rows
    ]


def _of_totals(
    statements: Statements, account_id: UUID, wanted: OrderFilter, grouping: OrderGrouping, parameters: list[object]
) -> str:
    """Return the query of the groups by the rows that are kept for each day."""
    sums = ", ".join(
        f"CAST(sum({name}_{part}) AS BIGINT) AS {name}_{part}" for name in SUMS for part in ("high", "low")
    )
    return (
        f"SELECT {_KEPT[grouping]} AS group_key, currency, CAST(sum(orders) AS BIGINT) AS orders, {sums}"
        f" FROM ({order_totals.selected(statements, account_id, wanted, parameters)}) o GROUP BY 1, 2"
        f" HAVING sum(orders) > 0"
    )


def _of_orders(
    statements: Statements, account_id: UUID, wanted: OrderFilter, grouping: OrderGrouping, parameters: list[object]
) -> str:
    """Return the query of the groups by every order."""
    conditions = orders.filtered(statements, account_id, wanted, parameters)
    source, key, mass, offset_cost = _shape(statements, grouping)
    return (
        f"SELECT {key} AS group_key, o.currency, count(DISTINCT o.id) AS orders,"
        f" {_sums('mass', mass)}, {_sums('offset', offset_cost)}, {_sums('total', 'o.total_cost_minor')}"
        f" FROM (SELECT * FROM {orders.ORDERS.name} WHERE {conditions.clause}) o {source} GROUP BY 1, 2"
    )


def _shape(statements: Statements, grouping: OrderGrouping) -> tuple[str, str, str, str]:
    """Return the tables that a grouping joins to the orders, the expression of its key, and the columns of its mass and
    cost.
    """
    match grouping:
        case OrderGrouping.BUNDLE:
            # A line of 0 g, whose share was rounded down to nothing, does not count.
            return f"{_LINES} AND l.mass_g > 0", "CAST(l.bundle_id AS TEXT)", "l.mass_g", "l.offset_cost_minor"
        case OrderGrouping.PROJECT:
            return _CREDITS, "CAST(b.project_id AS TEXT)", "e.mass_g", "0"
        case OrderGrouping.MONTH | OrderGrouping.DAY:
            key = utc_date_text(statements, "o.created_at", length=7 if grouping is OrderGrouping.MONTH else 10)
        case _:
            key = f"o.{grouping.value}"
    return "", key, "o.mass_g", "o.offset_cost_minor"


def _sums(name: str, column: str) -> str:
    """Return both parts of a sum that no number of rows overflows."""
    parts = {"high": f"{column} / {PART}", "low": f"{column} % {PART}"}
    return ", ".join(f"CAST(sum({each}) AS BIGINT) AS {name}_{part}" for part, each in parts.items())
