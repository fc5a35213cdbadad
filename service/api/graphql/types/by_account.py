"""Reading of rows that belong to several accounts, each with a caller for its account."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from service.api.graphql.context import Info
from service.domain.accounts import Caller
from service.operations import select_account


async def by_account(
    account_ids: Sequence[UUID], info: Info, read: Callable[[Caller, Sequence[int]], Awaitable[Sequence[Any]]]
) -> list[Any]:
    """Call `read` once for each account, with a caller for that account, and return the results in the original order.
    There are several accounts only for operators, and for parents whose lists have rows of clients.
    """
    context = info.context
    places_of: dict[UUID, list[int]] = defaultdict(list)
    for place, account_id in enumerate(account_ids):
        places_of[account_id].append(place)
    found: list[Any] = [None] * len(account_ids)
    readers = await select_account.readers_of(context.resources, context.caller, places_of)
    if len(readers) < len(places_of):
        raise RuntimeError("an order was shown to somebody who may not read it")
    for account_id, places in places_of.items():
        reader = readers[account_id]
        for place, each in zip(places, await read(reader, places), strict=True):
            found[place] = each
    return found


async def named_by(
    parents: Sequence[Any],
    info: Info,
    column: str,
    read: Callable[..., Awaitable[Mapping[UUID, Any]]],
    shown: Callable[[Any], Any],
) -> list[Any]:
    """Return the object to which the column of each parent's row refers, as its GraphQL type; None if it refers to
    none.
    """

    async def read_named(reader: Caller, places: Sequence[int]) -> list[Any]:
        named = [getattr(parents[place].row, column) for place in places]
        ids = {each for each in named if each}
        found = await read(info.context.resources, reader, ids)
        objects = {id_: shown(row) for id_, row in found.items()}
        return [objects.get(each) for each in named]

    return await by_account([parent.row.account_id for parent in parents], info, read_named)
