"""Bundles, and what an account buys when an order names none: its selection, or one of the portfolios."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

from babel import Locale
from babel.core import get_global
from msgspec import Meta, Struct

from service.api.rest.contract import Answer, Call, Endpoint
from service.api.rest.lune.errors import invalid
from service.api.rest.lune.ids import uuid_of
from service.api.rest.lune.models import BundleShare, DecimalText, Id, Page, PageQuery
from service.api.rest.lune.paging import page_of, page_request
from service.api.rest.lune.wishes import selection
from service.domain.accounts import Account
from service.domain.amounts import GRAMS_PER_TONNE, MassUnit, mass_text, price_text
from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, Bundle, Portfolio, PriceTier, Project, Weight
from service.domain.pricing import Terms, price_by_mass
from service.errors import Code, Refused
from service.kit.keyset import PageRequest, Position
from service.operations.read_catalogue import (
    available_masses_g,
    bundles_of_ids,
    list_bundles,
    list_portfolios,
    portfolios_of_ids,
    projects_of_bundles,
    tiers_of_bundles,
    weights_of_portfolios,
)
from service.operations.set_account_portfolio import set_account_portfolio

HEADERS = ("Lune-Account", "Lune-Version")
RECENTLY = timedelta(days=30)
PORTFOLIOS_MAX = 100


class ProjectSummary(Struct, kw_only=True):
    """A project as far as it is known; what is not, is null."""

    id: Id
    name: str
    short_name: str
    slug: str
    description: str
    project_type: str
    registry_name: str
    registry_link: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    country_name: str
    country_code: str
    region: str | None = None
    primary_image: str | None = None
    thumbnail_image: str | None = None
    results: list[str] = []
    un_sdg: list[int] = []
    disabled: bool = False


class BundleView(Struct, kw_only=True):
    """A bundle. Prices are for one tonne, in the account's currency; `available_quantity` is in tonnes."""

    id: Id
    name: str
    unit_price: DecimalText
    gross_unit_price: DecimalText
    currency: str
    background_colour: str | None
    primary_image: str | None
    large_image: str | None
    primary_image_hires: str | None
    small_thumbnail: str | None
    description: str | None
    disabled: bool
    available_quantity: DecimalText | None
    offset_type: Literal["emissions_reduction", "carbon_removal"] | None
    approach: Literal["traditional", "innovative"] | None
    carbon_permanence: Literal["long_term", "short_term", "no_storage"]
    projects: list[ProjectSummary]


class BundlePercentage(Struct):
    """A bundle's part of a selection; whole percentages are numbers, others strings."""

    bundle_id: Id
    percentage: int | Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]{1,2}$")]


class BundlePortfolioView(Struct):
    """A selection under a name."""

    id: Id
    identifier: str
    label: str
    bundle_selection: list[BundlePercentage]


class BundlesQuery(PageQuery, kw_only=True):
    """`recently_disabled` adds the bundles that were disabled in the last 30 days."""

    recently_disabled: bool | None = None


class ChosenPortfolio(Struct):
    """The portfolio to buy from now on."""

    bundle_portfolio_id: str


async def list_all_bundles(call: Call[None, BundlesQuery]) -> Answer:
    async def stands(bundle_id: UUID) -> Position | None:
        bundle = (await bundles_of_ids(resources, call.caller, [bundle_id])).get(bundle_id)
        return None if bundle is None else Position(bundle.created_at, bundle.id)

    resources = call.surroundings.resources
    request = await page_request(call.query, stands)
    within = RECENTLY if call.query.recently_disabled else None
    rows = await list_bundles(resources, call.caller, request, or_disabled_within=within)
    return Answer(page_of(rows, await _bundle_views(call, rows.items)))


async def get_bundle(call: Call[None, None]) -> Answer:
    bundle_id = _id(call.path["id"])
    found = await bundles_of_ids(call.surroundings.resources, call.caller, [bundle_id] if bundle_id else [])
    views = await _bundle_views(call, list(found.values()))
    if not views:
        raise Refused(Code.NOT_FOUND, "There is no such bundle in the account's currency.")
    return Answer(views[0])


async def get_bundle_selection(call: Call[None, None]) -> Answer:
    return Answer(await _percentages(call, call.caller.account))


async def update_bundle_selection(call: Call[list[BundleShare], None]) -> Answer:
    wanted = selection(call.body) or ()
    account = await set_account_portfolio(call.surroundings.resources, call.caller, wanted)
    return Answer(await _percentages(call, account))


async def list_bundle_portfolios(call: Call[None, None]) -> Answer:
    rows = await list_portfolios(call.surroundings.resources, call.caller, PageRequest(PORTFOLIOS_MAX))
    return Answer(await _portfolio_views(call, rows.items))


async def update_bundle_portfolio(call: Call[ChosenPortfolio, None]) -> Answer:
    resources, portfolio_id = call.surroundings.resources, _id(call.body.bundle_portfolio_id)
    chosen = await portfolios_of_ids(resources, call.caller, [portfolio_id] if portfolio_id else [])
    if portfolio_id not in chosen:
        raise invalid("id_invalid", "There is no such portfolio.", "bundle_portfolio_id")
    await set_account_portfolio(resources, call.caller, portfolio_id)
    (view,) = await _portfolio_views(call, [chosen[portfolio_id]])
    return Answer(view)


