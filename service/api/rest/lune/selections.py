"""Endpoints for the bundles that an account buys by default: its own selection, or one of the portfolios."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from service.api.rest.contract import Answer, Call, Endpoint
from service.api.rest.lune.errors import invalid
from service.api.rest.lune.ids import uuid_or_none
from service.api.rest.lune.models import BundleShare, Id
from service.api.rest.lune.requests import selection
from service.domain.accounts import Account
from service.domain.catalogue import Portfolio, Weight
from service.errors import Refused
from service.kit.keyset import PageRequest
from service.operations.read_catalogue import list_portfolios, portfolios_of_ids, weights_of_portfolios
from service.operations.set_account_portfolio import set_account_portfolio

HEADERS = ("Lune-Account", "Lune-Version")
PORTFOLIOS_MAX = 100


class BundlePercentage(Struct):
    """A bundle's share of a selection. A whole percentage is a JSON number; any other percentage is a string."""

    bundle_id: Id
    percentage: int | Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]{1,2}\Z")]


class BundlePortfolioView(Struct):
    """A named selection of bundles."""

    id: Id
    identifier: str
    label: str
    bundle_selection: list[BundlePercentage]


class ChosenPortfolio(Struct):
    """Portfolio to buy by default in later orders and quotes of the account."""

    bundle_portfolio_id: str


async def get_bundle_selection(call: Call[None, None]) -> Answer:
    return Answer(await _percentages(call, call.caller.account))


async def update_bundle_selection(call: Call[list[BundleShare], None]) -> Answer:
    try:
        wanted = selection(call.body) or ()
        account = await set_account_portfolio(call.context.resources, call.caller, wanted)
    except Refused as refusal:
        refusal.path = refusal.path[1:]  # removes the first step, because the body itself is the selection
        raise
    return Answer(await _percentages(call, account))


async def list_bundle_portfolios(call: Call[None, None]) -> Answer:
    rows = await list_portfolios(call.context.resources, call.caller, PageRequest(PORTFOLIOS_MAX))
    return Answer(await _portfolio_views(call, rows.items))


async def update_bundle_portfolio(call: Call[ChosenPortfolio, None]) -> Answer:
    resources, portfolio_id = call.context.resources, uuid_or_none(call.body.bundle_portfolio_id)
    chosen = await portfolios_of_ids(resources, call.caller, [portfolio_id] if portfolio_id else [])
    if portfolio_id not in chosen:
        raise invalid("id_invalid", "There is no such portfolio.", "bundle_portfolio_id")
    await set_account_portfolio(resources, call.caller, portfolio_id)
    (view,) = await _portfolio_views(call, [chosen[portfolio_id]])
    return Answer(view)


async def _percentages(call: Call[object, object], account: Account) -> list[BundlePercentage]:
    (weights,) = await weights_of_portfolios(call.context.resources, call.caller, [account.portfolio_id])
    return [_percentage(weight) for weight in weights]


async def _portfolio_views(call: Call[object, object], portfolios: Sequence[Portfolio]) -> list[BundlePortfolioView]:
    ids = [portfolio.id for portfolio in portfolios]
    weights = await weights_of_portfolios(call.context.resources, call.caller, ids)
    return [
        BundlePortfolioView(portfolio.id.hex, portfolio.identifier, portfolio.label, [_percentage(w) for w in own])
        for portfolio, own in zip(portfolios, weights, strict=True)
    ]


def _percentage(weight: Weight) -> BundlePercentage:
    whole, hundredths = divmod(weight.hundredths, 100)
    return BundlePercentage(weight.bundle_id.hex, f"{whole}.{hundredths:02}".rstrip("0") if hundredths else whole)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/bundle-selections",
        operation_id="get_bundle_selection",
        summary="Get the bundles that the account buys by default.",
        handler=get_bundle_selection,
        responses={200: list[BundlePercentage]},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="PUT",
        path="/v1/bundle-selections",
        operation_id="update_bundle_selection",
        summary="Set the bundles that the account buys by default.",
        handler=update_bundle_selection,
        body=list[BundleShare],
        responses={200: list[BundlePercentage]},
        refusals=frozenset({409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/bundle-portfolios",
        operation_id="list_bundle_portfolios",
        summary="List the portfolios that the account can use.",
        handler=list_bundle_portfolios,
        responses={200: list[BundlePortfolioView]},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="PUT",
        path="/v1/bundle-portfolios",
        operation_id="update_bundle_portfolio",
        summary="Set the portfolio that the account buys by default.",
        handler=update_bundle_portfolio,
        body=ChosenPortfolio,
        responses={200: BundlePortfolioView},
        refusals=frozenset({409}),
        request_headers=HEADERS,
    ),
)
