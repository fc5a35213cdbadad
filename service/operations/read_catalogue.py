"""Read the catalogue: bundles with prices and stock, projects, credit batches, portfolios.

Prices and stock are those of the caller's currency and mode.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import Bundle, CreditBatch, Portfolio, PriceTier, Project, ProjectCategory, Weight
from service.domain.catalogue_listing import (
    EVERY_BATCH,
    EVERY_PROJECT,
    FIRST_RECEIVED,
    OLDEST_FIRST,
    BatchFilter,
    BatchSort,
    BundleFilter,
    BundleListing,
    NamedSort,
    ProjectFilter,
)
from service.kit.clock import utc_date
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.storage import batches, catalogue
from service.storage.tables import Columns


async def list_bundles(
    resources: Resources,
    caller: Caller,
    request: PageRequest,
    *,
    currency: str | None = None,
    or_disabled_within: timedelta | None = None,
) -> Slice[Bundle]:
    """Return one page of the bundles on sale in the currency, by default the account's, oldest first; with
    `or_disabled_within` also those that were disabled within that time.
    """
    caller.require(Scope.CATALOGUE_READ)
    since = None if or_disabled_within is None else resources.clock() - or_disabled_within
    rows = await resources.read_shared(
        lambda statements: catalogue.bundles_on_sale(
            statements, currency or caller.account.currency, request, or_disabled_since=since
        )
    )
    return slice_of(rows, request)


async def find_bundles(
    resources: Resources,
    caller: Caller,
    request: PageRequest,
    wanted: BundleFilter,
    sort: NamedSort,
    *,
    currency: str | None = None,
) -> Slice[Bundle]:
    """Return one page of the bundles; those on sale have a price in the currency, by default the account's. Only the
    operator may list other bundles.
    """
    _require_bundles(caller, wanted)
    rows = await resources.read_shared(
        lambda statements: catalogue.bundles(
            statements,
            wanted,
            sort,
            request,
            currency=currency or caller.account.currency,
            mode=caller.account.mode,
            today=utc_date(resources.clock()),
        )
    )
    return slice_of(rows, request)


async def count_bundles(
    resources: Resources, caller: Caller, wanted: BundleFilter, *, currency: str | None = None
) -> int:
    """Return the exact number of bundles that `find_bundles` lists."""
    _require_bundles(caller, wanted)
    return await resources.read_shared(
        lambda statements: catalogue.count_bundles(
            statements,
            wanted,
            currency=currency or caller.account.currency,
            mode=caller.account.mode,
            today=utc_date(resources.clock()),
        )
    )


def _require_bundles(caller: Caller, wanted: BundleFilter) -> None:
    caller.require(Scope.CATALOGUE_READ)
    if wanted.listing is not BundleListing.ON_SALE:
        caller.require(Scope.OPERATOR)


async def count_projects(resources: Resources, caller: Caller, wanted: ProjectFilter) -> int:
    """Return the exact number of projects that the filter selects; stock is that of the caller's mode."""
    caller.require(Scope.CATALOGUE_READ)
    today = utc_date(resources.clock())
    mode = caller.account.mode
    return await resources.read_shared(
        lambda statements: catalogue.count_projects(statements, wanted, mode=mode, today=today)
    )


async def count_batches(resources: Resources, caller: Caller, wanted: BatchFilter) -> int:
    """Return the exact number of credit batches of the caller's mode that the filter selects."""
    caller.require(Scope.CATALOGUE_READ)
    today = utc_date(resources.clock())
    mode = caller.account.mode
    return await resources.read_shared(lambda statements: batches.count(statements, mode, wanted, today=today))


async def count_portfolios(resources: Resources, caller: Caller) -> int:
    """Return the number of portfolios that the account may use."""
    caller.require(Scope.CATALOGUE_READ)
    return await catalogue.count_portfolios(resources.database.reader, caller.account.id)


async def list_projects(
    resources: Resources,
    caller: Caller,
    request: PageRequest,
    wanted: ProjectFilter = EVERY_PROJECT,
    sort: NamedSort = OLDEST_FIRST,
) -> Slice[Project]:
    """Return one page of the projects; stock is that of the caller's mode."""
    caller.require(Scope.CATALOGUE_READ)
    today = utc_date(resources.clock())
    rows = await resources.read_shared(
        lambda statements: catalogue.projects(statements, wanted, sort, request, mode=caller.account.mode, today=today)
    )
    return slice_of(rows, request)


async def list_batches(
    resources: Resources,
    caller: Caller,
    request: PageRequest,
    wanted: BatchFilter = EVERY_BATCH,
    sort: BatchSort = FIRST_RECEIVED,
) -> Slice[CreditBatch]:
    """Return one page of the credit batches of the caller's mode."""
    caller.require(Scope.CATALOGUE_READ)
    today = utc_date(resources.clock())
    rows = await resources.read_shared(
        lambda statements: batches.page(statements, caller.account.mode, wanted, sort, request, today=today)
    )
    return slice_of(rows, request)


