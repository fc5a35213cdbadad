"""Reading orders: pages that neither repeat nor lose an order, filters that mean what they say, the same on both.

Seen to fail when: ties are not broken by the id; a range includes its end; a filter's conditions are joined by OR; a
percent sign is a wildcard; a metadata key is read as a path; case is folded differently on the two databases; the
account is left out of a statement.
"""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from service.domain.accounts import Account
from service.domain.listing import EVERY_ORDER, OrderFilter, OrderRef, OrderSort, OrderSortField
from service.domain.order import Order, OrderKind, OrderStatus, PaymentStatus
from service.kit.ids import uuid7
from service.kit.keyset import PageRequest
from service.operations import read_orders
from service.storage import orders
from tests.listening import Listening
from tests.makers import LONG_AGO, make_caller, make_command, make_order, store
from tests.shop import Shop

SORTS = [OrderSort(field, descending) for field, descending in product(OrderSortField, (True, False))]


async def history(shop: Shop, *facts: dict[str, Any]) -> list[Order]:
    made = [make_order(shop.account, **each) for each in facts]
    await store(shop.database, *made)
    return made


async def listed(shop: Shop, wanted: OrderFilter, sort: OrderSort = OrderSort(), limit: int = 100) -> list[Order]:  # noqa: B008 - frozen
    page = await read_orders.list_orders(shop.resources, shop.caller, wanted, sort, PageRequest(limit))
    assert await read_orders.count_orders(shop.resources, shop.caller, wanted) == len(page.items)
    return list(page.items)


