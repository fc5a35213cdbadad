"""carbon-engine's orders and quotes: kilograms and halalas, one order a key, riyals only.

Seen to fail when: the truncated grams are not ordered; a replay answers 200; an order in another currency is listed;
the balance is left alone; a page begins with the order it comes after; a cancelled order keeps its credits; the receipt
answers an address that was not signed.
"""

import re

import pytest

from service.domain.accounts import Visibility
from service.domain.amounts import MassUnit, Money
from service.domain.listing import OrderRef
from service.domain.order import BalanceUse, ByValue, OrderRequest, OrderStatus
from service.kit.ids import uuid7
from service.operations.cancel_orders import cancel_orders
from service.operations.manage_clients import create_client, update_client
from service.operations.record_payment import record_payment
from tests.api.rest.client import Rest
from tests.makers import TONNE_G, forged, make_order_request

FIELDS = {
    "_id": str,
    "orderNumber": str,
    "customer": str,
    "description": str,
    "price_sar_halalas": int,
    "amount_kg": int,
    "creditsPurchased": int,
    "callbackUrl": str,
    "state": str,
    "portfolio": str,
    "projectRecords": list,
    "invoice": dict,
}


async def create(engine: Rest, key: str | None = None, **body):
    headers = {} if key is None else {"idempotency-key": key}
    return await engine.ask("POST", "/orders", {"amount_kg": 123, **body}, headers=headers)


async def placed(engine: Rest, **body) -> dict:
    answer = await create(engine, **body)
    assert answer.status_code == 201, answer.text
    (order,) = answer.json()
    return order


async def prepay(engine: Rest, halalas: int) -> None:
    shop = engine.shop
    await record_payment(shop.resources, shop.caller, shop.account.id, "prepaid", Money(halalas, "SAR"))


async def test_an_order_is_created_with_every_documented_field(engine: Rest):
    order = await placed(engine, description="a trip", customer="ACME", callbackUrl="https://acme.example/hook")
    assert {name: type(order[name]) for name in FIELDS} == FIELDS
    # 116.85 kg at 50 and 6.15 kg at 600 riyals a tonne are 5.8425 and 3.69.
    assert (order["amount_kg"], order["creditsPurchased"], order["price_sar_halalas"]) == (123, 123, 953)
    assert (order["state"], order["customer"], order["description"]) == ("fulfilled", "ACME", "a trip")
    assert order["invoice"]["amountDueSarHalalas"] == 953
    assert order["invoice"]["balanceAppliedSarHalalas"] == 0
    assert sorted(record["delta"] for record in order["projectRecords"]) == [6.15, 116.85]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", order["projectRecords"][0]["recorded_on"])
    assert order["certificateUrl"] is None


async def test_members_without_a_value_are_null(engine: Rest):
    order = await placed(engine)
    assert (order["customer"], order["description"], order["callbackUrl"]) == (None, None, None)


async def test_the_whole_mass_is_ordered_although_shares_are_rounded_down(engine: Rest):
    selection = engine.shop.account.portfolio_id
    order = await placed(engine, amount_kg=1, portfolioId=selection.hex)
    assert (order["amount_kg"], order["creditsPurchased"], order["portfolio"]) == (1, 1, selection.hex)


async def test_a_total_price_buys_whole_kilograms_and_is_not_overspent(engine: Rest):
    order = await placed(engine, amount_kg=None, total_price_sar_halalas=10_000)
    assert (order["amount_kg"], order["creditsPurchased"], order["price_sar_halalas"]) == (1_290, 1_290, 9_998)
    dearer = await engine.post("/quotes", {"amount_kg": 1_291})
    assert dearer == {"amount_kg": 1_291, "price_sar_halalas": 10_005}


