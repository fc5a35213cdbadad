"""Search keys of rows without one; SQL for locks that pass over locked rows.

The rows are from before the columns were added, or were written by the previous release since.
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
    """A text that is searched by its key: the table, and its columns of the account, the row's id, the text and
    the key.
    """

    table: str
    account: str
    id: str
    text: str
    key: str

    @property
    def lacks(self) -> str:
        """Return the condition on a row that has the text without its key; an index holds these rows and no others."""
        return f"{self.text} IS NOT NULL AND {self.key} IS NULL"


SEARCHED = (
    Searched(ORDERS.name, "account_id", "id", "customer", "customer_key"),
    Searched(ACCOUNTS.name, "id", "id", "name", "name_key"),
)


async def lacking(statements: Statements, searched: Searched, limit: int, *, now: datetime) -> list[ItemKey]:
    """Return the first rows without a key, but for those that failed and rest at `now`. A look-up in an index that is
    empty when no key lacks.
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
    """Write the keys of those of the rows that lack them; return their number. Locks them in the order of (account, id)
    and leaves out those that another transaction has locked, so that no deadlock can arise.
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
