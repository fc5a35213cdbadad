"""Authentication of a request: the bearer key in the Authorization header, and the account in a header that selects
one.
"""

from collections.abc import Callable
from uuid import UUID

from starlette.types import Scope

from service.api.headers import header_of
from service.domain.accounts import Caller
from service.errors import Refused
from service.kit.fair_turns import CALLER, NOBODY, WaitingCaller
from service.operations.authenticate import authenticate, unauthenticated
from service.operations.resources import Resources
from service.operations.select_account import select_account


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
    invalid key, and `ACCOUNT_SELECTED_INVALID` for an account that the key may not act for.

    The account is the key's own, or the one that `account_header` names in the spelling that `id_of` reads.
    """
    key_text = bearer_of(scope)
    if key_text is None:
        return None
    caller = await authenticate(resources, key_text, pepper=pepper, previous_pepper=previous_pepper)
    selected = header_of(scope, account_header) if account_header else None
    return caller if selected is None else await select_account(resources, caller, _read(selected, id_of))


def share_reads(scope: Scope, caller: Caller) -> None:
    """Let the reads of this task, from here on, take turns with those of other API keys."""
    CALLER.set(WaitingCaller(caller.key_id, scope.get("state", {}).get("has_left", NOBODY.has_left)))


def _read(text: str, id_of: Callable[[str], UUID]) -> UUID | None:
    try:
        return id_of(text)
    except (Refused, ValueError):
        return None
