"""Public pages of accounts: what an account shows of its completed orders to readers without a key. Reads nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from uuid import UUID

from service.domain.accounts import Account
from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, Mode
from service.domain.estimate import AirportPair, Flight, estimate
from service.domain.texts import DESCRIPTION_LENGTH_MAX, kept_text
from service.errors import Code, Refused

SLUG_LENGTH_MAX = 64
_SLUG = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")


class PageStatus(StrEnum):
    """Visibility of a page. A disabled page stays stored, but is not found by the public."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class PageTitle(StrEnum):
    """Figure that a page shows at its top."""

    BY_VOLUME = "by_volume"
    BY_PRICE = "by_price"


class PageDescription(StrEnum):
    """Sentence that a page shows below its title."""

    BY_EQUIVALENT = "by_equivalent"
    BY_SUPPORTED_GOALS = "by_supported_goals"
    BY_CUSTOM_DESCRIPTION = "by_custom_description"


class PageSection(StrEnum):
    """Part of a page that an account may show."""

    BUNDLES_BREAKDOWN = "bundles_breakdown"
    CERTIFICATES = "certificates"
    UNSDG = "unsdg"


@dataclass(frozen=True, slots=True, kw_only=True)
class SustainabilityPage:
    """The page of one account. `slug` is unique among the pages of the account's mode; `custom_description` is shown if
    `description` says so.
    """

    account_id: UUID
    mode: Mode
    slug: str
    status: PageStatus
    title: PageTitle
    description: PageDescription | None
    custom_description: str | None
    sections: list[str]
    created_at: datetime

    def shows(self, section: PageSection) -> bool:
        """Return True if the page has the section."""
        return section in self.sections


@dataclass(frozen=True, slots=True)
class BundleShare:
    """The mass that completed orders bought of one bundle, and its share of the mass of all bundles in hundredths of a
    percent.
    """

    bundle_id: UUID
    mass_g: int
    hundredths: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Figures of an account's completed orders. `spent_minor` are their totals in the account's own currency, in minor
    units; orders in other currencies are not part of it.
    """

    mass_g: int
    spent_minor: int
    bundles: Sequence[BundleShare]
    projects: int

    @property
    def flights(self) -> int:
        """Return the number of one-way economy flights from New York to London whose emissions equal the mass."""
        return self.mass_g // flight_g()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """A page as the public sees it: the account, its logo and its parent's, and the figures of its orders."""

    page: SustainabilityPage
    account: Account
    organisation_logo: str | None
    impact: Impact


def slug_of(text: str, *path: str | int) -> str:
    """Parse the name of a page in its address."""
    if not _SLUG.fullmatch(text):
        message = (
            f"Give 1 to {SLUG_LENGTH_MAX} lower-case letters, digits, hyphens and points, a letter or digit first."
        )
        raise Refused(Code.BAD_USER_INPUT, message, path)
    return text


def kept_description(text: str | None, description: PageDescription | None, *path: str | int) -> str | None:
    """Return an account's own sentence, or None. Refuses `BAD_USER_INPUT` for a text that is too long, and if the page
    shows the sentence but there is none.
    """
    kept = (text or "").strip()
    if not kept and description is PageDescription.BY_CUSTOM_DESCRIPTION:
        raise Refused(Code.BAD_USER_INPUT, "Give the text that the page is to show.", path)
    return kept_text(kept, DESCRIPTION_LENGTH_MAX, *path) if kept else None


def sections_of(wanted: Sequence[PageSection], *path: str | int) -> list[str]:
    """Return the sections in the order in which a page shows them. Refuses `BAD_USER_INPUT` for a duplicate."""
    if len(set(wanted)) < len(wanted):
        raise Refused(Code.BAD_USER_INPUT, "Name each section at most once.", path)
    return [section.value for section in PageSection if section in wanted]


def shares_of(masses: Mapping[UUID, int]) -> list[BundleShare]:
    """Return the bundles of these masses, the largest first, with shares that sum to exactly 100 %: the hundredths that
    rounding leaves go to the largest remainders.
    """
    total = sum(masses.values())
    if not total:
        return []
    ordered = sorted(masses.items(), key=lambda item: (-item[1], item[0]))
    parts = [divmod(mass * HUNDREDTHS_IN_WHOLE, total) for _, mass in ordered]
    left = HUNDREDTHS_IN_WHOLE - sum(whole for whole, _ in parts)
    raised = set(sorted(range(len(parts)), key=lambda index: -parts[index][1])[:left])
    return [
        BundleShare(bundle_id, mass, whole + (index in raised))
        for index, ((bundle_id, mass), (whole, _)) in enumerate(zip(ordered, parts, strict=True))
    ]


@cache
def flight_g() -> int:
    """Return the emissions, in grams, of one passenger on a one-way economy flight from New York to London."""
    return estimate(Flight(route=AirportPair("JFK", "LHR"))).mass_g
