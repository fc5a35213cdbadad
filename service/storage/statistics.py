"""Statistics over an account's orders, computed by the database; SQL for sums that cannot overflow."""

from uuid import UUID

from service.domain.listing import OrderFilter
from service.domain.statistics import GroupPart, OrderGrouping
from service.storage import batches, orders
from service.storage.database import Statements
from service.storage.dialects import utc_date_text

_LINES = f"JOIN {orders.LINES.name} l ON l.account_id = o.account_id AND l.order_id = o.id"
# Credits that an order returned do not count; orders without credits are left out.
_CREDITS = (
    f"JOIN {orders.ENTRIES.name} e ON e.account_id = o.account_id AND e.order_id = o.id AND o.fulfilled_g > 0"
    f" JOIN {batches.BATCHES.name} b ON b.id = e.batch_id"
)
_PART = 1_000_000_000


async def group_parts(
    statements: Statements, account_id: UUID, wanted: OrderFilter, grouping: OrderGrouping, *, limit: int
) -> list[GroupPart]:
    """Return the first `limit` groups of the account's orders that the filter selects, each in parts by currency."""
    conditions = orders.filtered(statements, account_id, wanted)
    source, key, mass, offset_cost = _shape(statements, grouping)
    ranked = "group_key DESC" if grouping.is_time else "sum(orders) DESC, group_key"
    rows = await statements.fetch(
        f"WITH parts AS (SELECT {key} AS group_key, o.currency, count(DISTINCT o.id) AS orders,"
        f" {_sums('mass', mass)}, {_sums('offset', offset_cost)}, {_sums('total', 'o.total_cost_minor')}"
        f" FROM (SELECT * FROM {orders.ORDERS.name} WHERE {conditions.clause}) o {source} GROUP BY 1, 2),"
        f" listed AS (SELECT group_key FROM parts GROUP BY group_key ORDER BY {ranked}"
        f" LIMIT {conditions.parameter(limit)})"
        f" SELECT p.* FROM parts p JOIN listed ON listed.group_key IS NOT DISTINCT FROM p.group_key",
        *conditions.parameters,
    )
    return [
        GroupPart(
            key=row["group_key"],
            currency=row["currency"],
            orders=row["orders"],
            mass_g=row["mass_high"] * _PART + row["mass_low"],
            offset_cost_minor=row["offset_high"] * _PART + row["offset_low"],
            total_cost_minor=row["total_high"] * _PART + row["total_low"],
        )
        for row in rows
    ]


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
    """Return two partial sums that cannot overflow: SQLite fails at 2^63, which ten thousand large orders reach."""
    return (
        f"CAST(sum({column} / {_PART}) AS BIGINT) AS {name}_high, CAST(sum({column} % {_PART}) AS BIGINT) AS {name}_low"
    )
