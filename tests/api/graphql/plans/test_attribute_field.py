"""Attributes further inside an object, and serializers that are called straight: graphql-core answers the same."""

import dataclasses
from datetime import UTC, datetime
from typing import Any, NewType

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from service.api.graphql.plans import PlannedSchema, attribute_field, selected_columns, serializes_at_once

Moment = NewType("Moment", datetime)
seen: list[frozenset[str]] = []


@serializes_at_once(datetime)
def written(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError("no moment")
    return value.isoformat()


@dataclasses.dataclass
class Row:
    number: Any
    made_at: Any


@strawberry.type
class Thing:
    row: strawberry.Private[Row]

    number = attribute_field("row.number", int | None)
    made_at = attribute_field("row.made_at", Moment)


@strawberry.type
class Query:
    @strawberry.field
    def things(self, info: Info[Any, None]) -> list[Thing | None]:
        seen.append(selected_columns(info))
        return [Thing(row=row) for row in info.context]


SCHEMA = strawberry.Schema(
    Query,
    config=StrawberryConfig(scalar_map={Moment: strawberry.scalar(name="Moment", serialize=written)}),
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


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
    answers = []
    for enabled in (True, False):
        planned = PlannedSchema(SCHEMA, entries_max=10, bytes_max=10**6, enabled=enabled)
        result = await planned.execute("{ things { number when: madeAt } }", context=rows)
        answers.append((result.data, [error.formatted for error in result.errors or ()]))
        assert planned.counts["planned" if enabled and not errors else "replayed" if enabled else "interpreted"] == 1
    assert answers[0] == answers[1]
    assert len(answers[0][1]) == errors


async def test_the_column_is_the_last_step_of_the_path():
    seen.clear()
    planned = PlannedSchema(SCHEMA, entries_max=10, bytes_max=10**6)
    await planned.execute("{ things { when: madeAt } }", context=[])
    assert seen == [frozenset({"made_at"})]


@pytest.mark.parametrize("path", ["row.1", "row.class", "", "row number", "row.number)"])
def test_only_a_path_of_attributes_becomes_code(path: str):
    with pytest.raises(ValueError, match="not a path of attributes"):
        attribute_field(path, int)
