"""Requests and responses of orders in the Carbonext contract. Members of its first generation come before later
ones.
"""

from decimal import Decimal
from typing import Annotated

import msgspec

Vcu = Annotated[
    Decimal,
    msgspec.Meta(
        description="Amount of carbon credits in VCU, which are tonnes of CO2 equivalent. Fractions are allowed; "
        "digits below one gram are cut off."
    ),
]


class RecipientInfo(msgspec.Struct, kw_only=True):
    """Parties that the certificate names. `name`, `email` and `taxId` describe the recipient of the certificate. The
    members that start with `retirement` describe the party for which the credits are retired. A
    name with a character that no font of the certificate shows is refused.
    """

    name: str | None = None
    email: str | None = None
    taxId: str | None = None  # noqa: N815 - the contract's name
    retirementName: str | None = None  # noqa: N815 - the contract's name
    retirementEmail: str | None = None  # noqa: N815 - the contract's name
    retirementTaxId: str | None = None  # noqa: N815 - the contract's name


class NewOrder(msgspec.Struct, kw_only=True):
    """An order to place. `targetCurrency` is BRL or USD. If `payWithBalance` is true, the prepaid balance pays the
    whole order at once; the order is refused if the balance is too low. `metaData` is a text of at most 500
    characters that is returned unchanged.
    """

    vcuAmount: Vcu  # noqa: N815 - the contract's name
    targetCurrency: str  # noqa: N815 - the contract's name
    payWithBalance: bool = False  # noqa: N815 - the contract's name
    certificateRecipientInfo: RecipientInfo | None = None  # noqa: N815 - the contract's name
    metaData: Annotated[str, msgspec.Meta(max_length=500)] | None = None  # noqa: N815 - the contract's name


class OrderView(msgspec.Struct, kw_only=True):
    """An order of carbon credits. Prices are in `targetCurrency`."""

    id: str
    vcuAmount: Vcu  # noqa: N815 - the contract's name
    vcuUnitPrice: Decimal  # noqa: N815 - the contract's name
    targetCurrency: str  # noqa: N815 - the contract's name
    status: str
    createdAt: str  # noqa: N815 - the contract's name
    totalPrice: Decimal  # noqa: N815 - the contract's name
    notifyCertificateTo: str | None  # noqa: N815 - the contract's name
    type: str
    paymentDate: str | None  # noqa: N815 - the contract's name
    metaData: str | None  # noqa: N815 - the contract's name
    retireForRecipient: bool  # noqa: N815 - the contract's name
    certificateRecipientInfo: RecipientInfo | None  # noqa: N815 - the contract's name


class ListedOrder(OrderView, kw_only=True):
    """An order in a list, with its invoices and subscriptions."""

    invoices: list[str] = []
    subscriptions: list[str] = []


class ListQuery(msgspec.Struct, rename="kebab"):
    """Page of orders to list. `page` is the page number, from 1. `page-size` is the number of orders: 1 to 100, by
    default 20. The address `/v1/allowed-filters/orders` lists the fields for `sort-by` and `filter-by`.
    """

    page: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    sort_by: str = "createdAt_desc"
    filter_by: str = ""


class OrderPage(msgspec.Struct, kw_only=True):
    """One page of orders. `totalCount` is the exact number of orders that match the filter."""

    items: list[ListedOrder]
    pageIndex: int  # noqa: N815 - the contract's name
    totalPages: int  # noqa: N815 - the contract's name
    totalCount: int  # noqa: N815 - the contract's name
    hasPreviousPage: bool  # noqa: N815 - the contract's name
    hasNextPage: bool  # noqa: N815 - the contract's name
    aggregations: None = None


class OrdersToCancel(msgspec.Struct):
    """Ids of orders to cancel."""

    ordersIds: Annotated[list[str], msgspec.Meta(min_length=1, max_length=100)]  # noqa: N815 - the contract's name
