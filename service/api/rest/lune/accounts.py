"""Endpoints for the caller's own account and its client accounts."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from service.api.rest.contract import Answer, Call, Endpoint
from service.api.rest.lune.errors import invalid
from service.api.rest.lune.ids import uuid_of
from service.api.rest.lune.logos import logo_of
from service.api.rest.lune.models import Id, Page, PageQuery
from service.api.rest.lune.paging import page_of, page_request
from service.domain.accounts import Account, Visibility
from service.domain.supply import handle_of
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.kit.keyset import Position
from service.operations.manage_clients import accounts_of_ids, create_client, list_clients, update_client
from service.operations.read_account import twin_of_account

HEADERS = ("Lune-Account", "Lune-Version")
OLD_CURRENCIES = frozenset({"BGN"})
"""Currencies of Lune's published list that do not circulate any more."""

Handle = Annotated[str, Meta(pattern=r"^[a-z0-9-_]+\Z")]
VisibilityName = Literal["public", "hidden"]


class AccountView(Struct, kw_only=True, rename={"kind": "type"}):
    """An account. `currency` is an ISO 4217 code. `beneficiary` is the party for which credits are retired by default.
    `sibling_id` is the id of the same customer's account in the other mode; a client account has no `sibling_id`.
    """

    id: Id
    name: str
    organisation_id: Id
    handle: str | None
    currency: str
    kind: Literal["live", "test"]
    logo: str | None
    beneficiary: str | None
    bundle_portfolio_id: Id | None
    external_pages_visibility: VisibilityName
    scope: Literal["account", "client_account"]
    sibling_id: Id | UnsetType | None = UNSET


class NewClientAccount(Struct, kw_only=True):
    """A client account to create. A client account has its own orders and estimates; it uses the balance and the
    invoices of its parent. `currency` is an ISO 4217 code. A retry with the same `handle` and values returns the
    existing account. A retry without a handle creates another account. A `name` or
    `beneficiary` with a character that no font of the certificates shows is refused.
    """

    name: str
    currency: str
    beneficiary: str | None = None
    handle: Handle | None = None
    external_pages_visibility: VisibilityName | None = None


class ClientAccountPatch(Struct, kw_only=True):
    """Changes to a client account. Members that are absent keep their values; `null` removes a value. A new
    `name` or `beneficiary` with a character that no font of the certificates shows is refused.
    """

    name: str | UnsetType = UNSET
    beneficiary: str | UnsetType | None = UNSET
    handle: Handle | UnsetType | None = UNSET
    external_pages_visibility: VisibilityName | UnsetType = UNSET


class ClientAccountChange(Struct, kw_only=True):
    """New values of all members of a client account. Members that are absent are removed; an absent
    `external_pages_visibility` keeps its value. A new `name` or `beneficiary` with a character that no font of the
    certificates shows is refused.
    """

    name: str
    beneficiary: str | None = None
    handle: Handle | None = None
    external_pages_visibility: VisibilityName | UnsetType = UNSET


class ClientsQuery(PageQuery, kw_only=True):
    """Selection of client accounts to list. `name` is a text that the names of the listed accounts contain. `limit` is
    the number of accounts: 1 to 100, by default 10. `after` is the `next_cursor` of the previous page or the id of an
    account.
    """

    name: str | None = None


async def get_account(call: Call[None, None]) -> Answer:
    # Read again, because the caller's account comes from a cache.
    own = await accounts_of_ids(call.context.resources, call.caller, [call.caller.account.id])
    view = _view(call, own.get(call.caller.account.id, call.caller.account))
    if view.scope == "account":
        twin_id = await twin_of_account(call.context.resources, call.caller)
        view.sibling_id = None if twin_id is None else twin_id.hex
    return Answer(view)


async def get_client_account(call: Call[None, None]) -> Answer:
    if call.caller.account.parent_account_id is None:
        raise invalid("account_scope_incorrect", "Select a client account with this header.", "Lune-Account")
    return await get_account(call)


