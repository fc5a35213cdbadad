"""Reading of rows that belong to several accounts, each with a caller who may read there."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from service.api.graphql.context import Info
from service.domain.accounts import Caller
from service.operations import select_account


async def by_account(
    account_ids: Sequence[UUID], info: Info, read: Callable[[Caller, Sequence[int]], Awaitable[Sequence[Any]]]
) -> list[Any]:
    """Call `read` once for each account with a caller who may read there, and return the results in the order of the
    places. All orders are the caller's own unless an operator asks.
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
