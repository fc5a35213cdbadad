"""Presentation of errors: every error has a code and the request id. Refusals keep their message, faults are masked.

Does not know fields or HTTP. A fault is logged once with its traceback under the request id that the caller sees. A
client's mistake is not logged as an error.
"""

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError, execute_sync, get_introspection_query, parse
from strawberry.exceptions import MissingQueryError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext

from service.api.graphql.cost.document_limits import DocumentLimits, DocumentMeter
from service.api.graphql.inputs.fault_paths import argument_path
from service.errors import REASONS, Reason, Refused, shortened
from service.kit.request_id import REQUEST_ID

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
OPERATION_UNRESOLVED = "OPERATION_RESOLUTION_FAILURE"
INTERNAL = "INTERNAL_SERVER_ERROR"

GRAPHQL_REASONS: dict[str, Reason] = {
    PARSE_FAILED: Reason("The document has a syntax error at the place in `locations`.", 400),
    VALIDATION_FAILED: Reason("The document selects something that the schema does not have.", 400),
    OPERATION_UNRESOLVED: Reason(
        "The document has no operation of the requested name, or it has several operations and the request names none.",
        400,
    ),
    "BAD_REQUEST": Reason(
        "The HTTP request does not carry a valid GraphQL request: its method, content type or body is wrong.", 400
    ),
    "PERSISTED_QUERY_NOT_FOUND": Reason(
        "No persisted document has this SHA-256. Send the text of the document together with the hash.", 400
    ),
    "PERSISTED_QUERY_NOT_SUPPORTED": Reason(
        "This service runs registered documents only, and this document is not registered.", 400
    ),
}
"""Codes that exist only in GraphQL, in addition to those of `errors.REASONS`."""

log = structlog.get_logger(__name__)
_CHOICE_OF_OPERATION = (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError)


def cause_of(error: GraphQLError) -> Exception | None:
    """Return the exception of a resolver, a scalar or a hook, without the errors that graphql-core wrapped
    around it.
    """
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def is_fault(error: GraphQLError) -> bool:
    """Return True if the error is a fault of the service, not of the request."""
    return not isinstance(cause_of(error), (Refused, GraphQLError, *_CHOICE_OF_OPERATION, type(None)))


def present(error: GraphQLError, request_id: str, otherwise: str = BAD_USER_INPUT) -> GraphQLError:
    """Return the error in the form shown to callers; `otherwise` is the code for a client's mistake that has no
    code.
    """
    if _is_presented(error):
        return error
    cause = cause_of(error)
    message = error.message
    extensions: dict[str, Any] = {"code": INTERNAL}
    if isinstance(cause, Refused):
        message, extensions = cause.message, refusal_extensions(cause)
    elif isinstance(cause, _CHOICE_OF_OPERATION):
        extensions = {"code": OPERATION_UNRESOLVED}
    elif is_fault(error):
        message = "Internal error"
    else:
        extensions = {"code": PARSE_FAILED if isinstance(error, GraphQLSyntaxError) else otherwise}
        extensions |= getattr(cause, "extensions", None) or error.extensions or {}
    shown = GraphQLError(shortened(message), error.nodes, error.source, error.positions, error.path, cause)
    reason = REASONS.get(extensions["code"]) or GRAPHQL_REASONS.get(extensions["code"])
    may_retry = {} if reason is None else {"mayRetry": reason.may_retry}
    shown.extensions = may_retry | extensions | {"requestId": request_id}
    return shown


def _is_presented(error: GraphQLError) -> bool:
    return "requestId" in (error.extensions or {})


def refusal_extensions(refused: Refused) -> dict[str, Any]:
    """Return the extensions of a refusal; `inputPath` leads to the faulty member of the arguments."""
    details = {name: _plain(value) for name, value in refused.details.items()}
    path = {"inputPath": argument_path(refused.path)} if refused.path else {}
    return {**details, **path, "code": str(refused.code), "mayRetry": refused.may_retry}


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    return str(value)  # such as a Decimal, a datetime or an id


class MaskedSchema(strawberry.Schema):
    """A schema that measures documents, and whose errors are safe to show."""

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        request_id: Callable[[], str] = REQUEST_ID.get,
        limits: DocumentLimits | None = None,
        types: Iterable[Any] = (),
        config: StrawberryConfig | None = None,
    ) -> None:
        super().__init__(query, mutation, subscription, types=types, config=config)
        self.meter = DocumentMeter(self._schema, limits or DocumentLimits())
        self.request_id = request_id

    @cached_property
    def introspection(self) -> dict[str, Any]:
        """Return the complete answer to the tools' introspection query, including everything that is deprecated."""
        text = get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
            experimental_directive_deprecation=True,
            one_of=True,
        )
        answer = execute_sync(self._schema, parse(text))
        if answer.data is None:
            raise RuntimeError(f"the schema cannot be introspected: {answer.errors}")
        return answer.data

    def bound_by(self, limits: DocumentLimits) -> None:
        """Set the limits for all documents measured from now on."""
        self.meter = DocumentMeter(self._schema, limits)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Replace each error by its presentable form. Strawberry calls this once for every answer."""
        errors[:] = self.presented(errors, validated=execution_context is None or execution_context.result is not None)

    def presented(self, errors: Collection[GraphQLError], *, validated: bool) -> list[GraphQLError]:
        """Return the errors in the form shown to callers, and log each fault once. `validated` is True for errors of
        variables, False for errors of the document.
        """
        if not errors:
            return []
        request_id = self.request_id()
        logged: set[int] = set()
        shown = []
        for error in errors:
            if _is_presented(error):
                shown.append(error)
                continue
            cause = cause_of(error)
            # One exception of a batch resolver fails many fields, but is logged once.
            if cause is not None and is_fault(error) and id(cause) not in logged:
                logged.add(id(cause))
                log.error("fault", where=".".join(map(str, error.path or ())), exc_info=cause, request_id=request_id)
            code = BAD_USER_INPUT if validated or error.path else VALIDATION_FAILED
            shown.append(present(error, request_id, code))
        return shown
