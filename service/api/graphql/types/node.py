"""Global ids: opaque to callers, with one spelling for each object."""

from typing import Any
from uuid import UUID

import strawberry

from service.errors import Code, Refused
from service.kit.global_ids import read_global_id, read_id, write_global_id
from service.plans import computed_field, needs


def global_id(type_name: str, id: UUID) -> strawberry.ID:  # noqa: A002 - what it is called in the schema
    """Return the id in the form that callers see."""
    return strawberry.ID(write_global_id(type_name, id))


@strawberry.interface(description="An object with a global id. The query `node` reads any such object by its id.")
class Node:
    """A type whose `row` has an `id`. Global ids contain the type's name in the schema, which stays when the class is
    renamed.
    """

    row: strawberry.Private[Any]

    id = computed_field(
        global_id,
        "__class__.__strawberry_definition__.name",
        "row.id",
        metadata=needs("id"),
        description="Global id of the object. No two objects have the same id, whatever their types. Treat the id as "
        "an opaque string, because its format may change.",
    )


def parse_global_id(text: str, *path: str | int) -> tuple[str, UUID]:
    """Return the type's name and the id. Refuses `BAD_USER_INPUT` for any text that `global_id` never returns."""
    try:
        return read_global_id(text)
    except ValueError as error:
        raise Refused(
            Code.BAD_USER_INPUT,
            "This is not an id of this service. Send an id that a query or a mutation returned.",
            path,
        ) from error


def parse_id(type_name: str, text: str, *path: str | int) -> UUID:
    """Return the id of an object of that type, from its global id or its UUID. Refuses `BAD_USER_INPUT` for an id of
    another type.
    """
    try:
        return read_id(type_name, text)
    except ValueError:
        found, _ = parse_global_id(text, *path)
        message = f"This is the id of a {found}. Send the id of a {type_name}."
        raise Refused(Code.BAD_USER_INPUT, message, path) from None
