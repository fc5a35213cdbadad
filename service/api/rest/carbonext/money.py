"""Endpoints for prices, balances and invoices: the price of an amount, the balance and debt in VCU, and invoices."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated
from uuid import UUID

import msgspec

from service.api.rest.carbonext.dates import date_text
from service.api.rest.carbonext.orders import CURRENCIES, currency, grams
from service.api.rest.context import RestContext
from service.api.rest.contract import Answer, Call, Endpoint
from service.domain.amounts import MassUnit, Money, mass_text, money_text, price_text, round_down
from service.domain.billing import Invoice, InvoiceStatus
from service.domain.order import ByMass, OrderRequest
from service.errors import Code, Refused
from service.kit.keyset import PageRequest
from service.operations.price_order import price_order
from service.operations.read_money import invoices_of_ids, list_balances, list_invoices

DATES = "%Y-%m-%d"
INVOICES_MAX = 100


class PriceQuery(msgspec.Struct, rename="kebab"):
    """Amount of credits and currency to price."""

    vcu_amount: Decimal = Decimal(1)
    target_currency: str = "BRL"


class PriceView(msgspec.Struct):
    """Price of one VCU in an order of the given amount."""

    vcuPrice: Decimal  # noqa: N815 - the contract's name
    currency: str


class BalanceQuery(msgspec.Struct):
    """A period of time. The response repeats the period, but always contains the present balance."""

    startDate: str = ""  # noqa: N815 - the contract's name
    endDate: str = ""  # noqa: N815 - the contract's name
    startPeriod: str = ""  # noqa: N815 - the first generation's name
    endPeriod: str = ""  # noqa: N815 - the first generation's name


class VcuBalance(msgspec.Struct):
    """Mass in tonnes that the prepaid balance buys at the present price."""

    balance: Decimal
    credit: Decimal
    debt: Decimal
    futureDebt: Decimal  # noqa: N815 - the contract's name
    type: str = "VCU"


class CurrencyBalance(msgspec.Struct):
    """Balance in one currency."""

    currency: str
    vcuBalance: VcuBalance  # noqa: N815 - the contract's name


class BalanceView(msgspec.Struct):
    """Balances by currency."""

    startDate: str  # noqa: N815 - the contract's name
    endDate: str  # noqa: N815 - the contract's name
    balancesByCurrency: list[CurrencyBalance]  # noqa: N815 - the contract's name


class InvoicesQuery(msgspec.Struct, rename="kebab"):
    """Number of invoices to list, newest first."""

    page_size: Annotated[int, msgspec.Meta(ge=1, le=INVOICES_MAX)] = 20


class InvoiceView(msgspec.Struct):
    """An invoice, with the amount that its orders owed when it was issued."""

    id: str
    status: str
    totalVcuAmount: Decimal  # noqa: N815 - the contract's name
    totalPrice: Decimal  # noqa: N815 - the contract's name
    currency: str
    customerId: str  # noqa: N815 - the contract's name
    createdAt: str  # noqa: N815 - the contract's name
    paidAt: str | None  # noqa: N815 - the contract's name
    dueDate: str  # noqa: N815 - the contract's name


async def get_price(call: Call[None, PriceQuery]) -> Answer:
    wanted = currency(call.query.target_currency, "target-currency")
    order_request = OrderRequest(
        ask=ByMass(grams(call.query.vcu_amount, "vcu-amount")), currency=wanted, whole_mass=True
    )
    preview = await price_order(call.context.resources, call.caller, order_request)
    price = preview.pricing.mean_gross_unit_price_micros
    return Answer(PriceView(Decimal(price_text(price)), wanted))


async def get_balance(call: Call[None, BalanceQuery]) -> Answer:
    query, today = call.query, call.context.resources.clock().date().isoformat()
    balances = {each.currency: each for each in await list_balances(call.context.resources, call.caller)}
    return Answer(
        BalanceView(
            startDate=_date(today, startDate=query.startDate, startPeriod=query.startPeriod),
            endDate=_date(today, endDate=query.endDate, endPeriod=query.endPeriod),
            balancesByCurrency=[
                CurrencyBalance(code, await _in_vcu(call, balances.get(code, Money(0, code))))
                for code in sorted(CURRENCIES)
            ],
        )
    )


async def get_invoices(call: Call[None, InvoicesQuery]) -> Answer:
    page = await list_invoices(call.context.resources, call.caller, PageRequest(call.query.page_size))
    return Answer(_views(call.context, page.items))


async def get_invoice(call: Call[None, None]) -> Answer:
    try:
        wanted = UUID(call.path["id"])
    except ValueError:
        wanted = UUID(int=0)
    found = await invoices_of_ids(call.context.resources, call.caller, [wanted])
    if wanted not in found:
        raise Refused(Code.NOT_FOUND, "There is no such invoice in this account.")
    return Answer(_views(call.context, [found[wanted]])[0])


async def _in_vcu(call: Call[None, BalanceQuery], balance: Money) -> VcuBalance:
    """Return the tonnes that the money buys at the price of one tonne, down to the gram; zero if nothing is on sale."""
    nothing = Decimal(0)
    tonne_g = MassUnit.TONNE.grams
    if balance.minor_units == 0:
        return VcuBalance(nothing, nothing, nothing, nothing)
    order_request = OrderRequest(ask=ByMass(tonne_g), currency=balance.currency, whole_mass=True)
    try:
        preview = await price_order(call.context.resources, call.caller, order_request)
    except Refused as refusal:
        if refusal.code in {Code.FORBIDDEN, Code.UNAVAILABLE}:
            raise
        return VcuBalance(nothing, nothing, nothing, nothing)
    mass_g = round_down(Fraction(balance.minor_units * tonne_g, preview.pricing.total_cost_minor))
    vcu = Decimal(mass_text(mass_g, MassUnit.TONNE))
    return VcuBalance(balance=vcu, credit=vcu, debt=nothing, futureDebt=nothing)


def _views(context: RestContext, invoices: Sequence[Invoice]) -> list[InvoiceView]:
    return [
        InvoiceView(
            id=str(invoice.id),
            status="Paid" if invoice.status is InvoiceStatus.PAID else "Pending",
            totalVcuAmount=Decimal(mass_text(invoice.mass_g, MassUnit.TONNE)),
            totalPrice=Decimal(money_text(invoice.total_minor, invoice.currency)),
            currency=invoice.currency,
            customerId=str(invoice.account_id),
            createdAt=date_text(invoice.created_at, context),
            paidAt=None if invoice.paid_at is None else date_text(invoice.paid_at, context),
            dueDate=date_text(invoice.due_at, context),
        )
        for invoice in invoices
    ]


def _date(otherwise: str, **given: str) -> str:
    """Return the first given date. Refuses `BAD_USER_INPUT`, with its name, for a text that is no date."""
    name, text = next(((name, text) for name, text in given.items() if text), ("", otherwise))
    try:
        return datetime.strptime(text, DATES).replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        raise Refused(Code.BAD_USER_INPUT, "Give a date as YYYY-MM-DD.", (name,)) from None


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/prices",
        operation_id="get_price",
        summary="Get the present price of one VCU in an order of a given amount.",
        handler=get_price,
        query=PriceQuery,
        responses={200: PriceView},
    ),
    Endpoint(
        method="GET",
        path="/v1/customers/balance",
        operation_id="get_balance_get_v1_customers_balance",
        summary="Get the balance in VCU.",
        handler=get_balance,
        query=BalanceQuery,
        responses={200: BalanceView},
    ),
    Endpoint(
        method="GET",
        path="/v1/invoices/balance",
        operation_id="get_balance_get_v1_invoices_balance",
        summary="Get the balance at the address of the first API generation.",
        handler=get_balance,
        query=BalanceQuery,
        responses={200: BalanceView},
    ),
    Endpoint(
        method="GET",
        path="/v1/invoices",
        operation_id="get_invoices",
        summary="List the newest invoices of the account.",
        handler=get_invoices,
        query=InvoicesQuery,
        responses={200: list[InvoiceView]},
    ),
    Endpoint(
        method="GET",
        path="/v1/invoices/{id}",
        operation_id="get_invoice",
        summary="Get one invoice of the account.",
        handler=get_invoice,
        responses={200: InvoiceView},
        refusals=frozenset({404}),
    ),
)
