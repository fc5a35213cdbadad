"""Endpoints for the public page of an account: its configuration, and its contents as anybody may read them."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from service.api.pages.logos import logo_address
from service.api.rest.contract import Answer, Call, Endpoint
from service.api.rest.lune.ids import uuid_or_none
from service.api.rest.lune.logos import logo_of
from service.api.rest.lune.models import DecimalText
from service.domain.amounts import MassUnit, mass_text, money_text
from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, Bundle, Mode
from service.domain.sustainability_pages import (
    BundleShare,
    PageDescription,
    PageSection,
    PageStatus,
    PageTitle,
    PublicPage,
    SustainabilityPage,
)
from service.errors import Code, Refused
from service.operations.read_sustainability_pages import (
    bundles_of_page,
    own_sustainability_page,
    public_page,
    public_page_of_handle,
)
from service.operations.set_sustainability_page import (
    WantedPage,
    create_sustainability_page,
    update_sustainability_page,
)

HEADERS = ("Lune-Account", "Lune-Version")

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9.-]+\Z")]
DescriptionName = Literal["by_equivalent", "by_supported_goals", "by_custom_description"]
SectionName = Literal["bundles_breakdown", "certificates", "unsdg"]


class SustainabilityPageRequest(Struct, kw_only=True):
    """The public page of an account, as it is to be. All members are replaced: an absent one is null."""

    status: Literal["enabled", "disabled"]
    slug: Slug
    title: Literal["by_volume", "by_price"]
    sections: Annotated[list[SectionName], Meta(max_length=3)]
    description: DescriptionName | None = None
    custom_description: str | None = None


class SustainabilityPageView(Struct, kw_only=True):
    """Configuration of the public page of an account."""

    status: Literal["enabled", "disabled"]
    slug: str
    title: Literal["by_volume", "by_price"]
    description: DescriptionName | None
    custom_description: str | None
    sections: list[SectionName]


class TitleByVolume(Struct, kw_only=True, tag_field="format", tag="by_volume"):
    """The mass of all completed orders."""

    quantity: DecimalText


class TitleByPrice(Struct, kw_only=True, tag_field="format", tag="by_price"):
    """The total of all completed orders in the account's currency."""

    currency: str
    value: DecimalText


class DescribedByEquivalent(Struct, kw_only=True, tag_field="format", tag="by_equivalent"):
    """The mass of all completed orders, compared with flights."""

    flights_nyc_to_london: int


class DescribedByGoals(Struct, kw_only=True, tag_field="format", tag="by_supported_goals"):
    """The number of projects from which completed orders got credits."""

    number_of_un_sdgs: int
    number_of_projects: int


class DescribedByText(Struct, kw_only=True, tag_field="format", tag="by_custom_description"):
    """A text of the account's own."""

    custom_description: str | None


class PageBundle(Struct, kw_only=True):
    """A bundle as a public page shows it."""

    name: str
    background_colour: str | None
    primary_image: str | None
    primary_image_hires: str | None
    small_thumbnail: str | None
    description: str | None
    offset_type: Literal["emissions_reduction", "carbon_removal"] | None
    carbon_permanence: Literal["long_term", "short_term", "no_storage"]


class PageBundleShare(Struct, kw_only=True):
    """The mass that completed orders bought of a bundle, and its share of all."""

    percent_of_total: float
    quantity: DecimalText
    bundle: PageBundle


class PublicSustainabilityPage(Struct, kw_only=True):
    """Contents of the public page of an account: what the account has chosen to show of its completed orders."""

    title: TitleByVolume | TitleByPrice
    description: DescribedByEquivalent | DescribedByGoals | DescribedByText | None
    logo: str | None
    organisation_logo: str | None
    account_name: str
    include_certificates: bool
    bundles: list[PageBundleShare] | None
    un_sdg: list[dict[str, int]] | None


async def create_page(call: Call[SustainabilityPageRequest, None]) -> Answer:
    try:
        page = await create_sustainability_page(call.context.resources, call.caller, _wanted(call.body))
    except Refused as refused:
        raise _renamed(refused) from None
    return Answer(_view(page))


async def update_page(call: Call[SustainabilityPageRequest, None]) -> Answer:
    try:
        page = await update_sustainability_page(call.context.resources, call.caller, _wanted(call.body))
    except Refused as refused:
        raise _renamed(refused) from None
    return Answer(_view(page))


async def get_page(call: Call[None, None]) -> Answer:
    return Answer(_view(await own_sustainability_page(call.context.resources, call.caller)))


async def get_public_page_by_slug(call: Call[None, None]) -> Answer:
    mode = _mode_of(call.path["type"])
    found = None if mode is None else await public_page(call.context.resources, mode, call.path["slug"])
    return await _shown(call, found)


async def get_public_page_by_handle(call: Call[None, None]) -> Answer:
    mode, organisation_id = _mode_of(call.path["type"]), uuid_or_none(call.path["organisation_id"])
    if mode is None or organisation_id is None:
        return await _shown(call, None)
    handle = call.path["handle"]
    return await _shown(call, await public_page_of_handle(call.context.resources, organisation_id, mode, handle))


