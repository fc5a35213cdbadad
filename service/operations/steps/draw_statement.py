"""A step that verbs share: the retirement statement of an account and a year, drawn each time from certificates."""

import json
from dataclasses import asdict
from datetime import UTC, timedelta
from uuid import UUID

from service.documents.retirement_statement import TEMPLATE, retirement_statement_csv, retirement_statement_document
from service.domain.accounts import Account, payer_of
from service.domain.order import Order
from service.domain.parties import BillingDetails
from service.domain.retirement_statement import RetiredOrder, RetirementStatement, Year
from service.operations.resources import Resources
from service.storage import certificates, orders, retirements, sellers

ORDERS_A_STATEMENT = 5_000
"""Number of orders that one SQL statement reads."""
LATE = timedelta(days=366)
"""Time after the year in which the retirement of an order of the year is listed."""
ISSUED_WITHIN = timedelta(days=31)
"""Time from the retirement of an order within which releases before issued its certificate."""


async def statement_file(resources: Resources, account: Account, year: int, *, as_csv: bool) -> bytes:
    """Return the account's statement of the year as PDF, or as CSV. The caller has checked the year, or the link."""
    reader, period = resources.database.reader, Year(year)
    statement = await _statement(resources, account.id, period)
    if as_csv:
        return retirement_statement_csv(statement)
    payer_id = payer_of(account)
    details = (await sellers.details_of(reader, [payer_id]))[payer_id]
    seller = await sellers.seller_of(reader, details)
    # The day, because the same document has the same bytes.
    today = resources.clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    document = retirement_statement_document(
        statement,
        mode=account.mode,
        seller=asdict(seller),
        account=asdict(_named(account, details)),
        beneficiary=account.beneficiary_name or account.name,
        as_of=min(today, period.end),
    )
    return await resources.drawer.draw(TEMPLATE, document)


def _named(account: Account, details: BillingDetails) -> BillingDetails:
    """Return the account as the statement names it: a payer by its billing details, a client account by its name."""
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
    retired = [RetiredOrder(json.loads(each.facts), placed[each.order_id].created_at) for each in found]
    pending_g = await retirements.unretired_g(reader, account_id, year.start, year.end)
    return RetirementStatement.of(year, retired, pending_g)
