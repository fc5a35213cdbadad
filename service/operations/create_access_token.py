"""Create an access token for an API key: a signed text for browsers, which never see a key.

Nothing is stored: the token contains the key's id, and is refused once the key is revoked or expired. Promise: P21.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.domain.access_tokens import SECONDS_MAX, TokenClaims, write_token
from service.domain.accounts import Caller
from service.domain.api_keys import Peppers, Scope
from service.errors import Code, Refused
from service.operations.resources import Resources


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A token as it is shown to its holder; `text` is never stored or logged."""

    text: str = field(repr=False)
    scopes: frozenset[Scope]
    expires_at: datetime


async def create_access_token(
    resources: Resources, caller: Caller, *, scopes: Collection[Scope], expires_in_s: int, peppers: Peppers
) -> CreatedToken:
    """Create a token for the caller's key with some of its scopes, which ends after `expires_in_s` seconds, or with the
    key if that ends earlier. If the key acts for another account, the token is limited to that account.

    Refuses `FORBIDDEN` to a token, and `BAD_USER_INPUT` for no scope, a scope that the key lacks, and a time out of
    bounds.
    """
    caller.refuse_token()
    if not scopes:
        raise Refused(Code.BAD_USER_INPUT, "Give the access token at least one scope.", ("scopes",))
    if missing := sorted(frozenset(scopes) - caller.scopes):
        message = f"The API key of the request lacks the scope {missing[0]}. Leave it out."
        raise Refused(Code.BAD_USER_INPUT, message, ("scopes",))
    if not 1 <= expires_in_s <= SECONDS_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give 1 to {SECONDS_MAX:,} seconds.", ("expires_in_seconds",))
    end = resources.clock().replace(microsecond=0) + timedelta(seconds=expires_in_s)
    claims = TokenClaims(
        caller.key_id,
        frozenset(scopes),
        end if caller.key_expires_at is None else min(end, caller.key_expires_at.replace(microsecond=0)),
        caller.account.id if caller.acts_for_client else None,
    )
    return CreatedToken(write_token(claims, peppers), claims.scopes, claims.expires_at)
