"""Columns of an export: a name, a description, and the function that reads the value from a row.

A value is a text, an integer, None, or an object of texts. Names never change, and a new column is the last one.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple, TypeAlias, cast
from uuid import UUID

from service.api.graphql.scalars import SCALARS
from service.api.graphql.types.node import global_id
from service.domain.amounts import MassUnit, mass_text, money_text

Value: TypeAlias = str | int | Mapping[str, str] | None

_shown_time: Callable[[Any], Any] = SCALARS[datetime].serialize  # type: ignore[assignment]
_TONNE = MassUnit.TONNE


class Column(NamedTuple):
    """A column. `is_text` is True for texts that people chose, which could begin like a spreadsheet formula; it is
    False for numbers, ids, names of states and times. `needs` are the attributes that the value is read from.
    """

    name: str
    description: str
    value: Callable[[Any], Value]
    needs: tuple[str, ...]
    is_text: bool = False


def text(name: str, attribute: str, description: str) -> Column:
    """Return a column with a text that a person chose."""
    return Column(name, description, lambda row: getattr(row, attribute), (attribute,), is_text=True)


def plain(name: str, attribute: str, description: str) -> Column:
    """Return a column with a text of the service, such as the code of a currency."""
    return Column(name, description, lambda row: getattr(row, attribute), (attribute,))


def state(name: str, attribute: str, description: str) -> Column:
    """Return a column with the name that a member of an enumeration has in the GraphQL schema."""

    def value(row: Any) -> Value:
        member: Enum | None = getattr(row, attribute)
        return None if member is None else member.name

    return Column(name, description, value, (attribute,))


def time(name: str, attribute: str, description: str) -> Column:
    """Return a column with a time, written as GraphQL writes it."""

    def value(row: Any) -> Value:
        moment = getattr(row, attribute)
        return None if moment is None else cast(str, _shown_time(moment))

    return Column(name, description, value, (attribute,))


def reference(name: str, type_name: str, attribute: str, description: str) -> Column:
    """Return a column with the global id of an object."""

    def value(row: Any) -> Value:
        id_: UUID | None = getattr(row, attribute)
        return None if id_ is None else global_id(type_name, id_)

    return Column(name, description, value, (attribute,))


def money(name: str, attribute: str, description: str) -> Column:
    """Return a column with an amount in the row's currency, with all decimals of that currency."""

    def value(row: Any) -> Value:
        minor: int | None = getattr(row, attribute)
        return None if minor is None else money_text(minor, row.currency)

    return Column(name, description, value, (attribute, "currency"))


def mass(name: str, attribute: str, description: str) -> tuple[Column, Column]:
    """Return two columns with a mass: in grams and in tonnes."""

    def tonnes(row: Any) -> Value:
        mass_g: int | None = getattr(row, attribute)
        return None if mass_g is None else mass_text(mass_g, _TONNE)

    return (
        Column(f"{name}Grams", f"{description} In grams.", lambda row: getattr(row, attribute), (attribute,)),
        Column(f"{name}Tonnes", f"{description} In tonnes.", tonnes, (attribute,)),
    )
