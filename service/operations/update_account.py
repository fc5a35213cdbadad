"""Change facts of an account: its name, currency, commission and beneficiary. Used by operators, and by the command
line without a caller.

Locks: the account's head.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog

from service.domain.accounts import COMMISSION_HUNDREDTHS_MAX, Account, Caller
from service.domain.api_keys import Scope
from service.domain.currencies import circulating_currency_of
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.bundle_checks import refuse_unpriced
from service.operations.steps.printed_names import ACCOUNT_MEMBERS, refuse_unshown_changes, unshown_among
from service.operations.steps.record_event import record_update
from service.storage import accounts, catalogue, clients
from service.storage.database import Statements

log = structlog.get_logger(__name__)

CHANGEABLE = frozenset({"name", "currency", "commission_hundredths", "beneficiary_name"})


async def update_account(
    resources: Resources, caller: Caller | None, account_id: UUID, changes: Mapping[str, Any]
) -> Account:
    """Change facts of the account, named as in `CHANGEABLE`; the others stay, and repeating it changes nothing.
    Existing orders, certificates and invoices do not change, nor do client accounts.

    Refuses `NOT_FOUND`, `BAD_USER_INPUT` for a value out of bounds, a new name that no font shows or a currency that
    does not circulate, `CURRENCY_UNAVAILABLE` if a bundle of the account's portfolio has no price in the currency, and
    `FORBIDDEN` to a caller who is no operator.
    """
    if caller is not None:
        caller.require(Scope.OPERATOR)
    if unknown := set(changes) - CHANGEABLE:
        raise ValueError(f"of an account nobody changes {sorted(unknown)}")
    _refuse_bad_facts(changes)
    unshown = await unshown_among(changes.get(name) for name in ACCOUNT_MEMBERS)

    async def work(statements: Statements) -> tuple[Account, list[str]]:
        heads = await accounts.lock_heads(statements, [account_id])
        if account_id not in heads:
            raise Refused(Code.NOT_FOUND, "There is no such account.", ("account_id",))
        account = heads[account_id].account
        changed = replace(account, **changes)
        names = [name for name in sorted(changes) if getattr(changed, name) != getattr(account, name)]
        if not names:
            return account, names
        refuse_unshown_changes(unshown, account, changed, ACCOUNT_MEMBERS)
        if "currency" in names:
            circulating_currency_of(changed.currency, "currency")
            weights = await catalogue.weights_of(statements, [account.portfolio_id])
            await refuse_unpriced(statements, {weight.bundle_id for weight in weights}, changed.currency, "currency")
        await clients.change(statements, changed, names)
        await record_update(resources, statements, caller, heads[account_id], names)
        return changed, names

    account, changed = await resources.transact(work)
    if changed:
        log.info("account_updated", account_id=str(account_id), changed=changed)
    return account


def _refuse_bad_facts(changes: Mapping[str, Any]) -> None:
    if "name" in changes and not (changes["name"] or "").strip():
        raise Refused(Code.BAD_USER_INPUT, f"Give the account a name of 1 to {NAME_LENGTH_MAX} characters.", ("name",))
    if "name" in changes:
        kept_text(changes["name"], NAME_LENGTH_MAX, "name")
    if changes.get("beneficiary_name") is not None:
        kept_text(changes["beneficiary_name"], NAME_LENGTH_MAX, "beneficiary")
    if not 0 <= changes.get("commission_hundredths", 0) <= COMMISSION_HUNDREDTHS_MAX:
        raise Refused(Code.BAD_USER_INPUT, "Give a commission of 0 to 90 percent of the total.", ("commission",))
