"""Carbonext's grammar of filters and sorts: `status_in:Issued-Paid~vcuAmount_ge:20`, `createdAt_desc`.

Terms are joined by a tilde and must all match; a hyphen separates the values of `in`. Unknown terms are ignored, as
Carbonext's own examples rely on.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from service.api.rest.carbonext.models import ListQuery
from service.api.rest.carbonext.states import Status, status_pairs_of
from service.api.rest.contract import Answer, Call, Endpoint
from service.domain.amounts import (
    GRAMS_PER_TONNE,
    MICROS_PER_UNIT,
    currencies_by_decimals,
    parse_decimal,
    round_down,
    round_up,
)
from service.domain.listing import EVERY_ORDER, NumberedPage, NumberedSort, OrderFilter, WholeRange
from service.errors import Code, Refused, at

BEYOND = 2**62
"""Upper bound of amounts in filters, above every amount of an order; larger numbers do not fit into the database's
integers.
"""

_TERM = re.compile(r"([A-Za-z]+)_(eq|ne|in|ge|gt|le|lt):(.+)", re.IGNORECASE)
_STATUSES = {status.casefold(): status for status in Status}
_GROUPS = tuple(status_pairs_of(frozenset({status})) for status in Status)
_SORTS = {
    "createdat": NumberedSort.CREATED_AT,
    "vcuamount": NumberedSort.MASS,
    "status": NumberedSort.STATUS_PAIR,
    "vcuunitprice": NumberedSort.MEAN_PRICE,
}
_COMPARISONS = ["ge", "le", "gt", "lt"]


class Aggregates(msgspec.Struct):
    """Columns of a list that can be aggregated, and the operations. Both are empty: the service aggregates nothing."""

    columns: list[str]
    operations: list[str]


class Allowed(msgspec.Struct):
    """Filters of a list as `filter-by` names them, and fields by which it can be sorted."""

    filters: list[str]
    sort: list[str]
    aggregate: Aggregates


_OPERATORS_OF_ORDERS = {
    "status": ["eq", "ne", "in"],
    "vcuUnitPrice": _COMPARISONS,
    "vcuAmount": ["eq", *_COMPARISONS],
    "invoiceId": ["eq"],
    "createdAt": ["eq", *_COMPARISONS],
    "totalPrice": ["eq", *_COMPARISONS],
}
ALLOWED = {
    "orders": Allowed(
        filters=[f"{name}_{operator}" for name, operators in _OPERATORS_OF_ORDERS.items() for operator in operators],
        sort=["createdAt", "vcuAmount", "status", "vcuUnitPrice"],
        aggregate=Aggregates(columns=[], operations=[]),
    )
}
_OPERATORS = {name.casefold(): operators for name, operators in _OPERATORS_OF_ORDERS.items()}


class Resources(msgspec.Struct):
    """Lists that can be filtered."""

    entities: list[str]


def page_asked_for(query: ListQuery) -> NumberedPage:
    """Return the request for a page. An unknown sort is replaced by the default, newest first. Sorting by status uses
    the order of the states in an order's life.
    """
    name, _, direction = query.sort_by.rpartition("_")
    sort = _SORTS.get(name.casefold())
    if sort is None or direction.casefold() not in {"asc", "desc"}:
        return NumberedPage(number=query.page, size=query.page_size)
    descending = direction.casefold() == "desc"
    return NumberedPage(number=query.page, size=query.page_size, sort=sort, descending=descending, status_pairs=_GROUPS)


def filter_asked_for(query: ListQuery) -> OrderFilter:
    """Return the filter that all known terms form. Refuses `BAD_USER_INPUT` for a value that its field cannot have."""
    wanted = EVERY_ORDER
    for term in query.filter_by.split("~"):
        form = _TERM.fullmatch(term)
        if form is None:
            continue
        name, operator, text = form[1].casefold(), form[2].casefold(), form[3]
        if operator in _OPERATORS.get(name, ()):
            wanted = _FIELDS[name](wanted, operator, text)
    return wanted


def _by_status(wanted: OrderFilter, operator: str, text: str) -> OrderFilter:
    named = text.split("-") if operator == "in" else [text]
    statuses = frozenset(_STATUSES[each.casefold()] for each in named if each.casefold() in _STATUSES)
    if operator == "ne":
        statuses = frozenset(Status) - statuses
    status_pairs = status_pairs_of(statuses)
    return replace(
        wanted, status_pairs=status_pairs if wanted.status_pairs is None else wanted.status_pairs & status_pairs
    )


def _by_invoice(wanted: OrderFilter, _operator: str, text: str) -> OrderFilter:
    try:
        return replace(wanted, invoice_id=UUID(text))
    except ValueError:
        raise Refused(Code.BAD_USER_INPUT, "Give the id of an invoice as a UUID.", ("filter-by",)) from None


def _by_number(low: str, high: str, scale: int) -> Callable[[OrderFilter, str, str], OrderFilter]:
    """Return a function that narrows a range of whole units; `scale` of them make one of the contract's units."""

    def narrow(wanted: OrderFilter, operator: str, text: str) -> OrderFilter:
        return _within(wanted, low, high, *_whole_bounds(operator, _number_of(text) * scale))

    return narrow


