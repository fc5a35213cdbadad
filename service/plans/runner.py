"""Execution of a request: by a plan if there is one and all goes well, by graphql-core otherwise.

Knows nothing of the meaning of fields. The order of things: text -> parsed -> verdict -> validated -> Operation (kept)
-> variables coerced -> plan -> answer; and back to graphql-core from any point at which the answer is not plain.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from typing import Any, NamedTuple, cast

import orjson
import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
    execute,
    execute_subscription_event,
    map_source_to_response_event,
    parse,
    specified_rules,
    validate,
)
from graphql import ExecutionResult as GraphQLResult
from graphql.pyutils import is_awaitable
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from service.plans.cache import BoundedCache
from service.plans.fields import obstacle
from service.plans.info import Run
from service.plans.operation import Operation
from service.plans.replay import replaying

_INTROSPECTIONS_MAX = 16
_GUESTS_PART = 10
"""The part of the operations that are kept ready, at most, which were prepared for guests alone."""
_ERRORS_MAX = 9
"""Errors of a document or of its variables that are looked for; one more says that there are others."""
_SUBSCRIPTION = OperationType.SUBSCRIPTION
"""Read from the enumeration once: before Python 3.12 its class takes ten times as long to look a member up."""


_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
"""Those of Strawberry's own validation, which has no bound on the number of errors."""


class Verdict(NamedTuple):
    """Result of a caller's limits on a parsed document: errors refuse it; the note is kept with the operation."""

    errors: Sequence[GraphQLError] = ()
    note: Any = None


class Rejected(Exception):  # noqa: N818 - a request that was answered, not a fault
    """The document will not be executed. Nothing of it was kept."""

    def __init__(self, errors: Sequence[GraphQLError], note: Any = None) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = list(errors)
        self.note = note


