"""Accounts: the caller's own."""

from typing import Literal

import msgspec

from service.api.rest.contract import Answer, Call, Endpoint
from service.domain.accounts import Account


class AccountView(msgspec.Struct, rename={"kind": "type"}):
    """An account; amounts of its orders are in its currency."""

    id: str
    name: str
    organisation_id: str
    handle: str | None
    currency: str
    kind: Literal["live", "test"]
    logo: str | None
    beneficiary: str | None
    bundle_portfolio_id: str | None
    external_pages_visibility: Literal["public", "hidden"]
    scope: Literal["account", "client_account"]
    sibling_id: str | msgspec.UnsetType = msgspec.UNSET


def account_view(account: Account) -> AccountView:
    """The account as it is shown."""
    return AccountView(
        id=account.id.hex,
        name=account.name,
        organisation_id=account.organisation_id.hex,
        handle=account.handle,
        currency=account.currency,
        kind=account.mode.value,
        logo=None,
        beneficiary=account.beneficiary_name,
        bundle_portfolio_id=account.portfolio_id.hex,
        external_pages_visibility=account.external_pages_visibility.value,
        scope="account" if account.parent_account_id is None else "client_account",
    )


async def get_account(call: Call[None, None]) -> Answer:
    return Answer(account_view(call.caller.account))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/accounts/me",
        summary="Get the account of the API key, or the one that Lune-Account names",
        handler=get_account,
        responses={200: AccountView},
        refusals=frozenset({400}),
        request_headers=("Lune-Account", "Lune-Version"),
    ),
)
