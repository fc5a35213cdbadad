"""Authenticate: an API key becomes the caller who holds it, or nobody learns why not."""

from service.domain.accounts import Account, Caller
from service.domain.api_keys import Scope, matches, parse
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage.api_keys import StoredKey


async def authenticate_again(resources: Resources, key_id: str) -> Caller:
    """The account behind a key that was shown before, if it still opens anything: for tokens that stand for a key.

    Refuses `UNAUTHENTICATED` as `authenticate` does. Whoever calls this has proved that the token is genuine.
    """
    found = await _known(resources, key_id)
    if found is None:
        raise unauthenticated()
    return _caller(resources, *found)


async def authenticate(resources: Resources, key_text: str, *, pepper: bytes) -> Caller:
    """The account behind the key, and what the key may do. Promise: P21. A key that is revoked, or an account that is
    suspended, may be taken for what it was as long as `resources.known_keys` keeps it.

    Refuses `UNAUTHENTICATED` in the same words for a key that is malformed, unknown, revoked, expired or of the other
    mode.
    """
    parsed = parse(key_text)
    found = await _known(resources, parsed.key_id) if parsed else None
    if parsed is None or found is None:
        raise unauthenticated()
    key, account = found
    if not matches(parsed, key.digest, pepper) or parsed.mode is not account.mode:
        raise unauthenticated()
    return _caller(resources, key, account)


def _caller(resources: Resources, key: StoredKey, account: Account) -> Caller:
    ended = key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= resources.clock())
    if ended:
        raise unauthenticated()
    return Caller(account=account, key_id=key.key_id, scopes=frozenset(Scope(scope) for scope in key.scopes))


async def _known(resources: Resources, key_id: str) -> tuple[StoredKey, Account] | None:
    """The key and its account, as they were at most a moment ago. Only what exists is kept: else guesses would push out
    the keys that are in use.
    """
    kept = resources.known_keys.get(key_id)
    if kept is None:
        asked_at_s = resources.known_keys.now_s()
        kept = await resources.keys.get(key_id)
        if kept is not None:
            resources.known_keys.put(key_id, kept, asked_at_s=asked_at_s)
    return kept


def unauthenticated() -> Refused:
    """The one answer to everybody without a valid key."""
    return Refused(Code.UNAUTHENTICATED, "Send a valid API key: Authorization: Bearer <key>.")