async def test_a_total_price_and_the_amount_it_buys_make_the_same_order(engine: Rest):
    by_sum = await placed(engine, amount_kg=None, total_price_sar_halalas=1_000)
    by_mass = await placed(engine, amount_kg=by_sum["amount_kg"])
    assert by_sum["price_sar_halalas"] == by_mass["price_sar_halalas"]
    assert [record["delta"] for record in by_sum["projectRecords"]] == [
        record["delta"] for record in by_mass["projectRecords"]
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"amount_kg": None},
        {"total_price_sar_halalas": 1},
        {"amount_kg": 0},
        {"amount_kg": -1},
        {"amount_kg": 1.5},
        {"amount_kg": "1"},
        {"portfolioId": "x"},
        {"callbackUrl": "ftp://a"},
    ],
)
async def test_a_body_that_does_not_fit_is_refused_by_field(engine: Rest, body):
    before = await engine.shop.everything()
    answer = await create(engine, **body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    (field,) = answer.json()["errors"]
    assert field in {"amount_kg", *body}
    assert await engine.shop.everything() == before


async def test_a_retry_with_the_key_answers_the_same_order(engine: Rest):
    first, again = await create(engine, "k"), await create(engine, "k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert first.json() == again.json()


@pytest.mark.parametrize("spelled", ["wsk ", "wsk\t", " wsk", "\twsk", "wsk \t "])
async def test_blanks_around_the_key_are_ignored(engine: Rest, spelled: str):
    first, again = await create(engine, "wsk"), await create(engine, spelled)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert len(await engine.get("/orders")) == 1


async def test_an_order_of_an_earlier_release_is_found_by_its_key_with_the_blank_behind_it(engine: Rest):
    first = (await create(engine, "wsk")).json()
    await engine.shop.execute("UPDATE orders SET idempotency_key = 'wsk '")  # as releases stored it that kept blanks
    again, other = await create(engine, "wsk "), await create(engine, "wsk")
    assert (again.json(), again.headers["idempotent-replayed"]) == (first, "true")
    assert (other.json() == first, "idempotent-replayed" in other.headers) == (False, False)


async def test_a_key_with_a_blank_of_another_api_is_not_the_headers(engine: Rest):
    await engine.shop.place(make_order_request(123_000, currency="SAR"), idempotency_key="wsk ")
    answer = await create(engine, "wsk ")
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)
    assert len(await engine.get("/orders")) == 2


async def test_two_keys_in_one_request_order_nothing(engine: Rest):
    before = await engine.shop.everything()
    for keys in (("wsk", "other"), ("wsk", ""), ("wsk", "WSK")):
        headers = [("idempotency-key", key) for key in keys] + [("authorization", f"Bearer {engine.key}")]
        answer = await engine.http.post("/carbon-engine/v1/orders", json={"amount_kg": 123}, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert "Idempotency-Key" in answer.json()["detail"]
    assert await engine.shop.everything() == before


async def test_the_key_with_another_payload_is_refused(engine: Rest):
    await create(engine, "k")
    before = await engine.shop.everything()
    answer = await create(engine, "k", amount_kg=124)
    assert (answer.status_code, answer.json()["title"]) == (422, "Unprocessable Entity")
    assert await engine.shop.everything() == before


async def test_a_key_that_is_too_long_is_refused(engine: Rest):
    assert (await create(engine, "k" * 513)).status_code == 400
    assert (await create(engine, "k" * 512)).status_code == 201


async def test_the_balance_pays_a_part_if_it_is_smaller_than_the_total(engine: Rest):
    await prepay(engine, 1_000)
    paid, rest = await placed(engine), await placed(engine)
    assert paid["invoice"]["amountDueSarHalalas"] == 0
    assert paid["invoice"]["balanceAppliedSarHalalas"] == 953
    assert rest["invoice"]["amountDueSarHalalas"] == 953 - 47
    assert rest["invoice"]["balanceAppliedSarHalalas"] == 47


async def test_an_order_waits_for_credits_as_placed(engine: Rest):
    order = await placed(engine, amount_kg=100_000)
    assert (order["state"], order["amount_kg"]) == ("placed", 100_000)
    assert order["creditsPurchased"] == sum(record["delta"] for record in order["projectRecords"]) < 100_000


async def test_cancelling_gives_the_credits_back_and_again_answers_the_same(engine: Rest):
    order = await placed(engine)
    cancelled = await engine.post(f"/orders/{order['_id']}/cancel", None)
    assert (cancelled["state"], cancelled["creditsPurchased"]) == ("cancelled", 0)
    assert sorted(record["delta"] for record in cancelled["projectRecords"]) == [-116.85, -6.15, 6.15, 116.85]
    assert cancelled["invoice"]["amountDueSarHalalas"] == 0
    assert await engine.post(f"/orders/{order['_id']}/cancel", None) == cancelled


async def test_an_order_that_is_being_retired_is_not_cancelled(engine: Rest):
    order = await placed(engine)
    await engine.shop.execute(f"UPDATE orders SET status = '{OrderStatus.RETIRING}'")
    answer = await engine.ask("POST", f"/orders/{order['_id']}/cancel")
    assert answer.status_code == 409
    await engine.shop.execute(f"UPDATE orders SET status = '{OrderStatus.FULFILLED}'")


async def test_orders_are_listed_newest_first_in_pages(engine: Rest):
    ids = [(await placed(engine, amount_kg=1 + index))["_id"] for index in range(5)][::-1]
    assert [order["_id"] for order in await engine.get("/orders")] == ids
    assert [order["_id"] for order in await engine.get("/orders?limit=2")] == ids[:2]
    assert [order["_id"] for order in await engine.get(f"/orders?limit=2&starting_after={ids[1]}")] == ids[2:4]
    assert [order["_id"] for order in await engine.get(f"/orders?limit=2&ending_before={ids[3]}")] == ids[1:3]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "starting_after=x", f"ending_before={'0' * 32}"])
