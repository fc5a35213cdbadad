"""Short secrets encrypted for storage: AES-256-GCM under keys that are derived from the service's secret.

Knows bytes alone. An encrypted text contains the name of its key, and is bound to a context, such as the id of its row:
copied into another row it cannot be decrypted.
"""

import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_NAME_BYTES = 8


class CannotOpenError(Exception):
    """The bytes were encrypted under an unknown key or in another context, or were changed since."""


@dataclass(frozen=True, slots=True)
class _Key:
    name: bytes
    key: bytes = field(repr=False)


class Sealer:
    """Encryption under the present key, and decryption under the present and previous keys."""

    def __init__(self, secret: bytes, *previous: bytes | None) -> None:
        """`secret` is of high entropy; `previous` ones are accepted while they are given."""
        self._keys = [_derived(each) for each in (secret, *previous) if each is not None]

    @property
    def key_name(self) -> bytes:
        """Return the prefix of all texts that are encrypted under the present key."""
        return self._keys[0].name

    def seal(self, text: str, context: bytes) -> bytes:
        """Return the encrypted text; it is different for each call."""
        present, nonce = self._keys[0], secrets.token_bytes(_NONCE_BYTES)
        return present.name + nonce + AESGCM(present.key).encrypt(nonce, text.encode(), context)

    def open(self, sealed: bytes, context: bytes) -> str:
        """Return the decrypted text. Raises `CannotOpenError` if no key fits."""
        name, nonce = sealed[:_NAME_BYTES], sealed[_NAME_BYTES : _NAME_BYTES + _NONCE_BYTES]
        for each in self._keys:
            if each.name == name:
                try:
                    return AESGCM(each.key).decrypt(nonce, sealed[_NAME_BYTES + _NONCE_BYTES :], context).decode()
                except InvalidTag:
                    break
        raise CannotOpenError


def _derived(secret: bytes) -> _Key:
    key = hmac.digest(secret, b"carbon-orders sealing", "sha256")
    return _Key(hmac.digest(key, b"name", "sha256")[:_NAME_BYTES], key)
