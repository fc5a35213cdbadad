from dataclasses import dataclass
from uuid import UUID

import pytest
import strawberry

from service.api.graphql.connections import After, Before, Connection, First, Last
from service.kit.keyset import Position, encode_cursor, page_request, slice_of

counted: list[str] = []


@strawberry.type(description="A thing.")
class Thing:
    number: int


@dataclass(frozen=True)
class Row:
    number: int

    @property
    def cursor(self) -> str:
        return encode_cursor("number", Position(self.number, UUID(int=self.number)))


async def count() -> int:
    counted.append("once")
    return 7


@strawberry.type
class Query:
    @strawberry.field
    def things(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Thing] | None:
        request = page_request("number", int, first=first, after=after, last=last, before=before)
        low = -1 if request.after is None else request.after.value
        high = 7 if request.before is None else request.before.value
        rows = [Row(n) for n in range(7) if low < n < high]
        fetched = (rows[::-1] if request.backward else rows)[: request.limit + 1]
        return Connection[Thing].of(
            slice_of(fetched, request),
            cursor=lambda row: row.cursor,
            node=lambda row: Thing(number=row.number),
            count=count,
        )

    @strawberry.field
    def uncounted(self) -> Connection[Thing] | None:
        page = slice_of([], page_request("number", int, first=None, after=None, last=None, before=None))
        return Connection[Thing].of(page, cursor=lambda row: row.cursor, node=lambda row: Thing(number=row.number))


schema = strawberry.Schema(Query)


@pytest.fixture(autouse=True)
def _forget() -> None:
    counted.clear()


async def things(arguments: str, selection: str) -> dict[str, object]:
    result = await schema.execute(f"{{ things({arguments}) {{ {selection} }} }}")
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
        "{ uncounted { edges { cursor } totalCount pageInfo { startCursor endCursor hasNextPage } } }"
    )

    assert result.errors is None
    assert result.data["uncounted"] == {
        "edges": [],
        "totalCount": None,
        "pageInfo": {"startCursor": None, "endCursor": None, "hasNextPage": False},
    }
