"""The public page of an account: what it shows of its completed orders. Knows no contract.

Anybody who has the address may read it, without a key, while the account allows it.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from service.api.pages.certificate import CERTIFICATES
from service.api.pages.logos import LOGOS
from service.api.pages.public_page import HEADERS, STYLE, WITH_PICTURES, template
from service.documents import wording
from service.domain.catalogue import Bundle, Mode, OffsetType
from service.domain.certificate import IssuedCertificate
from service.domain.sustainability_pages import (
    BundleShare,
    PageDescription,
    PageSection,
    PageTitle,
    PublicPage,
    flight_g,
)
from service.kit.keyset import Slice
from service.operations.read_sustainability_pages import bundles_of_page, certificates_of_page, public_page
from service.operations.resources import Resources

PAGES = "/sustainability/"
"""Start of the path of every page. The slug follows, that of a test account after `test/`."""
CERTIFICATES_MAX = 50

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_SLUG = re.compile(r"[a-z0-9.-]{1,64}")
_TEMPLATE = template("sustainability.html")
_EFFECTS = {OffsetType.EMISSIONS_REDUCTION: "avoids emissions", OffsetType.CARBON_REMOVAL: "removes carbon"}


def sustainability_routes(resources_of: Callable[[Request], Resources]) -> list[BaseRoute]:
    """Return the routes of the pages of live and of test accounts."""

    def page_in(mode: Mode) -> Callable[[Request], Any]:
        async def page(request: Request) -> Response:
            resources, slug = resources_of(request), request.path_params["slug"]
            shown = await public_page(resources, mode, slug) if _SLUG.fullmatch(slug) else None
            if shown is None:
                return PlainTextResponse("There is no such page.\n", 404, headers=HEADERS)
            after = request.query_params.get("after", "")
            certificates = await certificates_of_page(
                resources, shown, limit=CERTIFICATES_MAX, after=after if _TOKEN.fullmatch(after) else None
            )
            content = page_of(shown, await bundles_of_page(resources, shown), certificates)
            headers = WITH_PICTURES if _logos(shown) else HEADERS
            return HTMLResponse(content, headers={**headers, "Cache-Control": "no-cache"})

        return page

    return [
        Route(f"{PAGES}test/{{slug}}", page_in(Mode.TEST), methods=["GET"]),
        Route(f"{PAGES}{{slug}}", page_in(Mode.LIVE), methods=["GET"]),
    ]


def page_of(shown: PublicPage, bundles: Mapping[UUID, Bundle], certificates: Slice[IssuedCertificate]) -> str:
    """Return the page. Its links are relative, so that it works behind any prefix."""
    page, account, impact = shown.page, shown.account, shown.impact
    by_price = page.title is PageTitle.BY_PRICE
    compares = page.description is PageDescription.BY_EQUIVALENT
    return _TEMPLATE.render(
        style=STYLE,
        test=account.mode is Mode.TEST,
        account=account.name,
        logos=_logos(shown),
        figure=f"{account.currency} {wording.money(impact.spent_minor, account.currency)}"
        if by_price
        else wording.mass_in_words(impact.mass_g),
        figure_of="spent on carbon credits" if by_price else "of CO₂ equivalent",
        description=_description(shown),
        bundles=[_bundle(share, bundles[share.bundle_id]) for share in impact.bundles]
        if page.shows(PageSection.BUNDLES_BREAKDOWN)
        else None,
        certificates=[_certificate(shown, each) for each in certificates.items]
        if page.shows(PageSection.CERTIFICATES)
        else None,
        older=f"{page.slug}?after={certificates.items[-1].token}" if certificates.has_next else None,
        spent_in=account.currency if by_price else None,
        flights=wording.mass(flight_g()) if compares else None,
    )


def _description(shown: PublicPage) -> str | None:
    impact = shown.impact
    match shown.page.description:
        case PageDescription.BY_EQUIVALENT:
            flights = f"{impact.flights:,} one-way flight{'' if impact.flights == 1 else 's'}"
            return f"As much as {flights} from New York to London."
        case PageDescription.BY_SUPPORTED_GOALS:
            return f"From {impact.projects:,} climate project{'' if impact.projects == 1 else 's'}."
        case PageDescription.BY_CUSTOM_DESCRIPTION:
            return shown.page.custom_description
        case None:
            return None


def _bundle(share: BundleShare, bundle: Bundle) -> dict[str, Any]:
    return {
        "name": bundle.name,
        "share": wording.percent(share.hundredths, 10_000),
        "hundredths": share.hundredths,
        "mass": wording.mass(share.mass_g),
        "effect": _EFFECTS[bundle.offset_type],
        "description": bundle.description,
    }


def _certificate(shown: PublicPage, certificate: IssuedCertificate) -> dict[str, str]:
    return {
        "address": f"{_up(shown)}{CERTIFICATES.lstrip('/')}{certificate.token}",
        "number": certificate.number,
        "issued_at": certificate.issued_at.isoformat(),
        "issued": wording.day(certificate.issued_at),
        "mass": wording.mass(json.loads(certificate.facts)["mass_g"]),
    }


def _logos(shown: PublicPage) -> list[dict[str, str]]:
    """Return the account's logo and, for a client account, its parent's logo if that differs."""
    digests = [shown.account.logo_sha256, shown.organisation_logo]
    found = dict.fromkeys(digest for digest in digests if digest is not None)
    names = {shown.account.logo_sha256: shown.account.name}
    return [
        {"address": f"{_up(shown)}{LOGOS.lstrip('/')}{digest}", "name": names.get(digest, "the organisation")}
        for digest in found
    ]


def _up(shown: PublicPage) -> str:
    """Return the relative path from the page to the root of the service."""
    return "../../" if shown.account.mode is Mode.TEST else "../"
