"""Read certificates: an account reads those of its orders; anybody reads the one whose token is in a public address."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.certificate import IssuedCertificate
from service.domain.retirement import Retirement
from service.domain.vintages import VintageFault, vintage_fault
from service.kit.clock import utc_date
from service.operations.resources import Resources
from service.operations.steps.draw_certificate import pdf_of
from service.storage import certificates, retirements
from service.storage.database import Statements


async def certificates_of_ids(
    resources: Resources, caller: Caller, order_ids: Collection[UUID]
) -> dict[UUID, IssuedCertificate]:
    """Return the certificates of the orders with these ids, by id; only the caller's."""
    caller.require(Scope.ORDERS_READ)
    return await certificates.of_orders(resources.database.reader, caller.account.id, order_ids)


async def certificates_of_orders(
    resources: Resources, caller: Caller, order_ids: Sequence[UUID]
) -> list[IssuedCertificate | None]:
    """Return the certificate of each of the caller's orders; None for an order that is not complete."""
    caller.require(Scope.ORDERS_READ)
    found = await certificates.of_orders(resources.database.reader, caller.account.id, order_ids)
    return [found.get(order_id) for order_id in order_ids]


async def certificate_file(
    resources: Resources, caller: Caller, order_id: UUID, *, public_address: str, ascii_only: bool = False
) -> bytes | None:
    """Return the PDF of the caller's order, as it was first drawn; None before the order is complete. With `ascii_only`
    the file is re-encoded with ASCII bytes only.
    """
    (certificate,) = await certificates_of_orders(resources, caller, [order_id])
    if certificate is None:
        return None
    pdf = await pdf_of(resources, certificate, public_address=public_address)
    return await resources.drawer.in_ascii(pdf) if ascii_only else pdf


async def retirements_of_orders(
    resources: Resources, caller: Caller, order_ids: Sequence[UUID]
) -> list[tuple[Retirement, ...]]:
    """Return the retirements of each of the caller's orders so far, line by line."""
    caller.require(Scope.ORDERS_READ)
    retired: dict[UUID, list[Retirement]] = defaultdict(list)
    account_id = caller.account.id

    async def read(statements: Statements) -> list[Retirement]:
        return await retirements.of_orders(statements, account_id, order_ids)

    for each in await resources.read_own(account_id, read):
        retired[each.order_id].append(each)
    return [tuple(retired[order_id]) for order_id in order_ids]


async def retirement_refusals_of_orders(
    resources: Resources, caller: Caller, order_ids: Sequence[UUID]
) -> list[VintageFault | None]:
    """Return for each of the caller's orders the reason why credits that it holds may not be retired today (UTC); None
    if they may.
    """
    caller.require(Scope.ORDERS_READ)
    today = utc_date(resources.clock())
    found = await retirements.refused_batches(resources.database.reader, caller.account.id, order_ids, today=today)
    faults: dict[UUID, VintageFault | None] = {}
    for order_id, batch in found:
        fault = vintage_fault(
            vintage=batch.vintage, period_end=batch.period_end, status=batch.credit_status, today=today
        )
        faults.setdefault(order_id, fault)
    return [faults.get(order_id) for order_id in order_ids]


async def public_certificate(resources: Resources, token: str) -> IssuedCertificate | None:
    """Return the certificate of the public address, which contains its token; None while the account hides its
    pages.
    """
    return await certificates.of_token(resources.database.reader, token)


async def public_certificate_file(resources: Resources, token: str, *, public_address: str) -> bytes | None:
    """Return the PDF of the public address, as it was first drawn; None while the account hides its pages."""
    certificate = await public_certificate(resources, token)
    if certificate is None:
        return None
    return await pdf_of(resources, certificate, public_address=public_address)
