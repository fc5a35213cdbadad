"""Authentication of a request: the bearer key in the Authorization header, and the account in a header that selects
one.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from starlette.types import Scope

from service.api.headers import header_of
from service.domain.access_tokens import is_token
from service.domain.accounts import Caller
from service.domain.api_keys import Peppers
from service.errors import Refused
from service.kit.fair_turns import CALLER, NOBODY, WaitingCaller
from service.operations.authenticate import authenticate, authenticate_token, unauthenticated
from service.operations.resources import Resources
from service.operations.select_account import select_account

ACCOUNT_HEADER = b"account-id"


def bearer_of(scope: Scope) -> str | None:
    """Return the text after `Bearer `, or None without an Authorization header. Refuses any other scheme
    `UNAUTHENTICATED`.

    Everything after the blank is the key, because some clients' keys contain characters that no token grammar allows.
    """
    header = header_of(scope, b"authorization")
    if header is None:
        return None
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "bearer" or not credentials.strip():
        raise unauthenticated()
    return credentials.strip()


async def caller_of(
    scope: Scope,
    resources: Resources,
    *,
    pepper: bytes,
    previous_pepper: bytes | None = None,
    account_header: bytes | None = None,
    id_of: Callable[[str], UUID] = UUID,
) -> Caller | None:
    """Return the caller and the account it acts for; None when no key was sent. Refuses `UNAUTHENTICATED` for an
    invalid key and for an access token, and `ACCOUNT_SELECTED_INVALID` for an account that the key may not act for.

    The account is the key's own, or the one that `account_header` names in the spelling that `id_of` reads.
    """
    key_text = bearer_of(scope)
    if key_text is None:
        return None
    caller = await authenticate(resources, key_text, pepper=pepper, previous_pepper=previous_pepper)
    selected = header_of(scope, account_header) if account_header else None
    if selected is None:
        return caller
    return await select_account(resources, caller, _read(selected, id_of))


async def caller_of_service(
    scope: Scope, resources: Resources, peppers: Peppers, id_of: Callable[[str], UUID]
) -> Caller | None:
    """Return the caller of GraphQL, exports and documents as `caller_of` does, by an API key or an access token. The
    header `Account-Id` selects the account, for an operator's key any account.

    A token acts with no more than its scopes. One that was made for an account selects no other.
    """
    text = bearer_of(scope)
    if text is None:
        return None
    header = header_of(scope, ACCOUNT_HEADER)
    selected = None if header is None else _read(header, id_of)
    if not is_token(text):
        caller = await authenticate(resources, text, pepper=peppers.present, previous_pepper=peppers.previous)
        return caller if header is None else await _selected(resources, caller, selected)
    caller, claims = await authenticate_token(resources, text, peppers)
    if claims.account_id is None:
        caller = replace(caller, scopes=caller.scopes & claims.scopes)
        return caller if header is None else await _selected(resources, caller, selected)
    # The account of such a token is never its key's own, so None, for another id in the header, selects no account.
    wanted = claims.account_id if header is None or selected == claims.account_id else None
    caller = await _selected(resources, caller, wanted)
    return replace(caller, scopes=caller.scopes & claims.scopes)


async def _selected(resources: Resources, caller: Caller, account_id: UUID | None) -> Caller:
    return await select_account(resources, caller, account_id, any_for_operators=True)


def share_reads(scope: Scope, caller: Caller) -> None:
    """Assign the reads of this task, from here on, to the API key, so that the reads of several keys take turns."""
    CALLER.set(WaitingCaller(caller.key_id, scope.get("state", {}).get("has_left", NOBODY.has_left)))


def _read(text: str, id_of: Callable[[str], UUID]) -> UUID | None:
    try:
        return id_of(text)
    except (Refused, ValueError):
        return None
