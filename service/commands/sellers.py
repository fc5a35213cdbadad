"""The commands for sellers and for payers' billing details and tax: run one operation, show its answer."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from service.commands import output
from service.commands.runtime import run, settings_given
from service.domain.amounts import parse_decimal
from service.domain.parties import PAYER_FACTS, Seller, TaxCategory, TaxProfile
from service.errors import Code, Refused
from service.kit.clock import system_clock
from service.operations import set_billing, set_seller
from service.operations.resources import Resources

_HIDDEN = ("id", "created_at")


def change_seller(
    identifier: str, given: Mapping[str, Any], *, logo: Path | None, remove_logo: bool, as_json: bool
) -> None:
    """Set the facts of the seller that are given, and show all of them; create the seller if there is none."""
    facts = _changes(given)
    if logo is not None and remove_logo:
        output.fail("Give either --logo or --remove-logo.", output.MISUSED)
    if logo is not None:
        facts["logo"] = logo.read_bytes()
    if remove_logo:
        facts["logo"] = None
    seller = run(settings_given(), lambda resources: set_seller.set_seller(resources, identifier, facts))
    _show_sellers([seller], as_json=as_json)


def show_sellers(*, as_json: bool) -> None:
    """Show every seller."""
    _show_sellers(run(settings_given(), set_seller.list_sellers), as_json=as_json)


def change_billing(account_id: UUID, given: Mapping[str, Any], seller: str | None, *, as_json: bool) -> None:
    """Set the billing details that are given, and show all of them."""
    changes = _changes(given)

    async def work(resources: Resources) -> set_billing.Billing:
        if changes or seller is not None:
            await set_billing.enter_billing_details(resources, account_id, changes, seller)
        return await set_billing.read_billing(resources, account_id)

    _show_billing(run(settings_given(), work), as_json=as_json)


def change_tax(
    account_id: UUID,
    *,
    category: TaxCategory | None,
    rate: str,
    reason: str | None,
    reason_code: str | None,
    valid_from: str | None,
    as_json: bool,
) -> None:
    """Set the tax of the account's invoices from a day on, by default today (UTC), and show all profiles."""

    async def work(resources: Resources) -> set_billing.Billing:
        if category is not None:
            profile = TaxProfile(
                account_id=account_id,
                valid_from=_day(valid_from),
                category=category,
                rate_hundredths=_hundredths(rate),
                reason=reason,
                reason_code=reason_code,
            )
            await set_billing.enter_tax_profile(resources, profile)
        return await set_billing.read_billing(resources, account_id)

    _show_billing(run(settings_given(), work), as_json=as_json)


def _changes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given; an empty text removes a fact."""
    return {name: None if value == "" else value for name, value in given.items() if value is not None}


def _hundredths(percent: str) -> int:
    hundredths = parse_decimal(percent) * 100
    if hundredths.denominator != 1:
        raise Refused(Code.BAD_USER_INPUT, "Give a percentage with at most two decimals, such as 7.7.", ("rate",))
    return hundredths.numerator


def _day(text: str | None) -> date:
    if text is None:
        return system_clock().date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(Code.BAD_USER_INPUT, "Give a day, such as 2027-01-01.", ("valid_from",)) from None


def _facts(seller: Seller) -> dict[str, Any]:
    return {name: value for name, value in asdict(seller).items() if name not in _HIDDEN}


def _show_sellers(sellers: list[Seller], *, as_json: bool) -> None:
    if as_json:
        output.show_json([_facts(seller) for seller in sellers])
        return
    for seller in sellers:
        output.show_table(("fact", "value"), _rows(_facts(seller)))


def _show_billing(billing: set_billing.Billing, *, as_json: bool) -> None:
    details = {name: value for name, value in asdict(billing.details).items() if name in PAYER_FACTS}
    profiles = [
        {
            "valid_from": profile.valid_from.isoformat(),
            "category": profile.category.value,
            "rate": f"{profile.rate_hundredths // 100}.{profile.rate_hundredths % 100:02}",
            "reason": profile.reason,
            "reason_code": profile.reason_code,
        }
        for profile in billing.profiles
    ]
    if as_json:
        account = {"id": str(billing.account.id), "seller": billing.seller.identifier}
        output.show_json({**account, **details, "tax_profiles": profiles})
        return
    output.show_table(("fact", "value"), _rows({"seller": billing.seller.identifier, **details}))
    rows = [[str(value or "") for value in profile.values()] for profile in profiles]
    output.show_table(("valid from", "category", "rate", "reason", "reason code"), rows)


def _rows(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), "" if value is None else str(value)) for name, value in facts.items()]
