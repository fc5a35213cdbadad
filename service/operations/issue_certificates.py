"""Draw certificates, and issue those of orders that earlier releases completed. Each is written once and never changes.

An order that is completed now has the facts of its certificate at once; its PDF is drawn here, or earlier by the first
request. Work that was interrupted is done by the next run. No lock: facts and PDF are each stored by one conditional
update, and a second result is discarded. Promise: P8.
"""

import asyncio
from functools import partial
from uuid import UUID

from service.domain.certificate import IssuedCertificate
from service.domain.worker_failures import ItemKey, WorkerStep
from service.operations.resources import Resources
from service.operations.steps.draw_certificate import draw_certificate
from service.operations.steps.isolate import do_item, failed_before, forget
from service.operations.steps.state_certificates import state_certificates
from service.storage import certificates, orders
from service.storage.database import Statements

CERTIFICATES_AT_ONCE = 20
STEP = WorkerStep.ISSUE_CERTIFICATES


async def issue_certificates(resources: Resources, *, public_address: str) -> int:
    """Draw a page of certificates. Return the number drawn; those that failed are not counted."""
    before, now = await failed_before(resources, STEP), resources.clock()
    due = await certificates.due(resources.database.reader, CERTIFICATES_AT_ONCE, now=now)
    keys = [ItemKey(each.account_id, each.order_id) for each in due]

    async def issue(key: ItemKey) -> int:
        return await issue_certificate(resources, key.account_id, key.item_id, public_address=public_address)

    # Together, because they are drawn by as many processes as there are processors.
    drawn = sum(await asyncio.gather(*(do_item(resources, STEP, key, partial(issue, key)) for key in keys)))
    await forget(resources, STEP, before, keys, all_due_at=now if len(keys) < CERTIFICATES_AT_ONCE else None)
    return drawn


async def issue_certificate(resources: Resources, account_id: UUID, order_id: UUID, *, public_address: str) -> bool:
    """Draw the certificate of the complete order, and state its facts if nobody has; return False if it was drawn
    before, or meanwhile.
    """
    if await certificates.pdf_of_order(resources.database.reader, account_id, order_id) is not None:
        return False
    found = await certificates.of_orders(resources.database.reader, account_id, [order_id])
    certificate = found.get(order_id) or await _state(resources, account_id, order_id)
    return await draw_certificate(resources, certificate, public_address=public_address)


async def _state(resources: Resources, account_id: UUID, order_id: UUID) -> IssuedCertificate:
    """Store the facts of the order's certificate, from the present state of the database, and return it."""

    async def work(statements: Statements) -> IssuedCertificate:
        order = (await orders.of_ids(statements, account_id, [order_id]))[order_id]
        (stated,) = await state_certificates(statements, account_id, [order], now=resources.clock())
        await certificates.issue(statements, stated)
        return (await certificates.of_orders(statements, account_id, [order_id]))[order_id]

    return await resources.transact(work)
