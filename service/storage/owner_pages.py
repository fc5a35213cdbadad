"""A page of each of several accounts' rows; SQL for their union, in which each page ends after its part of an index."""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from service.kit.keyset import PageRequest
from service.storage.conditions import owned
from service.storage.database import Statements
from service.storage.tables import Table


async def pages_of(
    statements: Statements,
    table: Table[Any],
    account_ids: Collection[UUID],
    column: str | None,
    request: PageRequest,
    *,
    descending: bool = True,
    key: str = "id",
    key_of: Callable[[UUID], object] | None = None,
    also: str = "TRUE",
) -> dict[UUID, list[Any]]:
    """Return, for each account, one row more than the page holds, in the order in which the page is read.

    Rows are sorted by the column and the key, or by the key alone. `key_of` converts a position's id to the key, if
    they differ. `also` is an additional condition on each row.
    """
    direction = "DESC" if descending is not request.backward else "ASC"
    columns = [each for each in (column, key) if each is not None]
    order = ", ".join(f"{each} {direction}" for each in columns)
    parameters: list[object] = []
    pages = []
    for account_id in sorted(account_ids):
        conditions = owned(account_id, parameters)
        conditions.add(also)
        for position, sign in (
            (request.after, "<" if descending else ">"),
            (request.before, ">" if descending else "<"),
        ):
            if position is not None:
                id_ = position.id if key_of is None else key_of(position.id)
                values = (position.value, id_)[-len(columns) :]
                places = ", ".join("{}" for _ in columns)
                conditions.add(f"({', '.join(columns)}) {sign} ({places})", *values)
        page = conditions.statement(
            f"SELECT {table.column_list} FROM {table.name}", f"ORDER BY {order} LIMIT {request.limit + 1:d}"
        )
        pages.append(f"SELECT * FROM ({page}) AS page")
    found: dict[UUID, list[Any]] = defaultdict(list)
    if pages:
        for row in await statements.fetch(f"{' UNION ALL '.join(pages)} ORDER BY account_id, {order}", *parameters):
            found[row["account_id"]].append(table.value(row))
    return found
