"""Completion by graphql-core of a mutation that a plan began: fields that have run keep their results, the rest is run
now.

Knows nothing of why the plan gave up.
"""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLObjectType, GraphQLResolveInfo
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from service.plans.info import Run


class ReplayingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor, which answers root fields that the plan completed with their completed values.

    They are not completed again from the results of resolvers: a later root field may have changed those objects.
    """

    def __init__(self, *args: Any, completed: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._completed = completed

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: Any, path: Path, position_context: Any
    ) -> Any:
        if path.prev is None and path.key in self._completed:
            return self._completed[path.key]
        return super().execute_field(parent_type, source, field_details_list, path, position_context)


def replaying(run: Run) -> dict[str, Any]:
    """Return arguments for graphql-core's `execute`. A resolver that has run gives its result again, even an
    exception.
    """
    kept = run.kept

    def replay(resolve: Callable[..., Any], source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        key = info.path.key
        if info.path.prev is None and key in kept:
            value, error = kept[key]
            if error is not None:
                raise error
            return value
        return resolve(source, info, **arguments)

    return {"executor_class": ReplayingExecutor, "completed": run.completed, "middleware": [replay]}
