"""A step that several operations share: creation of an API key inside their transaction.

The secret exists as text only in the returned value; the database stores its digest.
"""

import secrets
from collections.abc import Collection
from datetime import datetime

from service.domain.accounts import Account
from service.domain.api_keys import ID_BYTES, SECRET_BYTES, GeneratedKey, Scope, digest, generate_key, short_check
from service.storage import api_keys
from service.storage.database import Statements

CUSTOMER_SCOPES = frozenset({Scope.CATALOGUE_READ, Scope.ORDERS_READ, Scope.ORDERS_WRITE})
"""Scopes of a customer's program: all but acting for the seller."""


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
    pepper: bytes,
) -> None:
    """Store the key, which is valid from the commit on; stored again after an unanswered commit, it is the same key."""
    await api_keys.add(
        statements,
        api_keys.StoredKey(
            key_id=generated.key_id,
            account_id=account.id,
            name=name,
            scopes=sorted(scope.value for scope in scopes),
            digest=digest(generated.text, pepper),
            secret_check=short_check(pepper),
            created_at=created_at,
            expires_at=expires_at,
            revoked_at=None,
        ),
    )
