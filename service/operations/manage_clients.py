"""Client accounts: create one under an account, change one, list them.

A client account has orders, estimates and keys of its own; its balance and invoices are its parent's, as are its mode,
contract, commission and organisation. Locks: the parent's head. Promises: P21, P24.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from service.domain.accounts import Account, Caller, Head, Visibility, refuse_if_suspended
from service.domain.api_keys import Scope
from service.domain.catalogue import Portfolio, Weight
from service.domain.currencies import circulating_currency_of, currency_of
from service.domain.events import EventType
from service.domain.supply import differing, reused
from service.errors import Code, Refused, at
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.operations.steps.bundle_checks import refuse_unpriced
from service.operations.steps.printed_names import (
    ACCOUNT_MEMBERS,
    refuse_unshown,
    refuse_unshown_changes,
    unshown_among,
)
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import catalogue, clients, supply, webhooks
from service.storage.database import Statements

CHANGEABLE = frozenset({"name", "handle", "beneficiary_name", "external_pages_visibility", "may_use_balance"})
UNSTATED = frozenset(
    {
        *("id", "created_at", "suspended_at", "parent_suspended", "portfolio_id", "commission_hundredths"),
        "logo_sha256",
    }
)
"""Members of a client account that its creation does not set, or that other requests may have changed since."""


async def create_client(
    resources: Resources,
    caller: Caller,
    *,
    name: str,
    currency: str,
    handle: str | None = None,
    beneficiary_name: str | None = None,
    external_pages_visibility: Visibility = Visibility.PUBLIC,
    may_use_balance: bool | None = None,
    old_currencies: Collection[str] = (),
) -> Account:
    """Create a client account under the caller's account. It buys as its parent does, until it sets its own portfolio.

    The handle is unique among the parent's clients: a repetition with it returns the existing account, and refuses
    `IDEMPOTENCY_KEY_REUSED` if another fact differs; without a handle each call creates another account.
    `may_use_balance` lets the client's own keys pay from the parent's balance. None, for contracts without this member,
    creates it with False and is not compared in a repetition. `old_currencies` are accepted although they no longer
    circulate. Refuses `FORBIDDEN` to a client account, `BAD_USER_INPUT` for any other currency that does not circulate
    and for a name that no font shows, and `CURRENCY_UNAVAILABLE` where the parent's portfolio has no full price in the
    currency.
    """
    caller.require_one_of(Scope.ORDERS_WRITE, Scope.ACCOUNT_MANAGE)
    if caller.account.parent_account_id is not None:
        raise Refused(Code.FORBIDDEN, "A client account has no client accounts of its own.")
    at(["currency"], lambda: currency_of(currency))
    unshown = await unshown_among([name, beneficiary_name])
    client_id, own_portfolio_id, now = resources.new_id(), resources.new_id(), resources.clock()

    async def work(statements: Statements, head: Head) -> Done[Account]:
        refuse_if_suspended(head.account)
        wanted = replace(
            head.account,
            id=client_id,
            parent_account_id=head.account.id,
            name=name,
            currency=currency,
            handle=handle,
            beneficiary_name=beneficiary_name,
            external_pages_visibility=external_pages_visibility,
            may_use_balance=bool(may_use_balance),
            hold_percent_max=None,
            open_holds_max=None,
            logo_sha256=None,
            created_at=now,
        )
        existing = await clients.by_handle(statements, head.account.id, handle)
        existing = existing or await clients.find(statements, head.account.id, client_id)
        if existing is not None:
            unstated = UNSTATED if may_use_balance is not None else UNSTATED | {"may_use_balance"}
            if names := differing(existing, wanted, unstated):
                raise reused("client account", names, "handle")
            return Done(existing, None, {})
        for attribute, member in ACCOUNT_MEMBERS.items():
            refuse_unshown(unshown, getattr(wanted, attribute), member)
        if currency not in old_currencies:
            circulating_currency_of(currency, "currency")
        weights = await catalogue.weights_of(statements, [wanted.portfolio_id])
        await refuse_unpriced(statements, {weight.bundle_id for weight in weights}, currency, "currency")
        if wanted.portfolio_id not in await catalogue.portfolios_of_ids(statements, client_id, [wanted.portfolio_id]):
            # The parent's own portfolio, which the parent may change for itself, so the client gets a copy.
            selection = tuple(Weight(weight.bundle_id, weight.hundredths) for weight in weights)
            copied_id, _ = await supply.give_own_portfolio(
                statements, wanted, selection, new_id=own_portfolio_id, now=now
            )
            wanted = replace(wanted, portfolio_id=copied_id)
        await clients.add(statements, wanted)
        await webhooks.follow_client(statements, head.account.id, wanted.id)
        return Done(wanted, EventType.ACCOUNT_CREATED, {"client_account_id": str(wanted.id), "name": wanted.name})

    return await transact_with_event(resources, caller, work)


async def update_client(resources: Resources, caller: Caller, client_id: UUID, changes: Mapping[str, Any]) -> Account:
    """Change facts of the client account, each of `CHANGEABLE`; the others stay, and repeating it changes nothing.
    Refuses `NOT_FOUND`, `BAD_USER_INPUT` for a new name that no font shows, and `IDEMPOTENCY_KEY_REUSED` for a
    handle that another client of the parent has.
    """
    caller.require_one_of(Scope.ORDERS_WRITE, Scope.ACCOUNT_MANAGE)
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"of a client account nobody changes {sorted(unknown)}")
    unshown = await unshown_among(changes.get(name) for name in ACCOUNT_MEMBERS)

    async def work(statements: Statements, head: Head) -> Done[Account]:
        refuse_if_suspended(head.account)
        existing = await clients.find(statements, caller.account.id, client_id)
        if existing is None:
            raise Refused(Code.NOT_FOUND, "There is no such client account.", ("id",))
        changed = replace(existing, **changes)
        if changed == existing:
            return Done(existing, None, {})
        refuse_unshown_changes(unshown, existing, changed, ACCOUNT_MEMBERS)
        namesake = await clients.by_handle(statements, caller.account.id, changed.handle)
        if namesake is not None and namesake.id != client_id:
            raise reused("client account", ["id"], "handle")
        await clients.change(statements, changed, sorted(CHANGEABLE))
        return Done(
            changed, EventType.ACCOUNT_UPDATED, {"client_account_id": str(client_id), "changed": sorted(changes)}
        )

    return await transact_with_event(resources, caller, work)


async def list_clients(
    resources: Resources, caller: Caller, request: PageRequest, *, name_contains: str | None = None
) -> Slice[Account]:
    """Return one page of the caller's client accounts, oldest first."""
    caller.require(Scope.ORDERS_READ)
    rows = await clients.page(resources.database.reader, caller.account.id, request, name_contains=name_contains)
    return slice_of(rows, request)


async def count_clients(resources: Resources, caller: Caller, *, name_contains: str | None = None) -> int:
    """Return the exact number of the caller's client accounts."""
    caller.require(Scope.ORDERS_READ)
    return await clients.count(resources.database.reader, caller.account.id, name_contains=name_contains)


async def accounts_of_ids(resources: Resources, caller: Caller, ids: Collection[UUID]) -> dict[UUID, Account]:
    """Return the accounts with these ids, by id; only the caller's own and its clients'."""
    return await clients.family(resources.database.reader, caller.account.id, ids)


async def portfolios_of_accounts(
    resources: Resources, caller: Caller, accounts: Collection[Account]
) -> dict[UUID, Portfolio]:
    """Return the portfolios of accounts that the caller may see, including portfolios of client accounts."""
    caller.require(Scope.CATALOGUE_READ)
    return await clients.portfolios(resources.database.reader, accounts)
