"""Execution of GraphQL operations: each is compiled once, its cost is measured, and its plan answers it. Errors are
returned in the form that clients are shown.

This module connects the plans with the measurement of costs. It knows no type of the schema.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal

from graphql import DocumentNode, GraphQLError, OperationType
from graphql import ExecutionResult as Result
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType as StrawberryOperationType

from service.api.addresses import document_points
from service.api.graphql.context import Context
from service.api.graphql.cost.budget import CostBudget
from service.api.graphql.cost.document_limits import Cost, shown_cost
from service.api.graphql.cost.introspection import cut
from service.api.graphql.error_presentation import MaskedSchema
from service.api.graphql.transport.persisted_documents import PersistedDocuments
from service.api.graphql.transport.request_parsing import GraphQLRequest
from service.api.request_facts import note_operation
from service.errors import Refused
from service.operations.authenticate import unauthenticated
from service.plans import Operation, PlannedSchema, Rejected, Verdict

# Read from the enumeration once: before Python 3.12 its class takes ten times as long to look a member up.
_QUERY, _SUBSCRIPTION = OperationType.QUERY, OperationType.SUBSCRIPTION


class PlannedExecutor:
    """Executor of requests for `GraphQLView`. The schema's limits are read at each request.

    `in_turn` makes plans run their reads one after another, for a database that reads one thing at a time.
    `introspection` determines who may read the schema: everybody, callers with a key, or nobody.
    """

    def __init__(
        self,
        schema: MaskedSchema,
        *,
        entries_max: int,
        bytes_max: int,
        enabled: bool,
        trusted: PersistedDocuments,
        in_turn: bool = False,
        introspection: Literal["public", "keys", "off"] = "public",
    ) -> None:
        self._in_turn = in_turn
        self._introspection = introspection
        self._schema = schema
        self._trusted = trusted
        self.plans = PlannedSchema(
            schema,
            entries_max=entries_max,
            bytes_max=bytes_max,
            enabled=enabled,
            parse=self._parse,
            verdict=self._verdict,
            introspect=self._plain_introspection,
        )

    async def __call__(self, request: GraphQLRequest, context: Context) -> ExecutionResult:
        """Return the answer with its cost, paid by the caller's key or address. Raises `InvalidOperationTypeError` for
        an operation that this request may not run. Refuses `THROTTLED`.
        """
        try:
            operation, cost = await self._prepared(request, context)
        except Rejected as rejected:
            return self._rejection(rejected)
        _refuse_kind(operation, request)
        if context.cost_budget is not None:
            await context.cost_budget.pay(cost.requested)
        result = await self.plans.run(
            operation, request.variables, context, None, request.extensions, in_turn=self._in_turn
        )
        result.extensions = {"cost": shown_cost(cost, self._schema.meter.limits)}
        return result

    async def subscribe(
        self, request: GraphQLRequest, context: Context
    ) -> AsyncGenerator[Result, None] | ExecutionResult:
        """Return the answers to a subscription, or a single answer if the document is faulty or it cannot begin. Each
        event is paid from the key's budget of events, and waits while that is spent. Raises
        `InvalidOperationTypeError` for an operation of another kind, of which nothing ran. Refuses `UNAUTHENTICATED`;
        `THROTTLED`.
        """
        try:
            operation, cost = await self._prepared(request, context)
        except Rejected as rejected:
            return self._rejection(rejected)
        if operation.kind is not _SUBSCRIPTION:
            raise InvalidOperationTypeError(StrawberryOperationType(operation.kind.value))
        if context.identified is None:
            raise unauthenticated()
        if context.cost_budget is not None:
            await context.cost_budget.pay(cost.requested)
        answers = await self.plans.subscribe(operation, request.variables, context, request.extensions)
        if isinstance(answers, Result):
            return ExecutionResult(data=answers.data, errors=answers.errors, extensions={})
        return (
            answers if context.cost_budget is None else _paid(answers, cost.requested, context.cost_budget.of_events())
        )

    async def _prepared(self, request: GraphQLRequest, context: Context) -> tuple[Operation, Cost]:
        """Return the operation, ready to run, and its cost. Raises `Rejected`."""
        is_guest = context.identified is None
        text = self._text_of(request, is_guest=is_guest)
        await self._pay_document(text, request, context)
        operation = self.plans.prepare(text, request.operation_name, request.variables, is_guest=is_guest)
        cost = self._cost(operation, request)
        self._refuse_introspection(cost, is_guest=is_guest)
        note_operation(operation.root_field, operation.name)
        return operation, cost

    def _rejection(self, rejected: Rejected) -> ExecutionResult:
        # Presented as errors of the document, because no field has run.
        errors = self._schema.presented(rejected.errors, validated=False)
        return ExecutionResult(data=None, errors=errors, extensions={})

    def _text_of(self, request: GraphQLRequest, *, is_guest: bool) -> str:
        try:
            return self._trusted.text_of(request, is_guest=is_guest)
        except GraphQLError as error:
            raise Rejected([error]) from error

    async def _pay_document(self, text: str, request: GraphQLRequest, context: Context) -> None:
        budget = context.cost_budget
        if budget is not None and budget.pays_documents and not self.plans.knows(text, request.operation_name):
            await budget.pay(document_points(len(text)))

    def _refuse_introspection(self, cost: Cost, *, is_guest: bool) -> None:
        if not cost.introspects or self._introspection == "public":
            return
        if self._introspection == "off":
            raise Rejected([GraphQLError("The schema is not shown: introspection is off.")])
        if is_guest:
            raise unauthenticated()

    def _plain_introspection(self, operation: Operation) -> dict[str, Any] | None:
        """Return the answer to a plain introspection."""
        cost: Cost = operation.note
        return None if cost.plain is None else cut(cost.plain, self._schema.introspection)

    def _parse(self, text: str) -> DocumentNode:
        try:
            return self._schema.meter.parse(text)
        except Refused as refusal:
            raise _as_error(refusal) from refusal

    def _verdict(self, document: DocumentNode, name: str | None, variables: dict[str, Any] | None) -> Verdict:
        try:
            return Verdict(note=self._schema.meter.measure(document, name, variables))
        except Refused as refusal:
            return Verdict([_as_error(refusal)])
        except GraphQLError as error:
            return Verdict([error])

    def _cost(self, operation: Operation, request: GraphQLRequest) -> Cost:
        """Return the cost measured when the document was first seen, unless this request's variables change it."""
        cost: Cost = operation.note
        if not cost.variables:
            return cost
        verdict = self._verdict(operation.document, request.operation_name, request.variables)
        if verdict.errors:
            raise Rejected(verdict.errors)
        measured: Cost = verdict.note
        return measured


async def _paid(answers: AsyncGenerator[Result, None], points: int, budget: CostBudget) -> AsyncGenerator[Result, None]:
    """Yield the answers. The first one is paid with the operation; each later one waits until there are points for
    it.
    """
    async with aclosing(answers):
        async for answer in answers:
            yield answer
            while True:
                try:
                    await budget.pay(points)
                    break
                except Refused as refusal:
                    await asyncio.sleep(refusal.retry_after_s or 1)


def _as_error(refusal: Refused) -> GraphQLError:
    return GraphQLError(refusal.message, original_error=refusal)


def _refuse_kind(operation: Operation, request: GraphQLRequest) -> None:
    kind = operation.kind
    if kind is _SUBSCRIPTION or (request.read_only and kind is not _QUERY):
        raise InvalidOperationTypeError(StrawberryOperationType(kind.value))
