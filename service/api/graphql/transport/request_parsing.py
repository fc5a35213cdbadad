"""Parsing of GraphQL over HTTP: the wanted content type, and the operation of a GET or POST request.

Does not know the schema or the execution. Refusals are the client's mistakes and have an HTTP status; Strawberry's own
view answers 500 to a lone number, invalid UTF-8, deep nesting and long integers.
"""

from collections.abc import Iterable, Mapping, Sequence
from email.message import Message
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from service.kit.members import letters_of, repeated_member, shown_path

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
HTML = "text/html"
EVENTS = "text/event-stream"
# Content types for each range of an Accept header, best first. `*/*` gets the type that old clients expect.
_RANGES = {
    JSON: (JSON,),
    GRAPHQL_JSON: (GRAPHQL_JSON,),
    "application/*": (JSON, GRAPHQL_JSON),
    "*/*": (JSON, GRAPHQL_JSON),
}


MEMBERS = frozenset({"query", "variables", "operationName", "extensions", "documentId"})
_BY_LETTERS = {letters_of(name): name for name in MEMBERS}


class BadRequest(Exception):  # noqa: N818 - an answer, not an error of the program
    """Refusal of an HTTP request that contains no operation, with the response's `status` and `headers`."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class GraphQLRequest(NamedTuple):
    """The operation that a request asks to run; `read_only` is True for GET, which must change nothing. If `query` is
    empty, `document_id` or an extension identifies the document.
    """

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    read_only: bool = False
    document_id: str | None = None


@lru_cache(maxsize=64)
def answer_type(accept: str) -> str | None:
    """Return the content type of the answer, or None when none of ours is acceptable; no header means plain JSON."""
    wanted = _media_ranges(accept)
    if not wanted:
        return JSON
    refused = {name for name, quality in wanted if quality <= 0}
    # If qualities are equal, a named type wins over a wildcard, then the first in the header.
    offers = [
        (quality, len(_RANGES[name]) == 1, -place, offer)
        for place, (name, quality) in enumerate(wanted)
        if name in _RANGES and quality > 0
        for offer in [next((each for each in _RANGES[name] if each not in refused), None)]
        if offer is not None
    ]
    return max(offers)[-1] if offers else None


def wants_page(accept: str) -> bool:
    """Return True if the client is a browser: only browsers accept HTML."""
    return any(name == HTML and quality > 0 for name, quality in _media_ranges(accept))


@lru_cache(maxsize=64)
def wants_events(accept: str) -> bool:
    """Return True if the client accepts server-sent events. A client that accepts JSON too gets them only for
    subscriptions.
    """
    return any(name == EVENTS and quality > 0 for name, quality in _media_ranges(accept))


def _media_ranges(accept: str) -> list[tuple[str, float]]:
    ranges = []
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name:
            ranges.append((name, _quality(parameters)))
    return ranges


def _quality(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def request_by_post(content_type: str, body: bytes) -> GraphQLRequest:
    """Parse the operation in a JSON body. Other types are refused with 415: a form on another site can send those."""
    if content_type != JSON:  # parsing the header takes longer than everything else here, and is rarely necessary
        _refuse_other_type(content_type)
    data = _json(body, "body")
    if isinstance(data, list):
        raise BadRequest(400, "One operation a request: batches are not run.")
    if not isinstance(data, dict):
        raise BadRequest(400, "The body is a JSON object with a query.")
    _refuse_repeated(body, data, "body")
    # NUL has only this spelling in JSON. It is searched by `find`, because `in` first tries to take its operand as a
    # number, with an exception each time.
    return _request_of(data, read_only=False, may_hold_nul=body.find(b"\\u0000") >= 0)


def request_of_payload(payload: dict[str, Any]) -> GraphQLRequest:
    """Return the operation in the payload of a message. Raises `BadRequest`."""
    return _request_of(payload, read_only=False, may_hold_nul=True)


def _refuse_other_type(content_type: str) -> None:
    message = Message()
    message["content-type"] = content_type
    if message.get_content_type() != JSON or not content_type:
        raise BadRequest(415, "Send the operation as application/json.", {"Accept": JSON})
    if (message.get_content_charset() or "utf-8") not in {"utf-8", "utf8"}:
        raise BadRequest(415, "Send the operation in UTF-8.", {"Accept": JSON})


def request_by_get(parameters: Sequence[tuple[str, str]]) -> GraphQLRequest:
    """Return the operation in a query string, whose variables and extensions are JSON texts."""
    data: dict[str, Any] = {}
    for name, text in parameters:
        if name in MEMBERS and data.setdefault(name, text) != text:
            raise BadRequest(400, f"The query string has two different values of {name}.")
        data[name] = text
    for name in ("variables", "extensions"):
        if name in data:
            text = data[name].encode("utf-8", "replace")
            data[name] = _json(text, name) if text else None
            _refuse_repeated(text, data[name], name)
    return _request_of(data, read_only=True, may_hold_nul=True)


def _refuse_repeated(text: bytes, value: object, what: str) -> None:
    try:
        path = repeated_member(text, value)
    except RecursionError:
        raise BadRequest(400, f"The {what} is nested too deeply.") from None
    if path is not None:
        raise BadRequest(400, f"The member {shown_path(path)} stands twice in the {what}.")


def _refuse_misspelled(data: Mapping[str, Any]) -> None:
    for name in data:
        known = _BY_LETTERS.get(letters_of(name), name)
        if known != name:
            raise BadRequest(400, f"Unknown member {shown_path([name])}: write {known}.")


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest(400, f"The {what} is not JSON in UTF-8.") from None


def _request_of(data: dict[str, Any], *, read_only: bool, may_hold_nul: bool) -> GraphQLRequest:
    if not MEMBERS.issuperset(data):  # additional members of tools are ignored
        _refuse_misspelled(data)
    query, name = data.get("query"), data.get("operationName")
    variables, extensions = data.get("variables"), data.get("extensions")
    document_id = data.get("documentId")
    if document_id is not None and not isinstance(document_id, str):
        raise BadRequest(400, "documentId is a string.")
    is_named = document_id is not None or (isinstance(extensions, dict) and "persistedQuery" in extensions)
    if query is None and is_named:
        query = ""
    elif not isinstance(query, str) or not query:
        raise BadRequest(400, "query is a string and required.")
    if name is not None and not isinstance(name, str):
        raise BadRequest(400, "operationName is a string.")
    name = name or None  # an empty name counts as none, because some clients send it
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(400, "variables is an object.")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest(400, "extensions is an object.")
    if may_hold_nul and _holds_nul(variables):
        raise BadRequest(400, "A text holds no NUL character.")
    return GraphQLRequest(query, variables, name, extensions, read_only, document_id)


def _holds_nul(value: object) -> bool:
    """Refuse NUL, which PostgreSQL cannot store in text. Not recursive, because JSON may nest deeper than Python's
    stack.
    """
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            if "\0" in each:
                return True
        elif isinstance(each, dict):
            left.extend(each)
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
    return False