async def _bundle_views(call: Call[object, object], bundles: Sequence[Bundle]) -> list[BundleView]:
    """Those of the bundles that have a price in the account's currency."""
    resources, caller, ids = call.surroundings.resources, call.caller, [bundle.id for bundle in bundles]
    if not ids:
        return []
    tiers = await tiers_of_bundles(resources, caller, ids)
    available_g = await available_masses_g(resources, caller, ids)
    projects = await projects_of_bundles(resources, caller, ids)
    return [
        _bundle_view(caller.account, bundle, own_tiers, mass_g, own_projects)
        for bundle, own_tiers, mass_g, own_projects in zip(bundles, tiers, available_g, projects, strict=True)
        if own_tiers
    ]


def _bundle_view(
    account: Account, bundle: Bundle, tiers: Sequence[PriceTier], available_g: int, projects: Sequence[Project]
) -> BundleView:
    # The price of a tonne, or of the least that is sold where that is more.
    mass_g = max(GRAMS_PER_TONNE, tiers[0].minimum_mass_g)
    terms = Terms(currency=account.currency, commission_hundredths=account.commission_hundredths)
    whole = (Weight(bundle.id, HUNDREDTHS_IN_WHOLE),)
    (priced,) = price_by_mass(mass_g, whole, {bundle.id: tiers}, terms).lines
    return BundleView(
        id=bundle.id.hex,
        name=bundle.name,
        unit_price=price_text(priced.unit_price_micros),
        gross_unit_price=price_text(priced.gross_unit_price_micros),
        currency=account.currency,
        background_colour=bundle.background_colour,
        primary_image=bundle.primary_image_url,
        large_image=None,
        primary_image_hires=None,
        small_thumbnail=None,
        description=bundle.description,
        disabled=bundle.disabled_at is not None,
        available_quantity=mass_text(available_g, MassUnit.TONNE),
        offset_type=bundle.offset_type.value,
        approach=bundle.approach.value,
        carbon_permanence=bundle.carbon_permanence.value,
        projects=[_project_view(project) for project in projects],
    )


def _project_view(project: Project) -> ProjectSummary:
    return ProjectSummary(
        id=project.id.hex,
        name=project.name,
        short_name=project.name,
        slug=project.slug,
        description=project.description,
        project_type=project.project_type,
        registry_name=project.registry_name,
        country_name=_country_name(project.country),
        country_code=project.country,
        primary_image=project.logo_url,
    )


@cache
def _country_name(alpha_3: str) -> str:
    """The country's English name; the code itself where CLDR has none for it."""
    (alpha_2, *_) = get_global("territory_aliases").get(alpha_3, [alpha_3])
    return str(Locale("en").territories.get(alpha_2, alpha_3))


async def _percentages(call: Call[object, object], account: Account) -> list[BundlePercentage]:
    (weights,) = await weights_of_portfolios(call.surroundings.resources, call.caller, [account.portfolio_id])
    return [_percentage(weight) for weight in weights]


async def _portfolio_views(call: Call[object, object], portfolios: Sequence[Portfolio]) -> list[BundlePortfolioView]:
    ids = [portfolio.id for portfolio in portfolios]
    weights = await weights_of_portfolios(call.surroundings.resources, call.caller, ids)
    return [
        BundlePortfolioView(portfolio.id.hex, portfolio.identifier, portfolio.label, [_percentage(w) for w in own])
        for portfolio, own in zip(portfolios, weights, strict=True)
    ]


def _percentage(weight: Weight) -> BundlePercentage:
    whole, hundredths = divmod(weight.hundredths, 100)
    return BundlePercentage(weight.bundle_id.hex, f"{whole}.{hundredths:02}".rstrip("0") if hundredths else whole)


def _id(text: str) -> UUID | None:
    try:
        return uuid_of(text)
    except ValueError:
        return None


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/bundles",
        summary="List bundles that are sold in the account's currency",
        handler=list_all_bundles,
        query=BundlesQuery,
        responses={200: Page[BundleView]},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/bundles/{id}",
        summary="Get a bundle",
        handler=get_bundle,
        responses={200: BundleView},
        refusals=frozenset({400, 404}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/bundle-selections",
        summary="Get the account's bundle selection",
        handler=get_bundle_selection,
        responses={200: list[BundlePercentage]},
        refusals=frozenset({400}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="PUT",
        path="/v1/bundle-selections",
        summary="Set the account's bundle selection",
        handler=update_bundle_selection,
        body=list[BundleShare],
        responses={200: list[BundlePercentage]},
        refusals=frozenset({409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/bundle-portfolios",
        summary="List bundle portfolios",
        handler=list_bundle_portfolios,
        responses={200: list[BundlePortfolioView]},
        refusals=frozenset({400}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="PUT",
        path="/v1/bundle-portfolios",
        summary="Set the account's bundle portfolio",
        handler=update_bundle_portfolio,
        body=ChosenPortfolio,
        responses={200: BundlePortfolioView},
        refusals=frozenset({409}),
        request_headers=HEADERS,
    ),
)
