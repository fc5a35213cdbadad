"""Facts of the request that a task works for, for its line of the log, its metrics and its span.

The request limits begin them, every layer of an API adds what it knows, and the request limits write them down at the
end. Names of operations come from the schema or a contract, so that their number is bounded.
"""

from contextvars import ContextVar
from typing import Any

from service.domain.accounts import Caller

FACTS: ContextVar[dict[str, Any] | None] = ContextVar("request_facts", default=None)
"""The `state` of the request's scope. None outside a request."""

LOGGED = ("operation", "operation_name", "account_id", "key_id", "codes", "failure")
"""Names of the facts, in the order in which the log has them."""

OPERATION_NAME_LENGTH_MAX = 100
_CODES_MAX = 10


def note_operation(operation: str, name: str | None = None) -> None:
    """Record what is done: a root field or an endpoint, and the name that the caller gave its GraphQL operation."""
    facts = FACTS.get()
    if facts is not None:
        facts["operation"] = operation
        if name is not None:
            facts["operation_name"] = name[:OPERATION_NAME_LENGTH_MAX]


def note_caller(caller: Caller) -> None:
    """Record the account and the key."""
    facts = FACTS.get()
    if facts is not None:
        facts["account_id"] = str(caller.account.id)
        facts["key_id"] = caller.key_id


def note_refusal(code: str) -> None:
    """Record that the request, or a part of it, was refused with the code."""
    facts = FACTS.get()
    if facts is None:
        return
    codes: list[str] = facts.setdefault("codes", [])
    if code not in codes and len(codes) < _CODES_MAX:
        codes.append(str(code))