async def test_a_page_number_that_does_not_exist_is_refused(engine: Rest, query):
    assert (await engine.ask("GET", f"/orders?{query}")).status_code == 400


async def test_orders_in_other_currencies_are_not_there(engine: Rest):
    shop = engine.shop
    foreign = await shop.place(make_order_request(1_000, currency="USD"), pay_with_balance=BalanceUse.NONE)
    assert await engine.get("/orders") == []
    for method, path in (("GET", f"/orders/{foreign.id.hex}"), ("POST", f"/orders/{foreign.id.hex}/cancel")):
        absent = await engine.ask(method, path.replace(foreign.id.hex, uuid7().hex))
        answer = await engine.ask(method, path)
        assert answer.status_code == absent.status_code == 404
        assert answer.json()["detail"] == absent.json()["detail"]


async def test_an_order_of_another_api_shows_the_same_mass_and_money(engine: Rest):
    order = await engine.shop.place(make_order_request(12_070))
    shown = await engine.get(f"/orders/{order.id.hex}")
    assert (shown["amount_kg"], shown["creditsPurchased"]) == (12.069, 12.069)
    assert shown["price_sar_halalas"] == order.total_cost_minor


@pytest.mark.parametrize(
    ("request_", "kilograms"),
    [
        (make_order_request(1_001), 1),
        (make_order_request(1_999, step=MassUnit.KILOGRAM), 1),
        (make_order_request(999_999), 999.998),
        (make_order_request(12_345, step=MassUnit.KILOGRAM), 11),
        (OrderRequest(ask=ByValue(100)), 12.903),
    ],
)
async def test_a_fulfilled_order_has_the_credits_of_its_amount(engine: Rest, request_, kilograms):
    order = await engine.shop.place(request_)
    shown = await engine.get(f"/orders/{order.id.hex}")
    assert shown["state"] == "fulfilled"
    assert shown["amount_kg"] == shown["creditsPurchased"] == kilograms
    assert await engine.get("/orders") == [shown]


@pytest.mark.parametrize("mass_g", [30 * TONNE_G + 7, 900_000_000 * TONNE_G, 900_000_000 * TONNE_G + 1])
async def test_a_partly_cancelled_order_has_the_credits_of_its_amount(engine: Rest, mass_g):
    shop = engine.shop
    order = await shop.place(make_order_request(mass_g))
    waiting = await engine.get(f"/orders/{order.id.hex}")
    (rest,) = await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)], only_unfulfilled=True)
    shown = await engine.get(f"/orders/{order.id.hex}")
    assert (waiting["state"], shown["state"]) == ("placed", "fulfilled")
    assert waiting["creditsPurchased"] < waiting["amount_kg"] == order.mass_g / 1_000
    assert shown["amount_kg"] == shown["creditsPurchased"] == waiting["creditsPurchased"] == rest.mass_g / 1_000


