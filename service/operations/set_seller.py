"""Set facts of a seller, and read them. Facts that are not given stay; issued invoices do not change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from service.domain.accounts import Caller, Head, payer_of
from service.domain.api_keys import Scope
from service.domain.events import EventType
from service.domain.logos import Logo
from service.domain.parties import IDENTIFIER_LENGTH_MAX, SELLER_FACTS, Seller, kept_facts
from service.domain.texts import kept_text
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.keep_logo import checked_logo
from service.operations.steps.printed_names import refuse_unshown_changes, unshown_among
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import logos, sellers
from service.storage.database import Statements

log = structlog.get_logger(__name__)

_MEMBERS = {fact: fact for fact in sorted(SELLER_FACTS - {"country", "payment_days"})}
"""Facts that documents print as they were entered, and their paths."""


async def update_seller(resources: Resources, caller: Caller, identifier: str, changes: Mapping[str, Any]) -> Seller:
    """Change facts of the seller, each of `SELLER_FACTS`, and its `logo`, the bytes of a picture or None. An operator's
    verb; repeating it changes nothing.

    Refuses `NOT_FOUND`, and `BAD_USER_INPUT` as `kept_facts`, as `picture_of`, and for a new text that no font shows.
    """
    caller.require(Scope.OPERATOR)
    facts, logo = await _kept(resources, changes)
    unshown = await unshown_among(facts.get(fact) for fact in _MEMBERS)

    async def work(statements: Statements, _: Head) -> Done[Seller]:
        seller = await sellers.by_identifier(statements, identifier)
        if seller is None:
            raise Refused(Code.NOT_FOUND, "There is no such seller.", ("identifier",))
        changed = replace(seller, **facts)
        if changed == seller:
            return Done(seller, None, {})
        refuse_unshown_changes(unshown, seller, changed, _MEMBERS)
        await logos.LOGOS.insert(statements, logo)
        await sellers.change_seller(statements, changed)
        return Done(changed, EventType.SELLER_UPDATED, {"seller": identifier, "changed": sorted(changes)})

    return await transact_with_event(resources, caller, work)


async def set_seller(resources: Resources, identifier: str, changes: Mapping[str, Any]) -> Seller:
    """Change facts of the seller, or create it if its identifier is new. Refuses as `update_seller`. Called by the
    command line, without a caller.
    """
    kept_text(identifier, IDENTIFIER_LENGTH_MAX, "identifier")
    facts, logo = await _kept(resources, changes)
    unshown = await unshown_among(facts.get(fact) for fact in _MEMBERS)
    new_id, now = resources.new_id(), resources.clock()

    async def work(statements: Statements) -> Seller:
        existing = await sellers.by_identifier(statements, identifier)
        seller = existing or Seller(id=new_id, identifier=identifier, created_at=now)
        changed = replace(seller, **facts)
        refuse_unshown_changes(unshown, seller, changed, _MEMBERS)
        await logos.LOGOS.insert(statements, logo)
        await sellers.change_seller(statements, changed)
        return changed

    seller = await resources.transact(work)
    log.info("seller_set", identifier=identifier, changed=sorted(changes))
    return seller


async def list_sellers(resources: Resources) -> list[Seller]:
    """Return every seller, beginning with the first one. Called by the command line, without a caller."""
    return await sellers.all_sellers(resources.database.reader)


async def seller_of_account(resources: Resources, caller: Caller) -> Seller:
    """Return the seller of the caller's payer."""
    caller.require(Scope.ORDERS_READ)
    reader, payer_id = resources.database.reader, payer_of(caller.account)
    return await sellers.seller_of(reader, (await sellers.details_of(reader, [payer_id]))[payer_id])


async def _kept(resources: Resources, changes: Mapping[str, Any]) -> tuple[dict[str, Any], list[Logo]]:
    """Return the new facts. A logo among them is checked, and drawn once as a test, before it is stored."""
    if unknown := set(changes) - SELLER_FACTS - {"logo"}:
        raise ValueError(f"of a seller nobody changes {sorted(unknown)}")
    facts = kept_facts({name: value for name, value in changes.items() if name != "logo"})
    if "logo" not in changes:
        return facts, []
    if changes["logo"] is None:
        return {**facts, "logo_sha256": None}, []
    logo = await checked_logo(resources, changes["logo"])
    return {**facts, "logo_sha256": logo.sha256}, [logo]