async def create_client_account(call: Call[NewClientAccount, None]) -> Answer:
    body = call.body
    facts = _facts({"name": body.name, "beneficiary": body.beneficiary, "handle": body.handle})
    if body.external_pages_visibility is not None:
        facts |= _facts({"external_pages_visibility": body.external_pages_visibility})
    account = await create_client(
        call.context.resources, call.caller, currency=body.currency, old_currencies=OLD_CURRENCIES, **facts
    )
    return Answer(_view(call, account))


async def list_client_accounts(call: Call[None, ClientsQuery]) -> Answer:
    async def stands(account_id: UUID) -> Position | None:
        account = (await accounts_of_ids(resources, call.caller, [account_id])).get(account_id)
        return None if account is None else Position(account.created_at, account.id)

    resources, name = call.context.resources, call.query.name
    request = await page_request(call.query, stands)
    contained = None if name is None else kept_text(name, NAME_LENGTH_MAX, "name")
    rows = await list_clients(resources, call.caller, request, name_contains=contained)
    return Answer(page_of(rows, [_view(call, account) for account in rows.items]))


async def patch_client_account(call: Call[ClientAccountPatch, None]) -> Answer:
    return await _update(call, call.body)


async def update_client_account(call: Call[ClientAccountChange, None]) -> Answer:
    return await _update(call, call.body)


async def _update(call: Call[object, object], body: ClientAccountPatch | ClientAccountChange) -> Answer:
    try:
        client_id = uuid_of(call.path["id"])
    except ValueError:
        raise Refused(Code.NOT_FOUND, "There is no such client account.", ("id",)) from None
    given = {name: value for name, value in structs.asdict(body).items() if value is not UNSET}
    return Answer(_view(call, await update_client(call.context.resources, call.caller, client_id, _facts(given))))


def _facts(given: dict[str, Any]) -> dict[str, Any]:
    """Return the given values under the names that the operations use."""
    facts: dict[str, Any] = {}
    for name, value in given.items():
        match name:
            case "name":
                facts["name"] = kept_text(value.strip(), NAME_LENGTH_MAX, "name")
            case "beneficiary":
                kept = (value or "").strip()
                facts["beneficiary_name"] = kept_text(kept, NAME_LENGTH_MAX, "beneficiary") if kept else None
            case "handle":
                facts["handle"] = None if value is None else handle_of(value, "handle")
            case "external_pages_visibility":
                facts["external_pages_visibility"] = Visibility(value)
    return facts


def _view(call: Call[Any, Any], account: Account) -> AccountView:
    return AccountView(
        id=account.id.hex,
        name=account.name,
        organisation_id=account.organisation_id.hex,
        handle=account.handle,
        currency=account.currency,
        kind=account.mode.value,
        logo=logo_of(account, call.context.public_address),
        beneficiary=account.beneficiary_name,
        bundle_portfolio_id=account.portfolio_id.hex,
        external_pages_visibility=account.external_pages_visibility.value,
        scope="account" if account.parent_account_id is None else "client_account",
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/accounts/me",
        operation_id="get_account",
        summary="Get the account of the API key, or the client account in the header Lune-Account.",
        handler=get_account,
        responses={200: AccountView},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/accounts/client/me",
        operation_id="get_client_account",
        summary="Get the client account in the header Lune-Account, or that of the API key.",
        handler=get_client_account,
        responses={200: AccountView},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="POST",
        path="/v1/accounts/client",
        operation_id="create_client_account",
        summary="Create a client account under the account of the API key.",
        handler=create_client_account,
        body=NewClientAccount,
        responses={200: AccountView},
        refusals=frozenset({409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/accounts/client",
        operation_id="list_client_accounts",
        summary="List the client accounts of the account.",
        handler=list_client_accounts,
        query=ClientsQuery,
        responses={200: Page[AccountView]},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="PATCH",
        path="/v1/accounts/client/{id}",
        operation_id="patch_client_account",
        summary="Change the given members of a client account.",
        handler=patch_client_account,
        body=ClientAccountPatch,
        responses={200: AccountView},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="PUT",
        path="/v1/accounts/client/{id}",
        operation_id="update_client_account",
        summary="Replace all members of a client account.",
        handler=update_client_account,
        body=ClientAccountChange,
        responses={200: AccountView},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
)
