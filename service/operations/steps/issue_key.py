"""A step that several operations share: creation of an API key inside their transaction.

The secret exists as text only in the returned value; the database stores its digest.
"""

import secrets
from collections.abc import Collection
from datetime import datetime

from service.domain.accounts import Account
from service.domain.api_keys import (
    ID_BYTES,
    SECRET_BYTES,
    GeneratedKey,
    Scope,
    StoredKey,
    digest,
    generate_key,
    short_check,
)
from service.storage import api_keys
from service.storage.database import Statements

CUSTOMER_SCOPES = frozenset({Scope.CATALOGUE_READ, Scope.ORDERS_READ, Scope.ORDERS_WRITE})
"""Scopes of a customer's program, which neither acts for the seller nor manages the account."""


def generate_key_for(account: Account) -> GeneratedKey:
    """Return a new key of the account's mode, which is not valid before it is stored."""
    return generate_key(account.mode, secrets.token_bytes(ID_BYTES), secrets.token_bytes(SECRET_BYTES))


async def store(
    statements: Statements,
    generated: GeneratedKey,
    account: Account,
    *,
    name: str,
    scopes: Collection[Scope],
    created_at: datetime,
    expires_at: datetime | None = None,
    idempotency_key: str | None = None,
    pepper: bytes,
) -> StoredKey | None:
    """Store the key and return it; it is valid from the commit on. Return None if it is already stored, or if its
    account has a key with the same idempotency key.
    """
    key = StoredKey(
        key_id=generated.key_id,
        account_id=account.id,
        name=name,
        scopes=sorted(scope.value for scope in scopes),
        digest=digest(generated.text, pepper),
        secret_check=short_check(pepper),
        created_at=created_at,
        expires_at=expires_at,
        revoked_at=None,
        idempotency_key=idempotency_key,
    )
    return key if await api_keys.add(statements, key) else None
