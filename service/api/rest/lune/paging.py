"""Lune's pages: a `limit` in digits, and a cursor that is the id of the last item seen."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from service.api.rest.lune.errors import invalid
from service.api.rest.lune.ids import uuid_of
from service.api.rest.lune.models import Page, PageQuery
from service.kit.keyset import PageRequest, Position, Slice

LIMIT_DEFAULT = 10
LIMIT_MAX = 100

_LIMIT = re.compile(r"[0-9]{1,3}")


class Row(Protocol):
    """What a list holds."""

    @property
    def id(self) -> UUID: ...


RowT = TypeVar("RowT", bound=Row)
ViewT = TypeVar("ViewT")


async def page_request(query: PageQuery, find: Callable[[UUID], Awaitable[Position | None]]) -> PageRequest:
    """The page that is asked for; `find` tells where the item stands whose id is the cursor."""
    limit = _limit(query.limit)
    if query.after is None:
        return PageRequest(limit)
    try:
        after = await find(uuid_of(query.after))
    except ValueError:
        after = None
    if after is None:
        raise invalid("validation_error", "Give the next_cursor of a page, or the id of an item.", "after")
    return PageRequest(limit, after=after)


def page_of(rows: Slice[RowT], views: Sequence[ViewT]) -> Page[ViewT]:
    """The page, with the id that leads to the next one."""
    return Page(
        data=list(views),
        has_more=rows.has_next,
        next_cursor=rows.items[-1].id.hex if rows.has_next else None,
    )


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT_DEFAULT
    if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= LIMIT_MAX:
        raise invalid("pagination_limit_invalid", f"A limit is from 1 to {LIMIT_MAX}.", "limit")
    return int(text)
