"""Worker steps: an item that fails keeps no other waiting, is logged once, rests longer and longer, and is shown.

Planted defects that were seen to fail here: a failure that ends its page, one that is not left out of the next page, a
group that is not tried one by one, a failure that is logged again or never forgotten, a broken line that keeps a
newcomer waiting.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.domain.catalogue import Mode
from service.domain.listing import OrderRef
from service.domain.order import Backorder, ByBundleMasses, Order, Placed
from service.domain.worker_failures import WorkerStep, retry_after
from service.kit.clock import system_clock
from service.kit.ids import uuid7
from service.operations import expire_holds as expiry
from service.operations import fill_search_keys as filling
from service.operations.cancel_orders import cancel_orders
from service.operations.expire_holds import expire_holds
from service.operations.fill_search_keys import fill_search_keys
from service.operations.match_backorders import match_backorders
from service.operations.quote_order import quote_order
from service.operations.resources import Resources
from service.operations.retire_orders import retire_orders
from service.storage.backorders import BACKORDERS
from service.storage.database import Database
from service.storage.orders import ORDERS
from service.storage.quotes import QUOTES
from service.storage.worker_failures import FAILURES
from tests.books import rows_of
from tests.makers import LONG_AGO, TONNE_G, make_batch, make_command, make_order, make_order_request, store
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(database: Database) -> Shop:
    """Without a check of the books, which these tests break."""
    return await open_shop(database)


def later(shop: Shop, **passed: int) -> Resources:
    return replace(shop.resources, clock=lambda: system_clock() + timedelta(**passed))


def of(bundle: Any, mass_g: int) -> Any:
    return make_order_request(ask=ByBundleMasses(((bundle.id, mass_g),)))


async def placed(shop: Shop, bundle: Any, mass_g: int, *, account: Any = None) -> Order:
    (answer,) = await shop.place_all(make_command(account or shop.account, of(bundle, mass_g)))
    assert isinstance(answer, Placed)
    return answer.order


async def standing(shop: Shop, *wanted: Order) -> list[tuple[str, int]]:
    found = {order.id: order for order in await rows_of(shop.database, ORDERS)}
    return [(found[each.id].status.value, found[each.id].fulfilled_g) for each in wanted]


async def failing(shop: Shop) -> list[tuple[str, Any, int]]:
    return [(each.step.value, each.item_id, each.attempts) for each in await rows_of(shop.database, FAILURES)]


async def queue(shop: Shop, bundle: Any, *, account_id: Any, order_id: Any) -> None:
    """A line at the front of the queue that belongs to nothing, or to an order that waits for nothing."""
    row = Backorder(
        bundle_id=bundle.id,
        mode=Mode.LIVE,
        account_id=account_id,
        order_id=order_id,
        position=0,
        waiting_g=7 * TONNE_G,
        created_at=LONG_AGO,
    )
    async with shop.database.transaction() as statements:
        assert await BACKORDERS.insert(statements, [row]) == 1


@pytest.mark.parametrize("kind", ["no order", "no account", "cancelled order", "fulfilled order"])
async def test_a_line_that_cannot_be_served_keeps_nobody_waiting(shop: Shop, kind: str):
    whole = await placed(shop, shop.forest, 11 * TONNE_G, account=await shop.another_account())
    done = await placed(shop, shop.ocean, 10)
    if kind == "cancelled order":
        await cancel_orders(shop.resources, shop.caller, [OrderRef(id=done.id)])
    sold = await placed(shop, shop.ocean, TONNE_G - (0 if kind == "cancelled order" else 10))
    assert sold.fulfilled_g == sold.mass_g
    trees, waves = await placed(shop, shop.forest, 100), await placed(shop, shop.ocean, 100)
    order_id = done.id if kind in {"cancelled order", "fulfilled order"} else uuid7()
    account_id = uuid7() if kind == "no account" else shop.account.id
    await queue(shop, shop.forest, account_id=account_id, order_id=order_id)
    for project_id in (shop.forest_project.id, shop.deep.project_id):
        await store(shop.database, make_batch(shop.forest_project, 300, project_id=project_id))

    with capture_logs() as logs:
        assert await match_backorders(shop.resources) == 2
        assert await match_backorders(shop.resources) == 0

    assert await standing(shop, trees, waves) == [("FULFILLED", 100), ("FULFILLED", 100)]
    assert await failing(shop) == [("match_backorders", order_id, 1)]
    assert [each["item_id"] for each in logs if each["event"] == "item_failed"] == [order_id]
    assert (await placed(shop, shop.forest, 150)).fulfilled_g == 150
    assert (await standing(shop, whole))[0][0] == "FULFILLED"


async def test_a_line_that_fails_rests_longer_each_time_and_is_forgotten_with_its_cause(shop: Shop):
    order_id = uuid7()
    await queue(shop, shop.forest, account_id=shop.account.id, order_id=order_id)
    with capture_logs() as logs:
        for seconds, attempts in ((0, 1), (1, 1), (3, 2), (6, 2), (8, 3), (8 + 7, 3), (8 + 9, 4)):
            await match_backorders(later(shop, seconds=seconds))
            assert await failing(shop) == [("match_backorders", order_id, attempts)]
    assert [each["event"] for each in logs if each["event"] == "item_failed"] == ["item_failed"]

    await shop.execute("DELETE FROM backorders")
    await match_backorders(later(shop, hours=2))
    assert await failing(shop) == []


async def test_a_line_that_failed_has_its_turn_again(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    await placed(shop, shop.forest, 11 * TONNE_G)
    waits = await placed(shop, shop.forest, 100)
    await store(shop.database, make_batch(shop.forest_project, 300))
    await shop.execute("UPDATE orders SET status = 'CANCELLED' WHERE id = $1", waits.id)
    assert await match_backorders(shop.resources) == 0
    await shop.execute("UPDATE orders SET status = 'PLACED' WHERE id = $1", waits.id)

    assert await match_backorders(later(shop, seconds=3)) == 1

    assert await standing(shop, waits) == [("FULFILLED", 100)]
    assert await failing(shop) == []


async def test_orders_of_a_batch_with_wrong_grams_keep_no_other_from_being_retired(shop: Shop):
    other = await shop.another_account()
    broken = [await placed(shop, shop.ocean, 1_000), await placed(shop, shop.ocean, 1_000, account=other)]
    sound = [await placed(shop, shop.forest, 1_000), await placed(shop, shop.forest, 1_000, account=other)]
    await shop.execute(
        "UPDATE credit_batches SET allocated_g = 10, available_g = issued_g - 10 WHERE id = $1", shop.deep.id
    )

    with capture_logs() as logs:
        assert await retire_orders(shop.resources, after_ms=0, unpaid=True) == 2
        assert await retire_orders(shop.resources, after_ms=0, unpaid=True) == 0

    assert [status for status, _ in await standing(shop, *broken, *sound)] == ["FULFILLED"] * 2 + ["COMPLETE"] * 2
    assert sorted(await failing(shop)) == sorted(("retire_orders", order.id, 1) for order in broken)
    assert sorted(each["item_id"] for each in logs if each["event"] == "item_failed") == sorted(o.id for o in broken)

    await shop.execute("UPDATE credit_batches SET allocated_g = 2000, available_g = issued_g - 2000 WHERE id = $1",
                       shop.deep.id)  # fmt: skip
    assert await retire_orders(later(shop, seconds=3), after_ms=0, unpaid=True) == 2
    assert await failing(shop) == []


async def test_a_page_of_holds_that_fail_does_not_hide_those_behind(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(expiry, "QUOTES_AT_ONCE", 2)
    for bundle, count in ((shop.ocean, 3), (shop.forest, 2)):
        for _ in range(count):
            await quote_order(shop.resources, shop.caller, of(bundle, 100), valid_ms=60_000, hold=True)
    await shop.execute("UPDATE quotes SET expires_at = $1", LONG_AGO)
    await shop.execute("UPDATE credit_batches SET held_g = 50, available_g = issued_g - 50 WHERE id = $1", shop.deep.id)

    released = 0
    for _ in range(4):
        released += await expire_holds(shop.resources)

    assert released == 2
    assert [each[0] for each in await failing(shop)] == ["expire_holds"] * 3
    assert await shop.available_g(shop.old) == TONNE_G
    open_holds = [each for each in await rows_of(shop.database, QUOTES) if each.released_at is None]
    assert len(open_holds) == 3

    await shop.execute("UPDATE credit_batches SET held_g = 300, available_g = issued_g - 300 WHERE id = $1",
                       shop.deep.id)  # fmt: skip
    for _ in range(3):
        released += await expire_holds(later(shop, seconds=3))
    assert released == 5
    assert await failing(shop) == []


async def test_an_order_that_is_not_due_any_more_is_forgotten(shop: Shop):
    order = await placed(shop, shop.ocean, 1_000)
    await shop.execute(
        "UPDATE credit_batches SET allocated_g = 10, available_g = issued_g - 10 WHERE id = $1", shop.deep.id
    )
    await retire_orders(shop.resources, after_ms=0, unpaid=True)
    assert await failing(shop) == [("retire_orders", order.id, 1)]
    await shop.execute("UPDATE orders SET status = 'CANCELLED' WHERE id = $1", order.id)

    assert await retire_orders(shop.resources, after_ms=0, unpaid=True) == 0
    assert await failing(shop) == [("retire_orders", order.id, 1)]
    assert await retire_orders(later(shop, seconds=3), after_ms=0, unpaid=True) == 0
    assert await failing(shop) == []


@pytest.mark.parametrize("rows_at_once", [1_000, 2])
async def test_a_customer_whose_key_cannot_be_written_keeps_no_other_unfound(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
):
    monkeypatch.setattr(filling, "ROWS_AT_ONCE", rows_at_once)
    made = [make_order(shop.account, customer=name) for name in ("Ana", "Bob", "Bob", "Cid", "Dan")]
    broken = sorted(order.id for order in made if order.customer == "Bob")
    await store(shop.database, *made)
    await shop.execute("UPDATE orders SET customer_key = NULL")
    # Refused by the database, whatever the cause: a row that is damaged, a disk with a bad sector.
    body = "EXECUTE FUNCTION refuse_change()" if shop.database.dialect == "postgresql" else (
        "BEGIN SELECT RAISE(ABORT, 'damaged'); END"
    )  # fmt: skip
    await shop.execute(
        f"CREATE TRIGGER damaged BEFORE UPDATE ON orders FOR EACH ROW WHEN (NEW.customer = 'Bob') {body}"
    )
    try:
        with capture_logs() as logs:
            filled = [await fill_search_keys(shop.resources) for _ in range(4)]

        assert sum(filled) == 3
        assert filled[-1] == 0
        assert sorted(await failing(shop)) == [("fill_search_keys", order_id, 1) for order_id in broken]
        assert sorted(each["item_id"] for each in logs if each["event"] == "item_failed") == broken
        await fill_search_keys(later(shop, seconds=3))
        assert sorted(await failing(shop)) == [("fill_search_keys", order_id, 2) for order_id in broken]
    finally:
        await shop.execute(f"DROP TRIGGER damaged{' ON orders' if shop.database.dialect == 'postgresql' else ''}")

    assert await fill_search_keys(later(shop, seconds=8)) == 2
    rows = await shop.database.reader.fetch("SELECT customer_key FROM orders ORDER BY customer_key")
    assert [row["customer_key"] for row in rows] == ["ana", "bob", "bob", "cid", "dan"]
    assert await fill_search_keys(later(shop, seconds=8)) == 0
    assert await failing(shop) == []


def test_rests_double_up_to_an_hour():
    assert [retry_after(attempts).total_seconds() for attempts in (1, 2, 3, 11, 12, 1_000)] == [
        2, 4, 8, 2_048, 3_600, 3_600,
    ]  # fmt: skip
    assert {step.value for step in WorkerStep} == {
        "expire_holds", "match_backorders", "retire_orders", "issue_certificates", "fill_search_keys",
        "advance_test_orders",
    }  # fmt: skip
