"""Endpoints that place, list, show and cancel orders. Orders in currencies other than the riyal are not found."""

from uuid import UUID

from msgspec.structs import replace

from service.api.headers import header_of, raw_header_of
from service.api.rest.carbon_engine.ids import portfolio_of, uuid_of
from service.api.rest.carbon_engine.models import ListQuery, NewOrder, OrderView
from service.api.rest.carbon_engine.quotes import CURRENCY, KILOGRAM_G
from service.api.rest.carbon_engine.show import shown
from service.api.rest.contract import Answer, Call, Endpoint
from service.domain.accounts import Caller
from service.domain.amounts import MassUnit
from service.domain.api_keys import Scope
from service.domain.listing import OrderFilter, OrderRef, OrderSort
from service.domain.order import Ask, BalanceUse, ByMass, ByWholeKilograms, Order, OrderRequest, PlaceOrder, Source
from service.domain.texts import (
    DESCRIPTION_LENGTH_MAX,
    IDEMPOTENCY_KEY_LENGTH_MAX,
    NAME_LENGTH_MAX,
    kept_text,
    kept_url,
)
from service.errors import Code, Refused
from service.kit.keyset import PageRequest, Position
from service.operations.cancel_orders import cancel_orders
from service.operations.read_orders import find_order, list_orders

IN_RIYALS = OrderFilter(currencies=frozenset({CURRENCY}))
NEWEST_FIRST = OrderSort()


async def create_order(call: Call[NewOrder, None]) -> Answer:
    _require_all(call.caller)
    key = await _key(call)
    command = await _command_of_earlier_release(call, key) or _command(call, key, portfolio_of(call.body))
    placed = await call.context.placement.submit(command)
    headers = {"Idempotent-Replayed": "true"} if placed.replayed else {}
    return Answer(await shown(call.context, call.caller, [placed.order]), status=201, headers=headers)


async def list_all(call: Call[None, ListQuery]) -> Answer:
    after = await _position(call, call.query.starting_after, "starting_after")
    before = await _position(call, call.query.ending_before, "ending_before")
    request = PageRequest(call.query.limit, after=after, before=before, backward=before is not None and after is None)
    page = await list_orders(call.context.resources, call.caller, IN_RIYALS, NEWEST_FIRST, request)
    return Answer(await shown(call.context, call.caller, page.items))


async def get_order(call: Call[None, None]) -> Answer:
    order = await _find(call, call.path["id"])
    return Answer((await shown(call.context, call.caller, [order]))[0])


async def cancel_order(call: Call[None, None]) -> Answer:
    _require_all(call.caller)
    order = await _find(call, call.path["id"])
    (answer,) = await cancel_orders(call.context.resources, call.caller, [OrderRef(id=order.id)])
    if isinstance(answer, Refused):
        raise answer
    return Answer((await shown(call.context, call.caller, [answer]))[0])


def _require_all(caller: Caller) -> None:
    """Require the scopes to change an order and to read it, because the answer shows the order. Without both the
    request is refused before anything changes.
    """
    for scope in (Scope.ORDERS_WRITE, Scope.ORDERS_READ, Scope.CATALOGUE_READ):
        caller.require(scope)


async def _key(call: Call[NewOrder, None]) -> str | None:
    """Return the header's value without blanks at its ends; with them if an order exists under that key.

    Earlier releases kept blanks after the value as part of the key, and retries of such orders must still find them.
    New orders are never stored under such keys, so looking first is safe.
    """
    raw, key = (read(call.request.scope, b"idempotency-key") for read in (raw_header_of, header_of))
    if raw is None or key is None:
        return None
    kept_text(key, IDEMPOTENCY_KEY_LENGTH_MAX, "Idempotency-Key")
    has_blanks = raw != key and len(raw) <= IDEMPOTENCY_KEY_LENGTH_MAX
    return raw if has_blanks and await _placed_under(call, raw) else key


async def _placed_under(call: Call[NewOrder, None], key: str) -> Order | None:
    """Return the order placed under the key through this contract, or None."""
    order = await find_order(call.context.resources, call.caller, OrderRef(idempotency_key=key))
    return order if order is not None and order.source is Source.CARBON_ENGINE else None


