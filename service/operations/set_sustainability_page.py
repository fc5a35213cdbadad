"""Set the public page of an account.

Locks: the account's head. The unique key of mode and slug decides which of two accounts gets an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.domain.accounts import Caller, Head
from service.domain.api_keys import Scope
from service.domain.events import EventType
from service.domain.sustainability_pages import (
    PageDescription,
    PageSection,
    PageStatus,
    PageTitle,
    SustainabilityPage,
    kept_description,
    sections_of,
    slug_of,
)
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import sustainability_pages
from service.storage.database import Statements


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPage:
    """Contents of a page as a caller gives them, not yet checked."""

    slug: str
    status: PageStatus
    title: PageTitle
    description: PageDescription | None
    custom_description: str | None
    sections: Sequence[PageSection]


async def create_sustainability_page(resources: Resources, caller: Caller, wanted: WantedPage) -> SustainabilityPage:
    """Create the page of the caller's account. Refuses `IDEMPOTENCY_KEY_REUSED` if the account has a page, and as
    `update_sustainability_page`.
    """
    return await _set(resources, caller, wanted, exists=False)


async def update_sustainability_page(resources: Resources, caller: Caller, wanted: WantedPage) -> SustainabilityPage:
    """Replace the page of the caller's account; repeating it changes nothing. Refuses `NOT_FOUND` without a page,
    `BAD_USER_INPUT` for a member out of bounds, and `IDEMPOTENCY_KEY_REUSED` with the path `slug` if the page of
    another account has the slug.
    """
    return await _set(resources, caller, wanted, exists=True)


async def _set(resources: Resources, caller: Caller, wanted: WantedPage, *, exists: bool) -> SustainabilityPage:
    caller.require_one_of(Scope.ORDERS_WRITE, Scope.ACCOUNT_MANAGE)
    page = SustainabilityPage(
        account_id=caller.account.id,
        mode=caller.account.mode,
        slug=slug_of(wanted.slug, "slug"),
        status=wanted.status,
        title=wanted.title,
        description=wanted.description,
        custom_description=kept_description(wanted.custom_description, wanted.description, "custom_description"),
        sections=sections_of(wanted.sections, "sections"),
        created_at=resources.clock(),
    )

    async def work(statements: Statements, head: Head) -> Done[SustainabilityPage]:
        caller.refuse_change_if_suspended(head.account)
        existing = await sustainability_pages.of_account(statements, page.account_id)
        if existing is None and exists:
            raise Refused(Code.NOT_FOUND, "This account has no sustainability page. Create one first.")
        if existing is not None and not exists:
            message = "This account has a sustainability page. Change that page."
            raise Refused(Code.IDEMPOTENCY_KEY_REUSED, message)
        kept = page if existing is None else replace(page, created_at=existing.created_at)
        if kept == existing:
            return Done(kept, None, {})
        if not await sustainability_pages.put(statements, kept):
            raise Refused(Code.IDEMPOTENCY_KEY_REUSED, "Another sustainability page has this slug.", ("slug",))
        return Done(kept, EventType.ACCOUNT_UPDATED, {"changed": ["sustainability_page"]})

    return await transact_with_event(resources, caller, work)
