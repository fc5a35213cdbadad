"""The form of an API key, what of it may be stored, and the scopes it can carry.

Knows neither who holds a key nor where digests are kept; random bits and the pepper are given to it.

A key reads `co_live_<id>_<secret><checksum>`, letters and digits only, so that it passes unescaped through a header, an
address and a double click. The id is public and finds the row. The checksum is no protection: it lets a scanner tell a
leaked key from noise, and turns a mistyped one away before the database is asked. Of the secret only an HMAC-SHA256
under a pepper is stored; a slow hash would protect a guessable password, and 256 random bits are not guessable.
"""

import hmac
import re
import zlib
from dataclasses import dataclass, field
from enum import StrEnum

from service.domain.catalogue import Mode

ID_BYTES = 10
SECRET_BYTES = 32

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_DIGITS, _SECRET_DIGITS, _CHECKSUM_DIGITS = 14, 43, 6  # 62**14 > 2**80, 62**43 > 2**256, 62**6 > 2**32
_FORM = re.compile(
    rf"(co_(live|test)_([0-9A-Za-z]{{{_ID_DIGITS}}})_[0-9A-Za-z]{{{_SECRET_DIGITS}}})([0-9A-Za-z]{{{_CHECKSUM_DIGITS}}})"
)


class Scope(StrEnum):
    """What a key may do. An operator key acts for the seller, not for an account."""

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    CATALOGUE_READ = "catalogue:read"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A key as it is shown once to its holder; `text` is never stored or logged."""

    key_id: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """A well-formed key whose checksum holds; whether it was ever issued is for the database to say."""

    mode: Mode
    key_id: str
    text: str = field(repr=False)


def generate_key(mode: Mode, id_bits: bytes, secret_bits: bytes) -> GeneratedKey:
    """A key made of `ID_BYTES` and `SECRET_BYTES` random bytes; `ValueError` for any other number of them."""
    if len(id_bits) != ID_BYTES or len(secret_bits) != SECRET_BYTES:
        raise ValueError(f"A key takes {ID_BYTES} bytes for its id and {SECRET_BYTES} for its secret.")
    key_id = _in_base_62(int.from_bytes(id_bits), _ID_DIGITS)
    body = f"co_{mode}_{key_id}_{_in_base_62(int.from_bytes(secret_bits), _SECRET_DIGITS)}"
    return GeneratedKey(key_id, body + _checksum(body))


def parse(text: str) -> ParsedKey | None:
    """The parts of a key, or None when `text` does not have the form of one or its checksum does not hold."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    body, mode, key_id, checksum = form.groups()
    return ParsedKey(Mode(mode), key_id, text) if checksum == _checksum(body) else None


def digest(text_or_secret: str, pepper: bytes) -> str:
    """What is stored instead of the key: its HMAC-SHA256 under `pepper`, as 64 hex digits."""
    if not pepper:
        raise ValueError("Without a pepper, a thief of the database could test guesses.")
    return hmac.digest(pepper, text_or_secret.encode(), "sha256").hex()


def matches(parsed: ParsedKey, stored_digest: str, pepper: bytes) -> bool:
    """Whether this very key, prefix and mode included, was digested; takes the same time wherever digests differ."""
    return hmac.compare_digest(digest(parsed.text, pepper).encode(), stored_digest.encode())


def _checksum(body: str) -> str:
    return _in_base_62(zlib.crc32(body.encode()), _CHECKSUM_DIGITS)


def _in_base_62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
