"""Format of API keys, their stored digest, and their scopes.

Does not know the owners of keys or the storage; random bits and the pepper are passed in.

A key reads `co_live_<id>_<secret><checksum>`, letters and digits only, so that it needs no escaping in a header or URL
and a double click selects all of it. The id is public and finds the row. The checksum is no protection: it lets a
scanner recognise a leaked key, and rejects a mistyped one before the database is asked. Of the secret only an
HMAC-SHA256 under a pepper is stored; a slow hash would protect a guessable password, and 256 random bits are not
guessable.
"""

import hmac
import re
import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.domain.catalogue import Mode
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused

ID_BYTES = 10
SECRET_BYTES = 32

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_DIGITS, _SECRET_DIGITS, _CHECKSUM_DIGITS = 14, 43, 6  # 62**14 > 2**80, 62**43 > 2**256, 62**6 > 2**32
_FORM = re.compile(
    rf"(co_(live|test)_([0-9A-Za-z]{{{_ID_DIGITS}}})_[0-9A-Za-z]{{{_SECRET_DIGITS}}})([0-9A-Za-z]{{{_CHECKSUM_DIGITS}}})"
)

_ID_FORM = re.compile(rf"(?:co_(?:live|test)_)?([0-9A-Za-z]{{{_ID_DIGITS}}})")


class Scope(StrEnum):
    """A permission of a key. An operator key acts for the seller, not for an account. A key with `ACCOUNT_MANAGE`
    creates keys, contacts and client accounts.
    """

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    CATALOGUE_READ = "catalogue:read"
    OPERATOR = "operator"
    ACCOUNT_MANAGE = "account:manage"


@dataclass(frozen=True, slots=True)
class Peppers:
    """Secrets under which keys are digested: the present one, and the previous one while it is being replaced."""

    present: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)

    @property
    def accepted(self) -> tuple[bytes, ...]:
        """Return the secrets whose digests are accepted, the present one first."""
        return (self.present,) if self.previous is None else (self.present, self.previous)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """The stored facts of an API key."""

    key_id: str
    account_id: UUID
    name: str
    scopes: list[str]
    digest: str
    secret_check: str | None
    """The beginning of the check value of the secret that `digest` was made under; None for a key from before this
    column existed.
    """
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    idempotency_key: str | None = None
    """Idempotency key of the request that made the key; None for a key made at the command line."""
    last_used_at: datetime | None = None


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


def key_id_in(text: str) -> str | None:
    """Return the key's id in the text, which is an id or the beginning of a key up to its id, or None."""
    form = _ID_FORM.fullmatch(text)
    return form[1] if form else None


def uuid_of_id(key_id: str) -> UUID:
    """Return the UUID that stands for a key's id in a cursor. Raises `ValueError` for any other text."""
    if len(key_id) != _ID_DIGITS:
        raise ValueError(f"{key_id} is no id of a key")
    number = 0
    for digit in key_id:
        number = number * 62 + _DIGITS.index(digit)
    return UUID(int=number)


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A stored key with the mode of its account, because the mode is part of the key's text."""

    stored: StoredKey
    mode: Mode

    @property
    def id(self) -> UUID:
        return uuid_of_id(self.stored.key_id)


def id_of_uuid(uuid: UUID) -> str:
    """Return the id of the key that the UUID stands for."""
    return _in_base_62(uuid.int, _ID_DIGITS)


def refuse_bad_key(name: str, scopes: Collection[Scope], expires_at: datetime | None, now: datetime) -> None:
    """Refuse `BAD_USER_INPUT` for a key with a name that is empty or too long, without scopes, or with an expiry in the
    past.
    """
    if not name.strip() or len(name) > NAME_LENGTH_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give the key a name of 1 to {NAME_LENGTH_MAX} characters.", ("name",))
    kept_text(name, NAME_LENGTH_MAX, "name")
    if not scopes:
        raise Refused(Code.BAD_USER_INPUT, "Give the key at least one scope.", ("scopes",))
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= now):
        raise Refused(Code.BAD_USER_INPUT, "Give an expiry in the future, as a time with an offset.", ("expires_at",))


def digest(text_or_secret: str, pepper: bytes) -> str:
    """Return the digest that is stored instead of the key: its HMAC-SHA256 under `pepper`, as 64 hexadecimal digits."""
    if not pepper:
        raise ValueError("Without a pepper, a thief of the database could test guesses.")
    return hmac.digest(pepper, text_or_secret.encode(), "sha256").hex()


def check_value(pepper: bytes) -> str:
    """Return a digest that identifies the pepper without revealing it, as 64 hexadecimal digits."""
    return hmac.digest(pepper, b"check value", "sha256").hex()


def short_check(pepper: bytes) -> str:
    """Return the first 16 hexadecimal digits of the pepper's check value, which are stored with each key."""
    return check_value(pepper)[:16]


def matches(parsed: ParsedKey, stored_digest: str, pepper: bytes) -> bool:
    """Return True if the digest is that of this key, its prefix and mode included. Compares in constant time."""
    return hmac.compare_digest(digest(parsed.text, pepper).encode(), stored_digest.encode())


def _checksum(body: str) -> str:
    return _in_base_62(zlib.crc32(body.encode()), _CHECKSUM_DIGITS)


def _in_base_62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
