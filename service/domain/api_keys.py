"""Format of API keys, the digest that may be stored of them, and their scopes.

Knows neither the holders of keys nor where digests are kept; random bits and the pepper are passed in.

A key reads `co_live_<id>_<secret><checksum>`, letters and digits only, so that it passes unescaped through a header, an
address and a double click. The id is public and finds the row. The checksum is no protection: it lets a scanner tell a
leaked key from noise, and rejects a mistyped one before the database is asked. Of the secret only an HMAC-SHA256 under
a pepper is stored; a slow hash would protect a guessable password, and 256 random bits are not guessable.
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
    """A permission of a key. An operator key acts for the seller, not for an account."""

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
    """A well-formed key with a valid checksum; only the database knows if it was ever issued."""

    mode: Mode
    key_id: str
    text: str = field(repr=False)


def generate_key(mode: Mode, id_bits: bytes, secret_bits: bytes) -> GeneratedKey:
    """Make a key from `ID_BYTES` and `SECRET_BYTES` random bytes. Raises `ValueError` for any other number of them."""
    if len(id_bits) != ID_BYTES or len(secret_bits) != SECRET_BYTES:
        raise ValueError(f"A key takes {ID_BYTES} bytes for its id and {SECRET_BYTES} for its secret.")
    key_id = _in_base_62(int.from_bytes(id_bits), _ID_DIGITS)
    body = f"co_{mode}_{key_id}_{_in_base_62(int.from_bytes(secret_bits), _SECRET_DIGITS)}"
    return GeneratedKey(key_id, body + _checksum(body))


def parse(text: str) -> ParsedKey | None:
    """Return the parts of a key, or None when `text` does not have the form of one or its checksum is wrong."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    body, mode, key_id, checksum = form.groups()
    return ParsedKey(Mode(mode), key_id, text) if checksum == _checksum(body) else None


def digest(text_or_secret: str, pepper: bytes) -> str:
    """Return the digest that is stored instead of the key: its HMAC-SHA256 under `pepper`, as 64 hexadecimal digits."""
    if not pepper:
        raise ValueError("Without a pepper, a thief of the database could test guesses.")
    return hmac.digest(pepper, text_or_secret.encode(), "sha256").hex()


def check_value(pepper: bytes) -> str:
    """Return what tells one pepper from another and lets nobody guess either, as 64 hex digits."""
    return hmac.digest(pepper, b"check value", "sha256").hex()


def short_check(pepper: bytes) -> str:
    """Return the beginning of the check value that is kept beside each key, 16 hex digits."""
    return check_value(pepper)[:16]


def matches(parsed: ParsedKey, stored_digest: str, pepper: bytes) -> bool:
    """Return True if the digest is that of exactly this key, prefix and mode included; takes the same time wherever
    digests differ.
    """
    return hmac.compare_digest(digest(parsed.text, pepper).encode(), stored_digest.encode())


def _checksum(body: str) -> str:
    return _in_base_62(zlib.crc32(body.encode()), _CHECKSUM_DIGITS)


def _in_base_62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
