"""Conversion of orders and quotes to Lune's form, many at once with a fixed number of reads. Contains no rule."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET

from service.api.rest.context import ViewCall
from service.api.rest.contract import Call
from service.api.rest.lune.models import OrderBundleView, OrderProjectView, OrderStatus, OrderView, QuoteView
from service.domain import order as domain
from service.domain.accounts import Visibility
from service.domain.amounts import MassUnit, mass_text, money_text, price_text
from service.domain.catalogue import Bundle, Project
from service.domain.order import CreditEntry, Order, OrderKind, OrderLine, OrderRequest, PaymentStatus, requested_of
from service.domain.pricing import PricedLine, Terms, reprice
from service.domain.retirement import Retirement
from service.operations.price_order import Preview
from service.operations.read_catalogue import batches_of_ids, bundles_of_ids, projects_of_ids
from service.operations.read_certificates import certificates_of_orders, retirements_of_orders
from service.operations.read_orders import entries_of_orders, lines_of_orders
from service.operations.steps.draw_certificate import certificate_address

RETIRED = frozenset({domain.OrderStatus.RETIRING, domain.OrderStatus.COMPLETE})
"""States in which an order shows the projects that its credits come from."""

_STATUSES: dict[domain.OrderStatus, OrderStatus] = {
    domain.OrderStatus.PLACED: "placed",
    domain.OrderStatus.FULFILLED: "placed",
    domain.OrderStatus.RETIRING: "retiring",
    domain.OrderStatus.COMPLETE: "complete",
    domain.OrderStatus.CANCELLED: "cancelled",
    domain.OrderStatus.FAILED: "failed",
}


async def order_views(call: ViewCall, orders: Sequence[Order]) -> list[OrderView]:
    """Return the caller's orders with their bundles, projects and certificates."""
    resources, caller = call.context.resources, call.caller
    lines = await lines_of_orders(resources, caller, [order.id for order in orders])
    bundles = await bundles_of_ids(resources, caller, {line.bundle_id for each in lines for line in each})
    retired = [order.id for order in orders if order.status in RETIRED]
    projects = await _projects(call, orders, dict(zip((order.id for order in orders), lines, strict=True)))
    certificates = dict(zip(retired, await certificates_of_orders(resources, caller, retired), strict=True))
    shown = caller.account.external_pages_visibility is Visibility.PUBLIC
    views = []
    for order, own in zip(orders, lines, strict=True):
        certificate = certificates.get(order.id)
        view = _order_view(order, [_line_view(order, line, bundles[line.bundle_id]) for line in own])
        view.projects = projects.get(order.id, [])
        if certificate is not None:
            address = call.context.public_address
            view.certificate = f"{address}/lune/v1/orders/{order.id.hex}/certificate"
            view.public_certificate_url = certificate_address(address, certificate.token) if shown else None
        views.append(view)
    return views


async def quote_view(call: Call[object, object], order_request: OrderRequest, preview: Preview) -> QuoteView:
    """Return the price of the order request, in the form of a quote."""
    pricing = preview.pricing
    bundles = await bundles_of_ids(call.context.resources, call.caller, {line.bundle_id for line in pricing.lines})
    asked = requested_of(order_request)
    return QuoteView(
        requested_quantity=_tonnes(asked["requested_mass_g"]),
        requested_value=_money(asked["requested_value_minor"], pricing.currency),
        currency=pricing.currency,
        estimated_quantity=mass_text(pricing.mass_g, MassUnit.TONNE),
        estimated_offset_cost=money_text(pricing.offset_cost_minor, pricing.currency),
        estimated_commission=money_text(pricing.commission_minor, pricing.currency),
        estimated_total_cost=money_text(pricing.total_cost_minor, pricing.currency),
        bundles=[
            _bundle_view(line, bundles[line.bundle_id], pricing.currency, is_short=short_g > 0)
            for line, short_g in zip(pricing.lines, preview.short_g, strict=True)
        ],
    )


