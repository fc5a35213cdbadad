"""Endpoints that quote, create, find and list orders, and serve their certificates."""

from uuid import UUID

from service.api.rest.contract import Answer, Call, Endpoint, File
from service.api.rest.lune.errors import invalid
from service.api.rest.lune.ids import uuid_of
from service.api.rest.lune.models import (
    KEY_LENGTH_MAX,
    OrderByEstimate,
    OrderByMass,
    OrderByValue,
    OrdersQuery,
    OrderView,
    Page,
    QuoteByMass,
    QuoteByValue,
    QuoteView,
)
from service.api.rest.lune.paging import page_of, page_request
from service.api.rest.lune.requests import metadata, request_by_mass, request_by_value, selection, step
from service.api.rest.lune.views import order_views, quote_view
from service.domain.api_keys import Scope
from service.domain.listing import EVERY_ORDER, OrderRef, OrderSort
from service.domain.order import ByMass, Order, OrderRequest, PlaceOrder, Source
from service.domain.texts import IDEMPOTENCY_KEY_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.kit.keyset import Position, Slice
from service.operations.price_order import price_order
from service.operations.read_certificates import certificate_file
from service.operations.read_estimates import estimates_of_ids
from service.operations.read_orders import find_order, list_orders

HEADERS = ("Lune-Account", "Lune-Version")
NEWEST_FIRST = OrderSort()


async def create_order_by_mass(call: Call[OrderByMass, None]) -> Answer:
    return await _place(call, call.body, request_by_mass(call.body))


async def create_order_by_value(call: Call[OrderByValue, None]) -> Answer:
    return await _place(call, call.body, request_by_value(call.body, call.caller.account.currency))


async def create_order_by_estimate(call: Call[OrderByEstimate, None]) -> Answer:
    estimate_id = _estimate_id(call.body.estimate_id)
    found = await estimates_of_ids(call.context.resources, call.caller, [estimate_id])
    if estimate_id not in found:
        raise _no_estimate()
    order_request = OrderRequest(
        ask=ByMass(found[estimate_id].mass_g, estimate_id),
        selection=selection(call.body.bundle_selection),
        step=step(call.body),
    )
    return await _place(call, call.body, order_request)


async def quote_order_by_mass(call: Call[QuoteByMass, None]) -> Answer:
    return await _quote(call, request_by_mass(call.body))


async def quote_order_by_value(call: Call[QuoteByValue, None]) -> Answer:
    return await _quote(call, request_by_value(call.body, call.caller.account.currency))


async def list_all_orders(call: Call[None, OrdersQuery]) -> Answer:
    async def stands(order_id: UUID) -> Position | None:
        order = await find_order(resources, call.caller, OrderRef(id=order_id))
        return None if order is None else NEWEST_FIRST.position(order)

    resources = call.context.resources
    request = await page_request(call.query, stands)
    if call.query.offset_link_id is not None:
        return Answer(page_of(Slice((), has_previous=False, has_next=False), []))
    rows = await list_orders(resources, call.caller, EVERY_ORDER, NEWEST_FIRST, request)
    return Answer(page_of(rows, await order_views(call, rows.items)))


async def get_order(call: Call[None, None]) -> Answer:
    return await _shown(call, await _found(call))


async def get_order_by_idempotency_key(call: Call[None, None]) -> Answer:
    try:
        key = kept_text(call.path["idempotency_key"], IDEMPOTENCY_KEY_LENGTH_MAX)
    except Refused:
        raise _no_order() from None
    order = await find_order(call.context.resources, call.caller, OrderRef(idempotency_key=key))
    return await _shown(call, order or _missing())


async def get_order_certificate(call: Call[None, None]) -> File:
    order = await _found(call)
    context = call.context
    content = await certificate_file(
        context.resources,
        call.caller,
        order.id,
        public_address=context.public_address,
        ascii_only=True,  # a widely used client decodes the file as UTF-8
    )
    if content is None:
        raise Refused(Code.NOT_FOUND, "The order has no certificate yet.")
    name = f'inline; filename="certificate-{order.number}.pdf"'
    return File("application/pdf", content, headers={"Content-Disposition": name})


