"""A step that verbs share: creation of certificates for complete orders from the database.

The facts, number and token are stored in the transaction that makes the order complete, and never change.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from service.domain.accounts import Account, payer_of
from service.domain.catalogue import CreditBatch, Project
from service.domain.certificate import (
    Certificate,
    Interval,
    IssuedCertificate,
    RetiredBatch,
    batch_details,
    certificate_number,
    issued,
    retired_batch,
    seller_facts,
)
from service.domain.order import Order
from service.domain.retirement import Retirement
from service.storage import accounts, batches, catalogue, retirements, sellers
from service.storage.database import Statements

TOKEN_BYTES = 32


async def state_certificates(
    statements: Statements, account_id: UUID, complete: Sequence[Order], *, now: datetime
) -> list[IssuedCertificate]:
    """Return the certificates of the account's orders. All of their retirements must be stored."""
    if not complete:
        return []
    account = await accounts.account(statements, account_id)
    assert account is not None  # noqa: S101 - an order's account is a foreign key
    payer_id = payer_of(account)
    seller = await sellers.seller_of(statements, (await sellers.details_of(statements, [payer_id]))[payer_id])
    retired: dict[UUID, list[Retirement]] = defaultdict(list)
    for each in await retirements.of_orders(statements, account_id, [order.id for order in complete]):
        retired[each.order_id].append(each)
    batch_ids = {each.batch_id for rows in retired.values() for each in rows}
    found = await batches.of_ids(statements, account.mode, batch_ids)
    projects = await catalogue.projects_of_ids(statements, {batch.project_id for batch in found.values()})
    stated = []
    for order in complete:
        recipient, beneficiary = certificate_names(order, account)
        certificate = Certificate(
            number=certificate_number(order.id),
            token=secrets.token_urlsafe(TOKEN_BYTES),
            mode=account.mode,
            seller=seller_facts(seller),
            recipient=recipient,
            beneficiary=beneficiary,
            order_id=order.id,
            order_number=order.number,
            retired_at=max(each.retired_at for each in retired[order.id]),
            issued_at=now,
            batches=_retired_batches(retired[order.id], found, projects),
        )
        stated.append(issued(account_id, certificate))
    return stated


def certificate_names(order: Order, account: Account) -> tuple[str, str]:
    """Return the recipient and the beneficiary of the certificate; each is the account's company unless the order names
    another.
    """
    own = account.beneficiary_name or account.name
    told = order.beneficiary or {}
    return told.get("recipient", {}).get("name", own), told.get("retirement", {}).get("name", own)


def _retired_batches(
    retired: Iterable[Retirement], found: dict[UUID, CreditBatch], projects: dict[UUID, Project]
) -> tuple[RetiredBatch, ...]:
    """Return one entry for each batch, in the order of the lines; parts of a batch in several lines are merged."""
    intervals: dict[UUID, list[Interval]] = defaultdict(list)
    for each in retired:
        intervals[each.batch_id].append(Interval(each.start_g, each.end_g))
    stated = []
    for batch_id, taken in intervals.items():
        batch = found[batch_id]
        project = projects[batch.project_id]
        stated.append(
            retired_batch(
                batch,
                taken,
                project_name=project.name,
                country=project.country,
                registry=project.registry_name,
                details=batch_details(project, batch),
            )
        )
    return tuple(stated)
