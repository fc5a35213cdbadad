"""Search keys of rows without one: rows from before the columns were added, or written by the previous release
since.
"""

from service.kit.search_key import search_key
from service.storage.accounts import ACCOUNTS
from service.storage.database import Statements
from service.storage.dialects import for_update, typed_rows
from service.storage.orders import ORDERS

_ORDERS_LACKING = f"{ORDERS.name} WHERE customer IS NOT NULL AND customer_key IS NULL"
_ACCOUNTS_LACKING = f"{ACCOUNTS.name} WHERE name_key IS NULL"


async def any_lacking(statements: Statements) -> bool:
    """Return True if any row lacks its key, by two look-ups in indexes that are empty when none does."""
    for lacking in (_ORDERS_LACKING, _ACCOUNTS_LACKING):
        if await statements.fetch(f"SELECT 1 AS found FROM {lacking} LIMIT 1"):
            return True
    return False


async def fill_orders(statements: Statements, rows: int) -> int:
    """Write the keys of up to so many orders; return their number. Locks them in the order of (account_id, id) and
    leaves out those that another transaction has locked, so that no deadlock can arise.
    """
    locked = f"ORDER BY account_id, id LIMIT $1{for_update(statements, skip_locked=True)}"
    found = await statements.fetch(f"SELECT account_id, id, customer FROM {_ORDERS_LACKING} {locked}", rows)
    if found:
        await statements.execute(
            f"UPDATE {ORDERS.name} SET customer_key = v.column3"
            f" FROM (VALUES {typed_rows(statements, ('uuid', 'uuid', 'text'), len(found))}) AS v"
            f" WHERE {ORDERS.name}.account_id = v.column1 AND {ORDERS.name}.id = v.column2",
            *(cell for row in found for cell in (row["account_id"], row["id"], search_key(row["customer"]))),
        )
    return len(found)


async def fill_accounts(statements: Statements, rows: int) -> int:
    """Write the keys of up to so many accounts; return their number. Locks them by id, and skips locked ones
    likewise.
    """
    locked = f"ORDER BY id LIMIT $1{for_update(statements, skip_locked=True)}"
    found = await statements.fetch(f"SELECT id, name FROM {_ACCOUNTS_LACKING} {locked}", rows)
    if found:
        await statements.execute(
            f"UPDATE {ACCOUNTS.name} SET name_key = v.column2"
            f" FROM (VALUES {typed_rows(statements, ('uuid', 'text'), len(found))}) AS v"
            f" WHERE {ACCOUNTS.name}.id = v.column1",
            *(cell for row in found for cell in (row["id"], search_key(row["name"]))),
        )
    return len(found)