class PlannedSchema:
    """A Strawberry schema whose operations are compiled. Answers are byte for byte those of graphql-core.

    `verdict` is asked after parsing and before validation, `validate` takes the place of Strawberry's own validation,
    `introspect` may answer a question about the schema in graphql-core's place.
    Extensions of the schema are not run: what they would do is the business of these two and of the caller. Results are
    shared with nobody but for introspection, whose data must not be changed.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        entries_max: int,
        bytes_max: int,
        enabled: bool = True,
        verdict: Callable[[DocumentNode, str | None, dict[str, Any] | None], Verdict] | None = None,
        validate: Callable[[DocumentNode], Sequence[GraphQLError]] | None = None,
        parse: Callable[[str], DocumentNode] = parse,
        introspect: Callable[[Operation], dict[str, Any] | None] | None = None,
        fields_max: int = 2000,
    ) -> None:
        reason = obstacle(schema)
        if reason is not None:
            raise ValueError(f"No operation can be planned: {reason}.")
        self.schema = schema
        self.enabled = enabled
        # planned, replayed (a plan gave up half-way), interpreted (no plan), introspected
        self.counts: Counter[str] = Counter()
        # hit (the operation was ready), miss (its document was parsed and validated first)
        self.lookups: Counter[str] = Counter()
        self._types = schema._schema  # noqa: SLF001 - Strawberry has no public name for graphql-core's schema
        self._verdict = verdict
        self._validate = validate or self._strawberry_validation
        self._parse = parse
        self._introspect_quickly = introspect
        self._fields_max = fields_max
        self._operations: BoundedCache[Operation] = BoundedCache(entries_max=entries_max, bytes_max=bytes_max)
        # Apart, or callers that anybody can be would push out the operations of the others.
        self._guests_operations: BoundedCache[Operation] = BoundedCache(
            entries_max=max(1, entries_max // _GUESTS_PART), bytes_max=bytes_max // _GUESTS_PART
        )
        self._introspections: BoundedCache[dict[str, Any]] = BoundedCache(
            entries_max=min(_INTROSPECTIONS_MAX, entries_max), bytes_max=bytes_max
        )

    async def execute(
        self,
        query: str | None,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        context: Any = None,
        root_value: Any = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Return the answer to one query or mutation. Never raises for anything a caller sent."""
        try:
            operation = self.prepare(query, operation_name, variables)
        except Rejected as rejected:
            return PreExecutionError(data=None, errors=rejected.errors, extensions={})
        return await self.run(operation, variables, context, root_value, operation_extensions)

    def prepare(
        self,
        query: str | None,
        operation_name: str | None = None,
        variables: dict[str, Any] | None = None,
        *,
        document_id: Hashable | None = None,
        is_guest: bool = False,
    ) -> Operation:
        """Return the operation, ready to run. Parse, judge and validate it once for each document and operation name.
        Operations prepared for guests never push out those of others.

        A trusted document is known by its id, which then stands for the text. The variables are for the verdict alone;
        a verdict that depends on them has to be given again by the caller. Raises Rejected.
        """
        key = (query, operation_name) if document_id is None else ("id", document_id, operation_name)
        operation = self._operations.get(key)
        if operation is None and is_guest:
            operation = self._guests_operations.get(key)
        if operation is not None:
            self.lookups["hit"] += 1
        else:
            self.lookups["miss"] += 1
            operation = self._prepared(query or "", operation_name, variables)
            kept = self._guests_operations if is_guest else self._operations
            kept.put(key, operation, operation.size_bytes)
        return operation

    def knows(self, query: str, operation_name: str | None = None) -> bool:
        """Return whether the operation is ready, so that preparing it costs nothing."""
        key = (query, operation_name)
        return key in self._operations or key in self._guests_operations

    async def run(
        self,
        operation: Operation,
        variables: dict[str, Any] | None = None,
        context: Any = None,
        root_value: Any = None,
        operation_extensions: dict[str, Any] | None = None,
        *,
        in_turn: bool = False,
    ) -> ExecutionResult:
        """Return the answer to a prepared operation; `data` is None only if it failed as a whole.

        With `in_turn` a plan waits for one thing after the other: where they would wait for each other anyway, tasks
        that wait together are only an expense.
        """
        if operation.kind is _SUBSCRIPTION:
            error = GraphQLError("A subscription needs a transport that streams.", operation.node)
            return PreExecutionError(data=None, errors=[error], extensions={})
        if operation.is_introspection:
            return await self._introspect(operation, variables)
        begun = None
        coerced = operation.variables.coerced(variables or {}) if self.enabled and operation.reason is None else None
        plan = operation.plan(coerced) if coerced is not None else None
        if coerced is None or plan is None or isinstance(plan, str):
            self.counts["interpreted"] += 1
        else:
            run = Run(context, root_value, coerced, operation_extensions, in_turn=in_turn)
            try:
                data = await plan.answer(run)
            except Exception:  # noqa: BLE001 - whatever it is, graphql-core meets it again and words the error
                self.counts["replayed"] += 1
                begun = run
            else:
                self.counts["planned"] += 1
                return ExecutionResult(data=data, errors=None, extensions={})
            finally:
                run.end()
        return await self._interpret(operation, variables, context, root_value, operation_extensions, begun)

    def _prepared(self, query: str, operation_name: str | None, variables: dict[str, Any] | None) -> Operation:
        try:
            document = self._parse(query)
        except GraphQLError as error:
            raise Rejected([error]) from error
        note = None
        if self._verdict is not None:
            errors, note = self._verdict(document, operation_name, variables)
            if errors:
                raise Rejected(errors, note)
        errors = self._validate(document)
        if errors:
            raise Rejected(errors, note)
        node = _chosen(document, operation_name)
        return Operation(self.schema, document, node, note=note, characters=len(query), fields_max=self._fields_max)

    def _strawberry_validation(self, document: DocumentNode) -> Sequence[GraphQLError]:
        return validate(self._types, document, _RULES, max_errors=_ERRORS_MAX)

    async def subscribe(
        self,
        operation: Operation,
        variables: dict[str, Any] | None = None,
        context: Any = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> AsyncGenerator[GraphQLResult, None] | GraphQLResult:
        """Return the answers to a prepared subscription, which graphql-core executes for each event; a single answer
        if it cannot begin.
        """

        def executor(event: Any = None) -> Any:
            return self.schema.execution_context_class.build(
                self._types,
                operation.document,
                root_value=event,
                context_value=context,
                raw_variable_values=variables,
                operation_name=operation.name,
                max_coercion_errors=_ERRORS_MAX,
                is_awaitable=cast(Any, optimized_is_awaitable),
                operation_extensions=operation_extensions,
            )

        def execute_event(copied: Any) -> Any:
            # Not by the copy: copies share what they remember of selections, which grows with each event for ever.
            return execute_subscription_event(executor(copied.root_value))

        first = executor()
        if isinstance(first, list):
            return GraphQLResult(None, first)
        source: Any = create_source_event_stream(first)
        if is_awaitable(source):
            source = await source
        return (
            source if isinstance(source, GraphQLResult) else map_source_to_response_event(first, source, execute_event)
        )

    async def _introspect(self, operation: Operation, variables: dict[str, Any] | None) -> ExecutionResult:
        try:
            key = (operation, orjson.dumps(variables, option=orjson.OPT_SORT_KEYS))
        except TypeError:
            return await self._interpret(operation, variables, None, None, None, None)
        data = self._introspections.get(key)
        if data is not None:
            self.counts["introspected"] += 1
            return ExecutionResult(data=data, errors=None, extensions={})
        quick = self._introspect_quickly(operation) if self._introspect_quickly is not None else None
        if quick is not None:
            self.counts["introspected"] += 1
            result = ExecutionResult(data=quick, errors=None, extensions={})
        else:
            self.counts["interpreted"] += 1
            result = await self._interpret(operation, variables, None, None, None, None)
        if result.data is not None and not result.errors:
            self._introspections.put(key, result.data, len(orjson.dumps(result.data)))
        return result

    async def _interpret(
        self,
        operation: Operation,
        variables: dict[str, Any] | None,
        context: Any,
        root_value: Any,
        operation_extensions: dict[str, Any] | None,
        begun: Run | None,
    ) -> ExecutionResult:
        """Return graphql-core's answer, with the completed part of a mutation kept."""
        options: dict[str, Any] = {
            "executor_class": self.schema.execution_context_class,
            "max_coercion_errors": _ERRORS_MAX,
        }
        if begun is not None and operation.kind is OperationType.MUTATION:
            options |= replaying(begun)
        result: Any = execute(
            self._types,
            operation.document,
            root_value=root_value,
            context_value=context,
            variable_values=variables,
            operation_name=operation.name,
            is_awaitable=cast(Any, optimized_is_awaitable),
            operation_extensions=operation_extensions,
            **options,
        )
        if is_awaitable(result):
            result = await result
        return ExecutionResult(data=result.data, errors=result.errors, extensions={})


def _chosen(document: DocumentNode, operation_name: str | None) -> OperationDefinitionNode:
    """Return the operation to execute, or raise graphql-core's error where there is none."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if operation_name is None:
        if len(operations) > 1:
            raise Rejected([GraphQLError("Must provide operation name if query contains multiple operations.")])
        if not operations:
            raise Rejected([GraphQLError("Must provide an operation.")])
        return operations[0]
    for operation in operations:
        if operation.name is not None and operation.name.value == operation_name:
            return operation
    raise Rejected([GraphQLError(f"Unknown operation named '{operation_name}'.")])
