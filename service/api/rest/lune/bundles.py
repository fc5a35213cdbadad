"""Endpoints for bundles: those on sale in the account's currency, with prices and stock."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Literal
from uuid import UUID

from babel import Locale
from babel.core import get_global
from msgspec import Struct

from service.api.rest.contract import Answer, Call, Endpoint
from service.api.rest.lune.ids import uuid_or_none
from service.api.rest.lune.models import DecimalText, Id, Page, PageQuery
from service.api.rest.lune.paging import page_of, page_request
from service.domain.accounts import Account
from service.domain.amounts import GRAMS_PER_TONNE, MassUnit, mass_text, price_text
from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, Bundle, PriceTier, Project, Weight
from service.domain.pricing import Terms, price_by_mass
from service.errors import Code, Refused
from service.kit.keyset import Position
from service.operations.read_catalogue import (
    available_masses_g,
    bundles_of_ids,
    list_bundles,
    projects_of_bundles,
    tiers_of_bundles,
)

HEADERS = ("Lune-Account", "Lune-Version")
RECENTLY = timedelta(days=30)


class ProjectSummary(Struct, kw_only=True):
    """A project of a bundle. A member whose value is not known is null."""

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
    logo: str | None = None
    primary_image: str | None = None
    thumbnail_image: str | None = None
    results: list[str] = []
    un_sdg: list[int] = []
    disabled: bool = False
    media: list[str] = []
    crediting_start_date: None = None
    crediting_end_date: None = None
    registration_date: None = None
    protocol: None = None
    methodology: str | None = None
    durability: str | None = None
    additional_standards_met: None = None
    verifying_body: None = None
    risk_of_reversal: None = None
    risk_of_predicted_emissions: None = None
    avg_annual_emission_reductions: None = None


class BundleSummary(Struct, kw_only=True):
    """A bundle without its projects. Prices are for one tonne in the account's currency; `available_quantity` is in
    tonnes.
    """

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


class BundleView(BundleSummary, kw_only=True):
    """A bundle. Prices are for one tonne in the account's currency; `available_quantity` is in tonnes."""

    projects: list[ProjectSummary]


class BundlesQuery(PageQuery, kw_only=True):
    """Selection of bundles to list. `recently_disabled` adds bundles that were disabled in the last 30 days. `limit` is
    the number of bundles: 1 to 100, by default 10. `after` is the `next_cursor` of the previous page or the id of a
    bundle.
    """

    recently_disabled: bool | None = None


async def list_all_bundles(call: Call[None, BundlesQuery]) -> Answer:
    async def stands(bundle_id: UUID) -> Position | None:
        bundle = (await bundles_of_ids(resources, call.caller, [bundle_id])).get(bundle_id)
        return None if bundle is None else Position(bundle.created_at, bundle.id)

    resources = call.context.resources
    request = await page_request(call.query, stands)
    within = RECENTLY if call.query.recently_disabled else None
    rows = await list_bundles(resources, call.caller, request, or_disabled_within=within)
    return Answer(page_of(rows, await bundle_views(call, rows.items)))


async def get_bundle(call: Call[None, None]) -> Answer:
    bundle_id = uuid_or_none(call.path["id"])
    found = await bundles_of_ids(call.context.resources, call.caller, [bundle_id] if bundle_id else [])
    views = await bundle_views(call, list(found.values()))
    if not views:
        raise Refused(Code.NOT_FOUND, "There is no such bundle with a price in the account's currency.")
    return Answer(views[0])


async def bundle_views(call: Call[object, object], bundles: Sequence[Bundle]) -> list[BundleView]:
    """Return the bundles that have a price in the account's currency."""
    resources, caller, ids = call.context.resources, call.caller, [bundle.id for bundle in bundles]
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
    # The price of a tonne, or of the smallest mass that is sold if that is larger.
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
        projects=[project_summary(project) for project in projects],
    )


def project_summary(project: Project) -> ProjectSummary:
    """Return what the seller states of the project."""
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
        registry_link=project.public_url,
        logo=project.logo_url,
        primary_image=project.logo_url,
        methodology=project.methodology,
        durability=None if project.storage_years is None else f"{project.storage_years} years",
    )


@cache
def _country_name(alpha_3: str) -> str:
    """Return the country's English name, or its code if CLDR has none for it."""
    (alpha_2, *_) = get_global("territory_aliases").get(alpha_3, [alpha_3])
    return str(Locale("en").territories.get(alpha_2, alpha_3))


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/bundles",
        operation_id="list_all_bundles",
        summary="List bundles that are on sale in the account's currency.",
        handler=list_all_bundles,
        query=BundlesQuery,
        responses={200: Page[BundleView]},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/bundles/{id}",
        operation_id="get_bundle",
        summary="Get a bundle.",
        handler=get_bundle,
        responses={200: BundleView},
        refusals=frozenset({404}),
        request_headers=HEADERS,
    ),
)