async def list_portfolios(resources: Resources, caller: Caller, request: PageRequest) -> Slice[Portfolio]:
    """Return one page of the portfolios that the account may use."""
    caller.require(Scope.CATALOGUE_READ)
    rows = await catalogue.portfolios(resources.database.reader, caller.account.id, request)
    return slice_of(rows, request)


async def bundles_of_ids(
    resources: Resources, caller: Caller, ids: Collection[UUID], *, columns: Columns = None
) -> dict[UUID, Bundle]:
    """Return the bundles by id, sold or not, because old orders still name them."""
    caller.require(Scope.CATALOGUE_READ)
    return await catalogue.bundles_of_ids(resources.database.reader, ids, columns)


async def projects_of_ids(
    resources: Resources, caller: Caller, ids: Collection[UUID], *, columns: Columns = None
) -> dict[UUID, Project]:
    """Return the projects by id."""
    caller.require(Scope.CATALOGUE_READ)
    return await catalogue.projects_of_ids(resources.database.reader, ids, columns)


async def categories_of_ids(resources: Resources, caller: Caller, ids: Collection[UUID]) -> dict[UUID, ProjectCategory]:
    """Return the project categories by id."""
    caller.require(Scope.CATALOGUE_READ)
    return await catalogue.categories_of_ids(resources.database.reader, ids)


async def batches_of_ids(
    resources: Resources, caller: Caller, ids: Collection[UUID], *, columns: Columns = None
) -> dict[UUID, CreditBatch]:
    """Return the credit batches with these ids, by id; only those of the caller's mode."""
    caller.require(Scope.CATALOGUE_READ)
    return await batches.of_ids(resources.database.reader, caller.account.mode, ids, columns)


async def portfolios_of_ids(resources: Resources, caller: Caller, ids: Collection[UUID]) -> dict[UUID, Portfolio]:
    """Return the portfolios with these ids, by id; only those that the account may use."""
    caller.require(Scope.CATALOGUE_READ)
    return await catalogue.portfolios_of_ids(resources.database.reader, caller.account.id, ids)


async def weights_of_portfolios(
    resources: Resources, caller: Caller, portfolio_ids: Sequence[UUID]
) -> list[tuple[Weight, ...]]:
    """Return the bundles and weights of each portfolio, in the order in which they were set."""
    caller.require(Scope.CATALOGUE_READ)
    weights: dict[UUID, list[Weight]] = defaultdict(list)
    for each in await catalogue.weights_of(resources.database.reader, portfolio_ids):
        weights[each.portfolio_id].append(Weight(each.bundle_id, each.hundredths))
    return [tuple(weights[portfolio_id]) for portfolio_id in portfolio_ids]


async def tiers_of_bundles(
    resources: Resources, caller: Caller, bundle_ids: Sequence[UUID], *, currency: str | None = None
) -> list[tuple[PriceTier, ...]]:
    """Return each bundle's price tiers in the currency, by default the account's; none if it has no price."""
    caller.require(Scope.CATALOGUE_READ)
    wanted = currency or caller.account.currency
    tiers: dict[UUID, list[PriceTier]] = defaultdict(list)
    for price in await catalogue.prices_of(resources.database.reader, bundle_ids, wanted):
        tiers[price.bundle_id].append(PriceTier(price.minimum_mass_g, price.unit_price_micros))
    return [tuple(tiers[bundle_id]) for bundle_id in bundle_ids]


async def currencies_of_bundles(
    resources: Resources, caller: Caller, bundle_ids: Sequence[UUID]
) -> list[tuple[str, ...]]:
    """Return the currencies in which each bundle has a price, in the order of their codes."""
    caller.require(Scope.CATALOGUE_READ)
    found: dict[UUID, list[str]] = defaultdict(list)
    for bundle_id, currency in await catalogue.currencies_of(resources.database.reader, bundle_ids):
        found[bundle_id].append(currency)
    return [tuple(found[bundle_id]) for bundle_id in bundle_ids]


async def projects_of_bundles(
    resources: Resources, caller: Caller, bundle_ids: Sequence[UUID]
) -> list[tuple[Project, ...]]:
    """Return the projects of each bundle."""
    caller.require(Scope.CATALOGUE_READ)
    members = await catalogue.projects_in(resources.database.reader, bundle_ids)
    found = await catalogue.projects_of_ids(resources.database.reader, {each.project_id for each in members})
    projects: dict[UUID, list[Project]] = defaultdict(list)
    for each in members:
        projects[each.bundle_id].append(found[each.project_id])
    return [tuple(projects[bundle_id]) for bundle_id in bundle_ids]


async def available_masses_g(resources: Resources, caller: Caller, bundle_ids: Sequence[UUID]) -> list[int]:
    """Return the grams in stock of each bundle in the caller's mode."""
    caller.require(Scope.CATALOGUE_READ)
    today = utc_date(resources.clock())
    found = await batches.available_g(resources.database.reader, caller.account.mode, bundle_ids, today=today)
    return [found[bundle_id] for bundle_id in bundle_ids]
