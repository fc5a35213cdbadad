"""Lune's requests and responses. Masses and money are decimal strings; every member of a response is always present.

A member that may be left out of a request may be null as well.
"""

from typing import Annotated, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")

DecimalText = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?\Z", max_length=40)]
Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
MassUnit = Literal["g", "kg", "t"]
Percentage = Annotated[
    int | str | None,
    Meta(
        description="Share of the mass in percent: a whole number, or a string with at most two decimals. Give it for "
        "all bundles, so that they sum to 100, or for none: then all bundles get equal shares."
    ),
]
KEY_LENGTH_MAX = 100
Key = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=KEY_LENGTH_MAX,
        description="Key chosen by the caller, 1 to 100 characters. Each key can be used once in an account: a retry "
        "with the same key returns 409.",
    ),
]
Metadata = dict[str, str]


class Mass(Struct):
    """A mass of CO2 equivalent: `amount` is a decimal string, `unit` is g, kg or t."""

    amount: DecimalText
    unit: MassUnit


class BundleShare(Struct):
    """One bundle's share of an order."""

    bundle_id: str
    percentage: Percentage = None


class BundleMass(Struct):
    """A mass to buy of one bundle, named by the 32 hexadecimal digits of its id."""

    bundle_id: str
    mass: Mass


class Choice(Struct, kw_only=True):
    """Bundles to buy, and the unit to which the mass of each bundle is rounded down. By default the account's bundles
    are bought, and masses are rounded down to the gram.
    """

    bundle_selection: list[BundleShare] | None = None
    quantity_trunc: MassUnit | None = None


class QuoteByMass(Choice, kw_only=True):
    """A mass to quote: either `mass`, optionally with `bundle_selection`, or `bundle_masses`."""

    mass: Mass | None = None
    bundle_masses: list[BundleMass] | None = None


class QuoteByValue(Choice, kw_only=True):
    """A sum to spend at most, including commission, in the account's currency, for which a quote is wanted."""

    value: DecimalText


class OrderByMass(QuoteByMass, kw_only=True):
    """A mass to order: either `mass`, optionally with `bundle_selection`, or `bundle_masses`. `metadata` is attached to
    the order and returned unchanged.
    """

    idempotency_key: Key | None = None
    metadata: Metadata | None = None


class OrderByValue(QuoteByValue, kw_only=True):
    """A sum to spend: `value` is the maximum total, including commission, in the account's currency. `metadata` is
    attached to the order and returned unchanged.
    """

    idempotency_key: Key | None = None
    metadata: Metadata | None = None


class OrderByEstimate(Choice, kw_only=True):
    """An estimate whose mass is ordered. Each estimate can be ordered once. `metadata` is attached to the order and
    returned unchanged.
    """

    estimate_id: str
    idempotency_key: Key | None = None
    metadata: Metadata | None = None


class OrderBundleView(Struct, kw_only=True):
    """One bundle's share of an order or a quote. Quantities are tonnes. `insufficient_available_quantity` is true if
    too few credits are in stock; the order is accepted all the same.
    """

    bundle_id: Id
    bundle_name: str
    primary_image: str | UnsetType = UNSET
    quantity: DecimalText
    unit_price: DecimalText
    gross_unit_price: DecimalText
    offset_cost: DecimalText
    insufficient_available_quantity: bool | None


class OrderProjectView(Struct, kw_only=True):
    """Credits of one project that an order received; known once retirement has started. `quantity` is in tonnes, prices
    are in the order's currency.
    """

    project_id: Id
    project_name: str
    project_type: str
    project_slug: str
    project_logo: str | UnsetType = UNSET
    quantity: DecimalText
    unit_price: DecimalText
    offset_cost: DecimalText
    status: Literal["allocated", "retired"]


OrderStatus = Literal["received", "placed", "paid", "retiring", "complete", "cancelled", "failed"]


class OrderView(Struct, kw_only=True, rename={"kind": "type"}):
    """An order. Masses are in tonnes, money is in the order's currency."""

    id: Id
    idempotency_key: str | None
    kind: Literal["quantity", "value"]
    status: OrderStatus
    currency: str
    requested_quantity: DecimalText | None
    requested_value: DecimalText | None
    estimate_id: Id | None
    quantity: DecimalText | None
    offset_cost: DecimalText | None
    commission: DecimalText | None
    total_cost: DecimalText | None
    payment_method: Literal["invoice", "card"] | None
    created_at: Instant
    bundles: list[OrderBundleView] | None
    projects: list[OrderProjectView] | None
    certificate: str | None
    public_certificate_url: str | None
    metadata: Metadata
    offset_link_id: str | None
    email: str | None


class QuoteView(Struct, kw_only=True):
    """Price of an order that was not placed. Masses are in tonnes, costs in `currency`. Either `requested_quantity` or
    `requested_value` is null.
    """

    requested_quantity: DecimalText | None
    requested_value: DecimalText | None
    currency: str
    estimated_quantity: DecimalText
    estimated_offset_cost: DecimalText
    estimated_commission: DecimalText
    estimated_total_cost: DecimalText
    bundles: list[OrderBundleView]


class Page(Struct, Generic[T], kw_only=True):
    """One page of a list. Send `next_cursor` as `after` to get the next page; it is null on the last page."""

    data: list[T]
    has_more: bool
    next_cursor: str | None


class PageQuery(Struct, kw_only=True):
    """`limit` is the number of items, 1 to 100, by default 10; `after` is a `next_cursor` or the id of any item."""

    limit: str | None = None
    after: str | None = None


class OrdersQuery(PageQuery, kw_only=True):
    """Page of orders to list. `offset_link_id` selects orders of an offset link; this service has none, so the list is
    empty.
    """

    offset_link_id: str | None = None
