"""Endpoints that place, list and cancel orders. Masses are tonnes, and a fraction of a tonne is ordered to the gram."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from service.api.rest.bodies import exact
from service.api.rest.carbonext.dates import date_text
from service.api.rest.carbonext.filters import filter_asked_for, page_asked_for
from service.api.rest.carbonext.models import (
    ListedOrder,
    ListQuery,
    NewOrder,
    OrderPage,
    OrdersToCancel,
    OrderView,
    RecipientInfo,
)
from service.api.rest.carbonext.states import CALLED_OFF, status_of
from service.api.rest.context import RestContext
from service.api.rest.contract import Answer, Call, Endpoint
from service.domain.accounts import Account
from service.domain.amounts import GRAMS_PER_TONNE, MassUnit, mass_text, money_text, price_text, round_down
from service.domain.api_keys import Scope
from service.domain.listing import OrderRef
from service.domain.order import BalanceUse, Beneficiary, ByMass, Order, OrderLine, OrderRequest, PlaceOrder, Source
from service.domain.pricing import mean_gross_unit_price_micros
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.operations.cancel_orders import cancel_orders
from service.operations.read_orders import find_order, lines_of_orders, numbered_page_of_orders, orders_of_ids

CURRENCIES = frozenset({"BRL", "USD"})
NOTE = "metaData"
"""Name of the metadata entry that stores the contract's free text."""


async def create_order(call: Call[NewOrder, None]) -> Answer:
    call.caller.require(Scope.ORDERS_WRITE)
    # the response shows the order, so the scope is required before anything is placed
    call.caller.require(Scope.ORDERS_READ)
    placed = await call.context.placement.submit(_command(call))
    return Answer((await _shown(call, [placed.order]))[0])


