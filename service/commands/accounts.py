"""The commands for accounts and keys: read arguments, run one operation, show its answer; decide nothing."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service.commands import output
from service.commands.runtime import pepper_of, run, settings_given
from service.domain.accounts import Account, Contract
from service.domain.amounts import parse_decimal
from service.domain.api_keys import Scope
from service.errors import Code, Refused
from service.operations import manage_accounts, manage_keys
from service.operations.resources import Resources
from service.operations.steps.issue_key import CUSTOMER_SCOPES
from service.operations.update_account import update_account


def create_account(
    *,
    name: str,
    contract: Contract,
    currency: str,
    portfolio: str,
    commission: str,
    beneficiary: str | None,
    as_json: bool,
) -> None:
    """Create a live account and its test account, and show both."""
    pair = run(
        settings_given(),
        lambda resources: manage_accounts.create_account(
            resources,
            name=name,
            contract=contract,
            currency=currency,
            portfolio=portfolio,
            commission_hundredths=_hundredths(commission),
            beneficiary_name=beneficiary,
        ),
    )
    output.show_accounts([pair.live, pair.test], as_json=as_json)


def list_accounts(*, as_json: bool) -> None:
    """Show every account."""
    output.show_accounts(run(settings_given(), manage_accounts.list_accounts), as_json=as_json)


def change_account(
    account_id: UUID,
    *,
    name: str | None,
    currency: str | None,
    commission: str | None,
    beneficiary: str | None,
    as_json: bool,
) -> None:
    """Change the facts of the account that are given, and show it."""
    given = {"name": name, "currency": currency, "beneficiary_name": beneficiary}
    changes: dict[str, Any] = {fact: value for fact, value in given.items() if value is not None}

    async def work(resources: Resources) -> Account:
        if commission is not None:
            changes["commission_hundredths"] = _hundredths(commission)
        return await update_account(resources, None, account_id, changes)

    account = run(settings_given(), work)
    output.show_accounts([account], as_json=as_json)


def suspend_account(account_id: UUID, *, as_json: bool) -> None:
    """Suspend the account and show it."""
    account = run(settings_given(), lambda resources: manage_accounts.suspend_account(resources, account_id))
    output.show_accounts([account], as_json=as_json)


def reinstate_account(account_id: UUID, *, as_json: bool) -> None:
    """Reinstate the account and show it."""
    account = run(settings_given(), lambda resources: manage_accounts.reinstate_account(resources, account_id))
    output.show_accounts([account], as_json=as_json)


def create_key(
    account_id: UUID, *, name: str, scopes: Collection[Scope] | None, expires: str | None, as_json: bool
) -> None:
    """Create a key and show it, once."""
    settings = settings_given()
    key_pepper = pepper_of(settings)
    generated = run(
        settings,
        lambda resources: manage_keys.create_key(
            resources, account_id, name, scopes or CUSTOMER_SCOPES, _instant(expires), pepper=key_pepper
        ),
    )
    if as_json:
        output.show_json({"id": generated.key_id, "key": generated.text})
    else:
        output.show(generated.text)


def list_keys(account_id: UUID, *, as_json: bool) -> None:
    """Show the account's keys, without their secret parts."""
    keys = run(settings_given(), lambda resources: manage_keys.list_keys(resources, account_id))
    output.show_keys(keys, as_json=as_json)


def revoke_key(key_id: str) -> None:
    """Revoke the key."""
    run(settings_given(), lambda resources: manage_keys.revoke_key(resources, key_id))


def _hundredths(percent: str) -> int:
    hundredths = parse_decimal(percent) * 100
    if hundredths.denominator != 1:
        raise Refused(
            Code.BAD_USER_INPUT,
            "Give the commission as a percentage with at most two decimals, such as 7.5.",
            ("commission",),
        )
    return hundredths.numerator


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        message = "Give the expiry as a date, such as 2027-12-31, or as a time with an offset."
        raise Refused(Code.BAD_USER_INPUT, message, ("expires",)) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
