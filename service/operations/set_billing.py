"""Set what invoices print about a payer, and the tax on them; and read both. Verbs of operators; the command line calls
those without a caller. Issued invoices do not change.

Locks: the heads of the caller's account and of the payer.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

from service.domain.accounts import Account, Caller
from service.domain.api_keys import Scope
from service.domain.events import EventType
from service.domain.parties import (
    FIRST_SELLER_ID,
    PAYER_FACTS,
    BillingDetails,
    Seller,
    TaxCategory,
    TaxProfile,
    checked_profile,
    kept_facts,
)
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.printed_names import refuse_unshown, refuse_unshown_changes, unshown_among
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import accounts, money, sellers
from service.storage.database import Statements

PayerWork: TypeAlias = Callable[[Statements, Account], Awaitable[Done[Account]]]
"""Change of a payer, which is called with the payer's head locked."""


_PRINTED = {fact: fact for fact in sorted(PAYER_FACTS - {"country"})}
"""Facts that documents print as they were entered, and their paths."""


@dataclass(frozen=True, slots=True)
class Billing:
    """A payer with its seller, what its invoices print about it, and its tax profiles in the order of their first
    day.
    """

    account: Account
    seller: Seller
    details: BillingDetails
    profiles: tuple[TaxProfile, ...]


async def update_billing_details(
    resources: Resources, caller: Caller, account_id: UUID, changes: Mapping[str, Any], seller: str | None = None
) -> Account:
    """Change billing details of the payer, named as in `PAYER_FACTS`, and its seller, given by its identifier. An
    operator's verb.

    Refuses `NOT_FOUND` for the account or the seller, and `BAD_USER_INPUT` as `kept_facts`, for a client account, for a
    new text that no font shows, for a tax number that is removed while a tax profile is reverse charge, and for another
    seller after an invoice was issued, because the number series of two sellers may contain equal numbers.
    """
    caller.require(Scope.OPERATOR)
    work = await _details_work(changes, seller)
    return await transact_with_event(resources, caller, _of_payer(account_id, work), account_id)


async def enter_billing_details(
    resources: Resources, account_id: UUID, changes: Mapping[str, Any], seller: str | None = None
) -> Account:
    """Change billing details as `update_billing_details` does. Called by the command line, without a caller."""
    return await _unrecorded(resources, account_id, await _details_work(changes, seller))


async def set_tax_profile(resources: Resources, caller: Caller, profile: TaxProfile) -> Account:
    """Set the tax of the payer's invoices that are issued on a day or later. Replaces a profile that starts on the same
    day. An operator's verb.

    Refuses `NOT_FOUND` for the account, and `BAD_USER_INPUT` as `checked_profile`, for a client account and for
    a reason that no font shows.
    """
    caller.require(Scope.OPERATOR)
    account_id = profile.account_id
    return await transact_with_event(resources, caller, _of_payer(account_id, await _profile_work(profile)), account_id)


async def enter_tax_profile(resources: Resources, profile: TaxProfile) -> Account:
    """Set a tax profile as `set_tax_profile` does. Called by the command line, without a caller."""
    return await _unrecorded(resources, profile.account_id, await _profile_work(profile))


async def read_billing(resources: Resources, account_id: UUID) -> Billing:
    """Return the payer's billing details, tax profiles and seller. Called by the command line, without a caller.
    Refuses `NOT_FOUND`.
    """
    reader = resources.database.reader
    account = await accounts.account(reader, account_id)
    if account is None:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("account_id",))
    details = (await sellers.details_of(reader, [account_id]))[account_id]
    profiles = await sellers.profiles_of(reader, [account_id])
    return Billing(account, await sellers.seller_of(reader, details), details, tuple(profiles))


async def _seller_id(statements: Statements, identifier: str) -> UUID | None:
    seller = await sellers.by_identifier(statements, identifier)
    if seller is None:
        raise Refused(Code.NOT_FOUND, "There is no such seller.", ("seller",))
    return None if seller.id == FIRST_SELLER_ID else seller.id


async def _details_work(changes: Mapping[str, Any], seller: str | None) -> PayerWork:
    if unknown := set(changes) - PAYER_FACTS:
        raise ValueError(f"of a payer nobody changes {sorted(unknown)}")
    facts = kept_facts(changes)
    unshown = await unshown_among(facts.get(fact) for fact in _PRINTED)

    async def work(statements: Statements, payer: Account) -> Done[Account]:
        details = (await sellers.details_of(statements, [payer.id]))[payer.id]
        changed = replace(details, **facts)
        refuse_unshown_changes(unshown, details, changed, _PRINTED)
        if seller is not None:
            changed = replace(changed, seller_id=await _seller_id(statements, seller))
            if await money.has_other_seller(statements, payer.id, changed.seller_id or FIRST_SELLER_ID):
                message = "Another seller has issued invoices to the account. It stays the account's seller."
                raise Refused(Code.BAD_USER_INPUT, message, ("seller",))
        if changed.tax_number is None and "tax_number" in facts:
            profiles = await sellers.profiles_of(statements, [payer.id])
            if any(each.category is TaxCategory.REVERSE_CHARGE for each in profiles):
                message = "A tax profile of the account is reverse charge, which needs the tax number."
                raise Refused(Code.BAD_USER_INPUT, message, ("tax_number",))
        if changed == details:
            return Done(payer, None, {})
        await sellers.set_details(statements, changed)
        names = sorted([*facts, *([] if seller is None else ["seller"])])
        return Done(payer, EventType.BILLING_DETAILS_UPDATED, {"payer_id": str(payer.id), "changed": names})

    return work


async def _profile_work(profile: TaxProfile) -> PayerWork:
    unshown = await unshown_among((profile.reason, profile.reason_code))

    async def work(statements: Statements, payer: Account) -> Done[Account]:
        details = (await sellers.details_of(statements, [payer.id]))[payer.id]
        checked_profile(profile, details.tax_number)
        if profile in await sellers.profiles_of(statements, [payer.id]):
            return Done(payer, None, {})
        refuse_unshown(unshown, profile.reason, "reason")
        refuse_unshown(unshown, profile.reason_code, "reason_code")
        await sellers.set_profile(statements, profile)
        told: dict[str, Any] = {
            "payer_id": str(payer.id),
            "valid_from": profile.valid_from.isoformat(),
            "category": profile.category.value,
            "rate_hundredths": profile.rate_hundredths,
        }
        return Done(payer, EventType.TAX_PROFILE_SET, told)

    return work


def _of_payer(account_id: UUID, work: PayerWork) -> Callable[[Statements, object], Awaitable[Done[Account]]]:
    """Return the work on the account, whose head must be locked when it is called. It refuses an account that is absent
    or not a payer.
    """

    async def attempt(statements: Statements, _: object) -> Done[Account]:
        payer = await accounts.account(statements, account_id)
        if payer is None:
            raise Refused(Code.NOT_FOUND, "There is no such account.", ("account_id",))
        if payer.parent_account_id is not None:
            message = "The invoices of a client account are its parent's. Name the parent account."
            raise Refused(Code.BAD_USER_INPUT, message, ("account_id",))
        return await work(statements, payer)

    return attempt


async def _unrecorded(resources: Resources, account_id: UUID, work: PayerWork) -> Account:
    """Commit the work without an event, because the command line has no caller to whom an event could belong."""

    async def attempt(statements: Statements) -> Account:
        await accounts.lock_heads(statements, [account_id])
        return (await _of_payer(account_id, work)(statements, None)).value

    return await resources.transact(attempt)