async def _shown(call: Call[None, None], found: PublicPage | None) -> Answer:
    if found is None:
        raise Refused(Code.NOT_FOUND, "There is no such sustainability page.")
    bundles = await bundles_of_page(call.context.resources, found)
    address = call.context.public_address
    return Answer(
        PublicSustainabilityPage(
            title=_title(found),
            description=_description(found),
            logo=logo_of(found.account, address),
            organisation_logo=None
            if found.organisation_logo is None
            else logo_address(address, found.organisation_logo),
            account_name=found.account.name,
            include_certificates=found.page.shows(PageSection.CERTIFICATES),
            bundles=[_share(share, bundles[share.bundle_id]) for share in found.impact.bundles]
            if found.page.shows(PageSection.BUNDLES_BREAKDOWN)
            else None,
            un_sdg=[] if found.page.shows(PageSection.UNSDG) else None,
        )
    )


def _title(found: PublicPage) -> TitleByVolume | TitleByPrice:
    impact, currency = found.impact, found.account.currency
    if found.page.title is PageTitle.BY_PRICE:
        return TitleByPrice(currency=currency, value=money_text(impact.spent_minor, currency))
    return TitleByVolume(quantity=mass_text(impact.mass_g, MassUnit.TONNE))


def _description(found: PublicPage) -> DescribedByEquivalent | DescribedByGoals | DescribedByText | None:
    match found.page.description:
        case PageDescription.BY_EQUIVALENT:
            return DescribedByEquivalent(flights_nyc_to_london=found.impact.flights)
        case PageDescription.BY_SUPPORTED_GOALS:
            return DescribedByGoals(number_of_un_sdgs=0, number_of_projects=found.impact.projects)
        case PageDescription.BY_CUSTOM_DESCRIPTION:
            return DescribedByText(custom_description=found.page.custom_description)
        case None:
            return None


def _share(share: BundleShare, bundle: Bundle) -> PageBundleShare:
    return PageBundleShare(
        percent_of_total=share.hundredths * 100 / HUNDREDTHS_IN_WHOLE,
        quantity=mass_text(share.mass_g, MassUnit.TONNE),
        bundle=PageBundle(
            name=bundle.name,
            background_colour=bundle.background_colour,
            primary_image=bundle.primary_image_url,
            primary_image_hires=None,
            small_thumbnail=None,
            description=bundle.description,
            offset_type=bundle.offset_type.value,
            carbon_permanence=bundle.carbon_permanence.value,
        ),
    )


def _view(page: SustainabilityPage) -> SustainabilityPageView:
    sections: Any = page.sections
    return SustainabilityPageView(
        status=page.status.value,
        slug=page.slug,
        title=page.title.value,
        description=None if page.description is None else page.description.value,
        custom_description=page.custom_description,
        sections=sections,
    )


def _wanted(body: SustainabilityPageRequest) -> WantedPage:
    return WantedPage(
        slug=body.slug,
        status=PageStatus(body.status),
        title=PageTitle(body.title),
        description=None if body.description is None else PageDescription(body.description),
        custom_description=body.custom_description,
        sections=[PageSection(section) for section in body.sections],
    )


def _mode_of(text: str) -> Mode | None:
    return Mode(text) if text in set(Mode) else None


def _renamed(refused: Refused) -> Refused:
    """Replace the code of a conflict by Lune's code for it."""
    if refused.code is Code.IDEMPOTENCY_KEY_REUSED:
        taken = refused.path == ("slug",)
        refused.details["error_code"] = "sustainability_page_slug_not_unique" if taken else "sustainability_page_exists"
    return refused


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/sustainability-pages",
        operation_id="create_sustainability_page",
        summary="Create the public page of the account.",
        handler=create_page,
        body=SustainabilityPageRequest,
        responses={200: SustainabilityPageView},
        refusals=frozenset({409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="PUT",
        path="/v1/sustainability-pages",
        operation_id="update_sustainability_page",
        summary="Replace the public page of the account.",
        handler=update_page,
        body=SustainabilityPageRequest,
        responses={200: SustainabilityPageView},
        refusals=frozenset({404, 409}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/sustainability-pages/current-account",
        operation_id="get_sustainability_page",
        summary="Get the configuration of the account's public page.",
        handler=get_page,
        responses={200: SustainabilityPageView},
        refusals=frozenset({404}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/sustainability-pages/public/{type}/{slug}",
        operation_id="get_public_sustainability_page_by_slug",
        summary="Get the contents of a public page by its slug.",
        handler=get_public_page_by_slug,
        public=True,
        responses={200: PublicSustainabilityPage},
        refusals=frozenset({404}),
    ),
    Endpoint(
        method="GET",
        path="/v1/sustainability-pages/public/{organisation_id}/{type}/{handle}",
        operation_id="get_public_sustainability_page_by_handle",
        summary="Get the contents of the public page of a client account by its handle.",
        handler=get_public_page_by_handle,
        public=True,
        responses={200: PublicSustainabilityPage},
        refusals=frozenset({404}),
    ),
)
