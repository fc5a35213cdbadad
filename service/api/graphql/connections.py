"""Relay connections over keyset pages: edges, nodes, page information and a count that is made only when selected.

Knows neither SQL nor the listed types: it takes a slice of rows, with a function for each row's cursor and node.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Generic, Protocol, TypeAlias, TypeVar

import strawberry

from service.api.graphql.context import Info
from service.domain.catalogue_listing import BatchSort, NamedSort
from service.kit.keyset import PageRequest, Position, Slice, SortKind, encode_cursor
from service.plans import attribute_field, selected_columns

Node = TypeVar("Node")
Row = TypeVar("Row")

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="Maximum number of entries to return, from the start of the list or after `after`: 1 to 100, by "
        "default 20. Not allowed with `last`."
    ),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Cursor of an entry of this list: the `cursor` of its edge, or `pageInfo.endCursor`. The page "
        "starts after this entry. Send `after` together with `first`."
    ),
]
Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="Maximum number of entries to return, from the end of the list or before `before`: 1 to 100. Not "
        "allowed with `first`."
    ),
]
Before: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Cursor of an entry of this list: the `cursor` of its edge, or `pageInfo.startCursor`. The page "
        "ends before this entry. Send `before` together with `last`."
    ),
]


Paging: TypeAlias = tuple[First, After, Last, Before]
"""The four arguments of a list."""


class Sort(Protocol):
    """Sort order of a list: its name in cursors, the class of the sorted values, and a row's position."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> SortKind: ...

    def position(self, row: Any) -> Position: ...


@dataclass(frozen=True, slots=True)
class ByTime:
    """The only sort order of a list: by a time of its rows, and then by their ids."""

    name: str
    column: str = "created_at"
    kind: SortKind = datetime

    def position(self, row: Any) -> Position:
        """Return the position of the row."""
        return Position(attrgetter(self.column)(row), row.id)


@dataclass(frozen=True, slots=True)
class Named:
    """A sort order that several lists share, under the name of one of them. `sorted_part` returns the object that has
    the sorted value.
    """

    listed: str
    sort: NamedSort | BatchSort
    sorted_part: Callable[[Any], Any] = lambda row: row

    @property
    def name(self) -> str:
        """Return the name of the sort that a cursor contains."""
        return self.sort.name(self.listed)

    @property
    def kind(self) -> SortKind:
        """Return the class of the sorted value."""
        return self.sort.kind

    def position(self, row: Any) -> Position:
        """Return the position of the row."""
        return self.sort.position(self.sorted_part(row))


@dataclass(frozen=True, slots=True)
class SortedBy:
    """A sort order with a position function of its own."""

    name: str
    kind: SortKind
    position: Callable[[Any], Position]


@strawberry.type(
    description="Position of a page in its list: cursors of its first and last entry, and whether more pages exist."
)
class PageInfo:
    page: strawberry.Private["Connection[Any]"]

    has_next_page = attribute_field("page.has_next", bool, description="True if the list has entries after this page.")

    has_previous_page = attribute_field(
        "page.has_previous", bool, description="True if the list has entries before this page."
    )

    @strawberry.field(
        description="Cursor of the first entry of the page. To read the previous page, send this cursor as `before`, "
        "together with `last`. Null if the page is empty."
    )
    def start_cursor(self) -> str | None:
        return self.page.cursor_at(0) if self.page.listed else None

    @strawberry.field(
        description="Cursor of the last entry of the page. To read the next page, send this cursor as `after`, "
        "together with `first`. Null if the page is empty."
    )
    def end_cursor(self) -> str | None:
        return self.page.cursor_at(-1) if self.page.listed else None


@strawberry.type(description="One entry of a page, with its cursor.")
class Edge(Generic[Node]):
    cursor: str = strawberry.field(
        description="Cursor of the entry: its position in the list. Send the cursor as the argument `after` or "
        "`before` to read another page. Treat the cursor as an opaque string, because its format may change."
    )
    node: Node = strawberry.field(description="Object that this entry of the list contains.")


