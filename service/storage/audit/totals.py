"""Check of the totals that are kept for each day; SQL for one state of the database."""

from collections.abc import AsyncIterator

from service.storage.audit.check import ORDER_TOTALS, ORDERS, Check, Key
from service.storage.database import Statements
from service.storage.dialects import utc_date_text
from service.storage.order_totals import PART, SUMS

_KEY = ("day", "currency", "status", "payment_status", "kind")
_NUMBERS = ("orders", *(f"{name}_{part}" for name in SUMS for part in ("high", "low")))
_OF_ORDERS = ("1", *(f"{column} {part} {PART}" for column in (
    "mass_g", "offset_cost_minor", "total_cost_minor") for part in ("/", "%")))  # fmt: skip


async def _deviating(statements: Statements) -> AsyncIterator[Key]:
    day = utc_date_text(statements, "created_at", length=10)
    differ = " OR ".join(f"sum({number}) <> 0" for number in _NUMBERS)
    rows = await statements.fetch(
        f"SELECT account_id, day || ' ' || currency || ' ' || status || ' ' || payment_status || ' ' || kind AS row_key"
        f" FROM (SELECT account_id, CAST(day AS TEXT) AS day, {', '.join((*_KEY[1:], *_NUMBERS))} FROM {ORDER_TOTALS}"
        f" UNION ALL SELECT account_id, {day}, {', '.join(_KEY[1:])}, {', '.join(f'-({each})' for each in _OF_ORDERS)}"
        f" FROM {ORDERS}) o GROUP BY account_id, {', '.join(_KEY)} HAVING {differ} ORDER BY 1, 2"
    )
    for row in rows:
        yield str(row["account_id"]), row["row_key"]


CHECKS = (
    Check("order-totals", ORDER_TOTALS, "every day of an account: its totals are those of its orders", _deviating),
)
