from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Code, Refused
from service.kit.keyset import (
    PageRequest,
    Position,
    Slice,
    SortKind,
    decode_cursor,
    encode_cursor,
    page_request,
    slice_of,
)

ID = UUID("0192f3c4-0000-7000-8000-00000000002a")
NOON = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)

KINDS: tuple[SortKind, ...] = (int, datetime, str)

values = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.datetimes(timezones=st.just(UTC)),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=100),
)


def refusal(sort: str, text: str, kind: SortKind = int) -> Refused:
    with pytest.raises(Refused) as caught:
        decode_cursor(sort, kind, text)
    assert caught.value.code is Code.BAD_USER_INPUT
    return caught.value


def page(kind: SortKind = datetime, **asked: object) -> PageRequest:
    return page_request("created", kind, **({"first": None, "after": None, "last": None, "before": None} | asked))


@given(values, st.uuids())
def test_a_cursor_comes_back_as_the_position_it_was_made_of(value: int | datetime | str, row_id: UUID):
    position = Position(value, row_id)
    text = encode_cursor("created", position)

    assert decode_cursor("created", type(value), text) == position
    assert text.replace("-", "").replace("_", "").isalnum()


def test_a_moment_is_the_same_cursor_in_every_time_zone():
    riyadh = NOON.astimezone(timezone(timedelta(hours=3)))

    assert encode_cursor("created", Position(riyadh, ID)) == encode_cursor("created", Position(NOON, ID))


def test_a_cursor_of_another_sort_is_refused():
    assert (
        refusal("mass", encode_cursor("created", Position(NOON, ID))).message
        == "This cursor was created in another sort order. Start again from the first page."
    )


def written(text: str | bytes) -> str:
    return urlsafe_b64encode(text.encode() if isinstance(text, str) else text).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "not a cursor",
        "é",
        "\0",
        "A" * 100_000,
        written(b"\xff\xfe"),
        written("created"),
        written(f"created:i1:{ID.hex.upper()}"),
        written(f"created:i1:{ID}"),
        written(f"created:i01:{ID.hex}"),
        written(f"created:i-0:{ID.hex}"),
        written(f"created:i1_0:{ID.hex}"),
        written(f"created:i\u0661:{ID.hex}"),
        written(f"created:i{2**63}:{ID.hex}"),
        written(f"created:t{2**63 - 1}:{ID.hex}"),
        written(f"created:sa\0b:{ID.hex}"),
        written(f"created:s:{ID.hex}"),
        written(f"created:sfoo:{ID.hex}"),
        written(f"created:s5:{ID.hex}"),
        written(f"created:t5:{ID.hex}"),
        written(f"created:f1.5:{ID.hex}"),
        written(f"created::{ID.hex}"),
        written(f"created:i1:{ID.hex}") + "==",
        written(f"created:i1:{ID.hex}\n"),
        "!" + written(f"created:i1:{ID.hex}"),
    ],
)
def test_garbage_and_forged_cursors_are_refused(text: str):
    assert refusal("created", text).message == "The cursor was not made by this list."


@given(values, st.uuids())
def test_a_cursor_with_a_value_of_another_kind_was_not_made_by_the_list(value: int | datetime | str, row_id: UUID):
    text = encode_cursor("created", Position(value, row_id))

    for kind in KINDS:
        if kind is not type(value):
            assert refusal("created", text, kind).message == "The cursor was not made by this list."


def test_spare_bits_of_the_last_character_do_not_make_a_second_spelling():
    text = encode_cursor("created", Position(1, ID))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    padding = "=" * (-len(text) % 4)
    twins = [text[:-1] + letter for letter in alphabet if letter != text[-1]]
    same_bytes = [twin for twin in twins if urlsafe_b64decode(twin + padding) == urlsafe_b64decode(text + padding)]

    assert same_bytes
    for twin in same_bytes:
        refusal("created", twin)


@given(st.text(max_size=200))
def test_no_text_breaks_the_decoder(text: str):
    for kind in KINDS:
        try:
            position = decode_cursor("created", kind, text)
        except Refused:
            continue
        assert encode_cursor("created", position) == text


