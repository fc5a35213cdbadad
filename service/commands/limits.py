"""`carbon-orders account limit`: set and show the maximum debt and holds of an account and its client accounts."""

from uuid import UUID

from service.commands import output
from service.commands.runtime import run, settings_given
from service.domain.amounts import minor_units_of, money_text
from service.errors import Code, Refused
from service.kit.global_ids import write_global_id
from service.operations.resources import Resources
from service.operations.set_limits import PayerLimits, read_limits, set_limits

NO_LIMIT, SERVICES_OWN = "none", "default"


def limit_account(
    account_id: UUID,
    *,
    credit: str | None,
    currency: str | None,
    hold_percent: str | None,
    open_holds: str | None,
    as_json: bool,
) -> None:
    """Set the limits that are given, and show all of them."""
    given = {"hold_percent_max": hold_percent, "open_holds_max": open_holds}

    async def work(resources: Resources) -> PayerLimits:
        holds = {name: _number(text, name) for name, text in given.items() if text is not None}
        found = await read_limits(resources, account_id)
        if credit is None and not holds:
            return found
        unit = currency or found.account.currency
        wanted = None if credit is None else (unit, None if credit == NO_LIMIT else minor_units_of(credit, unit))
        return await set_limits(resources, account_id, credit=wanted, holds=holds)

    _show(run(settings_given(), work), as_json=as_json)


def _number(text: str, name: str) -> int | None:
    if text == SERVICES_OWN:
        return None
    if not (text.isascii() and text.isdigit()):
        raise _fault(name)
    return int(text)


def _fault(name: str) -> Refused:
    return Refused(
        Code.BAD_USER_INPUT, f"Give a whole number, or {SERVICES_OWN} for the limit of the service.", (name,)
    )


def _show(limits: PayerLimits, *, as_json: bool) -> None:
    account = limits.account
    credit = [
        {
            "currency": currency,
            "credit_limit": _text(funds.credit_limit_minor, currency),
            "owed": money_text(funds.owed_minor, currency),
        }
        for currency, funds in sorted(limits.funds.items())
    ]
    if as_json:
        output.show_json(
            {
                "id": str(account.id),
                "globalId": write_global_id("Account", account.id),
                "credit": credit,
                "hold_percent": account.hold_percent_max,
                "open_holds": account.open_holds_max,
            }
        )
        return
    rows = [(f"credit {each['currency']}", each["credit_limit"] or NO_LIMIT, str(each["owed"])) for each in credit]
    for name, value in (("hold percent", account.hold_percent_max), ("open holds", account.open_holds_max)):
        rows.append((name, SERVICES_OWN if value is None else str(value), ""))
    output.show_table(("limit", "value", "owed"), rows)


def _text(minor_units: int | None, currency: str) -> str | None:
    return None if minor_units is None else money_text(minor_units, currency)
