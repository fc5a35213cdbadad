"""Endpoints that set and remove the logo of the account and of its client accounts."""

from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from service.api.pages.logos import logo_address
from service.api.rest.contract import MULTIPART, Answer, Call, Endpoint
from service.api.rest.lune.ids import uuid_or_none
from service.domain.accounts import Account
from service.errors import Code, Refused
from service.operations.set_account_logo import set_account_logo

HEADERS = ("Lune-Account", "Lune-Version")


class NewLogo(Struct, kw_only=True):
    """A logo as a file of a multipart form: PNG, JPEG, or SVG with nothing but shapes, at most 65,536 bytes and 4,000
    by 4,000 pixels.
    """

    logo: Annotated[bytes, Meta(extra_json_schema={"format": "binary", "contentEncoding": "binary"})]


class LogoView(Struct, kw_only=True):
    """The address of a logo. After the logo was removed, the response has no `url`."""

    url: str | UnsetType = UNSET


async def update_account_logo(call: Call[NewLogo, None]) -> Answer:
    _refuse_others(call)
    return await _set(call, call.body.logo)


async def delete_account_logo(call: Call[None, None]) -> Answer:
    _refuse_others(call)
    return await _set(call, None)


async def update_client_account_logo(call: Call[NewLogo, None]) -> Answer:
    return await _set(call, call.body.logo, _client_id(call))


async def delete_client_account_logo(call: Call[None, None]) -> Answer:
    return await _set(call, None, _client_id(call))


async def _set(call: Call[object, None], content: bytes | None, client_id: UUID | None = None) -> Answer:
    try:
        account = await set_account_logo(call.context.resources, call.caller, content, client_id=client_id)
    except Refused as refused:
        if refused.path == ("logo",):
            refused.details["error_code"] = "unsupported_image_format"
        raise
    return Answer(LogoView(url=logo_of(account, call.context.public_address) or UNSET))


def logo_of(account: Account, public_address: str) -> str | None:
    """Return the address of the account's logo; None without one."""
    return None if account.logo_sha256 is None else logo_address(public_address, account.logo_sha256)


def _refuse_others(call: Call[object, None]) -> None:
    """Refuse `NOT_FOUND` unless the path names the account that the request acts for."""
    if uuid_or_none(call.path["id"]) != call.caller.account.id:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("id",))


def _client_id(call: Call[object, None]) -> UUID:
    client_id = uuid_or_none(call.path["id"])
    if client_id is None:
        raise Refused(Code.NOT_FOUND, "There is no such client account.", ("id",))
    return client_id


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/accounts/{id}/logo",
        operation_id="update_account_logo",
        summary="Set the logo of the account.",
        handler=update_account_logo,
        body=NewLogo,
        body_media_type=MULTIPART,
        responses={200: LogoView},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/accounts/{id}/logo",
        operation_id="delete_account_logo",
        summary="Remove the logo of the account.",
        handler=delete_account_logo,
        responses={200: LogoView},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="POST",
        path="/v1/accounts/client/{id}/logo",
        operation_id="update_client_account_logo",
        summary="Set the logo of a client account.",
        handler=update_client_account_logo,
        body=NewLogo,
        body_media_type=MULTIPART,
        responses={200: LogoView},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="DELETE",
        path="/v1/accounts/client/{id}/logo",
        operation_id="delete_client_account_logo",
        summary="Remove the logo of a client account.",
        handler=delete_client_account_logo,
        responses={200: LogoView},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
)
