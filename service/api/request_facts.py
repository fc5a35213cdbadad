"""Facts of the request that the present task serves, for its log line, metrics and span.

The request limits create them, each layer of an API adds facts, and the request limits log them at the end. Names of
operations come from the schema or a contract, so that their number is bounded.
"""

from contextvars import ContextVar
from functools import lru_cache
from typing import TypedDict
from uuid import UUID

from service.domain.accounts import Caller

OPERATION_NAME_LENGTH_MAX = 100
_CODES_MAX = 10


class Facts(TypedDict, total=False):
    """Facts of a request for its log line."""

    method: str
    path: str
    request_id: str
    operation: str
    operation_name: str
    account_id: str
    key_id: str
    codes: list[str]
    failure: str
    address: str
    unlogged: int
    status: int
    ms: float


FACTS: ContextVar[Facts | None] = ContextVar("request_facts", default=None)
"""None outside a request."""


@lru_cache(maxsize=4_096)
def _text_of(number: int) -> str:
    """Return the text of an id, given its number. Cached, because writing it takes as long as recording everything
    else; by number, because numbers are compared without running Python code.
    """
    return str(UUID(int=number))


def note_operation(operation: str, name: str | None = None) -> None:
    """Record the operation: a root field or an endpoint, and the name that the caller gave its GraphQL operation."""
    facts = FACTS.get()
    if facts is not None:
        facts["operation"] = operation
        if name is not None:
            facts["operation_name"] = name[:OPERATION_NAME_LENGTH_MAX]


def note_caller(caller: Caller) -> None:
    """Record the account and the key."""
    facts = FACTS.get()
    if facts is not None:
        facts["account_id"] = _text_of(caller.account.id.int)
        facts["key_id"] = caller.key_id


def note_failure(code: str) -> None:
    """Record the code of a failure of the service that the HTTP status does not show."""
    facts = FACTS.get()
    if facts is not None:
        facts["failure"] = code


def note_refusal(code: str) -> None:
    """Record that the request, or a part of it, was refused with the code."""
    facts = FACTS.get()
    if facts is None:
        return
    codes = facts.setdefault("codes", [])
    if code not in codes and len(codes) < _CODES_MAX:
        codes.append(str(code))
