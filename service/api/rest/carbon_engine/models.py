"""Requests and responses of the carbon-engine contract. Absent values are null."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

Kilograms = Annotated[
    int, msgspec.Meta(ge=1, le=10**12, description="Mass in whole kilograms of CO2 equivalent, 1 to 10^12.")
]
Halalas = Annotated[
    int,
    msgspec.Meta(
        ge=1, le=10**15, description="Amount of money in halalas, the hundredths of a Saudi riyal: 1 to 10^15."
    ),
]
TotalPrice = Annotated[
    int,
    msgspec.Meta(
        ge=1,
        le=10**15,
        description="Maximum price of the order in halalas, the hundredths of a Saudi riyal: 1 to 10^15. The order is "
        "for the largest whole number of kilograms whose price does not exceed this sum. Give either this "
        "member or `amount_kg`.",
    ),
]
PortfolioId = Annotated[
    str,
    msgspec.Meta(
        description="Id of the portfolio to buy from: 32 hex digits. Without it the account's own portfolio is used. "
        "`portfolio_id` is another name of the same member."
    ),
]
SamePortfolioId = Annotated[
    str,
    msgspec.Meta(description="The same as `portfolioId`. Two different values in one request are refused."),
]
HexId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]


class NewOrder(msgspec.Struct, kw_only=True):
    """An order to place. Give exactly one of `amount_kg` and `total_price_sar_halalas`. `customer` (at most 200
    characters), `description` (at most 1,000 characters) and `callbackUrl` (an https address on the internet) are
    stored and returned. The order is sent to `callbackUrl` by POST whenever it changes, and again for 24 hours if that
    fails.
    """

    amount_kg: Kilograms | None = None
    total_price_sar_halalas: TotalPrice | None = None
    portfolioId: PortfolioId | None = None  # noqa: N815 - the contract's name
    portfolio_id: SamePortfolioId | None = None
    description: str | None = None
    customer: str | None = None
    callbackUrl: str | None = None  # noqa: N815 - the contract's name


class ProjectRecord(msgspec.Struct):
    """A movement of credits between a batch and the order. `delta` is in kilograms: positive to the order, negative
    back to the batch.
    """

    project_id: HexId
    project_category_id: HexId
    credit_batch_id: HexId
    delta: Decimal
    recorded_on: datetime


class Invoice(msgspec.Struct):
    """Amount that is due for the order, amount that the balance paid, and address of the receipt. Amounts are in
    halalas.
    """

    amountDueSarHalalas: int  # noqa: N815 - the contract's name
    balanceAppliedSarHalalas: int  # noqa: N815 - the contract's name
    receiptUrl: str  # noqa: N815 - the contract's name


class OrderView(msgspec.Struct, kw_only=True):
    """An order. `amount_kg` is the mass of the order in kilograms: without what rounding took off, and after a partial
    cancellation without what was cancelled. `creditsPurchased` is the mass in kilograms for which credits are set
    aside; it is smaller while some credits are not in stock, equal once the order is fulfilled, and 0 after it is
    cancelled.
    """

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
    """Selection of orders to list, newest first. `limit` is the number of orders: 1 to 100, by default 20.
    `starting_after` is the id of an order: only older orders are listed. `ending_before` is the id of an order: only
    newer orders are listed.
    """

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    starting_after: str | None = None
    ending_before: str | None = None


class QuoteByMass(msgspec.Struct, kw_only=True):
    """A mass to price."""

    amount_kg: Kilograms
    portfolioId: PortfolioId | None = None  # noqa: N815 - the contract's name
    portfolio_id: SamePortfolioId | None = None


class QuoteByAirFreight(msgspec.Struct, kw_only=True):
    """Transport of goods by air whose emissions are priced."""

    freight_mass_kg: Annotated[Decimal, msgspec.Meta(description="Kilograms of goods.")]
    distance_km: Annotated[Decimal, msgspec.Meta(description="Kilometres.")]
    portfolioId: PortfolioId | None = None  # noqa: N815 - the contract's name
    portfolio_id: SamePortfolioId | None = None


class QuoteByGroundTransport(msgspec.Struct, kw_only=True):
    """Drive of a road vehicle whose emissions are priced."""

    distance_km: Annotated[
        Decimal, msgspec.Meta(description="Length of the drive in kilometres: more than 0, at most 10^9.")
    ]
    vehicle_type: Annotated[
        str,
        msgspec.Meta(
            description="passenger_car_van_or_suv, small_bus, school_bus or coach_bus.",
            pattern=r"^(passenger_car_van_or_suv|small_bus|school_bus|coach_bus)\Z",
        ),
    ]
    portfolioId: PortfolioId | None = None  # noqa: N815 - the contract's name
    portfolio_id: SamePortfolioId | None = None


class QuoteView(msgspec.Struct):
    """Price of a mass at present. `amount_kg` is the mass in kilograms, `price_sar_halalas` its price in halalas.
    Nothing is stored, and the price is not guaranteed.
    """

    amount_kg: int
    price_sar_halalas: int
