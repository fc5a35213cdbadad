"""Global ids: opaque to callers, one spelling each."""

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from typing import Any
from uuid import UUID

import strawberry

from service.errors import Code, Refused
from service.plans import computed_field, needs

_URL_SAFE, _PLAIN = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def global_id(type_name: str, id: UUID) -> strawberry.ID:  # noqa: A002 - what it is called in the schema
    """Return the id as callers see it."""
    written = b2a_base64(f"{type_name}:".encode() + id.bytes, newline=False)
    return strawberry.ID(written.rstrip(b"=").translate(_URL_SAFE).decode())


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
        raw = a2b_base64(text.encode("ascii").translate(_PLAIN) + b"=" * (-len(text) % 4))
        name, _, id_bytes = raw.partition(b":")
        type_name, id_ = name.decode("ascii"), UUID(bytes=id_bytes)
    except (ValueError, NotBase64) as error:
        raise Refused(
            Code.BAD_USER_INPUT,
            "This is not an id of this service. Send an id that a query or a mutation returned.",
            path,
        ) from error
    if global_id(type_name, id_) != text:
        raise Refused(
            Code.BAD_USER_INPUT,
            "This is not an id of this service. Send an id that a query or a mutation returned.",
            path,
        )
    return type_name, id_


def parse_id(type_name: str, text: str, *path: str | int) -> UUID:
    """Return the id of an object of that type. Refuses `BAD_USER_INPUT` for an id of another type."""
    found, id_ = parse_global_id(text, *path)
    if found != type_name:
        raise Refused(Code.BAD_USER_INPUT, f"This is the id of a {found}. Send the id of a {type_name}.", path)
    return id_
