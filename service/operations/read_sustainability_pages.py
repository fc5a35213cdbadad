"""Read the public pages of accounts: an account reads its own, everybody reads those that are enabled and not
hidden.
"""

from uuid import UUID

from service.domain.accounts import Account, Caller, Visibility
from service.domain.api_keys import Scope
from service.domain.catalogue import Bundle, Mode
from service.domain.certificate import IssuedCertificate
from service.domain.listing import OrderFilter
from service.domain.order import OrderStatus
from service.domain.statistics import GroupPart, OrderGrouping
from service.domain.sustainability_pages import (
    Impact,
    PageSection,
    PageStatus,
    PublicPage,
    SustainabilityPage,
    shares_of,
)
from service.errors import Code, Refused
from service.kit.keyset import PageRequest, Position, Slice, slice_of
from service.operations.resources import Resources
from service.storage import accounts, catalogue, certificates, clients, sustainability_pages
from service.storage.database import Statements
from service.storage.owner_pages import pages_of
from service.storage.statistics import group_parts

GROUPS_MAX = 1_000
"""Maximum number of bundles, and of projects, that the figures of a page include."""
_COMPLETE = OrderFilter(statuses=frozenset({OrderStatus.COMPLETE}))


async def own_sustainability_page(resources: Resources, caller: Caller) -> SustainabilityPage:
    """Return the page of the caller's account. Refuses `NOT_FOUND` if it has none."""
    caller.require(Scope.ORDERS_READ)
    page = await sustainability_pages.of_account(resources.database.reader, caller.account.id)
    if page is None:
        raise Refused(Code.NOT_FOUND, "This account has no sustainability page.")
    return page


async def public_page(resources: Resources, mode: Mode, slug: str) -> PublicPage | None:
    """Return the page with this slug, with its figures; None while it is disabled or its account hides its pages."""
    page = await sustainability_pages.of_slug(resources.database.reader, mode, slug)
    return await _shown(resources, page)


async def public_page_of_handle(
    resources: Resources, organisation_id: UUID, mode: Mode, handle: str
) -> PublicPage | None:
    """Return the page of the organisation's client account with this handle, as `public_page` does."""
    reader = resources.database.reader
    client = await clients.of_organisation(reader, organisation_id, mode, handle)
    if client is None:
        return None
    return await _shown(resources, await sustainability_pages.of_account(reader, client.id))


async def certificates_of_page(
    resources: Resources, shown: PublicPage, *, limit: int, after: str | None = None
) -> Slice[IssuedCertificate]:
    """Return one page of the certificates that the page shows, newest first; `after` is the token of the last
    certificate of the previous page.
    """
    reader, account_id = resources.database.reader, shown.account.id
    if not shown.page.shows(PageSection.CERTIFICATES):
        return Slice((), has_previous=False, has_next=False)
    start = None
    if after is not None:
        before = await certificates.of_token(reader, after)
        if before is not None and before.account_id == account_id:
            start = Position(before.issued_at, before.order_id)
    request = PageRequest(limit, after=start)
    pages = await pages_of(
        reader, certificates.ISSUED, [account_id], "issued_at", request, key="order_id", also="issued_at IS NOT NULL"
    )
    return slice_of(pages[account_id], request)


async def bundles_of_page(resources: Resources, shown: PublicPage) -> dict[UUID, Bundle]:
    """Return the bundles that the page shows, by id."""
    if not shown.page.shows(PageSection.BUNDLES_BREAKDOWN):
        return {}
    ids = {share.bundle_id for share in shown.impact.bundles}
    return await catalogue.bundles_of_ids(resources.database.reader, ids)


async def _shown(resources: Resources, page: SustainabilityPage | None) -> PublicPage | None:
    if page is None or page.status is PageStatus.DISABLED:
        return None
    reader = resources.database.reader
    account = await accounts.account(reader, page.account_id)
    if account is None or account.external_pages_visibility is Visibility.HIDDEN:
        return None
    parent_id = account.parent_account_id
    organisation = account if parent_id is None else await accounts.account(reader, parent_id)
    return PublicPage(
        page=page,
        account=account,
        organisation_logo=None if organisation is None else organisation.logo_sha256,
        impact=await _impact(resources, account),
    )


async def _impact(resources: Resources, account: Account) -> Impact:
    async def read(statements: Statements) -> list[list[GroupPart]]:
        groupings = (OrderGrouping.CURRENCY, OrderGrouping.BUNDLE, OrderGrouping.PROJECT)
        return [
            await group_parts(statements, account.id, _COMPLETE, grouping, limit=GROUPS_MAX) for grouping in groupings
        ]

    kept = resources.impacts.get(account.id)
    if kept is not None:
        return kept
    asked_at_s = resources.impacts.now_s()
    currencies, bundles, projects = await resources.read_own(account.id, read, is_large=True)
    masses: dict[UUID, int] = {}
    for part in bundles:
        if part.key is not None:
            masses[UUID(part.key)] = masses.get(UUID(part.key), 0) + part.mass_g
    impact = Impact(
        mass_g=sum(part.mass_g for part in currencies),
        spent_minor=sum(part.total_cost_minor for part in currencies if part.currency == account.currency),
        bundles=shares_of(masses),
        projects=len({part.key for part in projects}),
    )
    resources.impacts.put(account.id, impact, asked_at_s=asked_at_s)
    return impact