def test_a_page_has_the_default_size_and_goes_forward():
    assert page() == PageRequest(limit=20)


def test_first_after_pages_forward_and_last_before_backward():
    cursor = encode_cursor("created", Position(NOON, ID))

    assert page(first=5, after=cursor) == PageRequest(5, after=Position(NOON, ID))
    assert page(last=5, before=cursor) == PageRequest(5, before=Position(NOON, ID), backward=True)
    assert page(before=cursor) == PageRequest(20, before=Position(NOON, ID), backward=True)
    assert page(first=5, before=cursor) == PageRequest(5, before=Position(NOON, ID))
    assert page(last=5) == PageRequest(5, backward=True)


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"first": 0}, "first"),
        ({"first": -1}, "first"),
        ({"first": 101}, "first"),
        ({"last": 0}, "last"),
        ({"last": 10**9}, "last"),
        ({"first": 1, "last": 1}, "last"),
        ({"after": "x"}, "after"),
        ({"after": ""}, "after"),
        ({"last": 1, "before": "x"}, "before"),
    ],
)
def test_a_page_out_of_bounds_is_refused_at_its_argument(asked: dict[str, object], path: str):
    with pytest.raises(Refused) as caught:
        page(**asked)

    assert (caught.value.code, caught.value.path) == (Code.BAD_USER_INPUT, (path,))


def test_the_extra_row_only_tells_that_the_list_goes_on():
    assert slice_of([1, 2, 3], PageRequest(2)) == Slice((1, 2), has_previous=False, has_next=True)
    assert slice_of([1, 2], PageRequest(2)) == Slice((1, 2), has_previous=False, has_next=False)
    assert slice_of([], PageRequest(2)) == Slice((), has_previous=False, has_next=False)


def test_the_row_a_cursor_was_made_from_counts_as_a_neighbour():
    at = Position(NOON, ID)

    assert slice_of([2], PageRequest(2, after=at)) == Slice((2,), has_previous=True, has_next=False)
    assert slice_of([2], PageRequest(2, before=at)) == Slice((2,), has_previous=False, has_next=True)


def test_a_backward_page_is_shown_in_the_order_of_the_list():
    at = Position(NOON, ID)

    assert slice_of([9, 8, 7], PageRequest(2, before=at, backward=True)) == Slice(
        (8, 9), has_previous=True, has_next=True
    )
    assert slice_of([9], PageRequest(2, backward=True)) == Slice((9,), has_previous=False, has_next=False)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.uuids()), max_size=40, unique=True),
    st.integers(1, 7),
    st.booleans(),
)
def test_walking_the_pages_either_way_meets_every_row_once(rows: list[tuple[int, UUID]], size: int, backward: bool):
    listed = sorted(rows, reverse=True)
    met: list[tuple[int, UUID]] = []
    cursor: str | None = None
    for _ in range(len(rows) + 1):
        asked = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        request = page(int, **asked)
        found = slice_of(fetch(listed, request), request)
        met = [*found.items, *met] if backward else [*met, *found.items]
        if not (found.has_previous if backward else found.has_next):
            break
        value, row_id = found.items[0 if backward else -1]
        cursor = encode_cursor("created", Position(value, row_id))

    assert met == listed


def fetch(listed: list[tuple[int, UUID]], request: PageRequest) -> list[tuple[int, UUID]]:
    """What a newest-first statement answers: row values below `after`, above `before`, in the direction of travel."""
    inside = [
        row
        for row in listed
        if (request.after is None or row < (request.after.value, request.after.id))
        and (request.before is None or row > (request.before.value, request.before.id))
    ]
    return (inside[::-1] if request.backward else inside)[: request.limit + 1]


def test_a_sort_whose_cursors_could_not_be_read_back_is_a_fault():
    with pytest.raises(ValueError, match="without a colon"):
        encode_cursor("orders:created", Position(1, UUID(int=1)))