async def test_the_receipt_is_a_page_for_whoever_holds_its_address(engine: Rest):
    order = await placed(engine, customer="<ACME>")
    url = order["invoice"]["receiptUrl"]
    page = await engine.http.get(url)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "9.53" in page.text
    assert "&lt;ACME&gt;" in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert (await engine.http.get(forged(url))).status_code == 404


async def test_a_quote_costs_what_the_order_will(engine: Rest):
    before = await engine.shop.everything()
    quoted = await engine.post("/quotes", {"amount_kg": 123})
    assert quoted == {"amount_kg": 123, "price_sar_halalas": 953}
    assert await engine.shop.everything() == before
    assert (await placed(engine))["price_sar_halalas"] == 953


async def test_freight_and_drives_are_quoted_by_what_they_emit(engine: Rest):
    freight = await engine.post(
        "/quotes/air-freight", {"freight_mass_kg": 100, "distance_km": 2000.5, "portfolio_id": None}
    )
    drive = await engine.post("/quotes/ground-transport", {"distance_km": 250, "vehicle_type": "school_bus"})
    for quoted in (freight, drive):
        assert quoted["amount_kg"] > 0
        again = await engine.post("/quotes", {"amount_kg": quoted["amount_kg"]})
        assert again == quoted


@pytest.mark.parametrize(
    "vehicle", ["rocket", "small_bus\n", "small_bus\r\n", "\nsmall_bus", "small_bus\n\n", "school_bus "]
)
async def test_an_unknown_vehicle_is_refused(engine: Rest, vehicle: str):
    body = {"distance_km": 250, "vehicle_type": vehicle}
    answer = await engine.ask("POST", "/quotes/ground-transport", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["vehicle_type"])


async def test_extreme_numbers_are_refused_before_any_computation(engine: Rest):
    for number in (b"1e9999999", b"1e-9999999", b"0e9999999", b'"NaN"', b'"Infinity"', b"-1", b"0"):
        body = b'{"freight_mass_kg": 1, "distance_km": ' + number + b"}"
        answer = await engine.ask(
            "POST", "/quotes/air-freight", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400, number


async def test_refusals_by_http_are_problem_details_too(engine: Rest):
    assert (await engine.ask("GET", "/orders", key="")).status_code == 401
    assert (await engine.ask("GET", "/orders", key="wrong")).status_code == 401
    wrong_method = await engine.ask("DELETE", "/orders")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "GET, POST")
    assert (await engine.ask("GET", "/nowhere")).status_code == 404
    assert (
        await engine.ask("POST", "/orders", content=b"{", headers={"content-type": "application/json"})
    ).status_code == 400
    assert (await engine.ask("POST", "/orders", content=b"a=b")).status_code == 415
    large = b'{"description": "' + b"x" * 200_000 + b'"}'
    assert (
        await engine.ask("POST", "/orders", content=large, headers={"content-type": "application/json"})
    ).status_code == 413


async def test_a_hidden_accounts_receipt_answers_404(engine: Rest):
    shop = engine.shop
    client = await create_client(shop.resources, shop.caller, name="Client", currency="SAR")
    key = await engine.new_key(account=client)
    (order,) = (await engine.ask("POST", "/orders", {"amount_kg": 123}, key=key)).json()
    parents = await placed(engine)
    address, other = order["invoice"]["receiptUrl"], parents["invoice"]["receiptUrl"]
    assert (await engine.http.get(address)).status_code == 200

    await update_client(shop.resources, shop.caller, client.id, {"external_pages_visibility": Visibility.HIDDEN})

    hidden = await engine.http.get(address)
    assert (hidden.status_code, hidden.text) == (404, (await engine.http.get(forged(address))).text)
    assert (await engine.http.get(other)).status_code == 200
    assert (await engine.ask("GET", f"/orders/{order['_id']}", key=key)).status_code == 200
