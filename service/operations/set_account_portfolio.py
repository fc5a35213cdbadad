"""Set an account's portfolio, which its orders buy when they name neither bundles nor a portfolio.

Locks: the account's head, then its portfolio. Promise: P24.
"""

from dataclasses import replace
from uuid import UUID

from service.domain.accounts import Account, Caller, Head, refuse_if_suspended
from service.domain.api_keys import Scope
from service.domain.catalogue import Selection
from service.domain.events import EventType
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.bundle_checks import refuse_unpriced, refuse_unsold
from service.operations.steps.record_event import Done, transact_with_event
from service.storage import catalogue, clients, supply
from service.storage.database import Statements


async def set_account_portfolio(resources: Resources, caller: Caller, wanted: UUID | Selection) -> Account:
    """Set the portfolio for the account's later orders: one that it may use, or weights of its own. Existing orders do
    not change; repeating it changes nothing.

    Refuses `NOT_FOUND`, `BUNDLE_UNAVAILABLE`, and `CURRENCY_UNAVAILABLE` unless all of it is priced in the account's
    currency.
    """
    caller.require_one_of(Scope.ORDERS_WRITE, Scope.ACCOUNT_MANAGE)
    place = "portfolio_id" if isinstance(wanted, UUID) else "selection"
    own_id = resources.new_id()

    async def work(statements: Statements, head: Head) -> Done[Account]:
        account = head.account
        refuse_if_suspended(account)
        if isinstance(wanted, UUID):
            if wanted not in await catalogue.portfolios_of_ids(statements, account.id, [wanted]):
                raise Refused(Code.NOT_FOUND, "There is no such portfolio.", (place,))
            portfolio_id, changed = wanted, False
            weights = await catalogue.weights_of(statements, [wanted])
            await refuse_unpriced(statements, {weight.bundle_id for weight in weights}, account.currency, place)
        else:
            await refuse_unsold(statements, wanted, place)
            await refuse_unpriced(statements, {weight.bundle_id for weight in wanted}, account.currency, place)
            portfolio_id, changed = await supply.give_own_portfolio(
                statements, account, wanted, new_id=own_id, now=resources.clock()
            )
        chosen = replace(account, portfolio_id=portfolio_id)
        if not changed and chosen == account:
            return Done(account, None, {})
        await clients.change(statements, chosen, ["portfolio_id"])
        return Done(chosen, EventType.ACCOUNT_PORTFOLIO_SET, {"portfolio_id": str(portfolio_id)})

    return await transact_with_event(resources, caller, work)
