"""Conversion of orders to the carbon-engine form: kilograms, halalas, and a record for each credit movement."""

from collections.abc import Sequence
from decimal import Decimal

from service.api.rest.carbon_engine.models import Invoice, OrderView, ProjectRecord
from service.api.rest.context import ViewContext
from service.domain.accounts import Caller, Visibility
from service.domain.amounts import MassUnit, mass_text
from service.domain.billing import owed_minor
from service.domain.document_links import LinkedDocument
from service.domain.order import CreditEntry, Order, OrderStatus
from service.operations.read_catalogue import batches_of_ids, projects_of_ids
from service.operations.read_certificates import certificates_of_orders
from service.operations.read_documents import document_names, link_revisions
from service.operations.read_orders import entries_of_orders
from service.operations.steps.draw_certificate import certificate_address

_STATES = {
    OrderStatus.PLACED: "placed",
    OrderStatus.FULFILLED: "fulfilled",
    OrderStatus.RETIRING: "fulfilled",
    OrderStatus.COMPLETE: "fulfilled",
    OrderStatus.CANCELLED: "cancelled",
    OrderStatus.FAILED: "cancelled",
}


async def shown(context: ViewContext, caller: Caller, orders: Sequence[Order]) -> list[OrderView]:
    """Return the views of the orders, with their credit movements, in the same order."""
    ids = [order.id for order in orders]
    entries = await entries_of_orders(context.resources, caller, ids)
    records = await _records(context, caller, [entry for each in entries for entry in each])
    certificates = await certificates_of_orders(context.resources, caller, ids)
    names = document_names(LinkedDocument.RECEIPT_PAGE, orders)
    revisions = await link_revisions(context.resources, caller, names)
    is_public = caller.account.external_pages_visibility is Visibility.PUBLIC
    return [
        _view(
            order,
            [records[entry.id] for entry in each],
            None
            if certificate is None or not is_public
            else certificate_address(context.public_address, certificate.token),
            context.document_url(name, revision),
        )
        for order, each, certificate, name, revision in zip(
            orders, entries, certificates, names, revisions, strict=True
        )
    ]


def _view(order: Order, records: list[ProjectRecord], certificate_url: str | None, receipt_url: str) -> OrderView:
    return OrderView(
        id=order.id.hex,
        orderNumber=order.number,
        customer=order.customer,
        description=order.description,
        price_sar_halalas=order.total_cost_minor,
        amount_kg=_kilograms(order.mass_g),
        creditsPurchased=_kilograms(order.fulfilled_g),
        callbackUrl=order.callback_url,
        state=_STATES[order.status],
        portfolio=order.portfolio_id.hex if order.portfolio_id else None,
        certificateUrl=certificate_url,
        projectRecords=records,
        invoice=Invoice(
            amountDueSarHalalas=owed_minor(order),
            balanceAppliedSarHalalas=order.paid_minor,
            receiptUrl=receipt_url,
        ),
    )


async def _records(context: ViewContext, caller: Caller, entries: Sequence[CreditEntry]) -> dict[object, ProjectRecord]:
    batches = await batches_of_ids(context.resources, caller, {entry.batch_id for entry in entries})
    project_ids = {batch.project_id for batch in batches.values()}
    projects = await projects_of_ids(context.resources, caller, project_ids)
    records: dict[object, ProjectRecord] = {}
    for entry in entries:
        project = projects[batches[entry.batch_id].project_id]
        records[entry.id] = ProjectRecord(
            project_id=project.id.hex,
            project_category_id=project.category_id.hex,
            credit_batch_id=entry.batch_id.hex,
            delta=_kilograms(entry.mass_g),
            recorded_on=entry.created_at,
        )
    return records


def _kilograms(mass_g: int) -> Decimal:
    sign = "-" if mass_g < 0 else ""
    return Decimal(sign + mass_text(abs(mass_g), MassUnit.KILOGRAM))
