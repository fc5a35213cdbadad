"""Headers of a request: one value of each, without blanks at its ends; contradictory repetitions are refused.

All code that needs a request header reads it through this module.
"""

from starlette.types import Scope

from service.errors import Code, Refused

SINGLE = {
    name.lower().encode(): name
    for name in (
        "Authorization", "Idempotency-Key", "Account-Id", "Lune-Account", "Lune-Version", "Content-Type", "Host",
    )
}  # fmt: skip
"""Headers that determine the caller, the account or the effect, of which a request must not have two different
values.
"""

_BLANKS = " \t"
_NAMED = "service.headers"


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first header of that lower-case name without blanks around its value, None if there is none.

    Blanks are not part of a value (RFC 9110, 5.5), but httptools keeps those after it. Starlette's mapping keeps them
    too, and takes three times as long.
    """
    value = _named(scope).get(name)
    return None if value is None else str(value, "latin-1").strip(_BLANKS)


def raw_header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first header of the lower-case name, including blanks that the server left around its value."""
    value = _named(scope).get(name)
    return None if value is None else str(value, "latin-1")


def headers_of(scope: Scope, name: bytes) -> list[str]:
    """Return the values of every header of that lower-case name, in the order of the request."""
    return [str(value, "latin-1").strip(_BLANKS) for each, value in scope["headers"] if each == name]


def refuse_contradictions(scope: Scope) -> None:
    """Refuse `BAD_USER_INPUT`, naming the header, if one of `SINGLE` has two different values."""
    if len(_named(scope)) == len(scope["headers"]):  # true for nearly every request: no header is repeated
        return
    for name, shown in SINGLE.items():
        if len(set(headers_of(scope, name))) > 1:
            raise Refused(Code.BAD_USER_INPUT, f"The request has two different values of the header {shown}.")


def refuse_codings(scope: Scope) -> None:
    """Refuse a body that would have to be decoded: `BAD_USER_INPUT` if it has a transfer coding other than `chunked`,
    `UNSUPPORTED_MEDIA_TYPE` if it has a content coding.

    The HTTP server takes `gzip, chunked` for chunked and passes compressed bytes on, which nothing here can read.
    """
    named = _named(scope)
    if b"transfer-encoding" in named and _codings(scope, b"transfer-encoding") != ["chunked"]:
        raise Refused(
            Code.BAD_USER_INPUT, "Send the body with Content-Length, or with Transfer-Encoding: chunked alone."
        )
    if b"content-encoding" in named and set(_codings(scope, b"content-encoding")) - {"identity"}:
        raise Refused(Code.UNSUPPORTED_MEDIA_TYPE, "Send the body without Content-Encoding, and so uncompressed.")


def _codings(scope: Scope, name: bytes) -> list[str]:
    values = ",".join(headers_of(scope, name)).lower().split(",")
    return [coding for value in values if (coding := value.strip(_BLANKS))]


def _named(scope: Scope) -> dict[bytes, bytes]:
    named: dict[bytes, bytes] | None = scope.get(_NAMED)
    if named is None:
        named = scope[_NAMED] = dict(reversed(scope["headers"]))  # cached, because each request reads several headers
    return named
