"""Lune's requests and responses. Masses and money are decimal strings; of a response every member is always there.

A member that may be left out of a request may be null as well.
"""

from typing import Annotated, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")

DecimalText = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?$", max_length=40)]
Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
MassUnit = Literal["g", "kg", "t"]
Percentage = Annotated[
    int | str | None,
    Meta(
        description="Percent of the mass: a whole number, or a string with at most two decimals. Given for all bundles,"
        " to sum to 100, or for none, which splits equally."
    ),
]
KEY_LENGTH_MAX = 100
Key = Annotated[str, Meta(min_length=1, max_length=KEY_LENGTH_MAX, description="Used once in the life of an account.")]
Metadata = dict[str, str]


class Mass(Struct):
    """A mass of CO2 equivalents."""

    amount: DecimalText
    unit: MassUnit


class BundleShare(Struct):
    """A bundle's part of an order."""

    bundle_id: str
    percentage: Percentage = None


class BundleMass(Struct):
    """A mass of one bundle."""

    bundle_id: str
    mass: Mass


class Choice(Struct, kw_only=True):
    """Which bundles, and what their quantities are truncated to."""

    bundle_selection: list[BundleShare] | None = None
    quantity_trunc: MassUnit | None = None


class QuoteByMass(Choice, kw_only=True):
    """Either `mass`, with or without a selection, or `bundle_masses`."""

    mass: Mass | None = None
    bundle_masses: list[BundleMass] | None = None


class QuoteByValue(Choice, kw_only=True):
    """The most to spend, commission included, in the account's currency."""

    value: DecimalText


class OrderByMass(QuoteByMass, kw_only=True):
    """Either `mass`, with or without a selection, or `bundle_masses`."""

    idempotency_key: Key | None = None
    metadata: Metadata | None = None


class OrderByValue(QuoteByValue, kw_only=True):
    """The most to spend, commission included, in the account's currency."""

    idempotency_key: Key | None = None
    metadata: Metadata | None = None


class OrderByEstimate(Choice, kw_only=True):
    """The mass of an estimate, which can be ordered once."""

    estimate_id: str
    idempotency_key: Key | None = None
    metadata: Metadata | None = None


class OrderBundleView(Struct, kw_only=True):
    """One bundle's part. `insufficient_available_quantity`: stock does not cover it yet; it is ordered all the same."""

    bundle_id: Id
    bundle_name: str
    primary_image: str | UnsetType = UNSET
    quantity: DecimalText
    unit_price: DecimalText
    gross_unit_price: DecimalText
    offset_cost: DecimalText
    insufficient_available_quantity: bool | None


class OrderProjectView(Struct, kw_only=True):
    """What a project gave to an order, known from its retirement on."""

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
    """An order. Masses in tonnes, money in its currency."""

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
    """What an order would be. One of `requested_quantity` and `requested_value` is null."""

    requested_quantity: DecimalText | None
    requested_value: DecimalText | None
    currency: str
    estimated_quantity: DecimalText
    estimated_offset_cost: DecimalText
    estimated_commission: DecimalText
    estimated_total_cost: DecimalText
    bundles: list[OrderBundleView]


class Page(Struct, Generic[T], kw_only=True):
    """A page of a list. `next_cursor`, the last item's id, leads to the next one; it is null on the last."""

    data: list[T]
    has_more: bool
    next_cursor: str | None


class PageQuery(Struct, kw_only=True):
    """`limit` 1 to 100, 10 without it; `after` is a `next_cursor` or the id of any item."""

    limit: str | None = None
    after: str | None = None


class OrdersQuery(PageQuery, kw_only=True):
    """`offset_link_id` asks for orders of an offset link, of which there are none."""

    offset_link_id: str | None = None
