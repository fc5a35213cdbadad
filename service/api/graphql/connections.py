"""Relay connections over keyset pages: edges, nodes, page information and a count that is made only when selected.

Knows neither SQL nor the listed types: it takes a slice of rows, with a function for each row's cursor and node.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import strawberry

from service.kit.keyset import Slice
from service.plans import attribute_field

Node = TypeVar("Node")
Row = TypeVar("Row")

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="Maximum number of entries to return from the start of the list, or after `after`: 1 to 100, by "
        "default 20."
    ),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Cursor of an entry of this list, in the same sort order. Only entries after it are returned."
    ),
]
Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="Maximum number of entries to return from the end of the list, or before `before`: 1 to 100. Do "
        "not combine it with `first`."
    ),
]
Before: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Cursor of an entry of this list, in the same sort order. Only entries before it are returned."
    ),
]


@strawberry.type(description="Position of a page in its list.")
class PageInfo:
    page: strawberry.Private["Connection[Any]"]

    has_next_page = attribute_field("page.has_next", bool, description="True if the list has entries after this page.")

    has_previous_page = attribute_field(
        "page.has_previous", bool, description="True if the list has entries before this page."
    )

    @strawberry.field(
        description="Cursor of the first entry; null if the page is empty. Send it as `before` to read the previous "
        "page."
    )
    def start_cursor(self) -> str | None:
        return self.page.cursor_at(0) if self.page.listed else None

    @strawberry.field(
        description="Cursor of the last entry; null if the page is empty. Send it as `after` to read the next page."
    )
    def end_cursor(self) -> str | None:
        return self.page.cursor_at(-1) if self.page.listed else None


@strawberry.type(description="One entry of a page, with its cursor.")
class Edge(Generic[Node]):
    cursor: str = strawberry.field(
        description="Cursor of the entry, to be sent as `after` or `before`. Treat it as opaque: its format may change."
    )
    node: Node = strawberry.field(description="The entry of the list itself.")


@strawberry.type(description="One page of a list, in the list's order.")
class Connection(Generic[Node]):
    """A page of a list, built by `of`. Cursors are written only when edges or page information are selected, the count
    only when it is.
    """

    listed: strawberry.Private[tuple[Node, ...]]
    cursor_at: strawberry.Private[Callable[[int], str]]
    has_previous: strawberry.Private[bool]
    has_next: strawberry.Private[bool]
    count: strawberry.Private[Callable[[], Awaitable[int]] | None] = None

    @classmethod
    def of(
        cls,
        page: Slice[Row],
        *,
        cursor: Callable[[Row], str],
        node: Callable[[Row], Node],
        count: Callable[[], Awaitable[int]] | None = None,
    ) -> "Connection[Node]":
        """Return the connection over `page`; without `count` its total is null."""
        return cls(
            listed=tuple(map(node, page.items)),
            cursor_at=lambda index: cursor(page.items[index]),
            has_previous=page.has_previous,
            has_next=page.has_next,
            count=count,
        )

    @strawberry.field(description="Entries of the page, each with its cursor.")
    def edges(self) -> list[Edge[Node]]:
        return [Edge(cursor=self.cursor_at(index), node=node) for index, node in enumerate(self.listed)]

    @strawberry.field(description="Entries of the page, without cursors.")
    def nodes(self) -> list[Node]:
        return self.listed  # type: ignore[return-value]

    @strawberry.field(description="Position of this page in the list, for reading the next or the previous page.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self)

    @strawberry.field(
        description="Number of entries in the whole list under the same filter; null if it is not counted for this "
        "list. It is counted only if this field is selected.",
    )
    async def total_count(self) -> int | None:
        return None if self.count is None else await self.count()
