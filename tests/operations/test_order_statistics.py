"""Figures over orders equal what one gets by reading the orders and counting, on both databases."""

from datetime import UTC, datetime, timedelta, timezone

from service.domain.listing import OrderFilter, OrderRef
from service.domain.order import ByBundleMasses, OrderStatus
from service.domain.statistics import GROUPS_MAX, OrderGroup, OrderGrouping, OrderStatistics
from service.operations.cancel_orders import cancel_orders
from service.operations.order_statistics import order_statistics
from tests.makers import make_command, make_order, make_order_request, store
from tests.shop import Shop


async def figures(shop: Shop, grouping: OrderGrouping, **wanted: object) -> OrderStatistics:
    return await order_statistics(shop.resources, shop.caller, OrderFilter(**wanted), grouping)


def shown(statistics: OrderStatistics) -> list[tuple[str | None, int, int]]:
    return [(group.key, group.orders, group.mass_g) for group in statistics.groups]


async def test_no_orders_are_no_groups(shop: Shop):
    assert await figures(shop, OrderGrouping.STATUS) == OrderStatistics((), truncated=False)


async def test_groups_count_orders_grams_and_money_of_each_currency(shop: Shop):
    await shop.place(make_order_request(1_000_000))
    await shop.place(make_order_request(500_000))
    orders = [make_order(shop.account, currency="GBP", status=OrderStatus.FULFILLED, mass_g=7, offset_cost_minor=900)]
    await store(shop.database, *orders)

    statistics = await figures(shop, OrderGrouping.STATUS)

    # 95 % of 1 t at 13.57 and 5 % at 250 is 25.39 net, 28.22 with ten percent commission; of half of it 12.70, 14.11.
    assert statistics.groups == (
        OrderGroup("FULFILLED", 3, 1_500_007, {"GBP": 900, "USD": 2_539 + 1_270}, {"GBP": 900, "USD": 2_822 + 1_411}),
    )


async def test_months_and_days_are_those_of_utc_newest_first(shop: Shop):
    east = timezone(timedelta(hours=9))
    moments = [
        datetime(2026, 1, 1, 3, tzinfo=east),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ]
    await store(shop.database, *(make_order(shop.account, created_at=moment) for moment in moments))

    assert shown(await figures(shop, OrderGrouping.MONTH)) == [("2026-01", 2, 2_000), ("2025-12", 1, 1_000)]
    assert shown(await figures(shop, OrderGrouping.DAY)) == [
        ("2026-01-31", 1, 1_000),
        ("2026-01-01", 1, 1_000),
        ("2025-12-31", 1, 1_000),
    ]


async def test_a_bundle_has_its_lines_and_no_commission(shop: Shop):
    await shop.place(make_order_request(1_000_000))

    statistics = await figures(shop, OrderGrouping.BUNDLE)

    assert {
        group.key: (group.orders, group.mass_g, group.offset_costs_minor, group.total_costs_minor)
        for group in statistics.groups
    } == {
        str(shop.forest.id): (1, 950_000, {"USD": 1_289}, None),
        str(shop.ocean.id): (1, 50_000, {"USD": 1_250}, None),
    }


async def test_orders_that_have_nothing_of_a_bundle_do_not_count_for_it(shop: Shop):
    await shop.place(make_order_request(10))  # 5 percent of it are cut to 0 g
    assert shown(await figures(shop, OrderGrouping.BUNDLE)) == [(str(shop.forest.id), 1, 9)]

    await shop.place(make_order_request(ask=ByBundleMasses(((shop.ocean.id, 7),))))
    whole = make_order_request(ask=ByBundleMasses(((shop.forest.id, 11_000_000),)))
    await shop.place_all(
        make_command(await shop.another_account(), whole)
    )  # of somebody else, so that the forest is out
    part = await shop.place(make_order_request(ask=ByBundleMasses(((shop.ocean.id, 20), (shop.forest.id, 5)))))
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=part.id)], only_unfulfilled=True)

    assert shown(await figures(shop, OrderGrouping.BUNDLE)) == [
        (str(shop.ocean.id), 2, 27),
        (str(shop.forest.id), 1, 9),
    ]


async def test_a_project_has_the_credits_that_orders_hold(shop: Shop):
    order = await shop.place(make_order_request(1_000_000))
    gone = await shop.place(make_order_request(1_000_000))
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=gone.id)])

    statistics = await figures(shop, OrderGrouping.PROJECT)

    assert order.fulfilled_g == 1_000_000
    assert {(group.key, group.orders, group.mass_g) for group in statistics.groups} == {
        (str(shop.old.project_id), 1, 950_000),
        (str(shop.deep.project_id), 1, 50_000),
    }
    assert {group.offset_costs_minor for group in statistics.groups} == {None}


async def test_orders_without_a_customer_are_a_group_of_their_own(shop: Shop):
    customers = ["Ada", None, "ada", "Ada", None, None]
    await store(shop.database, *(make_order(shop.account, customer=name) for name in customers))

    assert shown(await figures(shop, OrderGrouping.CUSTOMER)) == [
        (None, 3, 3_000),
        ("Ada", 2, 2_000),
        ("ada", 1, 1_000),
    ]


async def test_the_filter_decides_what_is_counted(shop: Shop):
    await store(shop.database, make_order(shop.account, customer="Ada"), make_order(shop.account, customer="Bob"))

    assert shown(await figures(shop, OrderGrouping.CUSTOMER, customer_contains="bo")) == [("Bob", 1, 1_000)]


async def test_another_accounts_orders_do_not_count(shop: Shop):
    await store(shop.database, make_order(await shop.another_account()))

    assert shown(await figures(shop, OrderGrouping.CURRENCY)) == []


async def test_of_too_many_groups_the_largest_are_told(shop: Shop):
    many = [make_order(shop.account, customer=f"Customer {number:03}") for number in range(GROUPS_MAX + 1)]
    await store(shop.database, *many, make_order(shop.account, customer="Customer 100"))

    statistics = await figures(shop, OrderGrouping.CUSTOMER)

    assert statistics.truncated
    assert len(statistics.groups) == GROUPS_MAX
    assert shown(statistics)[:2] == [("Customer 100", 2, 2_000), ("Customer 000", 1, 1_000)]


async def test_as_many_groups_as_are_told_are_not_too_many(shop: Shop):
    await store(shop.database, *(make_order(shop.account, customer=f"{number}") for number in range(GROUPS_MAX)))

    statistics = await figures(shop, OrderGrouping.CUSTOMER)

    assert (len(statistics.groups), statistics.truncated) == (GROUPS_MAX, False)


async def test_sums_go_beyond_what_one_column_can_hold(shop: Shop):
    largest = [make_order(shop.account, mass_g=2**63 - 1, offset_cost_minor=2**62) for _ in range(3)]
    await store(shop.database, *largest)

    (group,) = (await figures(shop, OrderGrouping.CURRENCY)).groups

    assert group.mass_g == 3 * (2**63 - 1)
    assert group.total_costs_minor == {"USD": 3 * 2**62}
