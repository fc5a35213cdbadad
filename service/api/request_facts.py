"""Facts of the request that a task works for, for its line of the log, its metrics and its span.

The request limits begin them, every layer of an API adds what it knows, and the request limits write them down at the
end. Names of operations come from the schema or a contract, so that their number is bounded.
"""

from contextvars import ContextVar
from functools import lru_cache
from typing import TypedDict
from uuid import UUID

from service.domain.accounts import Caller

OPERATION_NAME_LENGTH_MAX = 100
_CODES_MAX = 10


class Facts(TypedDict, total=False):
    """Members of the request's line of the log."""

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
    """Return the text of an id, given its number: writing it takes as long as all else that is noted, and numbers are
    compared without running Python code.
    """
    return str(UUID(int=number))


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
        facts["account_id"] = _text_of(caller.account.id.int)
        facts["key_id"] = caller.key_id


def note_failure(code: str) -> None:
    """Record the code of a failure of the service that the HTTP status does not tell."""
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
