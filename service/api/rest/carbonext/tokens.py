"""Access tokens that replace an API key for an hour, at both addresses where Carbonext's clients request them.

A token is signed and never stored. It names its key, which is looked up on every call, so tokens end with their key.
`client_id` is the key's id, with or without Carbonext's prefix, and `client_secret` is the key itself.
"""

import hmac
from base64 import b64decode
from datetime import timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

import jwt
import msgspec
from starlette.requests import Request

from service.api.caller import bearer_of
from service.api.headers import header_of
from service.api.rest.carbonext.errors import oauth_refusal
from service.api.rest.context import RestContext
from service.api.rest.contract import FORM, Answer, Call, Endpoint
from service.domain.access_tokens import is_token
from service.domain.accounts import Caller
from service.domain.api_keys import Scope, parse
from service.errors import Code, Refused
from service.operations.authenticate import authenticate as authenticate_key
from service.operations.authenticate import authenticate_again, unauthenticated

ALGORITHM = "HS256"
ACCESS_VALID = timedelta(hours=1)
REFRESH_VALID = timedelta(days=30)
CLIENT_PREFIX = "cbx_b2b_"

PERMISSIONS = {
    Scope.ORDERS_READ: ("orders_read", "financial_read", "certificates_read"),
    Scope.ORDERS_WRITE: ("orders_write",),
    Scope.CATALOGUE_READ: ("customer_applications_read",),
    Scope.OPERATOR: ("financial_write", "users_read"),
    Scope.ACCOUNT_MANAGE: (),
}
"""Carbonext's names for the scopes of a key."""


class TokenUse(StrEnum):
    """Purpose of a token. A token is never accepted for another purpose."""

    ACCESS = "access"
    REFRESH = "refresh"


class Credentials(msgspec.Struct):
    """A form with the credentials of the client or with a refresh token."""

    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    scope: str = ""


class Token(msgspec.Struct, rename={"not_before_policy": "not-before-policy"}):
    """An access token in the format of the newer address."""

    access_token: str
    expires_in: int
    refresh_expires_in: int = 0
    token_type: str = "Bearer"  # noqa: S105 - what kind of token, not one
    not_before_policy: int = 0
    scope: str = "profile email roles"


class RefreshableToken(msgspec.Struct):
    """An access token and a refresh token in the format of the older address."""

    access_token: str
    expires_in: int
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 - what kind of token, not one


class UserInfo(msgspec.Struct):
    """Account and API key that a token was issued for."""

    clientId: str  # noqa: N815 - the contract's name
    userId: str  # noqa: N815 - the contract's name
    name: str
    email: str | None
    isEmailValid: bool  # noqa: N815 - the contract's name
    customerId: str  # noqa: N815 - the contract's name
    customerApplicationId: str  # noqa: N815 - the contract's name
    customerTaxId: str | None  # noqa: N815 - the contract's name
    customerLegalName: str  # noqa: N815 - the contract's name
    permissions: list[str]


class Permission(msgspec.Struct):
    """A permission that an API key has, with the members of Keycloak's roles."""

    id: str
    name: str
    description: str
    composite: bool
    clientRole: bool  # noqa: N815 - the contract's name
    containerId: str  # noqa: N815 - the contract's name
    attributes: dict[str, list[str]]


async def authenticate(request: Request, context: RestContext) -> Caller:
    """Return the caller whose API key or token is the bearer. Refuses `UNAUTHENTICATED`."""
    bearer = bearer_of(request.scope)
    if bearer is None:
        raise unauthenticated()
    if parse(bearer) is not None or is_token(bearer):
        return await _authenticate_key(bearer, context)
    return await authenticate_again(context.resources, _key_named_by(bearer, TokenUse.ACCESS, context))


async def _authenticate_key(text: str, context: RestContext) -> Caller:
    return await authenticate_key(
        context.resources, text, pepper=context.pepper, previous_pepper=context.previous_pepper
    )


async def get_token(call: Call[Credentials, None]) -> Answer:
    caller = await _client(call)
    token = _signed(caller, TokenUse.ACCESS, ACCESS_VALID, call.context)
    return Answer(Token(token, _seconds(ACCESS_VALID)), headers=_NOT_KEPT)


async def get_refreshable_token(call: Call[Credentials, None]) -> Answer:
    caller = await (_refreshing(call) if call.body.grant_type == "refresh_token" else _client(call))
    access = _signed(caller, TokenUse.ACCESS, ACCESS_VALID, call.context)
    refresh = _signed(caller, TokenUse.REFRESH, REFRESH_VALID, call.context)
    return Answer(RefreshableToken(access, _seconds(ACCESS_VALID), refresh), headers=_NOT_KEPT)


async def user_info(call: Call[None, None]) -> Answer:
    account = call.caller.account
    return Answer(
        UserInfo(
            clientId=CLIENT_PREFIX + call.caller.key_id,
            userId=call.caller.key_id,
            name=account.name,
            email=None,
            isEmailValid=False,
            customerId=str(account.id),
            customerApplicationId=call.caller.key_id,
            customerTaxId=None,
            customerLegalName=account.name,
            permissions=_permissions(call.caller),
        )
    )


