"""Orders through Lune's API, on either database: their lives, their keys, their pages, their modes."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from service.domain.amounts import Money
from service.domain.catalogue import Mode
from service.domain.listing import OrderRef
from service.domain.order import OrderStatus
from service.operations.cancel_orders import cancel_orders
from service.operations.fail_order import fail_order
from service.operations.issue_certificates import issue_certificates
from service.operations.record_payment import record_payment
from service.operations.retire_orders import retire_order
from tests.api.rest.client import ADDRESS, Rest
from tests.makers import LONG_AGO, make_account, make_order, store

KILOGRAM = {"amount": "1", "unit": "kg"}


async def ordered(lune: Rest, **facts: Any) -> Any:
    return await lune.post("/orders/by-mass", {"mass": KILOGRAM, **facts})


async def shown(lune: Rest, order: Any) -> Any:
    return await lune.get(f"/orders/{order['id']}")


async def refused(lune: Rest, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
    answer = await lune.ask(method, path, body, **options)
    told = answer.json()
    assert told["errors"] == [told["error"]]
    return answer.status_code, told["error"]["error_code"]


async def retire(lune: Rest, order: Any, *, keep: int) -> None:
    order_id = UUID(order["id"])
    await retire_order(lune.shop.resources, lune.shop.account.id, order_id, keep=keep, actor="test")


async def test_every_member_of_a_fresh_order_is_there(lune: Rest) -> None:
    order = await ordered(lune, idempotency_key="k-1", metadata={"ref": "PO-7", "empty": ""})

    assert {name: value for name, value in order.items() if name not in {"id", "created_at", "bundles"}} == {
        "idempotency_key": "k-1",
        "type": "quantity",
        "status": "placed",
        "currency": "USD",
        "requested_quantity": "0.001",
        "requested_value": None,
        "estimate_id": None,
        "quantity": "0.001",
        "offset_cost": "0.03",
        "commission": "0.00",
        "total_cost": "0.03",
        "payment_method": "invoice",
        "projects": [],
        "certificate": None,
        "public_certificate_url": None,
        "metadata": {"ref": "PO-7", "empty": ""},
        "offset_link_id": None,
        "email": None,
    }
    assert order["created_at"].endswith("Z")
    assert len(order["created_at"]) == len("2026-01-01T00:00:00.000Z")
    assert [bundle["insufficient_available_quantity"] for bundle in order["bundles"]] == [False, False]
    assert await shown(lune, order) == order


async def test_an_order_without_anything_optional_has_no_key_and_no_metadata(lune: Rest) -> None:
    order = await lune.post("/orders/by-value", {"value": "1", "idempotency_key": None, "metadata": None})

    assert (order["idempotency_key"], order["metadata"], order["type"]) == (None, {}, "value")


async def test_an_order_beyond_stock_is_taken_and_says_which_bundle_is_short(lune: Rest) -> None:
    wanted = {"mass": {"amount": "20", "unit": "t"}}
    quote = await lune.post("/orders/by-mass/quote", wanted)

    order = await lune.post("/orders/by-mass", wanted)

    assert [bundle["insufficient_available_quantity"] for bundle in quote["bundles"]] == [True, False]
    assert [bundle["insufficient_available_quantity"] for bundle in order["bundles"]] == [True, False]
    assert order["status"] == "placed"


async def test_a_quote_shows_if_an_order_would_wait_in_a_queue(lune: Rest) -> None:
    ocean = [{"bundle_id": lune.shop.ocean.id.hex}]
    await lune.post("/orders/by-mass", {"mass": {"amount": "2", "unit": "t"}, "bundle_selection": ocean})

    quote = await lune.post("/orders/by-mass/quote", {"mass": KILOGRAM, "bundle_selection": ocean})

    assert quote["bundles"][0]["insufficient_available_quantity"] is True


async def test_a_paid_order_is_paid(lune: Rest) -> None:
    order = await ordered(lune)
    ref = OrderRef(id=UUID(order["id"]))

    await record_payment(lune.shop.resources, lune.shop.caller, lune.shop.account.id, "T-1", Money(3, "USD"), ref)

    assert (await shown(lune, order))["status"] == "paid"


async def test_a_retired_order_lists_its_projects_and_certificate(lune: Rest) -> None:
    order = await ordered(lune)

    await retire(lune, order, keep=1)
    started = await shown(lune, order)
    assert await refused(lune, "GET", f"/orders/{order['id']}/certificate") == (404, "not_found")
    await retire(lune, order, keep=0)
    await issue_certificates(lune.shop.resources, public_address=ADDRESS)
    done = await shown(lune, order)

    assert (started["status"], started["certificate"]) == ("retiring", None)
    assert sorted(project["status"] for project in started["projects"]) == ["allocated", "retired"]
    assert (done["status"], done["certificate"]) == ("complete", f"{ADDRESS}/lune/v1/orders/{order['id']}/certificate")
    assert done["public_certificate_url"].startswith(f"{ADDRESS}/certificates/")
    assert [
        (each["project_slug"], each["quantity"], each["unit_price"], each["offset_cost"], each["status"])
        for each in done["projects"]
    ] == [("trees", "0.00095", "13.57", "0.01", "retired"), ("waves", "0.00005", "250", "0.01", "retired")]
    certificate = await lune.ask("GET", f"/orders/{order['id']}/certificate")
    assert certificate.status_code == 200
    assert certificate.content.startswith(b"%PDF-")


async def test_cancelled_and_failed_orders_say_so(lune: Rest) -> None:
    cancelled, failed = await ordered(lune), await ordered(lune)
    resources, caller = lune.shop.resources, lune.shop.caller

    await cancel_orders(resources, caller, [OrderRef(id=UUID(cancelled["id"]))])
    await fail_order(resources, caller, lune.shop.account.id, OrderRef(id=UUID(failed["id"])))

    assert (await shown(lune, cancelled))["status"] == "cancelled"
    assert (await shown(lune, failed))["status"] == "failed"
    assert (await shown(lune, cancelled))["bundles"][0]["insufficient_available_quantity"] is False


async def test_any_reuse_of_a_key_is_a_conflict_and_orders_nothing(lune: Rest) -> None:
    first = await ordered(lune, idempotency_key="once")
    before = await lune.shop.everything()

    taken = (409, "order_idempotency_already_exists")
    assert await refused(lune, "POST", "/orders/by-mass", {"mass": KILOGRAM, "idempotency_key": "once"}) == taken
    assert await refused(lune, "POST", "/orders/by-value", {"value": "5", "idempotency_key": "once"}) == taken

    assert await lune.shop.everything() == before
    assert await lune.get("/orders/by-idempotency-key/once") == first


async def test_of_eight_equal_requests_one_orders_and_seven_get_a_conflict(lune: Rest) -> None:
    body = {"mass": KILOGRAM, "idempotency_key": "twins"}

    answers = await asyncio.gather(*(lune.ask("POST", "/orders/by-mass", body) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len((await lune.get("/orders"))["data"]) == 1


async def test_a_key_that_nobody_used_is_not_found(lune: Rest) -> None:
    await ordered(lune)

    assert await refused(lune, "GET", "/orders/by-idempotency-key/never") == (404, "not_found")
    assert await refused(lune, "GET", "/orders/by-idempotency-key/") == (404, "not_found")
    assert await refused(lune, "GET", "/orders/by-idempotency-key/%00") == (404, "not_found")


async def test_pages_follow_the_cursor_or_a_bare_id_newest_first(lune: Rest) -> None:
    made = [(await ordered(lune))["id"] for _ in range(5)]
    newest_first = made[::-1]

    first = await lune.get("/orders?limit=2")
    second = await lune.get(f"/orders?limit=2&after={first['next_cursor']}")
    by_id = await lune.get(f"/orders?limit=2&after={newest_first[1]}")
    last = await lune.get(f"/orders?limit=2&after={second['next_cursor']}")

    assert [order["id"] for order in first["data"]] == newest_first[:2]
    assert first["has_more"] is True
    assert by_id == second
    assert [order["id"] for order in second["data"]] == newest_first[2:4]
    assert [order["id"] for order in last["data"]] == newest_first[4:]
    assert (last["has_more"], last["next_cursor"]) == (False, None)


async def test_pages_list_orders_of_the_same_instant_without_gap_or_repetition(lune: Rest) -> None:
    account = lune.shop.account
    history = [make_order(account, created_at=LONG_AGO, status=OrderStatus.CANCELLED) for _ in range(12)]
    await store(lune.shop.database, *history)

    first = await lune.get("/orders")
    rest = await lune.get(f"/orders?after={first['next_cursor']}")

    assert (len(first["data"]), len(rest["data"])) == (10, 2)
    seen = [order["id"] for order in first["data"] + rest["data"]]
    assert seen == sorted((order.id.hex for order in history), reverse=True)
    assert first["data"][0]["bundles"] == []


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5", "", "0x1", "1000000000000"])
async def test_a_limit_out_of_bounds_is_refused(lune: Rest, limit: str) -> None:
    assert await refused(lune, "GET", f"/orders?limit={limit}") == (400, "pagination_limit_invalid")


async def test_a_cursor_that_names_no_order_of_the_account_is_refused(lune: Rest) -> None:
    stranger = await lune.shop.another_account()
    foreign = make_order(stranger)
    await store(lune.shop.database, foreign)

    for cursor in ("nonsense", "0" * 32, foreign.id.hex, str(foreign.id)):
        assert await refused(lune, "GET", f"/orders?after={cursor}") == (400, "validation_error")


async def test_no_order_belongs_to_an_offset_link(lune: Rest) -> None:
    await ordered(lune)

    assert (await lune.get("/orders?offset_link_id=x"))["data"] == []


async def test_and_live_accounts_see_different_orders(lune: Rest) -> None:
    twin = make_account(
        lune.shop.account.portfolio_id, organisation_id=lune.shop.account.organisation_id, mode=Mode.TEST
    )
    test_key = await key_of_twin(lune, twin)
    live = await ordered(lune, idempotency_key="same")

    # All credits of the shop are live ones, so credits of the test order are created.
    test = await lune.post("/orders/by-mass", {"mass": KILOGRAM, "idempotency_key": "same"}, key=test_key)

    assert [bundle["insufficient_available_quantity"] for bundle in test["bundles"]] == [False, False]
    assert await refused(lune, "GET", f"/orders/{live['id']}", key=test_key) == (404, "not_found")
    assert await refused(lune, "GET", f"/orders/{test['id']}") == (404, "not_found")
    assert await lune.get("/orders/by-idempotency-key/same", key=test_key) == test
    assert [order["id"] for order in (await lune.get("/orders"))["data"]] == [live["id"]]
    assert (await lune.get("/accounts/me"))["sibling_id"] == twin.id.hex
    me = await lune.get("/accounts/me", key=test_key)
    assert (me["type"], me["sibling_id"]) == ("test", lune.shop.account.id.hex)


async def key_of_twin(lune: Rest, twin: Any) -> str:
    from service.storage import accounts

    async with lune.shop.database.transaction() as statements:
        await accounts.ACCOUNTS.insert(statements, [twin])
        await accounts.HEADS.insert(statements, [accounts.HeadRow(twin.id, 0)])
    return await lune.new_key(account=twin)


async def test_orders_of_other_apis_are_there_with_their_mass_and_money(lune: Rest) -> None:
    order = await lune.shop.place(idempotency_key="from elsewhere")

    found = await lune.get("/orders/by-idempotency-key/from%20elsewhere")

    assert (found["id"], found["quantity"], found["total_cost"]) == (order.id.hex, "0.001", "0.03")
