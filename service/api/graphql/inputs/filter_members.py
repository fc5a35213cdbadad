"""Lists of values in filters, each with a maximum length."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from service.api.graphql.types.node import parse_id
from service.errors import Code, Refused

T = TypeVar("T")
VALUES_MAX = 100
"""Maximum number of values of one condition."""


def few(values: Sequence[T], member: str) -> Sequence[T]:
    """Return the values. Refuses `BAD_USER_INPUT` for more than `VALUES_MAX`."""
    if len(values) > VALUES_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give at most {VALUES_MAX} values.", ("filter", member))
    return values


def ids_of(type_name: str, ids: Sequence[str] | None, member: str) -> frozenset[UUID] | None:
    """Return the ids of objects of the type; None if the member is left out."""
    if ids is None:
        return None
    found = enumerate(few(ids, member))
    return frozenset(parse_id(type_name, each, "filter", member, index) for index, each in found)
