"""Authenticate an API key: return the caller who holds it, or refuse without giving a reason."""

from dataclasses import replace
from hashlib import sha256

from service.domain.access_tokens import TokenClaims, is_token, read_token
from service.domain.accounts import Account, Caller
from service.domain.api_keys import (
    ParsedKey,
    Peppers,
    Scope,
    StoredKey,
    check_value,
    digest,
    matches,
    parse,
    short_check,
)
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.storage import api_keys, secret_checks
from service.storage.database import Statements


async def authenticate_again(resources: Resources, key_id: str) -> Caller:
    """Return the account behind a key that was authenticated before, if the key is still valid: used for tokens that
    replace a key.

    Refuses `UNAUTHENTICATED` as `authenticate` does. The token must have been verified before.
    """
    found = await resources.keys.get(key_id)
    if found is None:
        raise unauthenticated()
    caller = _caller(resources, *found)
    resources.key_uses.note(key_id, resources.clock())
    return caller


async def authenticate_token(resources: Resources, text: str, peppers: Peppers) -> tuple[Caller, TokenClaims]:
    """Return the account behind the key that an access token stands for, with all scopes of the key, and the claims of
    the token, by which the caller of this function must limit the scopes.

    Refuses `UNAUTHENTICATED` as `authenticate` does.
    """
    claims = read_token(text, peppers)
    if claims is None or claims.expires_at <= resources.clock():
        raise unauthenticated()
    caller = await authenticate_again(resources, claims.key_id)
    return replace(caller, by_token=True, key_expires_at=claims.expires_at), claims


async def authenticate(
    resources: Resources, key_text: str, *, pepper: bytes, previous_pepper: bytes | None = None
) -> Caller:
    """Return the account behind the key, and the key's scopes. Promise: P21. A revocation or suspension may be
    unnoticed for as long as `resources.known_keys` keeps the key. A key that was digested under the previous pepper is
    digested again under the present one.

    Refuses `UNAUTHENTICATED` with the same message for a key that is malformed, unknown, revoked, expired or of the
    other mode, and with another one for an access token.
    """
    if is_token(key_text):
        message = "Access tokens are not accepted here, only by GraphQL and exports. Send an API key."
        raise Refused(Code.UNAUTHENTICATED, message)
    # Cached by the hash of the whole text, so that no usable key stays in memory, and a text with another secret is not
    # found.
    name = sha256(key_text.encode("utf-8", "surrogatepass")).digest()
    kept = resources.known_keys.get(name)
    if kept is not None:
        # Checked first, because a request that failed only at its first statement would be answered by GraphQL with
        # status 200 and only nulls.
        resources.database.availability.refuse_if_away()
        key, caller = kept
        _refuse_ended(resources, key)
        resources.key_uses.note(key.key_id, resources.clock())
        return caller
    asked_at_s = resources.known_keys.now_s()
    parsed = parse(key_text)
    found = await resources.keys.get(parsed.key_id) if parsed else None
    if parsed is None or found is None:
        raise unauthenticated()
    key, account = found
    is_current = matches(parsed, key.digest, pepper)
    is_genuine = is_current or (previous_pepper is not None and matches(parsed, key.digest, previous_pepper))
    if not is_genuine or parsed.mode is not account.mode:
        raise unauthenticated()
    caller = _caller(resources, key, account)
    if not is_current or key.secret_check is None:
        await _confirm(resources, key, parsed, pepper)
    # Only valid keys are cached; otherwise guessed ones would displace the keys in use.
    resources.key_uses.note(key.key_id, resources.clock())
    resources.known_keys.put(name, (key, caller), asked_at_s=asked_at_s)
    return caller


async def _confirm(resources: Resources, key: StoredKey, parsed: ParsedKey, pepper: bytes) -> None:
    """Store the key's digest under the present secret, and record that secret as the database's. Runs once for each
    key, and again after each rotation of the secret.
    """

    async def write(statements: Statements) -> None:
        await api_keys.digest_again(statements, key, digest(parsed.text, pepper), short_check(pepper))
        await secret_checks.add(statements, check_value(pepper), resources.clock())

    await resources.transact(write)


def _caller(resources: Resources, key: StoredKey, account: Account) -> Caller:
    _refuse_ended(resources, key)
    return Caller(
        account=account,
        key_id=key.key_id,
        scopes=frozenset(Scope(scope) for scope in key.scopes),
        key_expires_at=key.expires_at,
    )


def _refuse_ended(resources: Resources, key: StoredKey) -> None:
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= resources.clock()):
        raise unauthenticated()


def unauthenticated() -> Refused:
    """Return the refusal that every request without a valid key gets."""
    return Refused(Code.UNAUTHENTICATED, "Send a valid API key: Authorization: Bearer <key>.")
