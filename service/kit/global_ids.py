"""Global ids: opaque to callers, one spelling each, made of the name of an object's type and its id."""

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from uuid import UUID

_URL_SAFE, _PLAIN = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def write_global_id(type_name: str, id: UUID) -> str:  # noqa: A002 - its name in the schema
    """Return the id as callers see it."""
    written = b2a_base64(f"{type_name}:".encode() + id.bytes, newline=False)
    return written.rstrip(b"=").translate(_URL_SAFE).decode()


def read_global_id(text: str) -> tuple[str, UUID]:
    """Return the type's name and the id. Raises ValueError for any text that `write_global_id` never returns."""
    try:
        raw = a2b_base64(text.encode("ascii").translate(_PLAIN) + b"=" * (-len(text) % 4))
    except NotBase64 as error:
        raise ValueError("not a global id") from error
    name, _, id_bytes = raw.partition(b":")
    type_name, id_ = name.decode("ascii"), UUID(bytes=id_bytes)
    if write_global_id(type_name, id_) != text:
        raise ValueError("not the one spelling of a global id")
    return type_name, id_


def read_id(type_name: str, text: str) -> UUID:
    """Return the id that a global id of the type contains, or a UUID in its usual form, `8-4-4-4-12` hex digits.
    Raises ValueError for any other text.
    """
    if len(text) == 36 and text.count("-") == 4:
        try:
            id_ = UUID(text)
        except ValueError:
            pass
        else:
            if str(id_) == text.lower():
                return id_
    found, id_ = read_global_id(text)
    if found != type_name:
        raise ValueError(f"the id of a {found}")
    return id_


def account_id(text: str) -> UUID:
    """Return the id of an account from either form, as `read_id` does, with an error that a person understands."""
    try:
        return read_id("Account", text)
    except ValueError:
        raise ValueError(f"{text!r} is not the id of an account.") from None
