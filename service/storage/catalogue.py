"""The catalogue, as rows: projects, bundles, prices, portfolios."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.domain.catalogue import PriceTier, Selection, Weight
from service.storage import models
from service.storage.database import Statements, placeholders
from service.storage.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCategory:
    """A kind of project, such as forest conservation."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where credits come from."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A sellable set of projects; a disabled one takes no orders."""

    id: UUID
    name: str
    description: str
    offset_type: str
    approach: str
    carbon_permanence: str
    primary_image_url: str | None
    background_colour: str | None
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BundleProject:
    """A project's place in a bundle."""

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
    """Weighted bundles; one without an account may be used by all."""

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


CATEGORIES = Table(models.ProjectCategory, ProjectCategory)
PROJECTS = Table(models.Project, Project)
BUNDLES = Table(models.Bundle, Bundle)
BUNDLE_PROJECTS = Table(models.BundleProject, BundleProject)
PRICES = Table(models.Price, Price)
PORTFOLIOS = Table(models.Portfolio, Portfolio)
WEIGHTS = Table(models.PortfolioWeight, PortfolioWeight)


async def selections(
    statements: Statements, account_ids: Collection[UUID], portfolio_ids: Collection[UUID]
) -> dict[UUID, dict[UUID | None, Selection]]:
    """The weights of those portfolios that are shared or the accounts' own: portfolio -> owner (None: shared) -> weights."""
    if not portfolio_ids:
        return {}
    rows = await statements.fetch(
        f"SELECT p.id, p.account_id, w.bundle_id, w.hundredths FROM {PORTFOLIOS.name} p"
        f" JOIN {WEIGHTS.name} w ON w.portfolio_id = p.id"
        f" WHERE p.id IN ({placeholders(1, len(portfolio_ids))}) AND (p.account_id IS NULL OR p.account_id IN"
        f" ({placeholders(1 + len(portfolio_ids), len(account_ids))})) ORDER BY p.id, w.position",
        *portfolio_ids,
        *account_ids,
    )
    weights: dict[tuple[UUID, UUID | None], list[Weight]] = defaultdict(list)
    for row in rows:
        weights[row["id"], row["account_id"]].append(Weight(row["bundle_id"], row["hundredths"]))
    found: dict[UUID, dict[UUID | None, Selection]] = defaultdict(dict)
    for (portfolio_id, owner), selection in weights.items():
        found[portfolio_id][owner] = tuple(selection)
    return found


async def prices_on_sale(
    statements: Statements, bundle_ids: Collection[UUID], currencies: Collection[str]
) -> tuple[set[UUID], dict[str, dict[UUID, list[PriceTier]]]]:
    """Those of the bundles that are sold, and their tiers by currency."""
    if not bundle_ids:
        return set(), {}
    rows = await statements.fetch(
        f"SELECT b.id, p.currency, p.minimum_mass_g, p.unit_price_micros FROM {BUNDLES.name} b"
        f" LEFT JOIN {PRICES.name} p ON p.bundle_id = b.id"
        f" AND p.currency IN ({placeholders(1 + len(bundle_ids), len(currencies))})"
        f" WHERE b.id IN ({placeholders(1, len(bundle_ids))}) AND b.disabled_at IS NULL"
        f" ORDER BY b.id, p.currency, p.minimum_mass_g",
        *bundle_ids,
        *currencies,
    )
    tariffs: dict[str, dict[UUID, list[PriceTier]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["currency"] is not None:
            tariffs[row["currency"]][row["id"]].append(PriceTier(row["minimum_mass_g"], row["unit_price_micros"]))
    return {row["id"] for row in rows}, tariffs
