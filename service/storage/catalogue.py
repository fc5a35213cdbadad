"""Rows of the catalogue: projects, bundles, prices, portfolios; SQL for the offers that every order is priced by."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from service.domain.accounts import Account
from service.domain.catalogue import (
    Bundle,
    BundleProject,
    Mode,
    Portfolio,
    PortfolioWeight,
    Price,
    PriceTier,
    Project,
    ProjectCategory,
    Weight,
)
from service.domain.catalogue_listing import BundleFilter, BundleListing, NamedSort, ProjectFilter
from service.domain.offers import OfferedPortfolio, Offers, currency_of, named_bundles, portfolio_of
from service.domain.order import OrderRequest
from service.kit.keyset import PageRequest
from service.kit.search_key import search_key
from service.storage import models
from service.storage.batches import sellable
from service.storage.conditions import among
from service.storage.database import Statements, placeholders
from service.storage.tables import Columns, Table, contains_text, given

CATEGORIES = Table(models.ProjectCategory, ProjectCategory)
PROJECTS = Table(models.Project, Project, {"name_key": lambda project: search_key(project.name)})
BUNDLES = Table(models.Bundle, Bundle, {"name_key": lambda bundle: search_key(bundle.name)})
BUNDLE_PROJECTS = Table(models.BundleProject, BundleProject)
PRICES = Table(models.Price, Price)
PORTFOLIOS = Table(models.Portfolio, Portfolio)
WEIGHTS = Table(models.PortfolioWeight, PortfolioWeight)


async def read_offers(statements: Statements, order_requests: Iterable[tuple[Account, OrderRequest]]) -> Offers:
    """Return the parts of the catalogue that pricing these order requests needs, in two statements."""
    order_requests = list(order_requests)
    portfolio_ids = {
        portfolio_id
        for account, order_request in order_requests
        if (portfolio_id := portfolio_of(order_request, account))
    }
    portfolios = await _portfolios(statements, portfolio_ids)
    bundle_ids = {bundle_id for _, order_request in order_requests for bundle_id in named_bundles(order_request)}
    bundle_ids |= {weight.bundle_id for portfolio in portfolios.values() for weight in portfolio.selection}
    currencies = {currency_of(order_request, account) for account, order_request in order_requests}
    sold, tariffs = await _prices_on_sale(statements, bundle_ids, currencies)
    return Offers(portfolios=portfolios, sold=sold, tariffs=tariffs)


async def _portfolios(statements: Statements, portfolio_ids: Collection[UUID]) -> dict[UUID, OfferedPortfolio]:
    if not portfolio_ids:
        return {}
    rows = await statements.fetch(
        f"SELECT p.id, p.account_id, w.bundle_id, w.hundredths FROM {PORTFOLIOS.name} p"
        f" JOIN {WEIGHTS.name} w ON w.portfolio_id = p.id"
        f" WHERE p.id IN ({placeholders(1, len(portfolio_ids))}) ORDER BY p.id, w.position",
        *portfolio_ids,
    )
    owners: dict[UUID, UUID | None] = {row["id"]: row["account_id"] for row in rows}
    weights: dict[UUID, list[Weight]] = defaultdict(list)
    for row in rows:
        weights[row["id"]].append(Weight(row["bundle_id"], row["hundredths"]))
    return {
        portfolio_id: OfferedPortfolio(owner, tuple(weights[portfolio_id])) for portfolio_id, owner in owners.items()
    }


async def _prices_on_sale(
    statements: Statements, bundle_ids: Collection[UUID], currencies: Collection[str]
) -> tuple[set[UUID], dict[str, dict[UUID, list[PriceTier]]]]:
    """Return the bundles, among these, that are not disabled, and their tiers by currency."""
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


async def bundles_on_sale(
    statements: Statements, currency: str, request: PageRequest, *, or_disabled_since: datetime | None = None
) -> list[Bundle]:
    """Return one bundle more than the page holds: those that take orders in the currency, oldest first; with
    `or_disabled_since` also those that were disabled at or after that time.
    """
    shown = Q(disabled_at=None)
    if or_disabled_since is not None:
        shown |= Q(disabled_at__gte=or_disabled_since)
    query = models.Bundle.filter(shown, id__in=_priced(currency))
    return await BUNDLES.read_page(statements, query, "created_at", request, descending=False)


async def bundles(
    statements: Statements,
    wanted: BundleFilter,
    sort: NamedSort,
    request: PageRequest,
    *,
    currency: str,
    mode: Mode,
    today: date,
) -> list[Bundle]:
    """Return one bundle more than the page holds. Those on sale have a price in the currency."""
    query = _bundles(wanted, currency=currency, mode=mode, today=today)
    return await BUNDLES.read_page(statements, query, sort.field, request, descending=sort.descending)


async def count_bundles(statements: Statements, wanted: BundleFilter, *, currency: str, mode: Mode, today: date) -> int:
    """Return the exact number of bundles that the filter selects."""
    query = _bundles(wanted, currency=currency, mode=mode, today=today)
    return int(await query.using_db(statements.client).count())


def _bundles(wanted: BundleFilter, *, currency: str, mode: Mode, today: date) -> QuerySet[models.Bundle]:
    query = models.Bundle.all()
    if wanted.listing is BundleListing.ON_SALE:
        query = query.filter(disabled_at=None, id__in=_priced(currency))
    elif wanted.listing is BundleListing.DISABLED:
        query = query.filter(disabled_at__isnull=False)
    if wanted.text_contains is not None:
        query = query.filter(_name_or_slug(wanted.text_contains))
    if wanted.offset_types is not None:
        query = query.filter(offset_type__in=wanted.offset_types)
    members = models.BundleProject.all()
    if wanted.project_ids is not None:
        query = query.filter(id__in=_bundle_ids(members.filter(project_id__in=wanted.project_ids)))
    if wanted.is_in_stock is not None:
        stocked = _bundle_ids(members.filter(project_id__in=_stocked(mode, today)))
        query = query.filter(id__in=stocked) if wanted.is_in_stock else query.filter(id__not_in=stocked)
    return query


async def projects(
    statements: Statements, wanted: ProjectFilter, sort: NamedSort, request: PageRequest, *, mode: Mode, today: date
) -> list[Project]:
    """Return one project more than the page holds; stock is that of the mode on the day (in UTC)."""
    query = _projects(wanted, mode=mode, today=today)
    return await PROJECTS.read_page(statements, query, sort.field, request, descending=sort.descending)


async def count_projects(statements: Statements, wanted: ProjectFilter, *, mode: Mode, today: date) -> int:
    """Return the exact number of projects that the filter selects."""
    return int(await _projects(wanted, mode=mode, today=today).using_db(statements.client).count())


def _projects(wanted: ProjectFilter, *, mode: Mode, today: date) -> QuerySet[models.Project]:
    conditions = given(
        id__in=wanted.ids,
        country__in=wanted.countries,
        registry_name__in=wanted.registry_names,
        project_type__in=wanted.types,
        offset_type__in=wanted.offset_types,
    )
    query = models.Project.filter(conditions)
    if wanted.text_contains is not None:
        query = query.filter(_name_or_slug(wanted.text_contains))
    if wanted.is_in_stock is not None:
        stocked = _stocked(mode, today)
        query = query.filter(id__in=stocked) if wanted.is_in_stock else query.filter(id__not_in=stocked)
    return query


def _name_or_slug(text: str) -> Q:
    in_slug: dict[str, str] = {"slug__contains": search_key(text)}
    return contains_text("name", text) | Q(**in_slug)


def _stocked(mode: Mode, today: date) -> Subquery:
    """Return the ids of the projects with credits of the mode that may be sold on the day."""
    return Subquery(models.CreditBatch.filter(sellable(today), mode=mode).values("project_id"))


def _bundle_ids(members: QuerySet[models.BundleProject]) -> Subquery:
    return Subquery(members.values("bundle_id"))


def _priced(currency: str) -> Subquery:
    return Subquery(models.Price.filter(currency=currency).values("bundle_id"))


async def portfolios(statements: Statements, account_id: UUID, request: PageRequest) -> list[Portfolio]:
    """Return one portfolio more than the page holds: those shared by all and the account's own, oldest first."""
    query = models.Portfolio.filter(_usable_by(account_id))
    return await PORTFOLIOS.read_page(statements, query, "created_at", request, descending=False)