async def test_orders_are_listed_newest_first(shop: Shop):
    placed = [await shop.place() for _ in range(3)]
    assert await listed(shop, OrderFilter()) == placed[::-1]


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: sort.name)
async def test_pages_of_any_size_show_every_order_once_in_either_direction(shop: Shop, sort: OrderSort):
    made = await history(
        shop,
        *(
            {
                "mass_g": 1_000 + index // 4,
                "offset_cost_minor": 100 - index // 3,
                "created_at": LONG_AGO + timedelta(microseconds=index // 2),
            }
            for index in range(11)
        ),
    )
    expected = sorted(made, key=lambda order: (getattr(order, sort.field), order.id.int), reverse=sort.descending)
    for limit in (1, 2, 5, 11, 12):
        for backward in (False, True):
            assert await _walk(shop, sort, limit, backward=backward) == expected


async def _walk(
    shop: Shop, sort: OrderSort, limit: int, *, backward: bool, wanted: OrderFilter = EVERY_ORDER
) -> list[Order]:
    seen: list[Order] = []
    edge = None
    for _ in range(30):
        request = PageRequest(limit, None if backward else edge, edge if backward else None, backward)
        page = await read_orders.list_orders(shop.resources, shop.caller, wanted, sort, request)
        seen = [*page.items, *seen] if backward else [*seen, *page.items]
        if not (page.has_previous if backward else page.has_next):
            return seen
        edge = sort.position(page.items[0 if backward else -1])
    raise AssertionError("the list never ends")


@pytest.mark.parametrize("descending", [True, False])
async def test_pages_of_several_statuses_show_every_order_once_in_either_direction(shop: Shop, descending: bool):
    statuses = [OrderStatus.PLACED, OrderStatus.CANCELLED, OrderStatus.COMPLETE]
    made = await history(
        shop,
        *(
            {"status": statuses[index % 3], "created_at": LONG_AGO + timedelta(microseconds=index // 2)}
            for index in range(11)
        ),
    )
    sort = OrderSort(descending=descending)
    wanted = OrderFilter(statuses=frozenset({OrderStatus.PLACED, OrderStatus.COMPLETE}))
    expected = sorted(
        (order for order in made if order.status is not OrderStatus.CANCELLED),
        key=lambda order: (order.created_at, order.id.int),
        reverse=descending,
    )
    for limit in (1, 3, 8):
        for backward in (False, True):
            assert await _walk(shop, sort, limit, backward=backward, wanted=wanted) == expected


async def test_a_page_of_several_statuses_is_one_statement_so_that_an_order_that_moves_is_not_lost(shop: Shop):
    await history(shop, {"status": OrderStatus.PLACED}, {"status": OrderStatus.FULFILLED})
    wanted = OrderFilter(statuses=frozenset({OrderStatus.PLACED, OrderStatus.FULFILLED}))
    reader = Listening(shop.database.reader)
    found = await orders.page(reader, shop.account.id, wanted, OrderSort(), PageRequest(5))
    assert {order.status for order in found} == {OrderStatus.PLACED, OrderStatus.FULFILLED}
    assert len(reader.asked) == 1


async def test_a_page_may_lie_between_two_cursors(shop: Shop):
    made = await history(shop, *({"mass_g": 1_000 + index} for index in range(6)))
    sort = OrderSort(OrderSortField.MASS, descending=False)
    request = PageRequest(10, after=sort.position(made[1]), before=sort.position(made[4]))
    page = await read_orders.list_orders(shop.resources, shop.caller, OrderFilter(), sort, request)
    assert list(page.items) == made[2:4]


async def test_an_order_placed_meanwhile_does_not_move_the_pages(shop: Shop):
    made = await history(shop, *({"created_at": LONG_AGO + timedelta(seconds=index)} for index in range(4)))
    first = await read_orders.list_orders(shop.resources, shop.caller, OrderFilter(), OrderSort(), PageRequest(2))
    await shop.place()
    after = OrderSort().position(first.items[-1])
    second = await read_orders.list_orders(
        shop.resources, shop.caller, OrderFilter(), OrderSort(), PageRequest(2, after=after)
    )
    assert [*first.items, *second.items] == made[::-1]


FACTS: list[dict[str, Any]] = [
    {"status": OrderStatus.PLACED, "mass_g": 10, "offset_cost_minor": 1, "customer": "Ana"},
    {"status": OrderStatus.CANCELLED, "mass_g": 20, "offset_cost_minor": 2, "currency": "SAR"},
    {"status": OrderStatus.COMPLETE, "mass_g": 30, "offset_cost_minor": 3, "payment_status": PaymentStatus.PAID},
    {"kind": OrderKind.VALUE, "mass_g": 40, "offset_cost_minor": 4, "customer": "Anastasia"},
]
DAY = timedelta(days=1)


FILTERS = [
    (OrderFilter(statuses=frozenset({OrderStatus.PLACED})), {0, 3}),
    (OrderFilter(statuses=frozenset({OrderStatus.CANCELLED, OrderStatus.COMPLETE})), {1, 2}),
    (OrderFilter(statuses=frozenset()), set()),
    (OrderFilter(payment_statuses=frozenset({PaymentStatus.PAID})), {2}),
    (OrderFilter(kinds=frozenset({OrderKind.VALUE})), {3}),
    (OrderFilter(currencies=frozenset({"SAR", "BRL"})), {1}),
    (OrderFilter(created_from=LONG_AGO + DAY), {1, 2, 3}),
    (OrderFilter(created_until=LONG_AGO + DAY), {0}),
    (OrderFilter(created_from=LONG_AGO + DAY, created_until=LONG_AGO + 3 * DAY), {1, 2}),
    (OrderFilter(mass_g_from=20, mass_g_until=40), {1, 2}),
    (OrderFilter(total_minor_from=2, total_minor_until=3), {1}),
    (OrderFilter(customer_contains="ana"), {0, 3}),
    (OrderFilter(customer_contains="STASI"), {3}),
    (OrderFilter(customer_contains="ana", mass_g_from=11), {3}),
    (
        OrderFilter(
            statuses=frozenset({OrderStatus.PLACED}),
            payment_statuses=frozenset({PaymentStatus.ISSUED}),
            kinds=frozenset({OrderKind.MASS}),
            currencies=frozenset({"USD"}),
            created_from=LONG_AGO,
            created_until=LONG_AGO + DAY,
            mass_g_from=10,
            mass_g_until=11,
            total_minor_from=1,
            total_minor_until=2,
            customer_contains="n",
            metadata=frozenset({("place", "0")}),
        ),
        {0},
    ),
    (OrderFilter(statuses=frozenset({OrderStatus.PLACED}), currencies=frozenset({"SAR"})), set()),
    (OrderFilter(metadata=frozenset({("place", "1")})), {1}),
    (OrderFilter(metadata=frozenset({("place", "1"), ("place", "2")})), set()),
    (OrderFilter(metadata=frozenset({("place", "1"), ("other", "1")})), set()),
    (OrderFilter(created_from=datetime(1, 1, 1, tzinfo=UTC)), {0, 1, 2, 3}),
    (OrderFilter(created_until=datetime(9999, 12, 31, tzinfo=UTC)), {0, 1, 2, 3}),
    (OrderFilter(total_minor_until=2**63 - 1, total_minor_from=-(2**63)), {0, 1, 2, 3}),
]


async def test_a_filter_lets_through_what_it_says(shop: Shop):
    made = await history(
        shop,
        *(
            {"created_at": LONG_AGO + index * DAY, "metadata": {"place": str(index)}, **facts}
            for index, facts in enumerate(FACTS)
        ),
    )
    for wanted, expected in FILTERS:
        assert {made.index(order) for order in await listed(shop, wanted)} == expected, wanted


CUSTOMERS = ["100%", "100 percent", "a_b", "axb", r"back\slash", "'; --", "ÉCLAIR", "Éclair", "éclair", None]


async def test_a_customers_text_has_no_wildcards(shop: Shop):
    await history(shop, *({"customer": customer} for customer in CUSTOMERS))
    for text, expected in {
        "%": {"100%"},
        "_": {"a_b"},
        "A_B": {"a_b"},
        "\\": {r"back\slash"},
        "'": {"'; --"},
        "é": {"ÉCLAIR", "Éclair", "éclair"},
        "Éclair": {"ÉCLAIR", "Éclair", "éclair"},
        "eclair": set(),
        "clair": {"ÉCLAIR", "Éclair", "éclair"},
    }.items():
        assert {order.customer for order in await listed(shop, OrderFilter(customer_contains=text))} == expected, text


ODD_KEYS = ["a.b", "a", "0", '"', "'", "\\", "$", "$.a", "[0]", "", "ключ", "\n", "#-1", "a b", "é", "\U0001f333"]


def with_metadata(entries: dict[str, str]) -> OrderFilter:
    return OrderFilter(metadata=frozenset(entries.items()))


async def test_a_metadata_key_is_never_a_path(shop: Shop):
    for key in ODD_KEYS:
        mark = {"of": repr(key)}
        (wanted, *_) = await history(
            shop,
            {"metadata": {key: "1", "other": "2", **mark}},
            {"metadata": {"other": "1", **mark}},
            {"metadata": {f"{key}x": "1", **mark}},
            {"metadata": {key: "10", **mark}},
        )
        assert await listed(shop, with_metadata({key: "1", **mark})) == [wanted], key
        assert await listed(shop, with_metadata({key: "1", "other": "1", **mark})) == [], key
        assert await listed(shop, with_metadata({key: "1", "other": "2", **mark})) == [wanted], key


async def test_a_metadata_value_is_a_text_whatever_it_looks_like(shop: Shop):
    values = ["true", "null", "1", "1.0", '"', "{}", "", " ", "'", "\\", "é"]
    made = await history(shop, *({"metadata": {"a": value}} for value in values), {"metadata": {"b": "1"}})
    for value, order in zip(values, made, strict=False):
        assert await listed(shop, with_metadata({"a": value})) == [order], value


async def test_an_account_sees_its_own_orders_only(shop: Shop):
    other = await shop.another_account()
    mine = await shop.place(idempotency_key="same")
    (theirs,) = await shop.place_all(make_command(other, idempotency_key="same"))
    for account, own, foreign in ((shop.account, mine, theirs.order), (other, theirs.order, mine)):
        await _sees_only(shop, account, own, foreign)


async def _sees_only(shop: Shop, account: Account, own: Order, foreign: Order) -> None:
    caller = make_caller(account)
    page = await read_orders.list_orders(shop.resources, caller, OrderFilter(), OrderSort(), PageRequest(10))
    assert list(page.items) == [own]
    assert await read_orders.count_orders(shop.resources, caller, OrderFilter()) == 1
    assert await read_orders.orders_of_ids(shop.resources, caller, [own.id, foreign.id]) == {own.id: own}
    for ref in (OrderRef(id=foreign.id), OrderRef(number=foreign.number)):
        assert await read_orders.find_order(shop.resources, caller, ref) is None
    assert await read_orders.find_order(shop.resources, caller, OrderRef(idempotency_key="same")) == own
    ids = [own.id, foreign.id]
    lines = await read_orders.lines_of_orders(shop.resources, caller, ids)
    entries = await read_orders.entries_of_orders(shop.resources, caller, ids)
    assert [len(each) for each in lines] == [2, 0]
    assert [len(each) for each in entries] == [2, 0]
    position = OrderSort().position(foreign)
    request = PageRequest(10, after=position)
    page = await read_orders.list_orders(shop.resources, caller, OrderFilter(), OrderSort(), request)
    assert foreign not in page.items


async def test_an_order_is_found_by_each_of_its_names(shop: Shop):
    order = await shop.place()
    for ref in (
        OrderRef(id=order.id),
        OrderRef(number=order.number),
        OrderRef(idempotency_key=order.idempotency_key),
    ):
        assert await read_orders.find_order(shop.resources, shop.caller, ref) == order
    for ref in (OrderRef(id=uuid7()), OrderRef(number=order.number.lower()), OrderRef(idempotency_key="nobody's")):
        assert await read_orders.find_order(shop.resources, shop.caller, ref) is None


async def test_lines_and_credits_come_with_their_orders(shop: Shop):
    first, second = await shop.place(), await shop.place()
    lines = await read_orders.lines_of_orders(shop.resources, shop.caller, [second.id, uuid7(), first.id])
    assert [[line.order_id for line in each] for each in lines] == [[second.id] * 2, [], [first.id] * 2]
    entries = await read_orders.entries_of_orders(shop.resources, shop.caller, [first.id])
    assert [sum(entry.mass_g for entry in each) for each in entries] == [first.mass_g]
    assert await read_orders.entries_of_orders(shop.resources, shop.caller, []) == []