async def _repeats_order(call: Call[NewOrder, None]) -> bool:
    """Return True if an order exists under the request's key, so that the request is a retry and changes nothing."""
    key = await _key(call)
    return key is not None and await _placed_under(call, key) is not None


async def _command_of_earlier_release(call: Call[NewOrder, None], key: str | None) -> PlaceOrder | None:
    """Return the command of earlier releases, which ignored `portfolio_id`, if an order was placed by it."""
    if key is None or call.body.portfolio_id is None:
        return None
    order = await _placed_under(call, key)
    if order is None:
        return None
    command = _command(call, key, portfolio_of(replace(call.body, portfolio_id=None)))
    return command if command.fingerprint(call.caller.account.currency) == order.fingerprint else None


def _command(call: Call[NewOrder, None], key: str | None, portfolio_id: UUID | None) -> PlaceOrder:
    body = call.body
    return PlaceOrder(
        order_id=call.context.resources.new_id(),
        account_id=call.caller.account.id,
        actor=call.caller.key_id,
        acts_for_client=call.caller.acts_for_client,
        source=Source.CARBON_ENGINE,
        request=OrderRequest(
            ask=_ask(body),
            portfolio_id=portfolio_id,
            currency=CURRENCY,
            # For an order by sum this affects only the fingerprint, which must match the one that older releases
            # stored.
            step=MassUnit.GRAM if body.total_price_sar_halalas is None else MassUnit.KILOGRAM,
            whole_mass=body.total_price_sar_halalas is None,
        ),
        idempotency_key=key,
        pay_with_balance=BalanceUse.AVAILABLE,
        customer=None
        if body.customer is None
        else kept_text(body.customer, NAME_LENGTH_MAX, "customer", required=False),
        description=None
        if body.description is None
        else kept_text(body.description, DESCRIPTION_LENGTH_MAX, "description", required=False),
        callback_url=None if body.callbackUrl is None else kept_url(body.callbackUrl, "callbackUrl"),
    )


def _ask(body: NewOrder) -> Ask:
    match body.amount_kg, body.total_price_sar_halalas:
        case int(amount_kg), None:
            return ByMass(amount_kg * KILOGRAM_G)
        case None, int(halalas):
            return ByWholeKilograms(halalas)
    raise Refused(Code.BAD_USER_INPUT, "Give either amount_kg or total_price_sar_halalas, not both.", ("amount_kg",))


async def _find(call: Call[None, None], text: str) -> Order:
    order_id = uuid_of(text)
    order = None if order_id is None else await _in_riyals(call, order_id)
    if order is None:
        raise Refused(Code.NOT_FOUND, "There is no such order.")
    return order


async def _in_riyals(call: Call[None, None] | Call[None, ListQuery], order_id: UUID) -> Order | None:
    order = await find_order(call.context.resources, call.caller, OrderRef(id=order_id))
    return order if order is not None and order.currency == CURRENCY else None


async def _position(call: Call[None, ListQuery], text: str | None, name: str) -> Position | None:
    if text is None:
        return None
    order_id = uuid_of(text)
    order = None if order_id is None else await _in_riyals(call, order_id)
    if order is None:
        raise Refused(Code.BAD_USER_INPUT, "Give the id of one of your orders.", (name,))
    return NEWEST_FIRST.position(order)


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/orders",
        operation_id="create_order",
        summary="Place an order.",
        handler=create_order,
        body=NewOrder,
        responses={201: list[OrderView]},
        refusals=frozenset({404, 409, 422}),
        request_headers=("Idempotency-Key",),
        is_retry=_repeats_order,
    ),
    Endpoint(
        method="GET",
        path="/v1/orders",
        operation_id="list_all",
        summary="List the account's orders, newest first.",
        handler=list_all,
        query=ListQuery,
        responses={200: list[OrderView]},
    ),
    Endpoint(
        method="GET",
        path="/v1/orders/{id}",
        operation_id="get_order",
        summary="Get one order of the account.",
        handler=get_order,
        responses={200: OrderView},
        refusals=frozenset({404}),
    ),
    Endpoint(
        method="POST",
        path="/v1/orders/{id}/cancel",
        operation_id="cancel_order",
        summary="Cancel an order before its retirement starts.",
        handler=cancel_order,
        responses={200: OrderView},
        refusals=frozenset({404, 409}),
    ),
)
