"""Manage the API keys of an account through the API: create one, list them, revoke one.

Done by a key with the scope `account:manage`, for its own account or one of its client accounts, or by an operator's
key for any account. Locks: the account's head. Promise: P21.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog

from service.domain.accounts import Caller, Head
from service.domain.api_keys import AccountKey, GeneratedKey, Scope, StoredKey, id_of_uuid, refuse_bad_key
from service.domain.events import EventType
from service.domain.supply import reused
from service.domain.texts import IDEMPOTENCY_KEY_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.issue_key import generate_key_for, store
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import api_keys
from service.storage.database import Statements

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key, with its text if this request created it; a retry does not get the text."""

    key: AccountKey
    generated: GeneratedKey | None


async def create_account_key(
    resources: Resources,
    caller: Caller,
    *,
    idempotency_key: str,
    name: str,
    scopes: Collection[Scope],
    expires_at: datetime | None = None,
    pepper: bytes,
) -> CreatedKey:
    """Create a key of the caller's account, which is valid until `expires_at`; by default as long as the caller's key.
    Its text is only in the result of the request that creates it.

    A retry returns the key without its text, and refuses `IDEMPOTENCY_KEY_REUSED` if a given fact differs. Refuses
    `FORBIDDEN` to an access token, and `BAD_USER_INPUT` as `refuse_bad_key`, for a scope that the caller's key lacks,
    and for an expiry after that of the caller's key. To another account an operator can give every scope except
    `operator`.
    """
    caller.require_management()
    caller.refuse_token()
    kept_text(idempotency_key, IDEMPOTENCY_KEY_LENGTH_MAX, "idempotency_key")
    name, scopes = name.strip(), frozenset(scopes)
    generated, now = generate_key_for(caller.account), resources.clock()
    refusal = _refusal_by(partial(_refuse_beyond, caller, name, scopes, expires_at, now))

    async def work(statements: Statements, head: Head) -> Done[CreatedKey]:
        reason = refusal or _refusal_by(partial(caller.refuse_change_if_suspended, head.account))
        if reason is None:
            key = await store(
                statements,
                generated,
                head.account,
                name=name,
                scopes=scopes,
                created_at=now,
                expires_at=expires_at or caller.key_expires_at,
                idempotency_key=idempotency_key,
                pepper=pepper,
            )
            if key is not None:
                told = {"key_id": key.key_id, "name": name, "scopes": key.scopes}
                return Done(CreatedKey(AccountKey(key, head.account.mode), generated), EventType.API_KEY_CREATED, told)
        existing = await api_keys.of_request(statements, head.account.id, idempotency_key)
        if existing is None:
            raise reason or RuntimeError("a key was neither stored nor found")
        if names := _differing(existing, name, scopes, expires_at):
            raise reused("API key", names, "idempotency_key")
        # The text is known if this request's own commit succeeded but its answer was lost.
        own = generated if existing.key_id == generated.key_id else None
        return Done(CreatedKey(AccountKey(existing, head.account.mode), own), None, {})

    created = await transact_with_event(resources, caller, work)
    if created.generated is not None:
        stored = created.key.stored
        log.info("key_created", key_id=stored.key_id, account_id=str(stored.account_id), scopes=stored.scopes)
    return created


async def account_keys_of_ids(resources: Resources, caller: Caller, ids: Collection[UUID]) -> dict[UUID, AccountKey]:
    """Return the account's keys among those with these ids, which are given as the UUIDs of cursors."""
    caller.require_management()
    found = await api_keys.of_ids(resources.database.reader, [id_of_uuid(each) for each in ids])
    keys = (AccountKey(key, account.mode) for key, account in found.values() if account.id == caller.account.id)
    return {key.id: key for key in keys}


async def revoke_account_key(resources: Resources, caller: Caller, key_id: str) -> AccountKey:
    """Revoke a key of the caller's account, which may be the caller's own; a key that is already revoked keeps its
    time. Refuses `NOT_FOUND`.
    """
    caller.require_management()
    now = resources.clock()

    async def work(statements: Statements, head: Head) -> Done[StoredKey]:
        caller.refuse_change_if_suspended(head.account)
        found = await api_keys.find(statements, key_id)
        if found is None or found[1].id != head.account.id:
            raise Refused(Code.NOT_FOUND, "There is no such API key.", ("id",))
        if not await api_keys.revoke(statements, key_id, now):
            return Done(found[0], None, {})
        revoked = await api_keys.find(statements, key_id)
        return Done((revoked or found)[0], EventType.API_KEY_REVOKED, {"key_id": key_id})

    revoked = await transact_with_event(resources, caller, work)
    log.info("key_revoked", key_id=key_id)
    return AccountKey(revoked, caller.account.mode)


def _refusal_by(check: Callable[[], None]) -> Refused | None:
    """Return the refusal that the check raises, or None, so that a retry can be answered in spite of it."""
    try:
        check()
    except Refused as refusal:
        return refusal
    return None


def _refuse_beyond(
    caller: Caller, name: str, scopes: frozenset[Scope], expires_at: datetime | None, now: datetime
) -> None:
    """Refuse `BAD_USER_INPUT` for an invalid key, a scope that the caller may not give, or a later expiry."""
    refuse_bad_key(name, scopes, expires_at, now)
    may_give = frozenset(Scope) - {Scope.OPERATOR} if _acts_as_operator(caller) else caller.scopes
    if missing := sorted(scopes - may_give):
        message = f"The API key of the request cannot give the scope {missing[0]}. Leave it out."
        raise Refused(Code.BAD_USER_INPUT, message, ("scopes",))
    end = caller.key_expires_at
    if end is not None and expires_at is not None and expires_at > end:
        message = "Give an expiry that is no later than that of the API key of the request."
        raise Refused(Code.BAD_USER_INPUT, message, ("expires_at",))


def _acts_as_operator(caller: Caller) -> bool:
    return caller.acts_for_client and Scope.OPERATOR in caller.scopes


def _differing(existing: StoredKey, name: str, scopes: frozenset[Scope], expires_at: datetime | None) -> list[str]:
    """Return the given facts in which the request differs from the key that an earlier request created."""
    pairs = {
        "name": (existing.name, name),
        "scopes": (frozenset(existing.scopes), scopes),
        "expires_at": (existing.expires_at, existing.expires_at if expires_at is None else expires_at),
    }
    return [fact for fact, (stored, stated) in pairs.items() if stored != stated]