async def _place(
    call: Call[object, object], body: OrderByMass | OrderByValue | OrderByEstimate, order_request: OrderRequest
) -> Answer:
    kept_metadata = metadata(body.metadata)
    key = None if body.idempotency_key is None else kept_text(body.idempotency_key, KEY_LENGTH_MAX, "idempotency_key")
    caller, context = call.caller, call.context
    for scope in (Scope.ORDERS_WRITE, Scope.ORDERS_READ, Scope.CATALOGUE_READ):
        caller.require(scope)  # the response shows the order, so the scope is required before anything is placed
    placed = await context.placement.submit(
        PlaceOrder(
            order_id=context.resources.new_id(),
            account_id=caller.account.id,
            actor=caller.key_id,
            acts_for_client=call.caller.acts_for_client,
            source=Source.LUNE,
            request=order_request,
            idempotency_key=key,
            metadata=kept_metadata,
        )
    )
    if placed.replayed:
        message = "An order was already created with this idempotency key. Get it by the key."
        raise Refused(Code.IDEMPOTENCY_KEY_REUSED, message, ("idempotency_key",))
    return await _shown(call, placed.order)


async def _quote(call: Call[object, object], order_request: OrderRequest) -> Answer:
    preview = await price_order(call.context.resources, call.caller, order_request)
    return Answer(await quote_view(call, order_request, preview))


async def _shown(call: Call[object, object], order: Order) -> Answer:
    (view,) = await order_views(call, [order])
    return Answer(view)


async def _found(call: Call[object, object]) -> Order:
    try:
        order_id = uuid_of(call.path["id"])
    except ValueError:
        raise _no_order() from None
    return await find_order(call.context.resources, call.caller, OrderRef(id=order_id)) or _missing()


def _missing() -> Order:
    raise _no_order()


def _no_order() -> Refused:
    return Refused(Code.NOT_FOUND, "There is no such order in this account.")


def _estimate_id(text: str) -> UUID:
    try:
        return uuid_of(text)
    except ValueError:
        raise _no_estimate() from None


def _no_estimate() -> Refused:
    return invalid("estimate_not_found", "There is no such estimate in this account.", "estimate_id")


_CREATES = frozenset({409})
_FINDS = frozenset({404})

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/orders/by-mass",
        operation_id="create_order_by_mass",
        summary="Create an order by mass.",
        handler=create_order_by_mass,
        body=OrderByMass,
        responses={200: OrderView},
        refusals=_CREATES,
        request_headers=HEADERS,
    ),
    Endpoint(
        method="POST",
        path="/v1/orders/by-value",
        operation_id="create_order_by_value",
        summary="Create an order by value.",
        handler=create_order_by_value,
        body=OrderByValue,
        responses={200: OrderView},
        refusals=_CREATES,
        request_headers=HEADERS,
    ),
    Endpoint(
        method="POST",
        path="/v1/orders/by-estimate",
        operation_id="create_order_by_estimate",
        summary="Create an order for the mass of an estimate.",
        handler=create_order_by_estimate,
        body=OrderByEstimate,
        responses={200: OrderView},
        refusals=_CREATES,
        request_headers=HEADERS,
    ),
    Endpoint(
        method="POST",
        path="/v1/orders/by-mass/quote",
        operation_id="quote_order_by_mass",
        summary="Calculate a quote by mass.",
        handler=quote_order_by_mass,
        body=QuoteByMass,
        responses={200: QuoteView},
        refusals=_CREATES,
        request_headers=HEADERS,
    ),
    Endpoint(
        method="POST",
        path="/v1/orders/by-value/quote",
        operation_id="quote_order_by_value",
        summary="Calculate a quote by value.",
        handler=quote_order_by_value,
        body=QuoteByValue,
        responses={200: QuoteView},
        refusals=_CREATES,
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/orders",
        operation_id="list_all_orders",
        summary="List the account's orders, newest first.",
        handler=list_all_orders,
        query=OrdersQuery,
        responses={200: Page[OrderView]},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        # The rest of the address including slashes, because clients send keys with unescaped slashes.
        path="/v1/orders/by-idempotency-key/{idempotency_key:path}",
        operation_id="get_order_by_idempotency_key",
        summary="Get an order by the idempotency key that it was created with.",
        handler=get_order_by_idempotency_key,
        responses={200: OrderView},
        refusals=_FINDS,
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/orders/{id}/certificate",
        operation_id="get_order_certificate",
        summary="Get the certificate of a complete order as a PDF.",
        handler=get_order_certificate,
        responses={200: File("application/pdf")},
        refusals=_FINDS,
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/orders/{id}",
        operation_id="get_order",
        summary="Get an order.",
        handler=get_order,
        responses={200: OrderView},
        refusals=_FINDS,
        request_headers=HEADERS,
    ),
)
