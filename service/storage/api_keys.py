"""Rows of API keys: a key's digest, never the key; SQL for the look-up of every request and for locks.

Keys are looked up before the account is known, so these statements do not start with an account.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from service.domain.accounts import Account
from service.domain.api_keys import StoredKey
from service.storage import models
from service.storage.accounts import ACCOUNTS
from service.storage.conditions import among
from service.storage.database import Statements
from service.storage.dialects import for_update, typed_rows
from service.storage.tables import Table

KEYS = Table(models.ApiKey, StoredKey)


async def add(statements: Statements, key: StoredKey) -> bool:
    """Insert the key, which is valid from the commit on; return False if it exists already, or if its account has a key
    with the same idempotency key.
    """
    return await KEYS.insert(statements, [key]) == 1


async def find(statements: Statements, key_id: str) -> tuple[StoredKey, Account] | None:
    """Return the key and its account, whatever their state."""
    return (await of_ids(statements, [key_id])).get(key_id)


async def of_ids(statements: Statements, key_ids: Collection[str]) -> dict[str, tuple[StoredKey, Account]]:
    """Return the existing keys among those with these ids, each with its account, whatever their state."""
    keys = await KEYS.select(statements, among("key_id", sorted(key_ids)))
    if not keys:
        return {}
    accounts = await ACCOUNTS.by_id(statements, among("id", {key.account_id for key in keys}))
    return {key.key_id: (key, accounts[key.account_id]) for key in keys}


async def of_account(statements: Statements, account_id: UUID) -> list[StoredKey]:
    """Return the account's keys, oldest first."""
    return await KEYS.read(statements, models.ApiKey.filter(account_id=account_id).order_by("created_at", "key_id"))


async def of_request(statements: Statements, account_id: UUID, idempotency_key: str) -> StoredKey | None:
    """Return the account's key that the request with this idempotency key made, or None."""
    query = models.ApiKey.filter(account_id=account_id, idempotency_key=idempotency_key)
    return await KEYS.read_first(statements, query)


async def set_last_uses(statements: Statements, uses: Mapping[str, datetime], gap: timedelta) -> dict[str, datetime]:
    """Store when each of at most `ROWS_A_STATEMENT` keys was last used, unless the stored time is less than `gap`
    earlier; return the times stored afterwards. A key that another transaction has locked is skipped.
    """
    conditions = among("key_id", sorted(uses))
    rows = await statements.fetch(
        f"SELECT key_id, last_used_at FROM {KEYS.name} WHERE {conditions.clause}"
        f" ORDER BY key_id{for_update(statements, skip_locked=True)}",
        *conditions.parameters,
    )
    stored: dict[str, datetime] = {row["key_id"]: row["last_used_at"] for row in rows}
    due = {key_id: uses[key_id] for key_id, at in stored.items() if at is None or at <= uses[key_id] - gap}
    if not due:
        return stored
    await statements.execute(
        f"UPDATE {KEYS.name} SET last_used_at = v.column2"
        f" FROM (VALUES {typed_rows(statements, ('text', 'timestamptz'), len(due))}) AS v"
        f" WHERE {KEYS.name}.key_id = v.column1",
        *(cell for pair in sorted(due.items()) for cell in pair),
    )
    return stored | due


async def digest_again(statements: Statements, key: StoredKey, digest: str, secret_check: str) -> None:
    """Store the key's digest under the present secret, unless another process has done so."""
    changes = {"digest": digest, "secret_check": secret_check}
    await KEYS.update(statements, changes, key_id=key.key_id, digest=key.digest)


async def count_under_other_secrets(statements: Statements, secret_check: str) -> int:
    """Return the number of keys in force that were last used under another secret than the present one."""
    query = models.ApiKey.filter(revoked_at=None, secret_check__isnull=False).exclude(secret_check=secret_check)
    return await query.using_db(statements.client).count()


async def revoke(statements: Statements, key_id: str, revoked_at: datetime) -> bool:
    """Revoke the key; return False if there was none to revoke."""
    return await KEYS.update(statements, {"revoked_at": revoked_at}, key_id=key_id, revoked_at=None) == 1
