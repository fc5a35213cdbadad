"""Issue certificates: each complete order gets one, whose facts and page are written once and never change.

The order's completion has left a row to fill, so work that was interrupted is done by the next run. No lock: the row is
filled by one conditional update, and a second result is discarded. Promise: P8.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from service.domain.accounts import Account
from service.domain.catalogue import CreditBatch, Project
from service.domain.certificate import (
    Certificate,
    Interval,
    RetiredBatch,
    certificate_number,
    issued,
    retired_batch,
)
from service.domain.certificate_pdf import certificate_pdf
from service.domain.order import Order
from service.domain.retirement import Retirement
from service.domain.worker_failures import ItemKey, WorkerStep
from service.operations.resources import Resources
from service.operations.steps.isolate import do_item, failed_before, forget
from service.storage import accounts, batches, catalogue, certificates, orders, retirements
from service.storage.database import Statements

CERTIFICATES_AT_ONCE = 20
STEP = WorkerStep.ISSUE_CERTIFICATES
TOKEN_BYTES = 32


def certificate_address(public_address: str, token: str) -> str:
    """Return the address of the public page of a certificate; with `.pdf` behind it, the page to print."""
    return f"{public_address}/certificates/{token}"


async def issue_certificates(resources: Resources, *, public_address: str) -> int:
    """Issue the certificates of a page of complete orders. Return the number issued; those that failed are not
    counted.
    """
    before, now = await failed_before(resources, STEP), resources.clock()
    due = await certificates.due(resources.database.reader, CERTIFICATES_AT_ONCE, now=now)
    keys = [ItemKey(each.account_id, each.order_id) for each in due]

    async def issue(key: ItemKey) -> int:
        return await issue_certificate(resources, key.account_id, key.item_id, public_address=public_address)

    issued_now = sum([await do_item(resources, STEP, key, partial(issue, key)) for key in keys])
    await forget(resources, STEP, before, keys, all_due_at=now if len(keys) < CERTIFICATES_AT_ONCE else None)
    return issued_now


async def issue_certificate(resources: Resources, account_id: UUID, order_id: UUID, *, public_address: str) -> bool:
    """Issue the certificate of the complete order; return False if it had one before."""
    if await certificates.of_orders(resources.database.reader, account_id, [order_id]):
        return False
    certificate = await _state(resources, account_id, order_id)
    address = certificate_address(public_address, certificate.token)
    # Drawing takes longer than all the rest: in a thread, and before the transaction.
    pdf = await asyncio.to_thread(certificate_pdf, certificate, address)

    async def work(statements: Statements) -> bool:
        return await certificates.issue(statements, issued(account_id, certificate), pdf)

    return await resources.transact(work)


async def _state(resources: Resources, account_id: UUID, order_id: UUID) -> Certificate:
    """Return the order's certificate, from the present state of the database."""
    reader = resources.database.reader
    order = (await orders.of_ids(reader, account_id, [order_id]))[order_id]
    account = await accounts.account(reader, account_id)
    assert account is not None  # noqa: S101 - an order's account is a foreign key
    retired = await retirements.of_orders(reader, account_id, [order_id])
    found = await batches.of_ids(reader, account.mode, {each.batch_id for each in retired})
    projects = await catalogue.projects_of_ids(reader, {batch.project_id for batch in found.values()})
    recipient, beneficiary = _names(order, account)
    return Certificate(
        number=certificate_number(order_id),
        token=secrets.token_urlsafe(TOKEN_BYTES),
        mode=account.mode,
        recipient=recipient,
        beneficiary=beneficiary,
        order_id=order_id,
        order_number=order.number,
        retired_at=max(each.retired_at for each in retired),
        issued_at=resources.clock(),
        batches=_retired_batches(retired, found, projects),
    )


def _names(order: Order, account: Account) -> tuple[str, str]:
    """Return the recipient and the beneficiary of the certificate: the account's company unless named."""
    own = account.beneficiary_name or account.name
    told = order.beneficiary or {}
    return told.get("recipient", {}).get("name", own), told.get("retirement", {}).get("name", own)


def _retired_batches(
    retired: Sequence[Retirement], found: dict[UUID, CreditBatch], projects: dict[UUID, Project]
) -> tuple[RetiredBatch, ...]:
    """Return one entry for each batch, in the order of the lines; parts of a batch in several lines are merged."""
    intervals: dict[UUID, list[Interval]] = defaultdict(list)
    for each in retired:
        intervals[each.batch_id].append(Interval(each.start_g, each.end_g))
    stated = []
    for batch_id, taken in intervals.items():
        project = projects[found[batch_id].project_id]
        words = {"project_name": project.name, "country": project.country, "registry": project.registry_name}
        stated.append(retired_batch(found[batch_id], taken, **words))
    return tuple(stated)
