"""Read orders: one, a page, or many at once, with their lines and credits; only the caller's own."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from service.domain.accounts import Caller
from service.domain.api_keys import Scope
from service.domain.events import Event, EventType
from service.domain.listing import NumberedPage, OrderFilter, OrderRef, OrderSort, Owner, Owners
from service.domain.order import CreditEntry, Order, OrderLine
from service.errors import Code, Refused
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.storage import clients, order_totals, orders
from service.storage import events as event_log
from service.storage.database import Statements
from service.storage.tables import Columns

T = TypeVar("T")

_ORDER_ID = attrgetter("order_id")

OWNERS_NAMED_MAX = 100
"""Maximum number of accounts whose orders are read through an index for each account. For more, each page sorts all of
their orders.
"""


async def list_orders(
    resources: Resources,
    caller: Caller,
    wanted: OrderFilter,
    sort: OrderSort,
    request: PageRequest,
    *,
    owner: Owner | None = None,
    columns: Columns = None,
) -> Slice[Order]:
    """Return one page of the caller's orders under the filter and the sort, or of the owners that `owners_of_orders`
    returned. With `columns` only these columns are read.
    """
    caller.require(Scope.ORDERS_READ)
    account_id = caller.account.id
    read_from = owner or account_id

    async def read(statements: Statements) -> list[Order]:
        return await orders.page(statements, read_from, wanted, sort, request, columns)

    rows = await resources.read_own(account_id, read, with_clients=read_from != account_id)
    return slice_of(rows, request)


async def owners_of_orders(
    resources: Resources, caller: Caller, named: Sequence[UUID] | None, *, with_clients: bool
) -> Owner:
    """Return the owners of a list of orders: the caller's account alone, `with_clients` all of its client
    accounts as well; if accounts are `named`, only these. Refuses `ACCOUNT_SELECTED_INVALID` for an account that is
    neither the caller's nor its client's.
    """
    caller.require(Scope.ORDERS_READ)
    reader, own = resources.database.reader, caller.account
    if named is not None:
        family = await clients.family(reader, own.id, set(named))
        for index, account_id in enumerate(named):
            if account_id not in family or family[account_id].mode is not own.mode:
                raise Refused(
                    Code.ACCOUNT_SELECTED_INVALID,
                    "This is neither the account that the request acts for nor one of its client accounts.",
                    ("account_ids", index),
                )
        return Owners(frozenset(named))
    if not with_clients:
        return own.id
    ids = await clients.family_ids(reader, own.id, own.mode, limit=OWNERS_NAMED_MAX + 1)
    if len(ids) > OWNERS_NAMED_MAX:
        return Owners(mode=own.mode, parent_id=own.id)
    return Owners(frozenset(ids))


async def numbered_page_of_orders(
    resources: Resources, caller: Caller, wanted: OrderFilter, asked: NumberedPage
) -> tuple[list[Order], int]:
    """Return the page of the caller's orders with that number, and the number of all orders."""
    caller.require(Scope.ORDERS_READ)
    reader, account_id = resources.database.reader, caller.account.id
    return (
        await orders.numbered_page(reader, account_id, wanted, asked),
        await order_totals.count(reader, account_id, wanted),
    )


async def count_orders(resources: Resources, caller: Caller, wanted: OrderFilter, *, owner: Owner | None = None) -> int:
    """Return the exact number of the caller's orders that the filter selects, or of the owners that `owners_of_orders`
    returned.
    """
    caller.require(Scope.ORDERS_READ)
    return await order_totals.count(resources.database.reader, owner or caller.account.id, wanted)


async def find_order(resources: Resources, caller: Caller, ref: OrderRef, *, columns: Columns = None) -> Order | None:
    """Return the caller's order, or None. Orders of other accounts count as absent."""
    caller.require(Scope.ORDERS_READ)
    return await orders.find(resources.database.reader, caller.account.id, ref, columns)


async def orders_of_ids(resources: Resources, caller: Caller, order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Return the orders with these ids, by id; only the caller's."""
    caller.require(Scope.ORDERS_READ)
    return await orders.of_ids(resources.database.reader, caller.account.id, order_ids)


async def lines_of_orders(
    resources: Resources, caller: Caller, order_ids: Sequence[UUID], *, columns: Columns = None
) -> list[tuple[OrderLine, ...]]:
    """Return the lines of each of the caller's orders, in order."""
    caller.require(Scope.ORDERS_READ)
    found = await orders.lines(resources.database.reader, caller.account.id, order_ids, columns)
    return _of_each(order_ids, found)


async def entries_of_orders(
    resources: Resources, caller: Caller, order_ids: Sequence[UUID], *, columns: Columns = None
) -> list[tuple[CreditEntry, ...]]:
    """Return the credit entries of each of the caller's orders, oldest first."""
    caller.require(Scope.ORDERS_READ)
    found = await orders.entries(resources.database.reader, caller.account.id, order_ids, columns)
    return _of_each(order_ids, found)


async def events_of_orders(resources: Resources, caller: Caller, order_ids: Sequence[UUID]) -> list[tuple[Event, ...]]:
    """Return the events of each of the caller's orders, oldest first."""
    caller.require(Scope.ORDERS_READ)
    found = await event_log.of_orders(resources.database.reader, caller.account.id, order_ids)
    return _of_each(order_ids, found)


async def completion_times_of_orders(
    resources: Resources, caller: Caller, order_ids: Sequence[UUID]
) -> list[datetime | None]:
    """Return the time at which each of the caller's orders was completed; None if there is no such event."""
    caller.require(Scope.ORDERS_READ)
    reader, account_id = resources.database.reader, caller.account.id
    found = await event_log.times_of_orders(reader, account_id, order_ids, EventType.ORDER_COMPLETED)
    return [found.get(order_id) for order_id in order_ids]


async def cancellation_times_of_orders(
    resources: Resources, caller: Caller, order_ids: Sequence[UUID]
) -> list[datetime | None]:
    """Return the time at which each of the caller's orders was cancelled; None if there is no such event."""
    caller.require(Scope.ORDERS_READ)
    reader, account_id = resources.database.reader, caller.account.id
    found = await event_log.times_of_orders(reader, account_id, order_ids, EventType.ORDER_CANCELLED)
    return [found.get(order_id) for order_id in order_ids]


def _of_each(order_ids: Sequence[UUID], rows: Iterable[T]) -> list[tuple[T, ...]]:
    """Group the rows, which are sorted by order, by their order."""
    of: dict[UUID, tuple[T, ...]] = {order_id: tuple(own) for order_id, own in groupby(rows, _ORDER_ID)}
    return [of.get(order_id, ()) for order_id in order_ids]
