"""Headers of a request: one value of each, without the blanks around it, and a refusal of two that contradict.

Knows HTTP and no API. Everything that reads a header of a request reads it here.
"""

from starlette.types import Scope

from service.errors import Code, Refused

SINGLE = {
    name.lower().encode(): name
    for name in (
        "Authorization", "Idempotency-Key", "Account-Id", "Lune-Account", "Lune-Version", "Content-Type", "Host",
    )
}  # fmt: skip
"""Headers that decide who calls, for whom and what is done, so that a request has one value of each."""

_BLANKS = " \t"
_NAMED = "service.headers"


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first header of that lower-case name without blanks around its value, None if there is none.

    Blanks are no part of a value (RFC 9110, 5.5), and httptools leaves those behind it. Starlette's mapping would
    leave them too, and takes three times as long.
    """
    value = _named(scope).get(name)
    return None if value is None else str(value, "latin-1").strip(_BLANKS)


def raw_header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first header of that lower-case name with the blanks that the server left around its value."""
    value = _named(scope).get(name)
    return None if value is None else str(value, "latin-1")


def headers_of(scope: Scope, name: bytes) -> list[str]:
    """Return the values of every header of that lower-case name, in the order of the request."""
    return [str(value, "latin-1").strip(_BLANKS) for each, value in scope["headers"] if each == name]


def refuse_contradictions(scope: Scope) -> None:
    """Refuse `BAD_USER_INPUT`, naming the header, if one of `SINGLE` has two different values."""
    if len(_named(scope)) == len(scope["headers"]):  # no header is repeated, as in nearly every request
        return
    for name, shown in SINGLE.items():
        if len(set(headers_of(scope, name))) > 1:
            raise Refused(Code.BAD_USER_INPUT, f"The request has two different values of the header {shown}.")


def _named(scope: Scope) -> dict[bytes, bytes]:
    named: dict[bytes, bytes] | None = scope.get(_NAMED)
    if named is None:
        named = scope[_NAMED] = dict(reversed(scope["headers"]))  # kept: each request is asked for several
    return named
