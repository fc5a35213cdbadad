"""Search keys of rows without one; SQL for locks that skip locked rows.

The rows are older than the columns, or were written by a process of the previous release.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from service.domain.worker_failures import ItemKey, WorkerStep
from service.kit.search_key import search_key
from service.storage.accounts import ACCOUNTS
from service.storage.conditions import Conditions
from service.storage.database import Statements
from service.storage.dialects import for_update, lock_groups, typed_rows
from service.storage.orders import ORDERS
from service.storage.worker_failures import rests


@dataclass(frozen=True, slots=True)
class Searched:
    """A column that is searched by its key: the table, and its columns of the account, the row's id, the text and the
    key.
    """

    table: str
    account: str
    id: str
    text: str
    key: str

    @property
    def lacks(self) -> str:
        """Return the condition on a row that has the text without its key; a partial index contains exactly these
        rows.
        """
        return f"{self.text} IS NOT NULL AND {self.key} IS NULL"


SEARCHED = (
    Searched(ORDERS.name, "account_id", "id", "customer", "customer_key"),
    Searched(ACCOUNTS.name, "id", "id", "name", "name_key"),
)


async def lacking(statements: Statements, searched: Searched, limit: int, *, now: datetime) -> list[ItemKey]:
    """Return the first rows without a key, except those that failed and are paused at `now`. Uses an index that is
    empty if no key is missing.
    """
    account, item = f"t.{searched.account}", f"t.{searched.id}"
    rows = await statements.fetch(
        f"SELECT {account} AS account_id, {item} AS item_id FROM {searched.table} t WHERE {searched.lacks}"
        f" AND NOT {rests(WorkerStep.FILL_SEARCH_KEYS, account, item, '$2')} ORDER BY {account}, {item} LIMIT $1",
        limit,
        now,
    )
    return [ItemKey(row["account_id"], row["item_id"]) for row in rows]


async def fill(statements: Statements, searched: Searched, rows: Sequence[ItemKey]) -> int:
    """Write the keys of these rows if they are still missing; return their number. Rows are locked in the order of
    (account, id), and locked ones are skipped, so that no deadlock is possible.
    """
    groups = lock_groups(statements, rows, account=attrgetter("account_id"))
    return sum([await _fill(statements, searched, group) for group in groups])


async def _fill(statements: Statements, searched: Searched, rows: Sequence[ItemKey]) -> int:
    conditions = Conditions()
    conditions.add_in(searched.account, {row.account_id for row in rows})
    conditions.add_in(searched.id, [row.item_id for row in rows])
    found = await statements.fetch(
        f"SELECT {searched.account} AS account_id, {searched.id} AS item_id, {searched.text} AS text"
        f" FROM {searched.table} WHERE {searched.lacks} AND {conditions.clause}"
        f" ORDER BY {searched.account}, {searched.id}{for_update(statements, skip_locked=True)}",
        *conditions.parameters,
    )
    if found:
        await statements.execute(
            f"UPDATE {searched.table} SET {searched.key} = v.column3"
            f" FROM (VALUES {typed_rows(statements, ('uuid', 'uuid', 'text'), len(found))}) AS v"
            f" WHERE {searched.table}.{searched.account} = v.column1 AND {searched.table}.{searched.id} = v.column2",
            *(cell for row in found for cell in (row["account_id"], row["item_id"], search_key(row["text"]))),
        )
    return len(found)
