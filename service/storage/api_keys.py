"""Rows of API keys: a key's digest, never the key.

Looked up before the account is known, so these statements are the only ones that do not start with an account.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.accounts import Account
from service.storage import models
from service.storage.accounts import ACCOUNTS
from service.storage.conditions import Conditions
from service.storage.database import Statements
from service.storage.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """The stored facts of an API key."""

    key_id: str
    account_id: UUID
    name: str
    scopes: list[str]
    digest: str
    secret_check: str | None
    """The beginning of the check value of the secret that `digest` was made under; None for a key of before."""
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


KEYS = Table(models.ApiKey, StoredKey)


async def add(statements: Statements, key: StoredKey) -> None:
    """Insert the key, which is valid from the commit on."""
    await KEYS.insert(statements, [key])


async def find(statements: Statements, key_id: str) -> tuple[StoredKey, Account] | None:
    """Return the key and its account, whatever their state."""
    return (await of_ids(statements, [key_id])).get(key_id)


async def of_ids(statements: Statements, key_ids: Collection[str]) -> dict[str, tuple[StoredKey, Account]]:
    """Return those keys that exist, each with its account, whatever their state."""
    conditions = Conditions()
    conditions.add_in("key_id", sorted(key_ids))
    keys = await KEYS.select(statements, conditions)
    if not keys:
        return {}
    conditions = Conditions()
    conditions.add_in("id", {key.account_id for key in keys})
    accounts = {account.id: account for account in await ACCOUNTS.select(statements, conditions)}
    return {key.key_id: (key, accounts[key.account_id]) for key in keys}


async def of_account(statements: Statements, account_id: UUID) -> list[StoredKey]:
    """Return the account's keys, oldest first."""
    return await KEYS.read(statements, models.ApiKey.filter(account_id=account_id).order_by("created_at", "key_id"))


async def digest_again(statements: Statements, key: StoredKey, digest: str, secret_check: str) -> None:
    """Store the key's digest under the present secret, unless somebody has done so."""
    await statements.execute(
        f"UPDATE {KEYS.name} SET digest = $3, secret_check = $4 WHERE key_id = $1 AND digest = $2",
        key.key_id,
        key.digest,
        digest,
        secret_check,
    )


async def count_under_other_secrets(statements: Statements, secret_check: str) -> int:
    """Return the number of keys in force that were last used under another secret than the present one."""
    query = models.ApiKey.filter(revoked_at=None, secret_check__isnull=False).exclude(secret_check=secret_check)
    return await query.using_db(statements.client).count()


async def revoke(statements: Statements, key_id: str, revoked_at: datetime) -> bool:
    """Revoke the key; return False if there was none to revoke."""
    changed = await statements.execute(
        f"UPDATE {KEYS.name} SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL", key_id, revoked_at
    )
    return changed == 1