async def list_orders(call: Call[None, ListQuery]) -> Answer:
    asked = page_asked_for(call.query)
    resources = call.context.resources
    found, count = await numbered_page_of_orders(resources, call.caller, filter_asked_for(call.query), asked)
    pages = -(-count // asked.size)
    shown = await _shown(call, found)
    return Answer(
        OrderPage(
            items=[ListedOrder(**{name: getattr(view, name) for name in view.__struct_fields__}) for view in shown],
            pageIndex=asked.number,
            totalPages=pages,
            totalCount=count,
            hasPreviousPage=asked.number > 1,
            hasNextPage=asked.number < pages,
        )
    )


async def cancel_order(call: Call[None, None]) -> Answer:
    resources, caller = call.context.resources, call.caller
    caller.require(Scope.ORDERS_WRITE)
    order_id = _id(call.path["id"])
    order = None if order_id is None else await find_order(resources, caller, OrderRef(id=order_id))
    if order is None:
        raise Refused(Code.NOT_FOUND, "There is no such order in this account.")
    if order.status not in CALLED_OFF:
        (answer,) = await cancel_orders(resources, caller, [OrderRef(id=order.id)], while_issued=True)
        if isinstance(answer, Refused):
            raise answer
        order = answer
    return Answer((await _shown(call, [order]))[0])


async def cancel_many(call: Call[OrdersToCancel, None]) -> Answer:
    resources, caller = call.context.resources, call.caller
    caller.require(Scope.ORDERS_WRITE)
    ids = {_id(text) for text in call.body.ordersIds}
    found = await orders_of_ids(resources, caller, {each for each in ids if each is not None})
    if ids != set(found):
        return Answer(body=False)
    refs = [OrderRef(id=order.id) for order in found.values() if order.status not in CALLED_OFF]
    answers = await cancel_orders(resources, caller, refs, while_issued=True) if refs else []
    return Answer(body=not any(isinstance(answer, Refused) for answer in answers))


def _command(call: Call[NewOrder, None]) -> PlaceOrder:
    body = call.body
    return PlaceOrder(
        order_id=call.context.resources.new_id(),
        account_id=call.caller.account.id,
        actor=call.caller.key_id,
        acts_for_client=call.caller.acts_for_client,
        source=Source.CARBONEXT,
        request=OrderRequest(
            ask=ByMass(grams(body.vcuAmount)), currency=currency(body.targetCurrency), whole_mass=True
        ),
        pay_with_balance=BalanceUse.WHOLE if body.payWithBalance else BalanceUse.NONE,
        metadata=None if body.metaData is None else {NOTE: kept_text(body.metaData, 500, NOTE, required=False)},
        beneficiary=_beneficiary(body.certificateRecipientInfo, call.caller.account),
    )


def grams(amount: Decimal, name: str = "vcuAmount") -> int:
    """Return the mass in grams, rounded down. Refuses `QUANTITY_INVALID` if it is not positive."""
    mass_g = round_down(exact(amount, name) * GRAMS_PER_TONNE)
    if mass_g <= 0:
        raise Refused(Code.QUANTITY_INVALID, "Order at least one gram.", (name,))
    return mass_g


def currency(text: str, name: str = "targetCurrency") -> str:
    """Return the currency. Refuses `BAD_USER_INPUT` for a currency that the contract does not have."""
    if text.upper() not in CURRENCIES:
        raise Refused(Code.BAD_USER_INPUT, "Pay in BRL or USD.", (name,))
    return text.upper()


def _beneficiary(info: RecipientInfo | None, account: Account) -> Beneficiary | None:
    """Return the parties that the request names. A recipient without a name means the account's own company."""
    if info is None:
        return None
    own = account.beneficiary_name or account.name if info.email or info.taxId else None
    told: Beneficiary = {}
    for role, members, given in (
        ("recipient", ("name", "email", "taxId"), (info.name or own, info.email, info.taxId)),
        (
            "retirement",
            ("retirementName", "retirementEmail", "retirementTaxId"),
            (info.retirementName, info.retirementEmail, info.retirementTaxId),
        ),
    ):
        if given[0]:
            told[role] = {
                field: kept_text(text, NAME_LENGTH_MAX, "certificateRecipientInfo", member)
                for field, member, text in zip(("name", "email", "tax_id"), members, given, strict=True)
                if text
            }
    return told or None


async def _shown(call: Call[Any, Any], orders: Sequence[Order]) -> list[OrderView]:
    lines = await lines_of_orders(call.context.resources, call.caller, [order.id for order in orders])
    return [_view(call.context, order, each) for order, each in zip(orders, lines, strict=True)]


def _view(context: RestContext, order: Order, lines: Sequence[OrderLine]) -> OrderView:
    unit_price = mean_gross_unit_price_micros(
        order.currency, [(line.mass_g, line.gross_unit_price_micros) for line in lines]
    )
    told = order.beneficiary or {}
    recipient, retirement = told.get("recipient", {}), told.get("retirement", {})
    return OrderView(
        id=str(order.id),
        vcuAmount=Decimal(mass_text(order.mass_g, MassUnit.TONNE)),
        vcuUnitPrice=Decimal(price_text(unit_price)),
        targetCurrency=order.currency,
        status=status_of(order.status, order.payment_status),
        createdAt=date_text(order.created_at, context),
        totalPrice=Decimal(money_text(order.total_cost_minor, order.currency)),
        notifyCertificateTo=recipient.get("email"),
        type="Postpaid",
        paymentDate=None,
        metaData=order.metadata.get(NOTE),
        retireForRecipient="retirement" in told,
        certificateRecipientInfo=None
        if order.beneficiary is None
        else RecipientInfo(
            name=recipient.get("name"),
            email=recipient.get("email"),
            taxId=recipient.get("tax_id"),
            retirementName=retirement.get("name"),
            retirementEmail=retirement.get("email"),
            retirementTaxId=retirement.get("tax_id"),
        ),
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/orders",
        operation_id="create_order",
        summary="Place an order.",
        handler=create_order,
        body=NewOrder,
        responses={200: OrderView},
        refusals=frozenset({409}),
    ),
    Endpoint(
        method="GET",
        path="/v1/orders",
        operation_id="list_orders",
        summary="List the account's orders by page number.",
        handler=list_orders,
        query=ListQuery,
        responses={200: OrderPage},
    ),
    Endpoint(
        method="POST",
        path="/v1/orders/{id}/cancel",
        operation_id="cancel_order",
        summary="Cancel an order that is neither billed nor paid.",
        handler=cancel_order,
        responses={200: OrderView},
        refusals=frozenset({404, 409}),
    ),
    Endpoint(
        method="POST",
        path="/v1/orders/cancel",
        operation_id="cancel_many",
        summary="Cancel all of the given orders, or none if one cannot be cancelled.",
        handler=cancel_many,
        body=OrdersToCancel,
        responses={200: bool},
        refusals=frozenset({409}),
    ),
)