async def list_permissions(call: Call[None, None]) -> Answer:
    key_id = call.caller.key_id
    return Answer(
        [
            Permission(
                id=name,
                name=name,
                description=name.replace("_", " "),
                composite=False,
                clientRole=True,
                containerId=key_id,
                attributes={},
            )
            for name in _permissions(call.caller)
        ]
    )


async def _client(call: Call[Credentials, None]) -> Caller:
    form = call.body
    if not form.grant_type:
        raise oauth_refusal(Code.BAD_USER_INPUT, "invalid_request", "Send a form with the member grant_type.")
    if form.grant_type != "client_credentials":
        raise oauth_refusal(
            Code.BAD_USER_INPUT,
            "unsupported_grant_type",
            "This address does not support the grant_type. Use client_credentials.",
        )
    client_id, client_secret = _credentials(call)
    try:
        caller = await _authenticate_key(client_secret, call.context)
    except Refused as refusal:
        if refusal.code is not Code.UNAUTHENTICATED:
            raise
        raise _no_client() from refusal
    if client_id.removeprefix(CLIENT_PREFIX) != caller.key_id:
        raise _no_client()
    return caller


def _credentials(call: Call[Credentials, None]) -> tuple[str, str]:
    """Return id and secret of the client, from the form or from HTTP Basic; RFC 6749 does not allow both."""
    form = (call.body.client_id, call.body.client_secret)
    scheme, _, encoded = (header_of(call.request.scope, b"authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        user, colon, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        raise _no_client() from None
    basic = (unquote_plus(user), unquote_plus(password))
    if not colon:
        raise _no_client()
    if any(one not in ("", other) for one, other in zip(form, basic, strict=True)):
        message = "Send the credentials of the client in the form or as HTTP Basic, not in both."
        raise oauth_refusal(Code.BAD_USER_INPUT, "invalid_request", message)
    return basic


async def _refreshing(call: Call[Credentials, None]) -> Caller:
    try:
        key_id = _key_named_by(call.body.refresh_token, TokenUse.REFRESH, call.context)
        return await authenticate_again(call.context.resources, key_id)
    except Refused as refusal:
        if refusal.code is not Code.UNAUTHENTICATED:
            raise
        raise oauth_refusal(
            Code.UNAUTHENTICATED, "invalid_grant", "The refresh token is invalid or has expired."
        ) from refusal


def _no_client() -> Refused:
    return oauth_refusal(Code.UNAUTHENTICATED, "unauthorized_client", "Invalid client or invalid client credentials.")


def _signed(caller: Caller, use: TokenUse, valid: timedelta, context: RestContext) -> str:
    now = context.resources.clock()
    claims: dict[str, Any] = {
        "sub": str(caller.account.id),
        "key": caller.key_id,
        "use": use.value,
        "iat": now,
        "exp": now + valid,
        "scope": " ".join(sorted(caller.scopes)),
    }
    return jwt.encode(claims, _secret(context.pepper), algorithm=ALGORITHM)


def _key_named_by(token: str, use: TokenUse, context: RestContext) -> str:
    options: Any = {"require": ["key", "use", "exp"], "verify_exp": False, "verify_iat": False}
    try:
        claims = _decoded(token, context, options)
        # Compared with the service's own clock instead of the library's.
        expired = claims["exp"] <= context.resources.clock().timestamp()
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise unauthenticated() from error
    if expired or claims["use"] != use or not isinstance(claims["key"], str):
        raise unauthenticated()
    return claims["key"]


def _decoded(token: str, context: RestContext, options: Any) -> dict[str, Any]:
    try:
        return jwt.decode(token, _secret(context.pepper), algorithms=[ALGORITHM], options=options)
    except jwt.InvalidSignatureError:
        if context.previous_pepper is None:
            raise
        return jwt.decode(token, _secret(context.previous_pepper), algorithms=[ALGORITHM], options=options)


def _secret(pepper: bytes) -> bytes:
    # Derived from the secret, so that a signature made for another purpose under it is never valid for a token.
    return hmac.digest(pepper, b"carbonext tokens", "sha256")


def _seconds(valid: timedelta) -> int:
    return int(valid.total_seconds())


def _permissions(caller: Caller) -> list[str]:
    return sorted(name for scope in caller.scopes for name in PERMISSIONS[scope])


_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/auth/realms/co2free/protocol/openid-connect/token",
        operation_id="get_token",
        summary="Get an access token for an API key, valid for one hour.",
        handler=get_token,
        body=Credentials,
        body_media_type=FORM,
        public=True,
        responses={200: Token},
        refusals=frozenset({401}),
    ),
    Endpoint(
        method="POST",
        path="/connect/token",
        operation_id="get_refreshable_token",
        summary="Get an access token for an API key, valid for one hour, and a refresh token.",
        handler=get_refreshable_token,
        body=Credentials,
        body_media_type=FORM,
        public=True,
        responses={200: RefreshableToken},
        refusals=frozenset({401}),
    ),
    Endpoint(
        method="GET",
        path="/connect/userinfo",
        operation_id="user_info",
        summary="Get the account and the permissions of an access token.",
        handler=user_info,
        responses={200: UserInfo},
    ),
    Endpoint(
        method="GET",
        path="/v1/permissions",
        operation_id="list_permissions",
        summary="List the permissions of the API key.",
        handler=list_permissions,
        responses={200: list[Permission]},
    ),
)
