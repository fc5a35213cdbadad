"""Access tokens: signed texts that replace an API key for a limited time, with some of its scopes.

A token is never stored. It contains the id of its key, whose row is read on every request, so that a revoked key ends
its tokens. It may be limited to one account. Text: `co_token_<claims>.<signature>`, both in base64 without padding. The
claims are 33 bytes: version, scopes as bits, expiry in seconds since 1970, id of the key, and id of the account or
zeros.
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from service.domain.api_keys import Peppers, Scope, id_of_uuid, uuid_of_id

PREFIX = "co_token_"
SECONDS_MAX = 3_600
_VERSION = 1
_CLAIMS = struct.Struct(">BHI10s16s")
_NO_ACCOUNT = UUID(int=0)
_BITS = {
    Scope.ORDERS_READ: 1,
    Scope.ORDERS_WRITE: 2,
    Scope.CATALOGUE_READ: 4,
    Scope.OPERATOR: 8,
    Scope.ACCOUNT_MANAGE: 16,
}
"""Bit of each scope in a token. Issued tokens contain these bits, so the bit of a removed scope is not used again."""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """Claims of a token: its key, its scopes, its expiry, and the account that it is limited to, or None."""

    key_id: str
    scopes: frozenset[Scope]
    expires_at: datetime
    account_id: UUID | None = None


def is_token(text: str) -> bool:
    """Return True if the text has the form of a token; no API key has it."""
    return text.startswith(PREFIX)


def write_token(claims: TokenClaims, peppers: Peppers) -> str:
    """Return the token of the claims, signed under the present secret. Its expiry is cut off to the whole second."""
    packed = _CLAIMS.pack(
        _VERSION,
        sum(_BITS[scope] for scope in claims.scopes),
        int(claims.expires_at.timestamp()),
        uuid_of_id(claims.key_id).int.to_bytes(10),
        (claims.account_id or _NO_ACCOUNT).bytes,
    )
    return f"{PREFIX}{_text(packed)}.{_text(_signature(packed, peppers.present))}"


def read_token(text: str, peppers: Peppers) -> TokenClaims | None:
    """Return the claims of a token that was signed under the present or the previous secret; None for any other text.
    The caller checks the expiry.
    """
    claims, _, signature = text.removeprefix(PREFIX).partition(".")
    packed, signed = _bytes(claims), _bytes(signature)
    if not is_token(text) or packed is None or signed is None or len(packed) != _CLAIMS.size:
        return None
    secrets = [peppers.present] if peppers.previous is None else [peppers.present, peppers.previous]
    if not any(hmac.compare_digest(_signature(packed, secret), signed) for secret in secrets):
        return None
    version, bits, end_s, key_bytes, account_bytes = _CLAIMS.unpack(packed)
    if version != _VERSION:
        return None
    account_id = UUID(bytes=account_bytes)
    return TokenClaims(
        id_of_uuid(UUID(int=int.from_bytes(key_bytes))),
        frozenset(scope for scope, bit in _BITS.items() if bits & bit),
        datetime.fromtimestamp(end_s, UTC),
        None if account_id == _NO_ACCOUNT else account_id,
    )


def _signature(packed: bytes, secret: bytes) -> bytes:
    # Derived from the secret, so that a signature that is made for another purpose under the same secret is never valid
    # for a token.
    return hmac.digest(hmac.digest(secret, b"access tokens", "sha256"), packed, "sha256")


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    """Decode base64 text; None if it is not base64 or not in the one spelling that encoding its bytes gives."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if _text(raw) == text else None
