"""Manage API keys: issue one, list an account's, revoke one. Called by the command line; no scope is required."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import structlog

from service.domain.api_keys import GeneratedKey, Scope, StoredKey, refuse_bad_key
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.issue_key import CUSTOMER_SCOPES, generate_key_for, store
from service.storage import accounts, api_keys
from service.storage.database import Statements

log = structlog.get_logger(__name__)


async def create_key(
    resources: Resources,
    account_id: UUID,
    name: str,
    scopes: Collection[Scope] = CUSTOMER_SCOPES,
    expires_at: datetime | None = None,
    *,
    pepper: bytes,
) -> GeneratedKey:
    """Issue a key of the account, which is valid until `expires_at`. Its text is only in the result.

    Refuses `NOT_FOUND` for an unknown account, `BAD_USER_INPUT` for an empty name, no scope, or an end in the past.
    """
    now = resources.clock()
    refuse_bad_key(name, scopes, expires_at, now)
    account = await accounts.account(resources.database.reader, account_id)
    if account is None:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("account",))
    generated = generate_key_for(account)

    async def work(statements: Statements) -> None:
        await store(
            statements,
            generated,
            account,
            name=name.strip(),
            scopes=scopes,
            created_at=now,
            expires_at=expires_at,
            pepper=pepper,
        )

    await resources.transact(work)
    log.info(
        "key_created",
        key_id=generated.key_id,
        account_id=str(account_id),
        scopes=sorted(scope.value for scope in scopes),
    )
    return generated


async def list_keys(resources: Resources, account_id: UUID) -> list[StoredKey]:
    """Return the account's keys, oldest first, whatever their state. Refuses `NOT_FOUND` for an unknown account."""
    if await accounts.account(resources.database.reader, account_id) is None:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("account",))
    return await api_keys.of_account(resources.database.reader, account_id)


async def revoke_key(resources: Resources, key_id: str) -> None:
    """Revoke the key; a key that is already revoked keeps its time. Refuses `NOT_FOUND`."""

    async def work(statements: Statements) -> bool:
        if await api_keys.find(statements, key_id) is None:
            raise Refused(Code.NOT_FOUND, "There is no such key.", ("key",))
        return await api_keys.revoke(statements, key_id, resources.clock())

    if await resources.transact(work):
        log.info("key_revoked", key_id=key_id)
