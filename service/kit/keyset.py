"""Keyset paging: cursors, requests for pages, and the pages made of fetched rows.

Knows no table and no SQL: storage reads `limit + 1` rows strictly between `after` and `before`, ordered by (value, id),
and in the opposite order when `backward` is set.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from service.errors import Code, Refused

SortValue: TypeAlias = int | datetime | str
SortKind: TypeAlias = type[int] | type[datetime] | type[str]
T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_HEX_ID = re.compile(r"[0-9a-f]{32}")
# Longer than any cursor made here, and still cheap to decode.
_LONGEST_CURSOR = 2_000


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a row in a list: its value under the list's sort, and the id that breaks ties."""

    value: SortValue
    id: UUID


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for at most `limit` rows strictly after `after` and strictly before `before`; with `backward` the last
    of them.
    """

    limit: int
    after: Position | None = None
    before: Position | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """One page in the list's own order, with flags that the list goes on before or after it."""

    items: tuple[T, ...]
    has_previous: bool
    has_next: bool


def encode_cursor(sort: str, position: Position) -> str:
    """Write opaque URL-safe text that contains the sort, the value and the id; the same position always gives the same
    text. Raises ValueError for a sort with a colon in its name, which could not be read back.
    """
    if ":" in sort:
        raise ValueError(f"a sort is named without a colon: {sort}")
    value = position.value
    if isinstance(value, datetime):
        written = f"t{(value - _EPOCH) // _MICROSECOND}"
    elif isinstance(value, int):
        written = f"i{value}"
    else:
        written = f"s{value}"
    return urlsafe_b64encode(f"{sort}:{written}:{position.id.hex}".encode()).rstrip(b"=").decode()


def decode_cursor(sort: str, kind: SortKind, text: str) -> Position:
    """Return the position that `encode_cursor(sort, …)` wrote of a value of the kind that the list is sorted by.

    Anything else, even one spare bit, is BAD_USER_INPUT.
    """
    return _decode(sort, kind, text, ())


def _decode(sort: str, kind: SortKind, text: str, path: tuple[str, ...]) -> Position:
    foreign = Refused(Code.BAD_USER_INPUT, "The cursor was not made by this list.", path)
    if not text or len(text) > _LONGEST_CURSOR or not text.isascii():
        raise foreign
    try:
        written = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        raise foreign from None
    made_under, _, rest = written.partition(":")
    value_text, _, id_text = rest.rpartition(":")
    if made_under != sort:
        raise (
            Refused(
                Code.BAD_USER_INPUT,
                "This cursor was created in another sort order. Start again from the first page.",
                path,
            )
            if value_text
            else foreign
        )
    value = _read_value(value_text)
    if not isinstance(value, kind) or not _HEX_ID.fullmatch(id_text):
        raise foreign
    position = Position(value, UUID(id_text))
    # base64 ignores stray characters and spare bits, so without this check several texts would decode to one position.
    if encode_cursor(sort, position) != text:
        raise foreign
    return position


def _read_value(text: str) -> SortValue | None:
    kind, body = text[:1], text[1:]
    if kind == "s":
        return None if "\0" in body else body  # PostgreSQL cannot store NUL in text
    if kind not in {"i", "t"} or not _INTEGER.fullmatch(body):
        return None
    number = int(body)
    if not -(2**63) <= number < 2**63:
        return None
    if kind == "i":
        return number
    try:
        return _EPOCH + timedelta(microseconds=number)
    except OverflowError:
        return None


def page_request(
    sort: str,
    kind: SortKind,
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    default_size: int = 20,
    max_size: int = 100,
) -> PageRequest:
    """Return the request for the page that Relay's four arguments describe. Refuses BAD_USER_INPUT with the path of the
    faulty argument.

    `kind` is the class of the values that the list is sorted by: a cursor with a value of another is not of the list.

    Without `first` and `last` a page has the default size, and `before` alone pages backward.
    """
    if first is not None and last is not None:
        raise Refused(Code.BAD_USER_INPUT, "Give either first or last, not both.", ("last",))
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= max_size:
            raise Refused(Code.BAD_USER_INPUT, f"Give {name} from 1 to {max_size}.", (name,), maximum=max_size)
    backward = last is not None or (first is None and before is not None and after is None)
    return PageRequest(
        limit=first or last or default_size,
        after=None if after is None else _decode(sort, kind, after, ("after",)),
        before=None if before is None else _decode(sort, kind, before, ("before",)),
        backward=backward,
    )


def slice_of(rows: Sequence[T], request: PageRequest) -> Slice[T]:
    """Build the page from `limit + 1` fetched rows in query order; the extra row only shows that the list goes on.

    A cursor counts as proof of a neighbour at its end, because the row it was made from existed.
    """
    more = len(rows) > request.limit
    page = tuple(rows[: request.limit])
    return Slice(
        items=page[::-1] if request.backward else page,
        has_previous=request.after is not None or (request.backward and more),
        has_next=request.before is not None or (not request.backward and more),
    )
