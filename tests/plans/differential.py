"""Compares answers with plans and without, for any schema: they have to be the same bytes, errors included."""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
import strawberry
from graphql import OverlappingFieldsCanBeMergedRule, ValuesOfCorrectTypeRule, validate
from strawberry.types import ExecutionResult

from service.plans import PlannedSchema, Rejected
from tests.plans.operations import Written


def answer_bytes(result: ExecutionResult) -> bytes:
    """The answer as it would go over the wire, with what raised each error."""
    errors = [{**error.formatted, "raised": type(error.original_error).__name__} for error in result.errors or ()]
    return orjson.dumps(
        {"data": result.data, "errors": errors, "extensions": result.extensions},
        default=lambda value: type(value).__name__,
        option=orjson.OPT_NON_STR_KEYS,
    )


class Checked(NamedTuple):
    """What the two left of their contexts, and whether graphql-core answered, alone or after a plan gave up."""

    planned: Any
    plain: Any
    replayed: bool


BROKEN_RULES = (OverlappingFieldsCanBeMergedRule, ValuesOfCorrectTypeRule)
"""Those that an operation written at random may break. To ask for the others too takes as long as all the answers, and
would only pass over what else has to be answered alike.
"""


class Differential:
    """A schema twice, with plans and without. `context` makes a fresh but equal context for each of the two."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.planned = PlannedSchema(
            schema,
            entries_max=50,
            bytes_max=50_000_000,
            validate=lambda document: validate(schema._schema, document, BROKEN_RULES),
        )
        self.plain = PlannedSchema(schema, entries_max=50, bytes_max=50_000_000, enabled=False)

    async def check(
        self, written: Written, context: Callable[[], Any], root_value: Any = None, *, in_turn: bool = False
    ) -> Checked:
        """Fails unless the answers are equal, and the compiler took the operation or knew why not.

        Called again with the same document, it runs the same plan, with whatever that has learnt from earlier data.
        A document that is refused before it is executed takes one way through both and is passed over.
        """
        try:
            operation = self.planned.prepare(written.text, written.name)
        except Rejected:
            return Checked(context(), context(), replayed=True)
        by_plan, used, answers = self.planned.counts["planned"], [], []
        for schema in (self.planned, self.plain):
            used.append(context())
            result = await schema.run(operation, written.variables, used[-1], root_value, in_turn=in_turn)
            answers.append(answer_bytes(result))
        planned, plain = answers
        said = f"{written.text}\n{written.variables}"
        assert planned == plain, f"{said}\nplan: {planned.decode()}\ncore: {plain.decode()}"
        for plan in operation._plans.values():
            assert not str(plan).startswith("not to be compiled"), f"{said}\n{plan}"
        return Checked(used[0], used[1], replayed=self.planned.counts["planned"] == by_plan)
