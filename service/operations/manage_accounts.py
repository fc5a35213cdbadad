"""Manage accounts: create a pair of them, suspend one, reinstate it, list all. The operator's work, without callers."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args
from uuid import UUID

import structlog

from service.domain.accounts import COMMISSION_HUNDREDTHS_MAX, Account, Caller, Contract, Organisation
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode, Portfolio
from service.domain.currencies import circulating_currency_of
from service.domain.texts import NAME_LENGTH_MAX
from service.errors import Code, Refused
from service.kit.keyset import PageRequest
from service.operations.resources import Resources
from service.operations.steps.record_event import record_update
from service.storage import accounts, catalogue
from service.storage.database import Statements

PORTFOLIOS_NAMED_MAX = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AccountPair:
    """An organisation's two accounts, alike in everything but the mode."""

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
) -> AccountPair:
    """Create a live account of a new organisation and its test account, both without keys. `portfolio` is the
    identifier or the id of a portfolio shared by all; `commission_hundredths` is hundredths of a percent of an order's
    total.

    Refuses `BAD_USER_INPUT`, `NOT_FOUND` for the portfolio, `CURRENCY_UNAVAILABLE` where it is not fully priced.
    """
    _refuse_bad_terms(name, contract, commission_hundredths, beneficiary_name)
    circulating_currency_of(currency, "currency")
    now = resources.clock()
    organisation = Organisation(id=resources.new_id(), name=name.strip(), created_at=now)
    live_id, test_id = resources.new_id(), resources.new_id()

    async def work(statements: Statements) -> AccountPair:
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
        await accounts.add_organisation(statements, organisation, [pair.live, pair.test])
        return pair

    pair = await resources.transact(work)
    log.info("account_created", live_id=str(live_id), test_id=str(test_id), contract=contract, currency=currency)
    return pair


async def suspend_account(resources: Resources, account_id: UUID, caller: Caller | None = None) -> Account:
    """Suspend the account and its clients, which may then read but not change anything; one suspended before keeps its
    first time. Refuses `NOT_FOUND`, and `FORBIDDEN` to a caller who is no operator.
    """
    return await _set_suspended(resources, account_id, resources.clock(), caller)


async def reinstate_account(resources: Resources, account_id: UUID, caller: Caller | None = None) -> Account:
    """Reinstate the account: it may order again unless its parent is suspended, and so may its clients, but for those
    that are suspended on their own. One not suspended stays as it is. Refuses `NOT_FOUND`, and `FORBIDDEN` to a caller
    who is no operator.
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
        # Under the heads' locks, an order of the account or a client that is being placed is before the suspension or
        # after it, and never answered after it.
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