def iso_milliseconds(time: datetime) -> str:
    """Return the time in RFC 3339, in UTC with milliseconds."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _order_view(order: Order, bundles: list[OrderBundleView]) -> OrderView:
    paid = order.payment_status is PaymentStatus.PAID and order.status is domain.OrderStatus.FULFILLED
    return OrderView(
        id=order.id.hex,
        idempotency_key=order.idempotency_key,
        kind="value" if order.kind is OrderKind.VALUE else "quantity",
        status="paid" if paid else _STATUSES[order.status],
        currency=order.currency,
        requested_quantity=_tonnes(order.requested_mass_g),
        requested_value=_money(order.requested_value_minor, order.currency),
        estimate_id=None if order.estimate_id is None else order.estimate_id.hex,
        quantity=mass_text(order.mass_g, MassUnit.TONNE),
        offset_cost=money_text(order.offset_cost_minor, order.currency),
        commission=money_text(order.commission_minor, order.currency),
        total_cost=money_text(order.total_cost_minor, order.currency),
        payment_method="invoice",
        created_at=iso_milliseconds(order.created_at),
        bundles=bundles,
        projects=[],
        certificate=None,
        public_certificate_url=None,
        metadata=order.metadata,
        offset_link_id=None,
        email=None,
    )


def _line_view(order: Order, line: OrderLine, bundle: Bundle) -> OrderBundleView:
    waits = order.status is domain.OrderStatus.PLACED and line.fulfilled_g < line.mass_g
    return _bundle_view(line, bundle, order.currency, is_short=waits)


def _bundle_view(line: PricedLine | OrderLine, bundle: Bundle, currency: str, *, is_short: bool) -> OrderBundleView:
    return OrderBundleView(
        bundle_id=bundle.id.hex,
        bundle_name=bundle.name,
        primary_image=bundle.primary_image_url or UNSET,
        quantity=mass_text(line.mass_g, MassUnit.TONNE),
        unit_price=price_text(line.unit_price_micros),
        gross_unit_price=price_text(line.gross_unit_price_micros),
        offset_cost=money_text(line.offset_cost_minor, currency),
        insufficient_available_quantity=is_short,
    )


async def _projects(
    call: ViewCall, orders: Sequence[Order], lines: Mapping[UUID, Sequence[OrderLine]]
) -> dict[UUID, list[OrderProjectView]]:
    """Return the credits that each order received, by project. Only orders whose retirement has started have any."""
    retired_orders = [order for order in orders if order.status in RETIRED]
    if not retired_orders:
        return {}
    resources, caller, ids = call.context.resources, call.caller, [order.id for order in retired_orders]
    entries = await entries_of_orders(resources, caller, ids)
    retirements = await retirements_of_orders(resources, caller, ids)
    batches = await batches_of_ids(resources, caller, {entry.batch_id for each in entries for entry in each})
    projects = await projects_of_ids(resources, caller, {batch.project_id for batch in batches.values()})
    project_of = {batch.id: projects[batch.project_id] for batch in batches.values()}
    return {
        order.id: list(_project_views(order, lines[order.id], given, gone, project_of))
        for order, given, gone in zip(retired_orders, entries, retirements, strict=True)
    }


def _project_views(
    order: Order,
    lines: Sequence[OrderLine],
    entries: Sequence[CreditEntry],
    retirements: Sequence[Retirement],
    project_of: Mapping[UUID, Project],
) -> Iterator[OrderProjectView]:
    given_g: Counter[tuple[int, UUID]] = Counter()
    retired_g: Counter[tuple[int, UUID]] = Counter()
    for entry in entries:
        given_g[entry.position, project_of[entry.batch_id].id] += entry.mass_g
    for each in retirements:
        retired_g[each.position, project_of[each.batch_id].id] += each.mass_g
    projects = {project.id: project for project in project_of.values()}
    prices = {line.position: line for line in lines}
    for (position, project_id), mass_g in sorted(given_g.items()):
        if mass_g > 0:
            is_retired = retired_g[position, project_id] == mass_g
            yield _project_view(order, prices[position], projects[project_id], mass_g, is_retired=is_retired)


def _project_view(
    order: Order, line: OrderLine, project: Project, mass_g: int, *, is_retired: bool
) -> OrderProjectView:
    priced = PricedLine(
        line.bundle_id, line.mass_g, line.unit_price_micros, line.gross_unit_price_micros, line.offset_cost_minor
    )
    (part,) = reprice([priced], [mass_g], Terms(currency=order.currency)).lines
    return OrderProjectView(
        project_id=project.id.hex,
        project_name=project.name,
        project_type=project.project_type,
        project_slug=project.slug,
        project_logo=project.logo_url or UNSET,
        quantity=mass_text(mass_g, MassUnit.TONNE),
        unit_price=price_text(line.unit_price_micros),
        offset_cost=money_text(part.offset_cost_minor, order.currency),
        status="retired" if is_retired else "allocated",
    )


def _tonnes(mass_g: int | None) -> str | None:
    return None if mass_g is None else mass_text(mass_g, MassUnit.TONNE)


def _money(minor_units: int | None, currency: str) -> str | None:
    return None if minor_units is None else money_text(minor_units, currency)
