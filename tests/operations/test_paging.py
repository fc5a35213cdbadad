"""Paging meets every order that existed throughout exactly once, under each sort and in both directions, while others
are placed; on a database, through the operation that both APIs read with.
"""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain.listing import OrderFilter, OrderSort, OrderSortField
from service.domain.order import Order
from service.kit.keyset import PageRequest, decode_cursor, encode_cursor
from service.operations.read_orders import list_orders
from tests.makers import make_caller, make_order, store
from tests.shop import Shop

START = datetime(2026, 1, 1, tzinfo=UTC)


# Few values, so that most orders tie under the sort and the id has to decide.
few_orders = st.fixed_dictionaries(
    {
        "created_at": st.integers(0, 5).map(lambda microseconds: START + timedelta(microseconds=microseconds)),
        "mass_g": st.integers(1_000, 1_004),
        "offset_cost_minor": st.sampled_from([0, 1, 100, 2**53]),
    }
)
sorts = st.builds(OrderSort, st.sampled_from(OrderSortField), st.booleans())


@given(
    before=st.lists(few_orders, max_size=25),
    meanwhile=st.lists(st.lists(few_orders, max_size=4), max_size=12),
    sort=sorts,
    size=st.integers(1, 9),
    backward=st.booleans(),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_every_order_that_existed_throughout_is_met_once(
    shop: Shop, before: list[dict], meanwhile: list[list[dict]], sort: OrderSort, size: int, backward: bool
):
    account = await shop.another_account()
    standing = [make_order(account, **facts) for facts in before]
    await store(shop.database, *standing)

    met: list[Order] = []
    cursor: str | None = None
    arrivals = iter(meanwhile)
    while True:
        position = None if cursor is None else decode_cursor(sort.name, sort.kind, cursor)
        request = PageRequest(size, backward=backward, **{"before" if backward else "after": position})
        page = await list_orders(shop.resources, make_caller(account), OrderFilter(), sort, request)
        met += reversed(page.items) if backward else page.items
        if not (page.has_previous if backward else page.has_next):
            break
        cursor = encode_cursor(sort.name, sort.position(met[-1]))
        await store(shop.database, *(make_order(account, **facts) for facts in next(arrivals, [])))

    seen = [order.id for order in met]
    assert len(seen) == len(set(seen))
    assert {order.id for order in standing} <= set(seen)
    ranks = [(getattr(order, sort.field), order.id) for order in met]
    assert ranks == sorted(ranks, reverse=sort.descending is not backward)
