"""Rows that operators add to the catalogue; SQL for locks.

Rows are identified by the names that operators chose, and replaced as a whole.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from service.domain.accounts import Account
from service.domain.catalogue import (
    Bundle,
    CreditBatch,
    Portfolio,
    PortfolioWeight,
    Price,
    PriceTier,
    Project,
    ProjectCategory,
    Selection,
)
from service.domain.supply import weights_of
from service.storage import models
from service.storage.batches import BATCHES
from service.storage.catalogue import (
    BUNDLE_PROJECTS,
    BUNDLES,
    CATEGORIES,
    PORTFOLIOS,
    PRICES,
    PROJECTS,
    WEIGHTS,
    prices_of,
)
from service.storage.catalogue import weights_of as stored_weights
from service.storage.conditions import among
from service.storage.database import Statements
from service.storage.dialects import for_update

Name = TypeVar("Name", str, UUID)
NAMES_A_STATEMENT = 1_000
OWN = "own"
"""Identifier of the portfolio that an account sets for itself."""


async def categories(statements: Statements, wanted: Collection[ProjectCategory]) -> dict[str, UUID]:
    """Return the ids of the categories, by name; absent categories are inserted with the given ids."""
    await CATEGORIES.insert(statements, wanted)
    found: dict[str, UUID] = {}
    for names in _chunks({category.name for category in wanted}):
        rows = await CATEGORIES.read(statements, models.ProjectCategory.filter(name__in=names))
        found |= {category.name: category.id for category in rows}
    return found


async def projects(statements: Statements, slugs: Collection[str]) -> dict[str, Project]:
    """Return the existing projects among those with these slugs, by slug."""
    found: dict[str, Project] = {}
    for names in _chunks(slugs):
        rows = await PROJECTS.read(statements, models.Project.filter(slug__in=names))
        found |= {each.slug: each for each in rows}
    return found


async def bundles(statements: Statements, slugs: Collection[str]) -> dict[str, Bundle]:
    """Return the existing bundles among those with these slugs, by slug."""
    found: dict[str, Bundle] = {}
    for names in _chunks(slugs):
        rows = await BUNDLES.read(statements, models.Bundle.filter(slug__in=names))
        found |= {each.slug: each for each in rows if each.slug is not None}
    return found


async def batches(statements: Statements, references: Collection[str]) -> dict[str, CreditBatch]:
    """Return the existing batches among those with these references, by reference."""
    found: dict[str, CreditBatch] = {}
    for names in _chunks(references):
        rows = await BATCHES.read(statements, models.CreditBatch.filter(reference__in=names))
        found |= {each.reference: each for each in rows if each.reference is not None}
    return found


async def lock_project(statements: Statements, project_id: UUID) -> Project | None:
    """Lock the project until the transaction ends, so that receipts for it happen one after another."""
    found = await PROJECTS.select(statements, among("id", [project_id]), for_update(statements))
    return found[0] if found else None


async def lock_bundle(statements: Statements, bundle_id: UUID) -> Bundle | None:
    """Lock the bundle until the transaction ends, so that two changes of it take turns."""
    found = await BUNDLES.select(statements, among("id", [bundle_id]), for_update(statements))
    return found[0] if found else None


async def change_project(statements: Statements, project: Project, columns: Collection[str]) -> None:
    """Update these columns of the project's row with the project's values. The row must be locked."""
    await PROJECTS.change(statements, project, columns, "id")


async def change_bundle(statements: Statements, bundle: Bundle, columns: Collection[str]) -> None:
    """Update these columns of the bundle's row with the bundle's values. The row must be locked."""
    await BUNDLES.change(statements, bundle, columns, "id")


async def lock_bundles(statements: Statements, bundle_ids: Collection[UUID]) -> None:
    """Lock the bundles, by id, until the transaction ends, so that concurrent changes of several bundles happen one
    after another.
    """
    for some in _chunks(bundle_ids):
        await BUNDLES.select(statements, among("id", some), f"ORDER BY id{for_update(statements)}")


async def disable(statements: Statements, bundle_id: UUID, disabled_at: datetime | None) -> None:
    """Set the time since which the bundle is disabled, or None."""
    await BUNDLES.update(statements, {"disabled_at": disabled_at}, id=bundle_id)


async def members(statements: Statements, bundle_id: UUID) -> set[UUID]:
    """Return the projects of the bundle."""
    found = await BUNDLE_PROJECTS.read(statements, models.BundleProject.filter(bundle_id=bundle_id))
    return {each.project_id for each in found}


async def price_tiers(statements: Statements, bundle_id: UUID, currency: str) -> tuple[PriceTier, ...]:
    """Return the bundle's tiers in the currency, lowest minimum first."""
    found = await prices_of(statements, [bundle_id], currency)
    return tuple(PriceTier(price.minimum_mass_g, price.unit_price_micros) for price in found)


async def replace_price(statements: Statements, bundle_id: UUID, currency: str, tiers: Iterable[PriceTier]) -> None:
    """Replace all tiers of the bundle in the currency by these. The bundle must be locked."""
    prices = [
        Price(
            bundle_id=bundle_id,
            currency=currency,
            minimum_mass_g=tier.minimum_mass_g,
            unit_price_micros=tier.unit_price_micros,
        )
        for tier in tiers
    ]
    await PRICES.delete(statements, bundle_id=bundle_id, currency=currency)
    await PRICES.insert(statements, prices)


async def lock_portfolio(statements: Statements, wanted: Portfolio) -> Portfolio:
    """Lock and return the account's, or the shared, portfolio of that identifier, after inserting it if it was
    absent.
    """
    await PORTFOLIOS.insert(statements, [wanted])
    conditions = among("identifier", [wanted.identifier])
    if wanted.account_id is None:
        conditions.add("account_id IS NULL")
    else:
        conditions.add("account_id = {}", wanted.account_id)
    (found,) = await PORTFOLIOS.select(statements, conditions, for_update(statements))
    return found


async def replace_portfolio(
    statements: Statements, existing: Portfolio, label: str, weights: Sequence[PortfolioWeight]
) -> bool:
    """Set label and weights of the portfolio, which must be locked; return False if nothing changes."""
    before = await stored_weights(statements, [existing.id])
    if existing.label == label and before == list(weights):
        return False
    await PORTFOLIOS.update(statements, {"label": label}, id=existing.id)
    await WEIGHTS.delete(statements, portfolio_id=existing.id)
    await WEIGHTS.insert(statements, weights)
    return True


async def give_own_portfolio(
    statements: Statements, account: Account, selection: Selection, *, new_id: UUID, now: datetime
) -> tuple[UUID, bool]:
    """Set the weights of the account's own portfolio; return its id, which is `new_id` if it is inserted now, and True
    if anything changed.
    """
    wanted = Portfolio(id=new_id, account_id=account.id, identifier=OWN, label=account.name, created_at=now)
    existing = await lock_portfolio(statements, wanted)
    weights = weights_of(existing.id, selection)
    return existing.id, await replace_portfolio(statements, existing, existing.label, weights)


def _chunks(names: Collection[Name]) -> Iterable[Sequence[Name]]:
    """Yield the names or ids in ascending order, in groups that fit into one statement."""
    ordered = sorted(names)
    for start in range(0, len(ordered), NAMES_A_STATEMENT):
        yield ordered[start : start + NAMES_A_STATEMENT]