@strawberry.type(description="One page of a list, in the sort order of the list.")
class Connection(Generic[Node]):
    """A page of a list, built by `listed`. Cursors are written only when edges or page information are selected, the
    count only when it is.
    """

    listed: strawberry.Private[tuple[Node, ...]]
    cursor_at: strawberry.Private[Callable[[int], str]]
    has_previous: strawberry.Private[bool]
    has_next: strawberry.Private[bool]
    count: strawberry.Private[Callable[[], Awaitable[int]] | None] = None

    @strawberry.field(description="Entries of the page, each with its cursor.")
    def edges(self) -> list[Edge[Node]]:
        return [Edge(cursor=self.cursor_at(index), node=node) for index, node in enumerate(self.listed)]

    @strawberry.field(description="Entries of the page without their cursors.")
    def nodes(self) -> list[Node]:
        return self.listed  # type: ignore[return-value]

    @strawberry.field(description="Cursors for reading the next and the previous page, and whether such pages exist.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self)

    @strawberry.field(
        description="Number of entries on all pages of the list. If the list has a filter, only the entries that match "
        "it are counted. Costs 5 cost points, or 50 where the description of the list says so. Null for lists that are "
        "not counted. The counted lists are `orders`, `clientAccounts`, `accounts`, `allOrders`, `allPayments`, "
        "`allInvoices`, `bundles`, `projects`, `creditBatches`, `portfolios` and `stock`.",
    )
    async def total_count(self) -> int | None:
        return None if self.count is None else await self.count()


async def listed(
    info: Info,
    sort: Sort,
    paging: Paging,
    read: Callable[[PageRequest], Awaitable[Slice[Row]]],
    node: Callable[[Row], Node],
    count: Callable[[], Awaitable[int]] | None = None,
) -> Connection[Node]:
    """Return the connection over the page that the four arguments ask for; without `count` its total is null."""

    async def read_one(request: PageRequest) -> list[Slice[Row]]:
        return [await read(request)]

    (page,) = await _pages(info, sort, paging, read_one)
    return _connection(sort, page, node, count)


async def listed_each(
    info: Info,
    sort: Sort,
    paging: Paging,
    read: Callable[[PageRequest], Awaitable[Sequence[Slice[Row]]]],
    nodes: Sequence[Callable[[Row], Node]],
) -> list[Connection[Node]]:
    """Return the connections over the same page of several lists, which `read` reads at once. `nodes` has a function
    for each list.
    """
    pages = await _pages(info, sort, paging, read)
    return [_connection(sort, page, node) for page, node in zip(pages, nodes, strict=True)]


async def _pages(
    info: Info, sort: Sort, paging: Paging, read: Callable[[PageRequest], Awaitable[Sequence[Slice[Row]]]]
) -> Sequence[Slice[Row]]:
    """Read the page of each list. If the query asks for entries on the other side of a cursor, the list's first or last
    entry is read as well: a cursor from a list with another filter, or of a deleted entry, does not prove that the list
    continues there.
    """
    request = info.context.page(sort.name, *paging, kind=sort.kind)
    pages = await read(request)
    asked = selected_columns(info, "pageInfo")
    if request.after is not None and "has_previous" in asked:
        firsts = await read(PageRequest(limit=1, before=request.before))
        pages = [
            replace(page, has_previous=_is_beyond(sort, first.items, page.items[:1]))
            for page, first in zip(pages, firsts, strict=True)
        ]
    if request.before is not None and "has_next" in asked:
        lasts = await read(PageRequest(limit=1, after=request.after, backward=True))
        pages = [
            replace(page, has_next=_is_beyond(sort, last.items, page.items[-1:]))
            for page, last in zip(pages, lasts, strict=True)
        ]
    return pages


def _is_beyond(sort: Sort, end_of_list: tuple[Row, ...], end_of_page: tuple[Row, ...]) -> bool:
    """Return True if the list ends with a row other than the page's. Each tuple has one row, or none if its list is
    empty.
    """
    return [sort.position(row) for row in end_of_list] not in ([], [sort.position(row) for row in end_of_page])


def _connection(
    sort: Sort, page: Slice[Row], node: Callable[[Row], Node], count: Callable[[], Awaitable[int]] | None = None
) -> Connection[Node]:
    return Connection(
        listed=tuple(map(node, page.items)),
        cursor_at=lambda index: encode_cursor(sort.name, sort.position(page.items[index])),
        has_previous=page.has_previous,
        has_next=page.has_next,
        count=count,
    )