def _by_total(wanted: OrderFilter, operator: str, text: str) -> OrderFilter:
    """Narrow the range of totals, converted to minor units for each number of decimals that a currency may have."""
    amount, ranges = _number_of(text), wanted.totals_minor or {}
    narrowed = {
        decimals: _narrower(ranges.get(decimals, (None, None)), _whole_bounds(operator, amount * 10**decimals))
        for decimals in currencies_by_decimals()
    }
    return replace(wanted, totals_minor=narrowed)


def _number_of(text: str) -> Fraction:
    """Parse a number of a filter. Refuses `BAD_USER_INPUT`."""
    return at(["filter-by"], lambda: parse_decimal(text))


def _whole_bounds(operator: str, exact: Fraction) -> WholeRange:
    """Return the least whole number that satisfies the comparison, and the least one above it that does not."""
    exact = min(exact, Fraction(BEYOND))
    above, below = round_up(exact), round_down(exact)
    bounds: dict[str, WholeRange] = {
        "eq": (above, below + 1),  # empty unless the number is whole, because no value equals it
        "ge": (above, None),
        "gt": (below + 1, None),
        "le": (None, below + 1),
        "lt": (None, above),
    }
    return bounds[operator]


def _by_date(wanted: OrderFilter, operator: str, text: str) -> OrderFilter:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(Code.BAD_USER_INPUT, "Give a date as YYYY-MM-DD.", ("filter-by",)) from None
    after = day + timedelta(days=1) if day.date() < date.max else datetime.max.replace(tzinfo=UTC)
    bounds = {"eq": (day, after), "ge": (day, None), "gt": (after, None), "le": (None, after), "lt": (None, day)}
    return _within(wanted, "created_from", "created_until", *bounds[operator])


def _within(wanted: OrderFilter, low: str, high: str, start: Any, end: Any) -> OrderFilter:
    """Return the filter with its range narrowed, or unchanged if the new bound is wider."""
    narrowed = _narrower((getattr(wanted, low), getattr(wanted, high)), (start, end))
    return replace(wanted, **dict(zip((low, high), narrowed, strict=True)))


def _narrower(one: tuple[Any, Any], other: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return the intersection of two ranges; None stands for an open end."""
    starts, ends = ([end for end in pair if end is not None] for pair in zip(one, other, strict=True))
    return max(starts, default=None), min(ends, default=None)


_FIELDS: dict[str, Callable[[OrderFilter, str, str], OrderFilter]] = {
    "status": _by_status,
    "invoiceid": _by_invoice,
    "createdat": _by_date,
    "vcuamount": _by_number("mass_g_from", "mass_g_until", GRAMS_PER_TONNE),
    "totalprice": _by_total,
    "vcuunitprice": _by_number("mean_price_micros_from", "mean_price_micros_until", MICROS_PER_UNIT),
}


async def list_resources(_call: Call[None, None]) -> Answer:
    return Answer(Resources(list(ALLOWED)))


async def allowed_filters(call: Call[None, None]) -> Answer:
    allowed = ALLOWED.get(call.path["resource"].casefold())
    if allowed is None:
        raise Refused(Code.NOT_FOUND, "There is no such list to filter.")
    return Answer(allowed)


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/resources",
        operation_id="list_resources",
        summary="List the names of lists that can be filtered.",
        handler=list_resources,
        public=True,
        responses={200: Resources},
    ),
    Endpoint(
        method="GET",
        path="/v1/allowed-filters/{resource}",
        operation_id="allowed_filters",
        summary="Get the fields by which a list can be filtered and sorted.",
        handler=allowed_filters,
        public=True,
        responses={200: Allowed},
        refusals=frozenset({404}),
    ),
)
