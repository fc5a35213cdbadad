"""Paths of faulty members in GraphQL inputs.

Refusals of the domain name members in its own words; these functions find the caller's GraphQL member for them.
"""

from collections.abc import Sequence
from typing import Any

from strawberry.types.base import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from service.api.graphql.types.amounts import MassInput, MoneyInput

INSIDE = {"currency": "value"}
"""Members named by the domain that are inside another member of the input: the currency of a sum to spend."""
Path = Sequence[str | int]


def input_path(given: object, path: Path) -> list[str]:
    """Return the path of a fault below the argument `input`, cut off before the first step that the input does not
    have.

    A path to a mass or to money is extended to its amount. If an input takes one of several members, the member that
    was given is part of the path even where the domain does not name it.
    """
    found: list[str] = []
    value: Any = given
    for step in path:
        names, value = _step(value, step)
        if not names:
            break
        found += names
    else:
        if isinstance(value, MassInput | MoneyInput):
            found.append("amount")
    return ["input", *found] if found else []


def argument_path(path: Path) -> list[str | int]:
    """Return the path in GraphQL's spelling, for arguments that are not input objects."""
    return [to_camel_case(step) if isinstance(step, str) else step for step in path]


def _step(value: Any, step: str | int) -> tuple[list[str], Any]:
    """Return the names of the members through which the step leads, and the value there; no names if there are none."""
    if isinstance(value, list):
        return ([str(step)], value[step]) if isinstance(step, int) and step < len(value) else ([], None)
    definition = get_object_definition(value) if value is not None else None
    if definition is None:
        return [], None
    outer = getattr(value, INSIDE.get(str(step), ""), None)
    for field in definition.fields:
        name = field.graphql_name or to_camel_case(field.python_name)
        member = getattr(value, field.python_name)
        if step in (name, field.python_name) and (member is not None or outer is None):
            return [name], member
        if definition.is_one_of:
            names, inner = _step(member, step)
            if names:
                return [name, *names], inner
    names, inner = _step(outer, step)
    return ([INSIDE[str(step)], *names], inner) if names else ([], None)
