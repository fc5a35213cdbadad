"""The bodies of the carbon-engine contract, field by field. Absent values are null."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

Kilograms = Annotated[int, msgspec.Meta(ge=1, le=10**12, description="Whole kilograms of CO2 equivalent.")]
Halalas = Annotated[int, msgspec.Meta(ge=1, le=10**15, description="Hundredths of a Saudi riyal.")]
TotalPrice = Annotated[
    int,
    msgspec.Meta(
        ge=1,
        le=10**15,
        description="The most to spend, in hundredths of a Saudi riyal, in place of `amount_kg`: it buys the largest "
        "whole number of kilograms whose price is within it, at the price that `amount_kg` of that number has.",
    ),
]
PortfolioId = Annotated[str, msgspec.Meta(description="A portfolio; the account's own without it.")]
HexId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class NewOrder(msgspec.Struct, kw_only=True):
    """An order: a mass, or a total price of which as many whole kilograms are bought as it pays for; exactly one."""

    amount_kg: Kilograms | None = None
    total_price_sar_halalas: TotalPrice | None = None
    portfolioId: PortfolioId | None = None  # noqa: N815 - the contract's name
    description: str | None = None
    customer: str | None = None
    callbackUrl: str | None = None  # noqa: N815 - the contract's name


class ProjectRecord(msgspec.Struct):
    """Credits of one batch that went to the order (positive kilograms) or back (negative)."""

    project_id: HexId
    project_category_id: HexId
    credit_batch_id: HexId
    delta: Decimal
    recorded_on: datetime


class Invoice(msgspec.Struct):
    """What of the price is due, what the balance has paid, and the page that says so."""

    amountDueSarHalalas: int  # noqa: N815 - the contract's name
    balanceAppliedSarHalalas: int  # noqa: N815 - the contract's name
    receiptUrl: str  # noqa: N815 - the contract's name


class OrderView(msgspec.Struct, kw_only=True):
    """An order. `amount_kg` was requested, `creditsPurchased` is there; they differ while credits are missing."""

    id: HexId = msgspec.field(name="_id")
    orderNumber: str  # noqa: N815 - the contract's name
    customer: str | None
    description: str | None
    price_sar_halalas: int
    amount_kg: Decimal
    creditsPurchased: Decimal  # noqa: N815 - the contract's name
    callbackUrl: str | None  # noqa: N815 - the contract's name
    state: str
    portfolio: HexId | None
    certificateUrl: str | None  # noqa: N815 - the contract's name
    projectRecords: list[ProjectRecord]  # noqa: N815 - the contract's name
    invoice: Invoice


class ListQuery(msgspec.Struct):
    """Newest first: at most `limit`, older than `starting_after` or newer than `ending_before`, both ids of orders."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    starting_after: str | None = None
    ending_before: str | None = None


class QuoteByMass(msgspec.Struct, kw_only=True):
    """A mass to price."""

    amount_kg: Kilograms
    portfolioId: PortfolioId | None = None  # noqa: N815 - the contract's name


class QuoteByAirFreight(msgspec.Struct, kw_only=True):
    """Goods that are flown."""

    freight_mass_kg: Annotated[Decimal, msgspec.Meta(description="Kilograms of goods.")]
    distance_km: Annotated[Decimal, msgspec.Meta(description="Kilometres.")]
    portfolio_id: PortfolioId | None = None


class QuoteByGroundTransport(msgspec.Struct, kw_only=True):
    """A road vehicle that is driven."""

    distance_km: Annotated[Decimal, msgspec.Meta(description="Kilometres.")]
    vehicle_type: Annotated[
        str,
        msgspec.Meta(
            description="passenger_car_van_or_suv, small_bus, school_bus or coach_bus.",
            pattern="^(passenger_car_van_or_suv|small_bus|school_bus|coach_bus)$",
        ),
    ]
    portfolio_id: PortfolioId | None = None


class QuoteView(msgspec.Struct):
    """What the kilograms cost now. Nothing is kept."""

    amount_kg: int
    price_sar_halalas: int
