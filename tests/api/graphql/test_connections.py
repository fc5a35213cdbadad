"""Connections over a list of the numbers 0 to 6, in plans' absence: pages, cursors, counts and page information.

Seen to fail when: a cursor counts as proof of an entry beside the page; a list is read again for page information that
is not selected; a page without entries has nothing on either side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import pytest
import strawberry
from strawberry.types import Info

from service.api.graphql.connections import After, Before, Connection, First, Last, SortedBy, listed, listed_each
from service.kit.keyset import PageRequest, Position, Slice, encode_cursor, page_request, slice_of

counted: list[str] = []
read: list[PageRequest] = []


@strawberry.type(description="A thing.")
class Thing:
    number: int


@dataclass(frozen=True)
class Row:
    number: int


def position(row: Row) -> Position:
    return Position(row.number, UUID(int=row.number))


NUMBER = SortedBy("number", int, position)


class Paging:
    """The part of a context that lists use."""

    def page(self, sort: str, *paging: Any, kind: Any) -> PageRequest:
        first, after, last, before = paging
        return page_request(sort, kind, first=first, after=after, last=last, before=before)


async def count() -> int:
    counted.append("once")
    return 7


async def read_numbers(numbers: Sequence[int], request: PageRequest) -> Slice[Row]:
    read.append(request)
    low = -1 if request.after is None else request.after.value
    high = 7 if request.before is None else request.before.value
    rows = [Row(n) for n in numbers if low < n < high]
    return slice_of((rows[::-1] if request.backward else rows)[: request.limit + 1], request)


def shown(row: Row) -> Thing:
    return Thing(number=row.number)


Step = Annotated[int, strawberry.argument(description="Difference of neighbours.")]


@strawberry.type
class Query:
    @strawberry.field
    async def things(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        step: Step = 1,
    ) -> Connection[Thing] | None:
        read_page = partial(read_numbers, range(0, 7, step))
        return await listed(info, NUMBER, (first, after, last, before), read_page, shown, count)

    @strawberry.field
    async def five(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Thing] | None:
        return await listed(info, NUMBER, (first, after, last, before), partial(read_numbers, [5]), shown)

    @strawberry.field
    async def each(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> list[Connection[Thing]]:
        async def read_each(request: PageRequest) -> list[Slice[Row]]:
            return [await read_numbers(range(0, 7, step), request) for step in (1, 2, 7)]

        return await listed_each(info, NUMBER, (first, after, last, before), read_each, [shown] * 3)

    @strawberry.field
    async def uncounted(self, info: Info) -> Connection[Thing] | None:
        return await listed(info, NUMBER, (None, None, None, None), partial(read_numbers, []), shown)


schema = strawberry.Schema(Query)


@pytest.fixture(autouse=True)
def _forget() -> None:
    counted.clear()
    read.clear()


def cursor(number: int) -> str:
    return encode_cursor("number", position(Row(number)))


async def things(arguments: str, selection: str) -> dict[str, object]:
    result = await schema.execute(f"{{ things({arguments}) {{ {selection} }} }}", context_value=Paging())
    assert result.errors is None
    return result.data["things"]


def test_a_connection_is_named_by_what_it_lists():
    printed = schema.as_str()
    for line in (
        "type ThingConnection {",
        "type ThingEdge {",
        "type PageInfo {",
        "  totalCount: Int\n",
        "  nodes: [Thing!]!",
    ):
        assert line in printed


def test_every_field_and_argument_of_a_connection_is_described():
    for name in ("ThingConnection", "ThingEdge", "PageInfo"):
        kind = schema._schema.type_map[name]
        assert kind.description
        for field_name, field in kind.fields.items():
            assert field.description, (name, field_name)
    for argument in schema._schema.query_type.fields["things"].args.values():
        assert argument.description


async def test_edges_and_nodes_are_the_same_page():
    page = await things("first: 2", "edges { cursor node { number } } nodes { number } pageInfo { endCursor }")

    assert page["nodes"] == [{"number": 0}, {"number": 1}] == [edge["node"] for edge in page["edges"]]
    assert page["pageInfo"] == {"endCursor": page["edges"][-1]["cursor"]}


async def test_the_pages_follow_each_other_both_ways():
    first = await things("first: 3", "pageInfo { endCursor startCursor hasPreviousPage }")
    second = await things(
        f'first: 3, after: "{first["pageInfo"]["endCursor"]}"',
        "nodes { number } pageInfo { startCursor hasPreviousPage }",
    )
    back = await things(
        f'last: 2, before: "{second["pageInfo"]["startCursor"]}"', "nodes { number } pageInfo { hasNextPage }"
    )

    assert second["nodes"] == [{"number": 3}, {"number": 4}, {"number": 5}]
    assert (first["pageInfo"]["hasPreviousPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)
    assert back == {"nodes": [{"number": 1}, {"number": 2}], "pageInfo": {"hasNextPage": True}}


async def test_the_list_is_counted_only_when_the_count_is_selected():
    await things("first: 1", "nodes { number }")
    assert counted == []

    assert await things("first: 1", "totalCount") == {"totalCount": 7}
    assert counted == ["once"]


async def test_an_empty_page_has_no_cursors_and_an_uncounted_list_no_total():
    result = await schema.execute(
        "{ uncounted { edges { cursor } nodes { number } totalCount pageInfo { startCursor endCursor hasNextPage } } }",
        context_value=Paging(),
    )

    assert result.errors is None
    assert result.data["uncounted"] == {
        "edges": [],
        "nodes": [],
        "totalCount": None,
        "pageInfo": {"startCursor": None, "endCursor": None, "hasNextPage": False},
    }


BOTH = "nodes { number } pageInfo { hasPreviousPage hasNextPage }"


@pytest.mark.parametrize(
    ("arguments", "numbers", "previous", "following"),
    [
        (f'after: "{cursor(2)}"', [3, 6], True, False),  # 2 is not in the list, but 0 is
        (f'after: "{cursor(0)}"', [3, 6], True, False),
        (f'first: 1, after: "{cursor(0)}"', [3], True, True),
        (f'after: "{cursor(6)}"', [], True, False),
        (f'before: "{cursor(5)}"', [0, 3], False, True),
        (f'before: "{cursor(0)}"', [], False, True),
        (f'last: 1, before: "{cursor(6)}"', [3], True, True),
        (f'after: "{cursor(0)}", before: "{cursor(6)}"', [3], True, True),
        (f'after: "{cursor(3)}", before: "{cursor(5)}"', [], True, True),
        ("", [0, 3, 6], False, False),
    ],
)  # fmt: skip
async def test_the_page_information_tells_on_which_sides_the_list_continues(
    arguments: str, numbers: list[int], previous: bool, following: bool
):
    assert await things(f"step: 3, {arguments}", BOTH) == {
        "nodes": [{"number": number} for number in numbers],
        "pageInfo": {"hasPreviousPage": previous, "hasNextPage": following},
    }


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (f'after: "{cursor(2)}"', (False, False)),  # the list has 5 alone
        (f'before: "{cursor(6)}"', (False, False)),
        (f'after: "{cursor(1)}", before: "{cursor(6)}"', (False, False)),
        (f'after: "{cursor(1)}", before: "{cursor(4)}"', (False, True)),
        (f'after: "{cursor(5)}"', (True, False)),
    ],
)
async def test_a_cursor_of_an_entry_outside_the_list_does_not_prove_that_a_page_follows(
    arguments: str, found: tuple[bool, bool]
):
    result = await schema.execute(f"{{ five({arguments}) {{ {BOTH} }} }}", context_value=Paging())

    assert result.errors is None
    page = result.data["five"]["pageInfo"]
    assert (page["hasPreviousPage"], page["hasNextPage"]) == found


async def test_several_lists_are_read_in_one_call():
    result = await schema.execute(f'{{ each(first: 1, after: "{cursor(0)}") {{ {BOTH} }} }}', context_value=Paging())

    assert result.errors is None
    assert [page["pageInfo"]["hasPreviousPage"] for page in result.data["each"]] == [True, True, True]
    assert len(read) == 6


@pytest.mark.parametrize(
    ("arguments", "selection", "reads"),
    [
        (f'after: "{cursor(1)}"', "nodes { number } pageInfo { hasNextPage endCursor }", 1),
        (f'after: "{cursor(1)}"', "pageInfo { hasPreviousPage }", 2),
        (f'after: "{cursor(1)}"', "...{ page: pageInfo { before: hasPreviousPage } }", 2),
        (f'before: "{cursor(1)}"', "nodes { number } pageInfo { hasPreviousPage }", 1),
        (f'before: "{cursor(1)}"', "pageInfo { hasNextPage }", 2),
        ("first: 3", "pageInfo { hasPreviousPage hasNextPage }", 1),
    ],
)
async def test_a_list_is_read_again_only_if_the_query_asks_for_the_other_side_of_a_cursor(
    arguments: str, selection: str, reads: int
):
    await things(arguments, selection)

    assert len(read) == reads
