"""Goods: projects, the bundles made of them, their prices, and the selection of bundles by a request.

Knows nothing of stock (allocation.py) or of sums (pricing.py).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from service.domain.serials.block import Layout
from service.domain.serials.facts import CreditStatus
from service.domain.serials.forms import SerialForm
from service.errors import Code, Refused

HUNDREDTHS_IN_WHOLE = 10_000
BUNDLES_MAX = 20
"""Maximum number of bundles in one order."""


class Mode(StrEnum):
    """Mode of accounts, batches and orders. Objects of different modes are never combined."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class PriceTier:
    """The net price of one tonne, in millionths of a currency unit, for orders of at least `minimum_mass_g` grams."""

    minimum_mass_g: int
    unit_price_micros: int


Tariff: TypeAlias = Mapping[UUID, Sequence[PriceTier]]
"""The tiers of each bundle in one currency."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A bundle's part of an order's mass, in hundredths of a percent."""

    bundle_id: UUID
    hundredths: int


Selection: TypeAlias = tuple[Weight, ...]
"""Distinct bundles whose weights sum to exactly 100.00 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCategory:
    """A kind of project, such as forest conservation."""

    id: UUID
    name: str


class OffsetType(StrEnum):
    """Climate effect that credits stand for."""

    EMISSIONS_REDUCTION = "emissions_reduction"
    CARBON_REMOVAL = "carbon_removal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project, which issues credits. Optional members are None if the seller has not stated the fact.

    `storage_years` is the number of years that the methodology counts a removal as stored; `public_url` is the
    project's page at its registry.
    """

    id: UUID
    category_id: UUID
    slug: str
    name: str
    project_type: str
    country: str
    registry_name: str
    description: str
    logo_url: str | None
    created_at: datetime
    registry_project_id: str | None = None
    methodology: str | None = None
    offset_type: OffsetType | None = None
    storage_years: int | None = None
    public_url: str | None = None


class Approach(StrEnum):
    """Maturity of a bundle's methods."""

    TRADITIONAL = "traditional"
    INNOVATIVE = "innovative"


class CarbonPermanence(StrEnum):
    """Duration for which a bundle keeps carbon out of the air."""

    LONG_TERM = "long_term"
    SHORT_TERM = "short_term"
    NO_STORAGE = "no_storage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A sellable set of projects; a disabled one takes no orders."""

    id: UUID
    name: str
    description: str
    offset_type: OffsetType
    approach: Approach
    carbon_permanence: CarbonPermanence
    primary_image_url: str | None
    background_colour: str | None
    disabled_at: datetime | None
    created_at: datetime
    slug: str | None = None


@dataclass(frozen=True, slots=True)
class BundleProject:
    """A project that belongs to a bundle."""

    bundle_id: UUID
    project_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One tier of a bundle's price in one currency."""

    bundle_id: UUID
    currency: str
    minimum_mass_g: int
    unit_price_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Weighted bundles. A portfolio without an account may be used by every account."""

    id: UUID
    account_id: UUID | None
    identifier: str
    label: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioWeight:
    """A bundle's part of a portfolio, in hundredths of a percent."""

    portfolio_id: UUID
    bundle_id: UUID
    position: int
    hundredths: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBatch:
    """Grams issued under one project and vintage; `issued = available + held + allocated + retired`.

    The serials in parts (supply.py joins them to a block): `serial_prefix`, `serial_joiner` and `serial_suffix` are the
    texts around the numbers as they were received, `serial_start` is the number of the first credit. A batch of the
    form NONE has a `registry_reference` instead. `period_start` and `period_end` are the first and last day of the
    monitoring period, if known; `labels` are names of further standards that the credits meet.

    A batch with `withdrawn_at` is off sale: its available grams go to no order and no quote.
    """

    id: UUID
    project_id: UUID
    mode: Mode
    vintage: int
    serial_prefix: str
    serial_start: int
    issued_g: int
    available_g: int
    held_g: int
    allocated_g: int
    retired_g: int
    created_at: datetime
    reference: str | None = None
    serial_form: SerialForm = SerialForm.PLAIN
    serial_layout: Layout = Layout.PAIR
    serial_joiner: str = ""
    serial_suffix: str = ""
    serial_width: int = 1
    period_end: date | None = None
    credit_status: CreditStatus = CreditStatus.ISSUED
    registry_reference: str | None = None
    period_start: date | None = None
    article6_authorisation: str | None = None
    labels: list[str] = field(default_factory=list)
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None


def selection_of(asked: Sequence[tuple[UUID, int | None]]) -> Selection:
    """Return the selection for the caller's bundles. Either all have a weight or none; without weights the split is
    equal, and its remainder is given to the first bundles in hundredths of a percent. Refuses `SELECTION_INVALID` with
    the path of the fault.
    """
    if not asked:
        raise Refused(Code.SELECTION_INVALID, "Select at least one bundle.")
    seen: set[UUID] = set()
    for index, (bundle_id, _) in enumerate(asked):
        if bundle_id in seen:
            raise Refused(Code.SELECTION_INVALID, "Select each bundle only once.", (index,))
        seen.add(bundle_id)
    given = [hundredths for _, hundredths in asked if hundredths is not None]
    if not given:
        return _equal_split([bundle_id for bundle_id, _ in asked])
    if len(given) != len(asked):
        raise Refused(Code.SELECTION_INVALID, "Give a percentage for every bundle or for none.")
    if min(given) <= 0 or sum(given) != HUNDREDTHS_IN_WHOLE:
        raise Refused(Code.SELECTION_INVALID, "Give percentages above zero that sum to 100.")
    return tuple(Weight(bundle_id, hundredths) for (bundle_id, _), hundredths in zip(asked, given, strict=True))


_PERCENTAGE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")


def hundredths_of(percentage: str, *path: str | int) -> int:
    """Parse a percentage with at most two decimals, into hundredths of a percent: "12.5" is 1250."""
    if not _PERCENTAGE.fullmatch(percentage):
        raise Refused(Code.SELECTION_INVALID, "Give a percentage with at most two decimals, such as 34 or 33.34.", path)
    whole, _, decimals = percentage.partition(".")
    return int(whole) * 100 + int(decimals.ljust(2, "0"))


def _equal_split(bundle_ids: Sequence[UUID]) -> Selection:
    each, left = divmod(HUNDREDTHS_IN_WHOLE, len(bundle_ids))
    return tuple(Weight(bundle_id, each + (index < left)) for index, bundle_id in enumerate(bundle_ids))
