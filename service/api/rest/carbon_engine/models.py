"""Requests and responses of the carbon-engine contract. Absent values are null."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

Kilograms = Annotated[
    int, msgspec.Meta(ge=1, le=10**12, description="Mass in whole kilograms of CO2 equivalent, 1 to 10^12.")
]
Halalas = Annotated[
    int, msgspec.Meta(ge=1, le=10**15, description="Amount of money in halalas, the hundredths of a Saudi riyal.")
]
TotalPrice = Annotated[
    int,
    msgspec.Meta(
        ge=1,
        le=10**15,
        description="Maximum price of the order in halalas (hundredths of a Saudi riyal), instead of `amount_kg`. It "
        "buys the largest whole number of kilograms that costs no more than this.",
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
    """An order to place. Give exactly one of `amount_kg` and `total_price_sar_halalas`. Changes of the order are
    reported to `callbackUrl`, an https address. `customer` (at most 200 characters) and `description` (at most 1,000)
    are stored and returned.
    """

    amount_kg: Kilograms | None = None
    total_price_sar_halalas: TotalPrice | None = None
    portfolioId: PortfolioId | None = None  # noqa: N815 - the contract's name
    portfolio_id: SamePortfolioId | None = None
    description: str | None = None
    customer: str | None = None
    callbackUrl: str | None = None  # noqa: N815 - the contract's name


class ProjectRecord(msgspec.Struct):
    """A movement of one batch's credits: positive kilograms to the order, negative ones back to the batch."""

    project_id: HexId
    project_category_id: HexId
    credit_batch_id: HexId
    delta: Decimal
    recorded_on: datetime


class Invoice(msgspec.Struct):
    """Amount due for the order and amount that the balance paid, in halalas, and the address of the receipt."""

    amountDueSarHalalas: int  # noqa: N815 - the contract's name
    balanceAppliedSarHalalas: int  # noqa: N815 - the contract's name
    receiptUrl: str  # noqa: N815 - the contract's name


class OrderView(msgspec.Struct, kw_only=True):
    """An order. `amount_kg` is the ordered mass and `creditsPurchased` the mass for which credits are set aside; they
    differ while credits are not in stock.
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
    """Selects at most `limit` orders, newest first: 1 to 100, by default 20. `starting_after` selects orders older than
    the order of this id, `ending_before` newer ones.
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
    """Goods transported by air, whose emissions are priced."""

    freight_mass_kg: Annotated[Decimal, msgspec.Meta(description="Kilograms of goods.")]
    distance_km: Annotated[Decimal, msgspec.Meta(description="Kilometres.")]
    portfolioId: PortfolioId | None = None  # noqa: N815 - the contract's name
    portfolio_id: SamePortfolioId | None = None


class QuoteByGroundTransport(msgspec.Struct, kw_only=True):
    """A drive of a road vehicle, whose emissions are priced."""

    distance_km: Annotated[
        Decimal, msgspec.Meta(description="Length of the drive in kilometres, more than zero and at most 10^9.")
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
    """Present price of the kilograms in halalas. Nothing is stored, and the price is not guaranteed."""

    amount_kg: int
    price_sar_halalas: int
