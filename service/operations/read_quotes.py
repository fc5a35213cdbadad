"""Read quotes, only the caller's own, with their lines."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.quote import Quote, QuoteLine
from service.operations.resources import Resources
from service.storage import quotes


async def quotes_of_ids(resources: Resources, caller: Caller, quote_ids: Collection[UUID]) -> dict[UUID, Quote]:
    """Return the quotes with these ids, by id; only the caller's."""
    caller.require(Scope.ORDERS_READ)
    return await quotes.of_ids(resources.database.reader, caller.account.id, quote_ids)


async def lines_of_quotes(
    resources: Resources, caller: Caller, quote_ids: Sequence[UUID]
) -> list[tuple[QuoteLine, ...]]:
    """Return the lines of each of the caller's quotes, in order."""
    caller.require(Scope.ORDERS_READ)
    lines: dict[UUID, list[QuoteLine]] = defaultdict(list)
    for line in await quotes.lines_of(resources.database.reader, [caller.account.id], quote_ids):
        lines[line.quote_id].append(line)
    return [tuple(lines[quote_id]) for quote_id in quote_ids]
