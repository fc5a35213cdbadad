"""Manage the catalogue: create and change projects and bundles, set prices and portfolios, take a bundle off sale and
put it back.

Verbs of operators. Each verb is safe to repeat: an object with a slug or an identifier is created once, and a value may
be set again. Locks: the caller's head, then the project, the bundle or the portfolio. Promise: P24.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from service.domain.accounts import Caller, Head
from service.domain.api_keys import Scope
from service.domain.catalogue import (
    Bundle,
    BundleProject,
    Portfolio,
    PriceTier,
    Project,
    ProjectCategory,
    Selection,
)
from service.domain.currencies import circulating_currency_of, currency_of
from service.domain.events import EventType
from service.domain.supply import (
    PROJECT_FACTS,
    SALE,
    differing,
    reused,
    rising_tier,
    tiers_of,
    unstated_facts,
    weights_of,
)
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.bundle_checks import refuse_unsold
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import catalogue, supply
from service.storage.database import Statements

CHANGEABLE_OF_PROJECT = frozenset(
    {*("name", "category", "project_type", "country", "registry_name", "description", "logo_url"), *PROJECT_FACTS}
)
CHANGEABLE_OF_BUNDLE = frozenset(
    {
        *("name", "description", "offset_type", "approach", "carbon_permanence"),
        *("primary_image_url", "background_colour"),
    }
)


async def create_project(resources: Resources, caller: Caller, *, category: str, **facts: Any) -> Project:
    """Create the project, with its category if that is new. The slug identifies the request: a retry returns the
    existing project, and refuses `IDEMPOTENCY_KEY_REUSED` if any other fact differs.
    """
    caller.require(Scope.OPERATOR)
    wanted_category = ProjectCategory(id=resources.new_id(), name=category)
    project_id, now = resources.new_id(), resources.clock()

    async def work(statements: Statements, _head: Head) -> Done[Project]:
        category_id = (await supply.categories(statements, [wanted_category]))[category]
        wanted = Project(id=project_id, category_id=category_id, created_at=now, **facts)
        if await catalogue.PROJECTS.insert(statements, [wanted]):
            return Done(wanted, EventType.PROJECT_CREATED, {"project_id": str(wanted.id), "slug": wanted.slug})
        existing = (await supply.projects(statements, [wanted.slug]))[wanted.slug]
        if names := differing(existing, wanted, SALE | unstated_facts(wanted)):
            raise reused("project", names, "slug")
        return Done(existing, None, {})

    return await transact_with_event(resources, caller, work)


async def update_project(resources: Resources, caller: Caller, project_id: UUID, changes: Mapping[str, Any]) -> Project:
    """Change facts of the project, each of `CHANGEABLE_OF_PROJECT`; the others stay, and repeating it changes nothing.
    Certificates already issued keep their facts. Refuses `NOT_FOUND`.
    """
    caller.require(Scope.OPERATOR)
    if unknown := set(changes) - CHANGEABLE_OF_PROJECT:
        raise ValueError(f"of a project nobody changes {sorted(unknown)}")
    category_id = resources.new_id()

    async def work(statements: Statements, _head: Head) -> Done[Project]:
        facts = dict(changes)
        if name := facts.pop("category", None):
            # Before the project, in the same order as an import, so that the two never wait for each other.
            wanted = ProjectCategory(id=category_id, name=name)
            facts["category_id"] = (await supply.categories(statements, [wanted]))[name]
        existing = await supply.lock_project(statements, project_id)
        if existing is None:
            raise Refused(Code.NOT_FOUND, "There is no such project.", ("project_id",))
        changed = replace(existing, **facts)
        names = differing(existing, changed, SALE)
        if not names:
            return Done(existing, None, {})
        await supply.change_project(statements, changed, names)
        return Done(changed, EventType.PROJECT_UPDATED, {"project_id": str(project_id), "changed": sorted(names)})

    return await transact_with_event(resources, caller, work)


async def create_bundle(resources: Resources, caller: Caller, *, project_ids: Collection[UUID], **facts: Any) -> Bundle:
    """Create the bundle of these projects, which is sold as soon as it has a price. A retry works as for
    `create_project`. Refuses `NOT_FOUND` for an unknown project.
    """
    caller.require(Scope.OPERATOR)
    wanted = Bundle(id=resources.new_id(), disabled_at=None, created_at=resources.clock(), **facts)
    if not project_ids:
        raise Refused(Code.BAD_USER_INPUT, "Give at least one project.", ("project_ids",))

    async def work(statements: Statements, _head: Head) -> Done[Bundle]:
        if set(project_ids) - (await catalogue.projects_of_ids(statements, project_ids)).keys():
            raise Refused(Code.NOT_FOUND, "There is no such project.", ("project_ids",))
        if await catalogue.BUNDLES.insert(statements, [wanted]):
            members = [BundleProject(wanted.id, project_id) for project_id in project_ids]
            await catalogue.BUNDLE_PROJECTS.insert(statements, members)
            return Done(wanted, EventType.BUNDLE_CREATED, {"bundle_id": str(wanted.id), "slug": wanted.slug})
        existing = (await supply.bundles(statements, [wanted.slug or ""]))[wanted.slug or ""]
        names = differing(existing, wanted, SALE)
        if await supply.members(statements, existing.id) != set(project_ids):
            names.append("projects")
        if names:
            raise reused("bundle", names, "slug")
        return Done(existing, None, {})

    return await transact_with_event(resources, caller, work)


async def update_bundle(resources: Resources, caller: Caller, bundle_id: UUID, changes: Mapping[str, Any]) -> Bundle:
    """Change facts of the bundle, each of `CHANGEABLE_OF_BUNDLE`; the others stay, and repeating it changes nothing.
    Refuses `NOT_FOUND`.
    """
    caller.require(Scope.OPERATOR)
    if unknown := set(changes) - CHANGEABLE_OF_BUNDLE:
        raise ValueError(f"of a bundle nobody changes {sorted(unknown)}")

    async def work(statements: Statements, _head: Head) -> Done[Bundle]:
        existing = await _bundle(statements, bundle_id)
        changed = replace(existing, **changes)
        names = differing(existing, changed, SALE)
        if not names:
            return Done(existing, None, {})
        await supply.change_bundle(statements, changed, names)
        return Done(changed, EventType.BUNDLE_UPDATED, {"bundle_id": str(bundle_id), "changed": sorted(names)})

    return await transact_with_event(resources, caller, work)


async def switch_bundle(resources: Resources, caller: Caller, bundle_id: UUID, *, disabled: bool) -> Bundle:
    """Take the bundle off sale, or put it on sale again; existing orders, quotes and backorders do not change. A bundle
    that is already disabled keeps its time. Refuses `NOT_FOUND`.
    """
    caller.require(Scope.OPERATOR)
    now = resources.clock()

    async def work(statements: Statements, _head: Head) -> Done[Bundle]:
        existing = await _bundle(statements, bundle_id)
        if (existing.disabled_at is not None) is disabled:
            return Done(existing, None, {})
        changed = replace(existing, disabled_at=now if disabled else None)
        await supply.disable(statements, bundle_id, changed.disabled_at)
        event_type = EventType.BUNDLE_DISABLED if disabled else EventType.BUNDLE_ENABLED
        return Done(changed, event_type, {"bundle_id": str(bundle_id)})

    return await transact_with_event(resources, caller, work)


async def set_price(
    resources: Resources, caller: Caller, bundle_id: UUID, currency: str, tiers: Sequence[PriceTier]
) -> Bundle:
    """Replace all price tiers of the bundle in the currency. Existing quotes and orders keep their prices. Refuses
    `NOT_FOUND`, and `BAD_USER_INPUT` for tiers that do not form a price, whose unit price rises with the minimum mass,
    or whose currency does not circulate. A price that is stored already may be set again, which changes nothing.
    """
    caller.require(Scope.OPERATOR)
    currency_of(currency)
    wanted = tiers_of(tiers, "tiers")

    async def work(statements: Statements, _head: Head) -> Done[Bundle]:
        existing = await _bundle(statements, bundle_id)
        if await supply.price_tiers(statements, bundle_id, currency) == wanted:
            return Done(existing, None, {})
        circulating_currency_of(currency, "currency")
        _refuse_rising(tiers)
        await supply.replace_price(statements, bundle_id, currency, wanted)
        price_tiers = [[tier.minimum_mass_g, tier.unit_price_micros] for tier in wanted]
        return Done(
            existing, EventType.PRICE_SET, {"bundle_id": str(bundle_id), "currency": currency, "tiers": price_tiers}
        )

    return await transact_with_event(resources, caller, work)


async def set_portfolio(
    resources: Resources, caller: Caller, identifier: str, label: str, selection: Selection
) -> Portfolio:
    """Set label and weights of the shared portfolio with this identifier, for later orders; create it if it is absent.
    Refuses `BUNDLE_UNAVAILABLE` for a bundle that is unknown or disabled.
    """
    caller.require(Scope.OPERATOR)
    wanted = Portfolio(
        id=resources.new_id(), account_id=None, identifier=identifier, label=label, created_at=resources.clock()
    )

    async def work(statements: Statements, _head: Head) -> Done[Portfolio]:
        await refuse_unsold(statements, selection, "selection")
        existing = await supply.lock_portfolio(statements, wanted)
        weights = weights_of(existing.id, selection)
        if not await supply.replace_portfolio(statements, existing, label, weights):
            return Done(existing, None, {})
        payload = {
            "portfolio_id": str(existing.id),
            "weights": [[str(each.bundle_id), each.hundredths] for each in weights],
        }
        return Done(replace(existing, label=label), EventType.PORTFOLIO_SET, payload)

    return await transact_with_event(resources, caller, work)


def _refuse_rising(tiers: Sequence[PriceTier]) -> None:
    place = rising_tier(tiers)
    if place is not None:
        message = (
            "The unit price must not rise with the minimum mass. This tier costs more than one with a smaller minimum."
        )
        raise Refused(Code.BAD_USER_INPUT, message, ("tiers", place))


async def _bundle(statements: Statements, bundle_id: UUID) -> Bundle:
    bundle = await supply.lock_bundle(statements, bundle_id)
    if bundle is None:
        raise Refused(Code.NOT_FOUND, "There is no such bundle.", ("bundle_id",))
    return bundle
