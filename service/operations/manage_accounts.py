"""Manage accounts: create a pair of them, suspend one, reinstate it, list all. Used by operators, and by the command
line without a caller.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args
from uuid import UUID

import structlog

from service.domain.accounts import COMMISSION_HUNDREDTHS_MAX, Account, Caller, Contract, Organisation
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode, Portfolio
from service.domain.currencies import circulating_currency_of
from service.domain.events import EventRecorder, EventType
from service.domain.parties import FIRST_SELLER_ID, BillingDetails
from service.domain.supply import REFERENCE_LENGTH_MAX
from service.domain.texts import NAME_LENGTH_MAX, kept_reference
from service.errors import Code, Refused
from service.kit.canonical_json import fingerprint
from service.kit.keyset import PageRequest
from service.operations.resources import Resources
from service.operations.steps.printed_names import refuse_unshown, unshown_among
from service.operations.steps.record_event import record_update
from service.storage import accounts, catalogue, sellers
from service.storage.database import Statements
from service.storage.events import EVENTS

PORTFOLIOS_NAMED_MAX = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AccountPair:
    """The live and the test account of an organisation, which differ only in their mode."""

    live: Account
    test: Account


async def create_account(
    resources: Resources,
    *,
    name: str,
    contract: Contract,
    currency: str,
    portfolio: str,
    commission_hundredths: int = 0,
    beneficiary_name: str | None = None,
    seller: str | None = None,
    reference: str | None = None,
    caller: Caller | None = None,
) -> AccountPair:
    """Create a live account of a new organisation and its test account, both without keys. `portfolio` is the
    identifier or the id of a portfolio shared by all; `commission_hundredths` is hundredths of a percent of an order's
    total; `seller` is the identifier of the seller who bills them, None for the first one.

    The reference names the request: a retry returns the accounts in their present state, and refuses
    `IDEMPOTENCY_KEY_REUSED` if another fact differs. Without a reference each call creates new accounts. Refuses
    `BAD_USER_INPUT`, also for a name that no font shows, `NOT_FOUND` for the portfolio and the seller,
    `CURRENCY_UNAVAILABLE` where the portfolio is not fully priced, and `FORBIDDEN` to a caller who is no operator.
    """
    if caller is not None:
        caller.require(Scope.OPERATOR)
    if reference is not None:
        reference = kept_reference(reference, REFERENCE_LENGTH_MAX, "reference")
    now = resources.clock()
    told = {
        "name": name.strip(),
        "contract": contract,
        "currency": currency,
        "portfolio": portfolio,
        "commission_hundredths": commission_hundredths,
        "beneficiary_name": beneficiary_name and beneficiary_name.strip(),
        "seller": seller,
    }
    organisation = Organisation(
        id=resources.new_id(),
        name=name.strip(),
        created_at=now,
        reference=reference,
        fingerprint=None if reference is None else fingerprint(told),
    )
    live_id, test_id = resources.new_id(), resources.new_id()
    unshown = await unshown_among([name, beneficiary_name])

    async def work(statements: Statements) -> AccountPair:
        if (existing := await _existing(statements, organisation)) is not None:
            return existing
        _refuse_bad_terms(name, contract, commission_hundredths, beneficiary_name)
        refuse_unshown(unshown, name, "name")
        refuse_unshown(unshown, beneficiary_name, "beneficiary")
        circulating_currency_of(currency, "currency")
        seller_id = await _seller_id(statements, seller)
        chosen = await _shared_portfolio(statements, portfolio, live_id)
        await _refuse_unpriced(statements, chosen, currency)
        live = Account(
            id=live_id,
            organisation_id=organisation.id,
            parent_account_id=None,
            name=organisation.name,
            mode=Mode.LIVE,
            contract=contract,
            currency=currency,
            commission_hundredths=commission_hundredths,
            portfolio_id=chosen.id,
            beneficiary_name=beneficiary_name and beneficiary_name.strip(),
            suspended_at=None,
            created_at=now,
        )
        pair = AccountPair(live, replace(live, id=test_id, mode=Mode.TEST))
        if not await accounts.add_organisation(statements, organisation, [pair.live, pair.test]):
            # A concurrent request with the same reference was faster, or an earlier attempt was committed but its
            # answer was lost.
            return await _existing(statements, organisation) or pair
        if seller_id is not None:
            for each in (live_id, test_id):
                await sellers.set_details(statements, BillingDetails(account_id=each, seller_id=seller_id))
        if caller is not None:
            await _record_creation(resources, statements, caller, pair, reference)
        return pair

    pair = await resources.transact(work)
    log.info("account_created", live_id=str(live_id), test_id=str(test_id), contract=contract, currency=currency)
    return pair


async def _existing(statements: Statements, organisation: Organisation) -> AccountPair | None:
    """Return the accounts that an earlier request with the organisation's reference created. Refuses
    `IDEMPOTENCY_KEY_REUSED` if its facts were different.
    """
    if organisation.reference is None:
        return None
    existing = await accounts.organisation_of_reference(statements, organisation.reference)
    if existing is None:
        return None
    if existing.fingerprint != organisation.fingerprint:
        message = "This reference already names a customer that was created with another input."
        raise Refused(Code.IDEMPOTENCY_KEY_REUSED, message, ("reference",))
    of_mode = {
        account.mode: account
        for account in await accounts.of_organisation(statements, existing.id)
        if account.parent_account_id is None
    }
    return AccountPair(of_mode[Mode.LIVE], of_mode[Mode.TEST])


async def _seller_id(statements: Statements, identifier: str | None) -> UUID | None:
    """Return the id of the seller; None for the first one, which accounts do not store."""
    if identifier is None:
        return None
    found = await sellers.by_identifier(statements, identifier)
    if found is None:
        raise Refused(Code.NOT_FOUND, "There is no such seller.", ("seller",))
    return None if found.id == FIRST_SELLER_ID else found.id


async def _record_creation(
    resources: Resources, statements: Statements, caller: Caller, pair: AccountPair, reference: str | None
) -> None:
    """Record in the events of each account that the caller created it."""
    new = {pair.live.id: 0, pair.test.id: 0}
    recorder = EventRecorder(new, actor=caller.key_id, now=resources.clock(), new_id=resources.new_id)
    for account_id in new:
        recorder.record(account_id, EventType.ACCOUNT_CREATED, name=pair.live.name, reference=reference)
    await EVENTS.insert(statements, recorder.events)
    await accounts.raise_heads(statements, recorder.event_seqs)


async def suspend_account(resources: Resources, account_id: UUID, caller: Caller | None = None) -> Account:
    """Suspend the account and its clients, which may then read but not change anything; one that is already suspended
    keeps its time of suspension. Refuses `NOT_FOUND`, and `FORBIDDEN` to a caller who is no operator.
    """
    return await _set_suspended(resources, account_id, resources.clock(), caller)


async def reinstate_account(resources: Resources, account_id: UUID, caller: Caller | None = None) -> Account:
    """Reinstate the account: it may order again unless its parent is suspended, and so may its clients, except those
    that were suspended themselves. An account that is not suspended stays as it is. Refuses `NOT_FOUND`, and
    `FORBIDDEN` to a caller who is no operator.
    """
    return await _set_suspended(resources, account_id, None, caller)


async def list_accounts(resources: Resources) -> list[Account]:
    """Return every account, by name and mode."""
    return await accounts.all_accounts(resources.database.reader)


async def _set_suspended(
    resources: Resources, account_id: UUID, suspended_at: datetime | None, caller: Caller | None
) -> Account:
    if caller is not None:
        caller.require(Scope.OPERATOR)

    async def work(statements: Statements) -> Account:
        # With the accounts locked, an order that is being placed is committed either before the suspension or not at
        # all.
        heads = await accounts.lock_family(statements, account_id)
        if account_id not in heads:
            raise Refused(Code.NOT_FOUND, "There is no such account.", ("account_id",))
        account = heads[account_id].account
        if (account.suspended_at is None) is (suspended_at is None):
            return account
        await accounts.suspend(statements, account_id, suspended_at)
        await record_update(resources, statements, caller, heads[account_id], ["suspended_at"])
        return replace(account, suspended_at=suspended_at)

    account = await resources.transact(work)
    log.info("account_suspended" if account.suspended_at else "account_reinstated", account_id=str(account_id))
    return account


def _refuse_bad_terms(name: str, contract: str, commission_hundredths: int, beneficiary_name: str | None) -> None:
    if not name.strip() or len(name) > NAME_LENGTH_MAX:
        raise Refused(Code.BAD_USER_INPUT, f"Give the account a name of 1 to {NAME_LENGTH_MAX} characters.", ("name",))
    if contract not in get_args(Contract):
        raise Refused(
            Code.BAD_USER_INPUT, f"Give one of these contracts: {', '.join(get_args(Contract))}.", ("contract",)
        )
    if not 0 <= commission_hundredths <= COMMISSION_HUNDREDTHS_MAX:
        raise Refused(Code.BAD_USER_INPUT, "Give a commission of 0 to 90 percent of the total.", ("commission",))
    if beneficiary_name is not None and not 1 <= len(beneficiary_name.strip()) <= NAME_LENGTH_MAX:
        raise Refused(
            Code.BAD_USER_INPUT, f"Give a beneficiary of 1 to {NAME_LENGTH_MAX} characters.", ("beneficiary",)
        )


async def _shared_portfolio(statements: Statements, named: str, account_id: UUID) -> Portfolio:
    """Return the portfolio by its identifier or id, among those shared with all accounts."""
    shared = await catalogue.portfolios(statements, account_id, PageRequest(PORTFOLIOS_NAMED_MAX))
    for portfolio in shared:
        if named in {portfolio.identifier, str(portfolio.id), portfolio.id.hex}:
            return portfolio
    known = ", ".join(portfolio.identifier for portfolio in shared) or "none"
    raise Refused(
        Code.NOT_FOUND, f"There is no shared portfolio {named!r}. Give one of these: {known}.", ("portfolio",)
    )


async def _refuse_unpriced(statements: Statements, portfolio: Portfolio, currency: str) -> None:
    bundle_ids = {weight.bundle_id for weight in await catalogue.weights_of(statements, [portfolio.id])}
    priced = {price.bundle_id for price in await catalogue.prices_of(statements, bundle_ids, currency)}
    if priced != bundle_ids:
        message = f"The portfolio {portfolio.identifier!r} has bundles without a price in {currency}."
        raise Refused(Code.CURRENCY_UNAVAILABLE, message, ("currency",))
