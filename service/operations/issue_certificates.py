"""Draw the PDFs of certificates, and issue certificates for orders that earlier releases completed. Each is written
once and never changes.

The facts of a certificate are stored when its order is completed, those of a retirement certificate when registry
entries cover all credits. Their PDFs are drawn here, or by the first request for them. Interrupted work is done by the
next run. No lock: facts and PDF are each stored by one conditional update, and a second result is discarded. Promise:
P8.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from service.domain.certificate import IssuedCertificate
from service.domain.registry_evidence import RetirementCertificate
from service.domain.worker_failures import ItemKey, WorkerStep
from service.operations.resources import Resources
from service.operations.steps.draw_certificate import draw_certificate, draw_retirement_certificate
from service.operations.steps.isolate import do_item, failed_before, forget
from service.operations.steps.state_certificates import state_certificates
from service.storage import certificates, orders, registry_retirements
from service.storage.database import Statements

CERTIFICATES_AT_ONCE = 20
STEP = WorkerStep.ISSUE_CERTIFICATES


async def issue_certificates(resources: Resources, *, public_address: str) -> int:
    """Draw a page of certificates. Return the number drawn; those that failed are not counted."""
    before, now = await failed_before(resources, STEP), resources.clock()
    due = await certificates.due(resources.database.reader, CERTIFICATES_AT_ONCE, now=now)
    undrawn = await registry_retirements.undrawn(resources.database.reader, CERTIFICATES_AT_ONCE, now=now)

    async def issue(account_id: UUID, order_id: UUID) -> int:
        return await issue_certificate(resources, account_id, order_id, public_address=public_address)

    async def draw(certificate: RetirementCertificate) -> int:
        return await draw_retirement_certificate(resources, certificate, public_address=public_address)

    works: dict[ItemKey, Callable[[], Awaitable[int]]] = {}
    for each in due:
        works[ItemKey(each.account_id, each.order_id)] = partial(issue, each.account_id, each.order_id)
    for certificate in undrawn:
        works[ItemKey(certificate.account_id, certificate.order_id, certificate.version)] = partial(draw, certificate)
    # Concurrently, because the drawing is spread over one process for each processor.
    drawn = sum(await asyncio.gather(*(do_item(resources, STEP, key, work) for key, work in works.items())))
    is_all = max(len(due), len(undrawn)) < CERTIFICATES_AT_ONCE
    await forget(resources, STEP, before, list(works), all_due_at=now if is_all else None)
    return drawn


async def issue_certificate(resources: Resources, account_id: UUID, order_id: UUID, *, public_address: str) -> bool:
    """Draw the certificate of the complete order, and store its facts if they are missing; return False if it had been
    drawn already.
    """
    if await certificates.pdf_of_order(resources.database.reader, account_id, order_id) is not None:
        return False
    found = await certificates.of_orders(resources.database.reader, account_id, [order_id])
    certificate = found.get(order_id) or await _state(resources, account_id, order_id)
    return await draw_certificate(resources, certificate, public_address=public_address)


async def _state(resources: Resources, account_id: UUID, order_id: UUID) -> IssuedCertificate:
    """Store the facts of the order's certificate from the present state of the database, and return the certificate."""

    async def work(statements: Statements) -> IssuedCertificate:
        order = (await orders.of_ids(statements, account_id, [order_id]))[order_id]
        (stated,) = await state_certificates(statements, account_id, [order], now=resources.clock())
        await certificates.issue(statements, stated)
        return (await certificates.of_orders(statements, account_id, [order_id]))[order_id]

    return await resources.transact(work)
