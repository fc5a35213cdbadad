"""Fields made of attributes further inside, and serializers that are called straight: graphql-core answers the same."""

import dataclasses
from datetime import UTC, datetime
from typing import Any, NewType

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from service.plans import (
    PlannedSchema,
    attribute_field,
    composed_field,
    computed_field,
    selected_columns,
    serializes_at_once,
)

Moment = NewType("Moment", datetime)
seen: list[frozenset[str]] = []


@serializes_at_once(datetime)
def written(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError("no moment")
    return value.isoformat()


class Digits(str):
    """Digits that are written already."""

    __slots__ = ()


def only_digits(value: Any) -> str:
    if not isinstance(value, Digits):
        raise TypeError("whose digits?")
    return value


def digits_of(number: int) -> str:
    return f"{number:05d}"


@dataclasses.dataclass
class Row:
    number: Any
    made_at: Any


def double(number: int) -> int:
    return number + number


made: list["Count"] = []


@strawberry.type
class Count:
    count: strawberry.Private[int]

    single = attribute_field("count", int)
    double = computed_field(double, "count")
    digits = computed_field(digits_of, "count", written=Digits)

    def __post_init__(self) -> None:
        made.append(self)

    @strawberry.field
    def words(self) -> str:
        return f"{self.count} of them"


@strawberry.type
class Thing:
    row: strawberry.Private[Row]

    number = attribute_field("row.number", int | None)
    made_at = attribute_field("row.made_at", Moment)
    twice = computed_field(double, "row.number")
    digits = computed_field(digits_of, "row.number", written=Digits)
    unwritten = attribute_field("row.number", Digits)
    count = composed_field(Count, {"count": "row.number"})
    counted = composed_field(Count, {"count": "row.number"}, nullable=True)


@strawberry.type
class Query:
    @strawberry.field
    def things(self, info: Info[Any, None]) -> list[Thing | None]:
        seen.append(selected_columns(info))
        return [Thing(row=row) for row in info.context]


SCHEMA = strawberry.Schema(
    Query,
    config=StrawberryConfig(
        scalar_map={
            Moment: strawberry.scalar(name="Moment", serialize=written),
            Digits: strawberry.scalar(name="Digits", serialize=only_digits),
        }
    ),
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def asked(query: str, rows: list[Any]) -> tuple[Any, list[Any], str]:
    """What plan and graphql-core both answer, and which of them did it in the end when plans were on."""
    answers, way = [], ""
    for enabled in (False, True):
        planned = PlannedSchema(SCHEMA, entries_max=10, bytes_max=10**6, enabled=enabled)
        made.clear()
        result = await planned.execute(query, context=rows)
        answers.append((result.data, [error.formatted for error in result.errors or ()]))
        (way,) = planned.counts
    assert answers[0] == answers[1]
    return *answers[1], way


@pytest.mark.parametrize(
    ("rows", "errors"),
    [
        ([Row(1, NOW), Row(None, NOW)], 0),
        ([Row(1, NOW), Row("no number", NOW)], 1),
        ([Row(1, "no moment"), Row(2, NOW)], 1),
        ([Row(1, None), Row(2, NOW)], 1),
        ([Row(1, NOW), object()], 2),
    ],
)
async def test_answers_are_those_of_graphql_core(rows: list[Any], errors: int):
    _, told, way = await asked("{ things { number when: madeAt } }", rows)
    assert way == ("replayed" if errors else "planned")
    assert len(told) == errors


OF_PARTS = "{ things { count { __typename one: single two: double } counted { two: double } } }"


async def test_what_is_made_of_parts_alone_needs_no_object():
    found, errors, way = await asked(OF_PARTS, [Row(3, NOW)])
    shown = {"count": {"__typename": "Count", "one": 3, "two": 6}, "counted": {"two": 6}}
    assert (found, errors, way) == ({"things": [shown]}, [], "planned")
    assert made == []


@pytest.mark.parametrize("part", [None, "no number", ValueError("nor this")])
async def test_a_part_of_a_wrong_type_causes_the_same_error_as_in_an_object(part: Any):
    found, errors, way = await asked(OF_PARTS, [Row(part, NOW), Row(1, NOW)])
    assert found["things"][0] is None
    assert found["things"][1]["count"]["two"] == 2
    assert (len(errors), way) == (1, "replayed")


async def test_a_value_may_be_computed_of_what_lies_further_inside():
    assert await asked("{ things { twice } }", [Row(4, NOW)]) == ({"things": [{"twice": 8}]}, [], "planned")


async def test_what_a_field_writes_itself_is_shown_as_it_stands_and_any_other_text_is_refused():
    rows = [Row(12, NOW)]
    shown = {"digits": "00012", "count": {"digits": "00012"}}
    query = "{ things { digits count { digits } } }"
    assert await asked(query, rows) == ({"things": [shown]}, [], "planned")
    operation = PlannedSchema(SCHEMA, entries_max=1, bytes_max=10**6).prepare(query)
    plan: Any = operation.plan(operation.variables.coerced({}))
    assert "'digits': compute_digits_of(o.row.number)," in plan.source
    found, errors, way = await asked("{ things { unwritten } }", [Row("00012", NOW)])
    assert (found, errors[0]["message"], way) == ({"things": [None]}, "whose digits?", "replayed")


@pytest.mark.parametrize("part", [None, "no number"])
async def test_what_cannot_be_written_is_the_error_that_it_is_of_a_resolver(part: Any):
    found, errors, way = await asked("{ things { digits } }", [Row(part, NOW)])
    assert (found, len(errors), way) == ({"things": [None]}, 1, "replayed")


async def test_an_object_of_parts_is_made_when_more_is_asked_of_it():
    found, errors, way = await asked("{ things { count { words single } } }", [Row(3, NOW)])
    assert (found, errors, way) == ({"things": [{"count": {"words": "3 of them", "single": 3}}]}, [], "planned")
    assert [each.count for each in made] == [3]


@pytest.mark.parametrize("query", ["{ things { counted { double } } }", "{ things { counted { words } } }"])
async def test_a_nullable_object_is_null_where_its_first_part_is(query: str):
    found, errors, way = await asked(query, [Row(None, NOW)])
    assert (found, errors, way) == ({"things": [{"counted": None}]}, [], "planned")


async def test_the_column_is_the_last_step_of_the_path():
    seen.clear()
    planned = PlannedSchema(SCHEMA, entries_max=10, bytes_max=10**6)
    await planned.execute("{ things { when: madeAt counted { double } } }", context=[])
    assert seen == [frozenset({"made_at", "number"})]


@pytest.mark.parametrize("path", ["row.1", "row.class", "", "row number", "row.number)"])
def test_only_a_path_of_attributes_becomes_code(path: str):
    with pytest.raises(ValueError, match="not a path of attributes"):
        attribute_field(path, int)
    with pytest.raises(ValueError, match="not a path of attributes"):
        computed_field(double, path)
    with pytest.raises(ValueError, match="not a path of attributes"):
        composed_field(Count, {"count": path})