async def count_portfolios(statements: Statements, account_id: UUID) -> int:
    """Return the number of portfolios that the account may use."""
    return int(await models.Portfolio.filter(_usable_by(account_id)).using_db(statements.client).count())


async def bundles_of_ids(
    statements: Statements, bundle_ids: Collection[UUID], columns: Columns = None
) -> dict[UUID, Bundle]:
    """Return the bundles by id, sold or not."""
    return await BUNDLES.by_id(statements, among("id", bundle_ids), columns)


async def projects_of_ids(
    statements: Statements, project_ids: Collection[UUID], columns: Columns = None
) -> dict[UUID, Project]:
    """Return the projects by id."""
    return await PROJECTS.by_id(statements, among("id", project_ids), columns)


async def categories_of_ids(statements: Statements, category_ids: Collection[UUID]) -> dict[UUID, ProjectCategory]:
    """Return the project categories by id."""
    return await CATEGORIES.read_by(statements, models.ProjectCategory.filter(id__in=category_ids))


async def portfolios_of_ids(
    statements: Statements, account_id: UUID, portfolio_ids: Collection[UUID]
) -> dict[UUID, Portfolio]:
    """Return the portfolios with these ids, by id; only those that the account may use."""
    return await PORTFOLIOS.read_by(statements, models.Portfolio.filter(_usable_by(account_id), id__in=portfolio_ids))


async def weights_of(statements: Statements, portfolio_ids: Collection[UUID]) -> list[PortfolioWeight]:
    """Return the weights of the portfolios, each in its order."""
    query = models.PortfolioWeight.filter(portfolio_id__in=portfolio_ids)
    return await WEIGHTS.read(statements, query.order_by("portfolio_id", "position"))


async def prices_of(statements: Statements, bundle_ids: Collection[UUID], currency: str) -> list[Price]:
    """Return the bundles' tiers in the currency, lowest minimum first."""
    query = models.Price.filter(bundle_id__in=bundle_ids, currency=currency)
    return await PRICES.read(statements, query.order_by("bundle_id", "minimum_mass_g"))


async def currencies_of(statements: Statements, bundle_ids: Collection[UUID]) -> list[tuple[UUID, str]]:
    """Return the currencies in which each bundle has a price, as pairs of bundle and currency in the order of the
    codes.
    """
    query = models.Price.filter(bundle_id__in=bundle_ids).using_db(statements.client)
    rows = await query.distinct().order_by("currency").values_list("bundle_id", "currency")
    return [(bundle_id, currency) for bundle_id, currency in rows]


async def projects_in(statements: Statements, bundle_ids: Collection[UUID]) -> list[BundleProject]:
    """Return the projects of the bundles."""
    query = models.BundleProject.filter(bundle_id__in=bundle_ids)
    return await BUNDLE_PROJECTS.read(statements, query.order_by("bundle_id", "project_id"))


def _usable_by(account_id: UUID) -> Q:
    return Q(account_id=None) | Q(account_id=account_id)
