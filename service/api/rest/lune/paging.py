"""Lune's paging: a `limit` in digits, and a cursor that is the id of the last item of the page before."""

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
    """An item of a list, which has an id and a time of creation."""

    @property
    def id(self) -> UUID: ...


RowT = TypeVar("RowT", bound=Row)
ViewT = TypeVar("ViewT")


async def page_request(query: PageQuery, find: Callable[[UUID], Awaitable[Position | None]]) -> PageRequest:
    """Return the request for a page. `find` returns the position of the item whose id is the cursor."""
    limit = _limit(query.limit)
    if query.after is None:
        return PageRequest(limit)
    try:
        after = await find(uuid_of(query.after))
    except ValueError:
        after = None
    if after is None:
        raise invalid("validation_error", "Give the next_cursor of a page or the id of an item.", "after")
    return PageRequest(limit, after=after)


def page_of(rows: Slice[RowT], views: Sequence[ViewT]) -> Page[ViewT]:
    """Return the page with the cursor of the next one."""
    return Page(
        data=list(views),
        has_more=rows.has_next,
        next_cursor=rows.items[-1].id.hex if rows.has_next else None,
    )


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT_DEFAULT
    if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= LIMIT_MAX:
        raise invalid("pagination_limit_invalid", f"Give a limit of 1 to {LIMIT_MAX}.", "limit")
    return int(text)
