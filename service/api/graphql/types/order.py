"""Orders as callers see them, with their lines and credits."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.scalars import CurrencyCode, Metadata
from service.api.graphql.types.amounts import Money, mass_field, money, money_field, unit_price_field
from service.api.graphql.types.catalogue import Bundle, CreditBatch, Portfolio, batch_of, bundle_of, portfolio_of
from service.api.graphql.types.certificate import Certificate, Retirement
from service.api.graphql.types.node import Node
from service.api.graphql.types.timeline import TimelineEntry
from service.domain import order as domain
from service.domain.accounts import Caller
from service.domain.amounts import MassUnit
from service.domain.billing import owed_minor
from service.domain.order import EntryKind, OrderKind, OrderStatus, PaymentStatus, Source
from service.operations import read_catalogue, read_certificates, read_orders, select_account
from service.plans import attribute_field, batch_field, needs, selected_columns


async def _by_account(
    account_ids: Sequence[UUID], info: Info, read: Callable[[Caller, Sequence[int]], Awaitable[Sequence[Any]]]
) -> list[Any]:
    """What `read` says of the places of each account, as one who may read there. All are the caller's own unless an
    operator asks. Ids are compared, which takes a tenth of what it takes to hash one that was just read.
    """
    context = info.context
    left: Sequence[int] = range(len(account_ids))
    if account_ids.count(context.caller.account.id) == len(account_ids):
        return [*await read(context.caller, left)]
    found: list[Any] = [None] * len(account_ids)
    while left:
        account_id = account_ids[left[0]]
        places = [place for place in left if account_ids[place] == account_id]
        left = [place for place in left if account_ids[place] != account_id]
        reader = await select_account.reader_of(context.resources, context.caller, account_id)
        if reader is None:
            raise RuntimeError("an order was shown to somebody who may not read it")
        for place, each in zip(places, await read(reader, places), strict=True):
            found[place] = each
    return found


async def _batches(parents: Sequence["CreditEntry"], info: Info) -> list[CreditBatch]:
    columns, resources = selected_columns(info), info.context.resources

    async def read(reader: Caller, places: Sequence[int]) -> list[CreditBatch]:
        ids = [parents[place].row.batch_id for place in places]
        rows = await read_catalogue.batches_of_ids(resources, reader, set(ids), columns=columns)
        batches = {id_: batch_of(row) for id_, row in rows.items()}
        return [batches[id_] for id_ in ids]

    return await _by_account([parent.account_id for parent in parents], info, read)


@strawberry.type(description="Credits of one batch that went to an order, or back. Entries are never changed.")
class CreditEntry:
    row: strawberry.Private[domain.CreditEntry]
    account_id: strawberry.Private[UUID]
    batch: CreditBatch = batch_field(_batches, columns=("batch_id",), description="The batch that the credits are of.")

    kind = attribute_field("row.kind", EntryKind, description="Which way the credits went.")

    mass = mass_field("row.mass_g", description="How much; negative when it went back.")

    recorded_at = attribute_field("row.created_at", datetime, description="When.")


async def _bundles(parents: Sequence["OrderLine"], info: Info) -> list[Bundle]:
    ids = {parent.row.bundle_id for parent in parents}
    found = await read_catalogue.bundles_of_ids(
        info.context.resources, info.context.caller, ids, columns=selected_columns(info)
    )
    bundles = {id_: bundle_of(row) for id_, row in found.items()}
    return [bundles[parent.row.bundle_id] for parent in parents]


@strawberry.type(description="One bundle's share of an order, at prices frozen when the order was placed.")
class OrderLine:
    row: strawberry.Private[domain.OrderLine]
    currency: strawberry.Private[str]
    bundle: Bundle = batch_field(_bundles, columns=("bundle_id",), description="The bundle.")

    mass = mass_field("row.mass_g", description="The ordered mass.")

    fulfilled_mass = mass_field(
        "row.fulfilled_g",
        description="The mass for which credits are set aside; less than `mass` while some are missing.",
    )

    unit_price = unit_price_field(
        "row.unit_price_micros", "currency", description="The price of a tonne without commission."
    )

    gross_unit_price = unit_price_field(
        "row.gross_unit_price_micros", "currency", description="The price of a tonne with commission."
    )

    offset_cost = money_field(
        "row.offset_cost_minor",
        "currency",
        description="The line's credits, rounded by itself: lines and order may differ by a minor unit.",
    )


@strawberry.type(description="A company or a person.")
class Party:
    name: str = strawberry.field(description="The name.")
    email: str | None = strawberry.field(description="The email address.")
    tax_id: str | None = strawberry.field(description="The tax number.")


@strawberry.type(description="Whom the certificate is made out to, and for whom the credits count.")
class Beneficiary:
    recipient: Party | None = strawberry.field(
        description="Whom the certificate is made out to; null means the account's own company."
    )
    retirement: Party | None = strawberry.field(
        description="For whom the credits count; null means the account's own company."
    )


def _party(beneficiary: Mapping[str, str] | None) -> Party | None:
    return (
        Party(name=beneficiary["name"], email=beneficiary.get("email"), tax_id=beneficiary.get("tax_id"))
        if beneficiary
        else None
    )


OWNED = ("id", "account_id", "currency")
"""The columns of an order by which what belongs to it is found, and its amounts are shown."""


async def _ask(
    parents: Sequence["Order"], info: Info, read: Callable[..., Awaitable[Sequence[Any]]], **more: Any
) -> list[Any]:
    """What `read` says of each order, asked for in its own account."""

    async def read_all(reader: Caller, places: Sequence[int]) -> Sequence[Any]:
        return await read(info.context.resources, reader, [parents[place].row.id for place in places], **more)

    return await _by_account([parent.row.account_id for parent in parents], info, read_all)


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
    ids = {parent.row.portfolio_id for parent in parents if parent.row.portfolio_id}
    found = await read_catalogue.portfolios_of_ids(info.context.resources, info.context.caller, ids)
    return [
        portfolio_of(found[parent.row.portfolio_id]) if parent.row.portfolio_id in found else None for parent in parents
    ]


async def _certificates(parents: Sequence["Order"], info: Info) -> list[Certificate | None]:
    found = await _ask(parents, info, read_certificates.certificates_of_orders)
    return [row and Certificate(row=row, public_address=info.context.public_address) for row in found]


async def _retirements(parents: Sequence["Order"], info: Info) -> list[list[Retirement]]:
    found = await _ask(parents, info, read_certificates.retirements_of_orders)
    return [[Retirement(row=row) for row in rows] for rows in found]


async def _timelines(parents: Sequence["Order"], info: Info) -> list[list[TimelineEntry]]:
    found = await _ask(parents, info, read_orders.events_of_orders)
    return [[TimelineEntry(row=row) for row in rows] for rows in found]


@strawberry.type(description="An order of carbon credits.")
class Order(Node):
    row: strawberry.Private[domain.Order]
    lines: list[OrderLine] = batch_field(
        _lines,
        columns=OWNED,
        description="The bundles it is made of, in the order they were asked for.",
        metadata=priced(size=5),
    )
    entries: list[CreditEntry] = batch_field(
        _entries,
        columns=OWNED,
        description="The credits it was given and gave back, oldest first.",
        metadata=priced(size=10),
    )
    retirements: list[Retirement] = batch_field(
        _retirements, columns=OWNED, description="The credits it retired, line by line.", metadata=priced(size=10)
    )
    certificate: Certificate | None = batch_field(
        _certificates, columns=OWNED, description="Its certificate; null until it is complete, and for a moment after."
    )
    timeline: list[TimelineEntry] = batch_field(
        _timelines, columns=OWNED, description="What happened to it, oldest first.", metadata=priced(size=10)
    )
    portfolio: Portfolio | None = batch_field(
        _portfolios,
        columns=("portfolio_id",),
        description="The portfolio that chose its bundles; null if the caller named them.",
    )

    number = attribute_field("row.number", str, description="Short and unique in the account: for people to read out.")

    status = attribute_field("row.status", OrderStatus, description="Where it stands.")

    payment_status = attribute_field("row.payment_status", PaymentStatus, description="Where its money stands.")

    kind = attribute_field("row.kind", OrderKind, description="What fixed its size.")

    source = attribute_field("row.source", Source, description="The API by which it came.")

    requested_mass = mass_field(
        "row.requested_mass_g", nullable=True, description="The mass that was asked for; null for an order by value."
    )

    requested_value = money_field(
        "row.requested_value_minor",
        nullable=True,
        description="The sum that was to be spent at most; null for an order by mass.",
    )

    step = attribute_field("row.step", MassUnit, description="The unit to which each bundle's share was cut.")

    mass = mass_field("row.mass_g", description="The ordered mass: the sum of its lines.")

    fulfilled_mass = mass_field(
        "row.fulfilled_g", description="The mass for which credits are set aside; zero again once cancelled."
    )

    retired_mass = mass_field("row.retired_g", description="The mass that is retired for good.")

    currency = attribute_field("row.currency", CurrencyCode, description="ISO 4217 code of all its amounts.")

    offset_cost = money_field("row.offset_cost_minor", description="The credits without commission.")

    commission = money_field("row.commission_minor", description="The commission.")

    total_cost = money_field("row.total_cost_minor", description="Credits and commission.")

    paid = money_field("row.paid_minor", description="What was paid of the total so far.")

    @strawberry.field(
        description="What is still owed of the total; nothing once cancelled, failed or refunded.",
        metadata=needs("status", "payment_status", "total_cost_minor", "paid_minor", "currency"),
    )
    def due(self) -> Money:
        return money(owed_minor(self.row), self.row.currency)

    customer = attribute_field(
        "row.customer", str | None, description="The customer it was bought for, in the caller's words."
    )

    description = attribute_field("row.description", str | None, description="A note of the caller's.")

    metadata = attribute_field(
        "row.metadata", Metadata, description="The caller's own data; the service never reads it."
    )

    callback_url = attribute_field(
        "row.callback_url", str | None, description="Where changes of the order are reported."
    )

    @strawberry.field(description="For whom the credits are retired; null means the account's own company.")
    def beneficiary(self) -> Beneficiary | None:
        beneficiary = self.row.beneficiary
        if beneficiary is None:
            return None
        return Beneficiary(
            recipient=_party(beneficiary.get("recipient")), retirement=_party(beneficiary.get("retirement"))
        )

    idempotency_key = attribute_field(
        "row.idempotency_key",
        str | None,
        description="The caller's key: a retry with the same key and the same input is this same order.",
    )

    created_at = attribute_field("row.created_at", datetime, description="When it was placed.")


def order_of(row: domain.Order) -> Order:
    return Order(row=row)
