"""Statistics over many orders: groupings, and the figures of each group. The counting is done by storage."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

GROUPS_MAX = 100
DAY = timedelta(days=1)
Days: TypeAlias = tuple[date | None, date | None]
"""The first of consecutive days (UTC), and the day after the last; None is no end."""
Span: TypeAlias = tuple[datetime, datetime]
"""A time, and the one that it ends before."""
_LAST_DAY = datetime.max.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)


def spans(since: datetime | None, until: datetime | None) -> tuple[Days | None, list[Span]]:
    """Return the whole days of a range of time, None if it has none, and the times of the range that are in no whole
    day. A range that is empty has one such time, which is empty too.
    """
    if since is not None:
        since = min(since, _LAST_DAY)  # no day begins after it
    first = None if since is None else _next_midnight(since)
    last = None if until is None else _midnight(until)
    if since is not None and until is not None and first is not None and last is not None and first >= last:
        return None, [(since, until)]
    edges = []
    if since is not None and first is not None and since < first:
        edges.append((since, first))
    if until is not None and last is not None and last < until:
        edges.append((last, until))
    return (None if first is None else first.date(), None if last is None else last.date()), edges


def _midnight(time: datetime) -> datetime:
    """Return the beginning of the day of the time."""
    return time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _next_midnight(time: datetime) -> datetime:
    """Return the first beginning of a day that is not before the time."""
    begins = _midnight(time)
    return begins if begins == time else begins + DAY


class OrderGrouping(StrEnum):
    """Property that the orders of one group share."""

    STATUS = "status"
    PAYMENT_STATUS = "payment_status"
    MONTH = "month"
    DAY = "day"
    BUNDLE = "bundle"
    PROJECT = "project"
    CUSTOMER = "customer"
    CURRENCY = "currency"

    @property
    def is_time(self) -> bool:
        """Return True for groupings by time, which are listed newest first; all others are listed largest first."""
        return self in {OrderGrouping.MONTH, OrderGrouping.DAY}

    @property
    def tells_totals(self) -> bool:
        """Return True if groups have totals. A commission is charged for the whole order, so parts of an order have no
        total.
        """
        return self not in {OrderGrouping.BUNDLE, OrderGrouping.PROJECT}

    @property
    def tells_offset_costs(self) -> bool:
        """Return True if groups have costs. A line has one cost even if its credits come from several projects."""
        return self is not OrderGrouping.PROJECT


@dataclass(frozen=True, slots=True)
class GroupPart:
    """The orders of one group in one currency; money in its minor units, 0 where it is unknown."""

    key: str | None
    currency: str
    orders: int
    mass_g: int
    offset_cost_minor: int
    total_cost_minor: int


@dataclass(frozen=True, slots=True)
class OrderGroup:
    """One group; money in minor units by currency, None where it is unknown."""

    key: str | None
    orders: int
    mass_g: int
    offset_costs_minor: Mapping[str, int] | None
    total_costs_minor: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class OrderStatistics:
    """At most `GROUPS_MAX` groups, in their order, and a flag if there are more."""

    groups: tuple[OrderGroup, ...]
    truncated: bool


def statistics_of(grouping: OrderGrouping, parts: Iterable[GroupPart]) -> OrderStatistics:
    """Return the groups with their parts: groups of time newest first, all others by number of orders, largest
    first.
    """
    by_key: dict[str | None, list[GroupPart]] = {}
    for part in sorted(parts, key=lambda part: part.currency):
        by_key.setdefault(part.key, []).append(part)
    groups = sorted((_group(grouping, members) for members in by_key.values()), key=lambda group: group.key or "")
    groups.sort(key=lambda group: (group.key or "") if grouping.is_time else group.orders, reverse=True)
    return OrderStatistics(tuple(groups[:GROUPS_MAX]), truncated=len(groups) > GROUPS_MAX)


def _group(grouping: OrderGrouping, parts: list[GroupPart]) -> OrderGroup:
    return OrderGroup(
        key=parts[0].key,
        orders=sum(part.orders for part in parts),
        mass_g=sum(part.mass_g for part in parts),
        offset_costs_minor={part.currency: part.offset_cost_minor for part in parts}
        if grouping.tells_offset_costs
        else None,
        total_costs_minor={part.currency: part.total_cost_minor for part in parts} if grouping.tells_totals else None,
    )
