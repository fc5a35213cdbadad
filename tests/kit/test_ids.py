import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from types import SimpleNamespace

import pytest

from service.kit import ids
from service.kit.ids import random_bits, short_number, uuid7


@pytest.fixture(autouse=True)
def no_id_was_made_before(monkeypatch):
    """A burst of ids before a test may have carried a few milliseconds ahead of the clock."""
    monkeypatch.setattr(ids, "_sequence", ids._Sequence())


def test_an_id_is_a_version_7_uuid_that_carries_the_present_millisecond():
    before_ms = time.time_ns() // 1_000_000
    made = ids.UUID(int=uuid7().int)

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before_ms <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_ids_rise_inside_one_millisecond_in_every_spelling(monkeypatch):
    microseconds = count(1_000_000_000_000_000)
    monkeypatch.setattr(ids, "time", SimpleNamespace(time_ns=lambda: next(microseconds) * 1_000))
    made = [uuid7() for _ in range(20_000)]

    assert len({one.int >> 80 for one in made}) == 20
    assert all(one < other for one, other in pairwise(made))
    assert all(one.hex < other.hex for one, other in pairwise(made))


def test_ids_rise_while_the_clock_steps_back():
    sequence = ids._Sequence()
    first = sequence.following(1_000)
    later = [sequence.following(unix_ms) for unix_ms in (999, 0, 1_000, 500)]

    assert all(one < other for one, other in pairwise([first, *later]))
    assert later[-1] >> 74 in {1_000, 1_001}
    assert sequence.following(2_000) >> 74 == 2_000


def test_a_full_millisecond_carries_into_the_next(monkeypatch):
    sequence = ids._Sequence()
    monkeypatch.setattr(ids.os, "urandom", lambda count: b"\xff" * count)
    sequence._last = (1_000 << 74) | ((1 << 74) - 1)

    assert sequence.following(1_000) >> 74 == 1_001


def test_neighbouring_ids_differ_by_a_step_that_is_hard_to_guess():
    sequence = ids._Sequence()
    made = [sequence.following(1) for _ in range(1_000)]
    steps = {other - one for one, other in pairwise(made)}

    assert len(steps) == 999
    assert max(steps) > 1 << 50


def test_threads_never_share_an_id():
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: [uuid7() for _ in range(5_000)], range(4)))

    assert len({one for batch in batches for one in batch}) == 20_000
    assert all(one < other for batch in batches for one, other in pairwise(batch))


def test_a_short_number_is_milliseconds_since_2010_and_24_random_bits():
    epoch = datetime(2010, 1, 1, tzinfo=UTC)

    assert short_number(epoch, 0) == "0000000000000"
    assert short_number(epoch, 0xFFFFFF) == "00000000FZZZZ"
    assert short_number(epoch + timedelta(milliseconds=1), 0) == "00000000G0000"
    assert short_number(datetime(2026, 1, 2, 3, 4, 5, 678_999, tzinfo=UTC), 0xABCDEF) == "7B5BV2WQAQKFF"
    assert short_number(epoch + timedelta(milliseconds=2**41 - 1), 0xFFFFFF) == "ZZZZZZZZZZZZZ"


def test_short_numbers_sort_by_time_whatever_their_random_bits():
    start = datetime(2026, 7, 1, tzinfo=UTC)
    made = [short_number(start + timedelta(milliseconds=n), random_bits(24)) for n in range(1_000)]

    assert made == sorted(made)
    assert len(set(made)) == 1_000


@pytest.mark.parametrize(
    ("now", "bits"),
    [
        (datetime(2009, 12, 31, 23, 59, 59, tzinfo=UTC), 0),
        (datetime(2080, 1, 1, tzinfo=UTC), 0),
        (datetime(2026, 1, 1, tzinfo=UTC), 1 << 24),
        (datetime(2026, 1, 1, tzinfo=UTC), -1),
    ],
)
def test_a_short_number_refuses_what_it_cannot_hold(now, bits):
    with pytest.raises(ValueError, match="41 bits"):
        short_number(now, bits)


def test_random_bits_fill_their_range():
    drawn = [random_bits(24) for _ in range(2_000)]

    assert all(0 <= bits < 1 << 24 for bits in drawn)
    assert max(drawn) > 0xF00000
    assert min(drawn) < 0x0FFFFF
