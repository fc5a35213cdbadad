"""Set limits of a payer: the debt and the holds of an account and its client accounts. Called by operators, and by the
command line without a caller.

Locks: the account's head, then its balance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import structlog

from service.domain.accounts import Account, Caller
from service.domain.api_keys import Scope
from service.domain.catalogue import Mode
from service.domain.credit import PayerFunds
from service.domain.currencies import currency_of
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.record_event import record_update
from service.storage import accounts, balances, clients
from service.storage.database import Statements

BOUNDS = {"hold_percent_max": 100, "open_holds_max": 1_000_000}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PayerLimits:
    """The account with its limits on holds, and its money by currency, with the credit limits."""

    account: Account
    funds: Mapping[str, PayerFunds]


async def read_limits(resources: Resources, account_id: UUID) -> PayerLimits:
    """Return the account's limits, and its debt. Refuses `NOT_FOUND`."""
    account = await accounts.account(resources.database.reader, account_id)
    if account is None:
        raise Refused(Code.NOT_FOUND, "There is no such account.", ("account_id",))
    return PayerLimits(account, await balances.funds_of(resources.database.reader, account_id))


async def set_limits(
    resources: Resources,
    account_id: UUID,
    *,
    credit: tuple[str, int | None] | None = None,
    holds: Mapping[str, int | None] | None = None,
    caller: Caller | None = None,
) -> PayerLimits:
    """Set the credit limit in a currency, in minor units, and the limits on holds in `holds`, named as in `BOUNDS`;
    None removes a limit, or restores the service's. The debt is recomputed from the ledger. Existing orders and holds
    do not change.

    Refuses `NOT_FOUND`, and `BAD_USER_INPUT` for a value out of bounds, a client account, whose limits are its
    parent's, and a test account, which has none; `FORBIDDEN` to a caller who is no operator.
    """
    if caller is not None:
        caller.require(Scope.OPERATOR)
    changes: dict[str, Any] = dict(holds or {})
    _refuse_out_of_bounds(credit, changes)

    async def work(statements: Statements) -> PayerLimits:
        heads = await accounts.lock_heads(statements, [account_id])
        if account_id not in heads:
            raise Refused(Code.NOT_FOUND, "There is no such account.", ("account_id",))
        account = heads[account_id].account
        if account.parent_account_id is not None:
            raise Refused(
                Code.BAD_USER_INPUT,
                "A client account has the limits of its parent. Set the limits of the parent.",
                ("account_id",),
            )
        if account.mode is not Mode.LIVE:
            raise Refused(
                Code.BAD_USER_INPUT, "Limits apply to live accounts only, and this is a test account.", ("account_id",)
            )
        if changes:
            account = replace(account, **changes)
            await clients.change(statements, account, sorted(changes))
        if credit is not None:
            await balances.set_credit_limit(statements, account_id, *credit)
        if changed := [*changes, *(["credit_limit"] if credit is not None else [])]:
            await record_update(resources, statements, caller, heads[account_id], changed)
        return PayerLimits(account, await balances.funds_of(statements, account_id))

    limits = await resources.transact(work)
    told: dict[str, Any] = {**changes}
    if credit is not None:
        told |= {"currency": credit[0], "credit_limit_minor": credit[1]}
    log.info("account_limited", account_id=str(account_id), **told)
    return limits


def _refuse_out_of_bounds(credit: tuple[str, int | None] | None, changes: Mapping[str, int | None]) -> None:
    if credit is not None:
        currency, limit_minor = credit
        currency_of(currency)
        if limit_minor is not None and limit_minor < 0:
            raise Refused(Code.BAD_USER_INPUT, "Give a credit limit of 0 or more.", ("credit_limit",))
    for name, value in changes.items():
        bound = BOUNDS[name]
        if value is not None and not 0 <= value <= bound:
            raise Refused(Code.BAD_USER_INPUT, f"Give 0 to {bound}.", (name,))
