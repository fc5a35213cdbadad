"""The GraphQL type of orders."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.scalars import CurrencyCode, Metadata
from service.api.graphql.types.amounts import Money, mass_field, money, money_field, offset_cost_field
from service.api.graphql.types.beneficiary import Beneficiary, party_of
from service.api.graphql.types.by_account import by_account, named_by
from service.api.graphql.types.certificate import Certificate, Retirement, certificate_of
from service.api.graphql.types.document_urls import LASTS, confirmation_urls, receipt_page_urls, receipt_urls
from service.api.graphql.types.node import Node
from service.api.graphql.types.order_parts import CreditEntry, OrderLine
from service.api.graphql.types.portfolio import Portfolio, portfolio_of
from service.api.graphql.types.timeline import TimelineEntry
from service.domain import order as domain
from service.domain.accounts import Caller
from service.domain.amounts import MassUnit
from service.domain.billing import owed_minor
from service.domain.order import OrderKind, OrderStatus, PaymentStatus, Source
from service.domain.vintages import VintageFault
from service.operations import (
    read_catalogue,
    read_certificates,
    read_estimates,
    read_money,
    read_orders,
    read_quotes,
    select_account,
)
from service.plans import attribute_field, batch_field, needs, selected_columns

if TYPE_CHECKING:
    from service.api.graphql.types.account import Account
    from service.api.graphql.types.estimate import Estimate
    from service.api.graphql.types.money import Invoice, Payment
    from service.api.graphql.types.quote import Quote


ACCOUNT_TYPE = "service.api.graphql.types.account"
ESTIMATE_TYPE = "service.api.graphql.types.estimate"
MONEY_TYPES = "service.api.graphql.types.money"
QUOTE_TYPE = "service.api.graphql.types.quote"
"""Modules of types that show orders and import this one; so they are imported by name."""

PAYMENTS_USUAL = 2


OWNED = ("id", "account_id", "currency")
"""Columns of an order that are needed to find the rows that belong to it, and to show its amounts."""


async def _ask(
    parents: Sequence["Order"], info: Info, read: Callable[..., Awaitable[Sequence[Any]]], **more: Any
) -> list[Any]:
    """Call `read` for the orders of each account, and return the results in the order of the parents."""

    async def read_all(reader: Caller, places: Sequence[int]) -> Sequence[Any]:
        return await read(info.context.resources, reader, [parents[place].row.id for place in places], **more)

    return await by_account([parent.row.account_id for parent in parents], info, read_all)


async def _accounts(parents: Sequence["Order"], info: Info) -> list[Any]:
    account_of = import_module(ACCOUNT_TYPE).account_of  # imported by name, because accounts import this module

    async def read(reader: Caller, places: Sequence[int]) -> list[Any]:
        return [account_of(reader.account)] * len(places)

    return await by_account([parent.row.account_id for parent in parents], info, read)


async def _lines(parents: Sequence["Order"], info: Info) -> list[list[OrderLine]]:
    found = await _ask(parents, info, read_orders.lines_of_orders, columns=selected_columns(info))
    return [
        [OrderLine(row=line, currency=parent.row.currency) for line in lines]
        for parent, lines in zip(parents, found, strict=True)
    ]


async def _entries(parents: Sequence["Order"], info: Info) -> list[list[CreditEntry]]:
    found = await _ask(parents, info, read_orders.entries_of_orders, columns=selected_columns(info))
    return [
        [CreditEntry(row=entry, account_id=parent.row.account_id) for entry in entries]
        for parent, entries in zip(parents, found, strict=True)
    ]


async def _portfolios(parents: Sequence["Order"], info: Info) -> list[Portfolio | None]:
    return await named_by(parents, info, "portfolio_id", read_catalogue.portfolios_of_ids, portfolio_of)


async def _estimates(parents: Sequence["Order"], info: Info) -> list[Any]:
    estimate_of = import_module(ESTIMATE_TYPE).estimate_of
    return await named_by(parents, info, "estimate_id", read_estimates.estimates_of_ids, estimate_of)


async def _quotes(parents: Sequence["Order"], info: Info) -> list[Any]:
    quote_of = import_module(QUOTE_TYPE).quote_of
    return await named_by(parents, info, "quote_id", read_quotes.quotes_of_ids, quote_of)


async def _invoices(parents: Sequence["Order"], info: Info) -> list[Any]:
    invoice_of = import_module(MONEY_TYPES).invoice_of
    return [row and invoice_of(row) for row in await _ask(parents, info, read_money.invoices_of_orders)]


async def _payments(parents: Sequence["Order"], info: Info) -> list[Any]:
    payment_of = import_module(MONEY_TYPES).payment_of
    return [[payment_of(row) for row in rows] for rows in await _ask(parents, info, read_money.payments_of_orders)]


async def _certificates(parents: Sequence["Order"], info: Info) -> list[Certificate | None]:
    found = await _ask(parents, info, read_certificates.certificates_of_orders)
    return [row and certificate_of(row) for row in found]


async def _retirements(parents: Sequence["Order"], info: Info) -> list[list[Retirement]]:
    found = await _ask(parents, info, read_certificates.retirements_of_orders)
    return [[Retirement(row=row) for row in rows] for rows in found]


async def _refusals(parents: Sequence["Order"], info: Info) -> list[VintageFault | None]:
    return await _ask(parents, info, read_certificates.retirement_refusals_of_orders)


async def _timelines(parents: Sequence["Order"], info: Info) -> list[list[TimelineEntry]]:
    found = await _ask(parents, info, read_orders.events_of_orders)
    return [[TimelineEntry(row=row) for row in rows] for rows in found]


async def _completion_times(parents: Sequence["Order"], info: Info) -> list[datetime | None]:
    return await _ask(parents, info, read_orders.completion_times_of_orders)


async def _cancellation_times(parents: Sequence["Order"], info: Info) -> list[datetime | None]:
    return await _ask(parents, info, read_orders.cancellation_times_of_orders)


@strawberry.type(description="An order of carbon credits, placed by an account.")
class Order(Node):
    row: strawberry.Private[domain.Order]
    account: Annotated["Account", strawberry.lazy(ACCOUNT_TYPE)] = batch_field(
        _accounts, columns=("account_id",), description="Account that placed the order."
    )
    lines: list[OrderLine] = batch_field(
        _lines,
        columns=OWNED,
        description="Lines of the order, one for each bundle, in the sequence in which the bundles were given.",
        metadata=priced(size=5),
    )
    entries: list[CreditEntry] = batch_field(
        _entries,
        columns=OWNED,
        description="Movements of credits between batches and the order, oldest first.",
        metadata=priced(size=10),
    )
    retirements: list[Retirement] = batch_field(
        _retirements,
        columns=OWNED,
        description="Credits that were retired for the order, sorted by the order's lines. Empty until retirement "
        "starts.",
        metadata=priced(size=10),
    )
    certificate: Certificate | None = batch_field(
        _certificates,
        columns=OWNED,
        description="Certificate of the order. Null until the order is complete.",
    )
    retirement_refusal: VintageFault | None = batch_field(
        _refusals,
        columns=OWNED,
        description="The reason why credits that it holds may not be retired today (UTC), such as a vintage year that "
        "is not over. Retirement leaves the order out while there is one; the seller may fail the order, which frees "
        "its credits. Null if there is none, and once the order is complete.",
    )
    timeline: list[TimelineEntry] = batch_field(
        _timelines, columns=OWNED, description="Events of the order, oldest first.", metadata=priced(size=10)
    )
    portfolio: Portfolio | None = batch_field(
        _portfolios,
        columns=("portfolio_id", "account_id"),
        description="Portfolio whose bundles the order buys. Null if the caller named the bundles, and for an "
        "imported order.",
    )

    estimate: Annotated["Estimate", strawberry.lazy(ESTIMATE_TYPE)] | None = batch_field(
        _estimates,
        columns=("estimate_id", "account_id"),
        description="Estimate that the order was placed for, directly or through a quote. Null if there is none.",
    )
    quote: Annotated["Quote", strawberry.lazy(QUOTE_TYPE)] | None = batch_field(
        _quotes,
        columns=("quote_id", "account_id"),
        description="Quote that the order was placed from. Null if there is none.",
    )

    invoice: Annotated["Invoice", strawberry.lazy(MONEY_TYPES)] | None = batch_field(
        _invoices,
        columns=OWNED,
        description="Invoice that the order is on: for an order of a client account, an invoice of its parent. Null "
        "until the order is billed. An API key of the client account itself gets the error `FORBIDDEN`.",
    )
    payments: list[Annotated["Payment", strawberry.lazy(MONEY_TYPES)]] | None = batch_field(
        _payments,
        columns=OWNED,
        description="Payments that the seller recorded for the order, oldest first: for an order of a client account, "
        "payments of its parent. Payments from the balance are in `ledger`. Null only if reading it failed; `errors` "
        "then says why. An API key of the client account itself gets the error `FORBIDDEN`.",
        metadata=priced(size=PAYMENTS_USUAL),
    )

    receipt_url: str = batch_field(
        receipt_page_urls,
        columns=OWNED,
        description="Address of the order's receipt, a web page with seller, parts of the price, tax and amount paid. "
        f"It exists for every order, paid or not. Addresses that earlier releases showed do not expire. {LASTS}",
    )
    confirmation_url: str = batch_field(
        confirmation_urls,
        columns=OWNED,
        description=f"Address of the confirmation of the order as a PDF file, in the order's present state. {LASTS}",
    )
    receipt_pdf_url: str | None = batch_field(
        receipt_urls,
        columns=(*OWNED, "payment_status", "paid_minor", "source", "total_cost_minor"),
        description="Address of the receipt of a paid order as a PDF file, with the payments for it. Null while the "
        "order is not paid in full, once it is refunded, and for imported orders. An API key of the client account "
        f"itself gets the error `FORBIDDEN`. {LASTS}",
    )
    completed_at: datetime | None = batch_field(
        _completion_times,
        columns=OWNED,
        description="Time at which the last credits of the order were retired. Null before that, and for an imported "
        "order.",
        metadata=priced(own=1),
    )
    cancelled_at: datetime | None = batch_field(
        _cancellation_times,
        columns=OWNED,
        description="Time at which the order was cancelled. Null if it was not, and for an imported order.",
        metadata=priced(own=1),
    )

    number = attribute_field(
        "row.number", str, description="Short number of the order, unique among the orders of the account."
    )

    status = attribute_field(
        "row.status",
        OrderStatus,
        description="State of the order, from its acceptance to the retirement of its credits.",
    )

    payment_status = attribute_field(
        "row.payment_status", PaymentStatus, description="State of the payment for the order."
    )

    kind = attribute_field(
        "row.kind",
        OrderKind,
        description="Kind of input that determined the order's mass: a mass, a sum of money or an estimate.",
    )

    source = attribute_field("row.source", Source, description="API through which the order was placed.")

    requested_mass = mass_field(
        "row.requested_mass_g",
        nullable=True,
        description="Mass that the caller asked for, before it was rounded down. Null for an order by value.",
    )

    requested_value = money_field(
        "row.requested_value_minor",
        nullable=True,
        description="Maximum sum that the caller wanted to spend. Null for an order by mass or by estimate.",
    )

    step = attribute_field("row.step", MassUnit, description="Unit to which the mass of each bundle was rounded down.")

    mass = mass_field("row.mass_g", description="Mass of the order: the sum of the masses of its lines.")

    fulfilled_mass = mass_field(
        "row.fulfilled_g",
        description="Mass of the order for which credits are set aside. Zero after the order is cancelled or has "
        "failed.",
    )

    retired_mass = mass_field(
        "row.retired_g", description="Mass of the order that is retired. A retirement cannot be undone."
    )

    currency = attribute_field(
        "row.currency", CurrencyCode, description="Currency of all amounts of the order (ISO 4217 code)."
    )

    net_cost = money_field("row.offset_cost_minor", description="Cost of the credits, without commission.")

    offset_cost = offset_cost_field()

    commission = money_field("row.commission_minor", description="Commission that is added to the cost of the credits.")

    total_cost = money_field(
        "row.total_cost_minor", description="Total cost of the order: the cost of the credits and the commission."
    )

    paid = money_field("row.paid_minor", description="Part of the total cost that has been paid.")

    @strawberry.field(
        description="Part of the total cost that is still owed. Zero if the order is cancelled, failed or refunded.",
        metadata=needs("status", "payment_status", "total_cost_minor", "paid_minor", "currency"),
    )
    def due(self) -> Money:
        return money(owed_minor(self.row), self.row.currency)

    customer = attribute_field(
        "row.customer",
        str | None,
        description="Name of the customer that the order was placed for. Null if the caller named none.",
    )

    description = attribute_field(
        "row.description",
        str | None,
        description="Note that the caller attached to the order. Null if the caller attached none.",
    )

    metadata = attribute_field(
        "row.metadata",
        Metadata,
        description="Data that the caller attached to the order. The service does not interpret the data. Empty if "
        "the caller attached none.",
    )

    callback_url = attribute_field(
        "row.callback_url",
        str | None,
        description="Address that the caller stored with the order. An order in SAR is sent to it, in the form of the "
        "carbon-engine API, whenever it changes. Null if the caller gave none.",
    )

    @strawberry.field(
        description="Parties that the order's certificate names. Null if the caller named none: the account's "
        "`beneficiary`, or else its `name`, is used."
    )
    def beneficiary(self) -> Beneficiary | None:
        beneficiary = self.row.beneficiary
        if beneficiary is None:
            return None
        return Beneficiary(
            recipient=party_of(beneficiary.get("recipient")), retirement=party_of(beneficiary.get("retirement"))
        )

    idempotency_key = attribute_field(
        "row.idempotency_key",
        str | None,
        description="Idempotency key with which the caller placed the order. A retry with the same key and input "
        "returns this order. Null if the order was imported, or placed without a key through a REST API.",
    )

    created_at = attribute_field("row.created_at", datetime, description="Time at which the order was placed.")


def order_of(row: domain.Order) -> Order:
    return Order(row=row)


async def orders_by_account(info: Info, named: Sequence[tuple[UUID | None, UUID | None]]) -> list[Order | None]:
    """Return orders by account and id; null if it does not exist or the caller may not read it."""
    context = info.context
    found: dict[UUID, Order] = {}
    account_ids = {account_id for account_id, _ in named if account_id is not None}
    for account_id, reader in (await select_account.readers_of(context.resources, context.caller, account_ids)).items():
        ids = {order_id for owner, order_id in named if owner == account_id and order_id is not None}
        rows = await read_orders.orders_of_ids(context.resources, reader, ids)
        found |= {order_id: order_of(row) for order_id, row in rows.items()}
    return [None if order_id is None else found.get(order_id) for _, order_id in named]
