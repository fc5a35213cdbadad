"""Identifiers that sort by time: UUID version 7 and short numbers for people. Knows nothing of the objects named."""

import os
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

IdSource: TypeAlias = Callable[[], UUID]
"""A function that returns an id that was never returned before."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_EPOCH = datetime(2010, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)
_LOW_62 = (1 << 62) - 1


class _Sequence:
    """A rising 122-bit number: 48 bits of Unix milliseconds above 74 bits that start at random in each millisecond.

    Inside one millisecond, and while the clock is behind the last id, the number rises by a random step, so the next id
    stays hard to guess; a step that overflows carries into the milliseconds (RFC 9562 §6.2, method 2).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def following(self, unix_ms: int) -> int:
        random = int.from_bytes(os.urandom(9))
        with self._lock:
            if unix_ms > self._last >> 74:
                self._last = unix_ms << 74 | random
            else:
                self._last += 1 + (random >> 16)
            return self._last


_sequence = _Sequence()


def uuid7() -> UUID:
    """Return a UUID version 7 (RFC 9562) greater than every one this process made before it, in any thread."""
    number = _sequence.following(time.time_ns() // 1_000_000)
    high, low = number >> 62, number & _LOW_62
    return UUID(int=(high >> 12 << 80) | ((high & 0xFFF) << 64) | low | _VERSION_AND_VARIANT)


def short_number(now: datetime, random_bits: int) -> str:
    """Return thirteen Crockford base-32 characters that sort by time: 41 bits of milliseconds since 2010-01-01 UTC
    (enough until September 2079) and 24 random bits. Raises `ValueError` for a time or bits outside of those.
    """
    elapsed_ms = (now - NUMBER_EPOCH) // _MILLISECOND
    if not (0 <= elapsed_ms < 1 << 41 and 0 <= random_bits < 1 << 24):
        raise ValueError("A short number holds 41 bits of milliseconds since 2010 and 24 random bits.")
    number = elapsed_ms << 24 | random_bits
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(60, -1, -5))


def random_bits(count: int) -> int:
    """Return a number of `count` bits from the operating system's secure source."""
    return secrets.randbits(count)
