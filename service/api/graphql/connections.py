"""Relay connections over keyset pages: edges, nodes, page information and a count that is made only when asked for.

It knows neither SQL nor what is listed: a slice of rows comes in, with a function for each row's cursor and node.
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
    strawberry.argument(description="How many from the start of the list, or after `after`: 1 to 100, by default 20."),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="A cursor of this list in this order: only what comes after it is listed."),
]
Last: TypeAlias = Annotated[
    int | None,
    strawberry.argument(
        description="How many from the end of the list, or before `before`: 1 to 100. Not with `first`."
    ),
]
Before: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="A cursor of this list in this order: only what comes before it is listed."),
]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    page: strawberry.Private["Connection[Any]"]

    has_next_page = attribute_field("page.has_next", bool, description="Whether the list goes on after this page.")

    has_previous_page = attribute_field(
        "page.has_previous", bool, description="Whether the list has something before this page."
    )

    @strawberry.field(
        description="Cursor of the first edge; null on an empty page. Give it as `before` to page backward."
    )
    def start_cursor(self) -> str | None:
        return self.page.cursor_at(0) if self.page.listed else None

    @strawberry.field(description="Cursor of the last edge; null on an empty page. Give it as `after` to page forward.")
    def end_cursor(self) -> str | None:
        return self.page.cursor_at(-1) if self.page.listed else None


@strawberry.type(description="One place in a list.")
class Edge(Generic[Node]):
    cursor: str = strawberry.field(
        description="Opaque mark of this place, for `after` and `before`. Do not take it apart."
    )
    node: Node = strawberry.field(description="What is listed here.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[Node]):
    """Built by `of`. Cursors are written only when edges or page information are selected, the count only on demand."""

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
        """The connection over `page`; without `count` its total is null."""
        return cls(
            listed=tuple(map(node, page.items)),
            cursor_at=lambda index: cursor(page.items[index]),
            has_previous=page.has_previous,
            has_next=page.has_next,
            count=count,
        )

    @strawberry.field(description="The page with a cursor for each place.")
    def edges(self) -> list[Edge[Node]]:
        return [Edge(cursor=self.cursor_at(index), node=node) for index, node in enumerate(self.listed)]

    @strawberry.field(description="The page without cursors.")
    def nodes(self) -> list[Node]:
        return self.listed  # type: ignore[return-value]

    @strawberry.field(description="Where this page lies in the list.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self)

    @strawberry.field(
        description="How many the whole list holds under the same filter; null if not known. Counted only if selected.",
    )
    async def total_count(self) -> int | None:
        return None if self.count is None else await self.count()
