"""A step that verbs share: the retirement statement of an account and a year, drawn each time from certificates."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

from service.documents.retirement_statement import TEMPLATE, retirement_statement_csv, retirement_statement_document
from service.domain.accounts import Account, payer_of
from service.domain.certificate import Interval
from service.domain.order import Order
from service.domain.parties import BillingDetails
from service.domain.registry_evidence import recorded_masses, retired_in
from service.domain.retirement_statement import RetiredOrder, RetirementStatement, Year
from service.operations.resources import Resources
from service.operations.steps.seller_logo import seller_logo
from service.storage import certificates, orders, registry_retirements, retirements, sellers

ORDERS_A_STATEMENT = 5_000
"""Number of orders that one SQL statement reads."""
LATE = timedelta(days=366)
"""Time after the year during which a late retirement of an order of the year is still listed."""
ISSUED_WITHIN = timedelta(days=31)
"""Time after an order's retirement within which earlier releases issued its certificate."""


async def statement_file(resources: Resources, account: Account, year: int, *, as_csv: bool) -> bytes:
    """Return the account's statement of the year as PDF, or as CSV. The year, or the link, must have been checked
    before.
    """
    reader, period = resources.database.reader, Year(year)
    statement = await _statement(resources, account.id, period)
    if as_csv:
        return retirement_statement_csv(statement)
    payer_id = payer_of(account)
    details = (await sellers.details_of(reader, [payer_id]))[payer_id]
    seller = await sellers.seller_of(reader, details)
    # The date without the time, so that the same document has the same bytes all day.
    today = resources.clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    document = retirement_statement_document(
        statement,
        mode=account.mode,
        seller=asdict(seller),
        account=asdict(_named(account, details)),
        beneficiary=account.beneficiary_name or account.name,
        as_of=min(today, period.end),
        logo=await seller_logo(reader, seller.logo_sha256),
    )
    return await resources.drawer.draw(TEMPLATE, document)


def _named(account: Account, details: BillingDetails) -> BillingDetails:
    """Return the account as the statement names it: a payer by its legal name if it has one, others by their
    account's name.
    """
    if details.account_id != account.id:
        return BillingDetails(account_id=account.id, legal_name=account.name)
    return BillingDetails(**{**asdict(details), "legal_name": details.legal_name or account.name})


async def _statement(resources: Resources, account_id: UUID, year: Year) -> RetirementStatement:
    reader = resources.database.reader
    found = await certificates.issued_between(reader, account_id, year.start, year.end + LATE + ISSUED_WITHIN)
    placed: dict[UUID, Order] = {}
    for start in range(0, len(found), ORDERS_A_STATEMENT):
        ids = [each.order_id for each in found[start : start + ORDERS_A_STATEMENT]]
        placed |= await orders.of_ids(reader, account_id, ids)
    facts = {each.order_id: json.loads(each.facts) for each in found}
    recorded = await _recorded_g(resources, facts)
    retired = [
        RetiredOrder(stated, placed[order_id].created_at, recorded[order_id]) for order_id, stated in facts.items()
    ]
    pending_g = await retirements.unretired_g(reader, account_id, year.start, year.end)
    return RetirementStatement.of(year, retired, pending_g)


async def _recorded_g(resources: Resources, facts: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, dict[str, int]]:
    """Return the mass of each order and batch, by the text of its id, that registry entries show as retired. `facts`
    are the facts of the orders' certificates.
    """
    retired = {order_id: retired_in(stated) for order_id, stated in facts.items()}
    parts: dict[UUID, list[Interval]] = defaultdict(list)
    for of_order in retired.values():
        for batch_id, intervals in of_order.items():
            parts[batch_id] += intervals
    entries = await registry_retirements.valid_of_batches(resources.database.reader, parts)
    masses = recorded_masses(retired, entries)
    return {
        order_id: {str(batch_id): mass_g for batch_id, mass_g in of_order.items()}
        for order_id, of_order in masses.items()
    }
