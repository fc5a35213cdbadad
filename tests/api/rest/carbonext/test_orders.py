"""Orders by the tonne: created with the first generation's six fields before all others, cancelled only while Issued.

Seen to fail when: the case of a name matters; a body has to be labelled as JSON; a short balance pays a part; the
truncated grams are not ordered; a billed order is cancelled; a batch cancels those it can; a failed order is a fault.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from service.domain.amounts import Money
from service.domain.listing import OrderRef
from service.operations.bill_orders import bill_orders
from service.operations.fail_order import fail_order
from service.operations.manage_accounts import suspend_account
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from tests.api.rest.client import ADDRESS, Rest
from tests.makers import make_order_request

BODY = {"vcuAmount": 150, "targetCurrency": "BRL", "payWithBalance": False}
FIRST_SIX = ["id", "vcuAmount", "vcuUnitPrice", "targetCurrency", "status", "createdAt"]
SECONDS = re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d")


async def placed(rest: Rest, **told: Any) -> dict[str, Any]:
    order: dict[str, Any] = await rest.post("/orders", {**BODY, **told})
    return order


async def prepay(rest: Rest, amount_minor: int, currency: str = "BRL", order: dict[str, Any] | None = None) -> None:
    shop, ref = rest.shop, None if order is None else OrderRef(id=UUID(order["id"]))
    reference = f"paid {amount_minor}"
    await record_payment(shop.resources, shop.caller, shop.account.id, reference, Money(amount_minor, currency), ref)


async def bill(rest: Rest, order: dict[str, Any]) -> None:
    shop = rest.shop
    await bill_orders(shop.resources, shop.caller, shop.account.id, order["id"], [OrderRef(id=UUID(order["id"]))])


async def refused(rest: Rest, status: int, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
    """The problem; nothing changed."""
    before = await rest.shop.everything()
    answer = await rest.ask("POST", path, body, **options)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert (problem["status"], problem["traceId"]) == (status, answer.headers["x-request-id"])
    assert await rest.shop.everything() == before
    return problem


async def test_an_order_is_created_as_the_documents_show_it(carbonext: Rest):
    answer = await carbonext.ask("POST", "/orders", BODY)

    order = answer.json()
    assert answer.status_code == 200
    assert list(order)[:6] == FIRST_SIX
    assert re.search(r'"vcuAmount":150,"vcuUnitPrice":71.5,"targetCurrency":"BRL","status":"Issued",', answer.text)
    assert str(UUID(order["id"])) == order["id"]
    assert SECONDS.fullmatch(order["createdAt"])
    created = datetime.strptime(order["createdAt"], "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)
    assert {name: order[name] for name in list(order)[6:]} == {
        "totalPrice": 10_725,
        "notifyCertificateTo": None,
        "type": "Postpaid",
        "paymentDate": None,
        "metaData": None,
        "retireForRecipient": False,
        "certificateRecipientInfo": None,
    }


async def test_names_have_any_case_and_bodies_any_label(carbonext: Rest):
    for content in (
        b'{"vcuAmount":150,"targetCurrency":"BRL","PayWithBalance":false}',
        b'{"VCUAMOUNT": 150.0, "targetcurrency": "brl"}',
        b'{"vcuAmount": 1.5e2, "TargetCurrency": "Brl", "unknown": {"a": [1]}}',
    ):
        for label in ("application/x-www-form-urlencoded", "text/plain", "application/json", None):
            headers = {} if label is None else {"content-type": label}
            order = await carbonext.post("/orders", None, content=content, headers=headers)
            assert [order[name] for name in FIRST_SIX[1:5]] == [150, 71.5, "BRL", "Issued"], (content, label)


async def test_fractions_are_ordered_to_the_gram(carbonext: Rest):
    for amount, mass_g, cents in (("0.02", 20_000, 28), ("0.000001", 1, 1), ("1.0000019", 1_000_001, 1_400)):
        content = f'{{"vcuAmount": {amount}, "targetCurrency": "USD"}}'.encode()

        order = await carbonext.post("/orders", None, content=content)

        kept = await carbonext.shop.order(UUID(order["id"]))
        assert kept is not None
        assert (kept.mass_g, kept.total_cost_minor) == (mass_g, cents)
        assert [order[name] for name in ("vcuAmount", "vcuUnitPrice", "totalPrice")] == [
            mass_g / 10**6,
            14,
            cents / 100,
        ]


MISFITS = [
    ('"vcuAmount": 0, "targetCurrency": "BRL"', "vcuAmount"),
    ('"vcuAmount": -1, "targetCurrency": "BRL"', "vcuAmount"),
    ('"vcuAmount": 0.0000009, "targetCurrency": "BRL"', "vcuAmount"),
    ('"vcuAmount": 1e99999999, "targetCurrency": "BRL"', "vcuAmount"),
    ('"vcuAmount": 1e-99999999, "targetCurrency": "BRL"', "vcuAmount"),
    ('"vcuAmount": 1e15, "targetCurrency": "BRL"', "mass"),
    ('"vcuAmount": "NaN", "targetCurrency": "BRL"', "vcuAmount"),
    ('"vcuAmount": null, "targetCurrency": "BRL"', "vcuAmount"),
    ('"vcuAmount": true, "targetCurrency": "BRL"', "vcuAmount"),
    ('"vcuAmount": [1], "targetCurrency": "BRL"', "vcuAmount"),
    ('"targetCurrency": "BRL"', "vcuAmount"),
    ('"vcuAmount": 1', "targetCurrency"),
    ('"vcuAmount": 1, "targetCurrency": "EUR"', "targetCurrency"),
    ('"vcuAmount": 1, "targetCurrency": "SAR"', "targetCurrency"),
    ('"vcuAmount": 1, "targetCurrency": ""', "targetCurrency"),
    ('"vcuAmount": 1, "targetCurrency": "BRL", "payWithBalance": "yes"', "payWithBalance"),
    ('"vcuAmount": 1, "targetCurrency": "BRL", "metaData": "a\\u0000b"', "metaData"),
    ('"vcuAmount": 1, "targetCurrency": "BRL", "metaData": {"a": 1}', "metaData"),
    ('"vcuAmount": 1, "targetCurrency": "BRL", "certificateRecipientInfo": "ACME"', "certificateRecipientInfo"),
]


async def test_a_body_that_does_not_fit_is_400_and_says_where(carbonext: Rest):
    for content, about in MISFITS:
        problem = await refused(carbonext, 400, "/orders", content=f"{{{content}}}".encode())
        assert about in problem["detail"], content


async def test_the_balance_pays_the_whole_order_at_once(carbonext: Rest):
    await prepay(carbonext, 15_400)

    order = await placed(carbonext, vcuAmount=2, payWithBalance=True)

    assert (order["status"], order["totalPrice"]) == ("Paid", 154)
    assert (await refused(carbonext, 409, "/orders", {**BODY, "vcuAmount": 0.02, "payWithBalance": True}))["title"]


async def test_a_balance_that_is_a_cent_short_pays_nothing_and_creates_nothing(carbonext: Rest):
    await prepay(carbonext, 15_399)
    await refused(carbonext, 409, "/orders", {**BODY, "vcuAmount": 2, "payWithBalance": True})

    order = await placed(carbonext, vcuAmount=2, payWithBalance=False)
    assert order["status"] == "Issued"
    assert (await carbonext.shop.order(UUID(order["id"]))).paid_minor == 0


async def test_64_grams_cost_a_cent_and_are_not_had_from_an_empty_balance(carbonext: Rest):
    await refused(carbonext, 409, "/orders", {**BODY, "vcuAmount": 0.000064, "payWithBalance": True})

    order = await placed(carbonext, vcuAmount=0.000064)
    assert (order["status"], order["totalPrice"]) == ("Issued", 0.01)


async def test_a_balance_in_another_currency_does_not_pay(carbonext: Rest):
    await prepay(carbonext, 100_000, "USD")
    await refused(carbonext, 409, "/orders", {**BODY, "vcuAmount": 1, "payWithBalance": True})


async def test_the_recipient_of_the_certificate_is_kept(carbonext: Rest):
    recipient = {"name": "ACME", "email": "a@acme.example", "taxId": "12.345"}
    told = await placed(carbonext, certificateRecipientInfo=recipient, metaData="trip 7")

    assert (told["notifyCertificateTo"], told["retireForRecipient"]) == ("a@acme.example", False)
    nothing = {"retirementName": None, "retirementEmail": None, "retirementTaxId": None}
    assert told["certificateRecipientInfo"] == {**recipient, **nothing}
    assert told["metaData"] == "trip 7"
    kept = await carbonext.shop.order(UUID(told["id"]))
    assert kept.beneficiary == {"recipient": {"name": "ACME", "email": "a@acme.example", "tax_id": "12.345"}}


async def test_credits_may_be_retired_for_a_party_other_than_the_recipient(carbonext: Rest):
    told = await placed(
        carbonext,
        certificateRecipientInfo={"name": "ACME", "retirementName": "Shop", "retirementTaxId": "9"},
    )

    assert (told["retireForRecipient"], told["certificateRecipientInfo"]["retirementName"]) == (True, "Shop")
    kept = await carbonext.shop.order(UUID(told["id"]))
    assert kept.beneficiary == {"recipient": {"name": "ACME"}, "retirement": {"name": "Shop", "tax_id": "9"}}


async def test_without_a_named_party_the_certificate_names_the_company(carbonext: Rest):
    for recipient in ({}, {"name": ""}, {"name": None}, None):
        assert (await placed(carbonext, certificateRecipientInfo=recipient))["certificateRecipientInfo"] is None


async def test_a_recipient_without_a_name_is_the_company_itself_at_that_address(carbonext: Rest):
    told = await placed(carbonext, certificateRecipientInfo={"email": "a@acme.example"})
    assert told["certificateRecipientInfo"]["name"] == carbonext.shop.account.name
    assert told["notifyCertificateTo"] == "a@acme.example"


async def test_metadata_has_500_characters_at_most(carbonext: Rest):
    assert (await placed(carbonext, metaData="é" * 500))["metaData"] == "é" * 500
    await refused(carbonext, 400, "/orders", {**BODY, "metaData": "é" * 501})


async def test_an_issued_order_is_cancelled_and_again_answers_the_same(carbonext: Rest):
    order = await placed(carbonext)
    available_g = await carbonext.shop.available_g(carbonext.shop.old)

    cancelled = await carbonext.post(f"/orders/{order['id']}/cancel", None)

    assert cancelled == {**order, "status": "Cancelled"}
    assert list(cancelled)[:6] == FIRST_SIX
    assert await carbonext.post(f"/orders/{order['id']}/cancel", None) == cancelled
    assert await carbonext.shop.available_g(carbonext.shop.old) > available_g


async def test_a_billed_order_is_not_cancelled(carbonext: Rest):
    order = await placed(carbonext)
    await bill(carbonext, order)
    problem = await refused(carbonext, 409, f"/orders/{order['id']}/cancel")
    assert problem["type"] == f"{ADDRESS}/problems#order-state"
    assert await carbonext.post("/orders/cancel", {"ordersIds": [order["id"]]}) is False


async def test_a_paid_order_is_not_cancelled(carbonext: Rest):
    order = await placed(carbonext, vcuAmount=1)
    await prepay(carbonext, 7_700, order=order)
    await refused(carbonext, 409, f"/orders/{order['id']}/cancel")


async def test_an_order_of_which_a_part_is_paid_is_still_issued_and_gives_it_back(carbonext: Rest):
    order = await placed(carbonext, vcuAmount=1)
    await prepay(carbonext, 7_000, order=order)
    assert (await carbonext.post(f"/orders/{order['id']}/cancel", None))["status"] == "Refunded"
    assert (await carbonext.get("/customers/balance"))["balancesByCurrency"][0]["vcuBalance"]["balance"] == 0.90909


async def test_a_refunded_order_that_stands_is_not_cancelled(carbonext: Rest):
    shop, order = carbonext.shop, await placed(carbonext, vcuAmount=1)
    await prepay(carbonext, 7_700, order=order)
    await refund_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=UUID(order["id"])))
    await refused(carbonext, 409, f"/orders/{order['id']}/cancel")


async def test_a_failed_order_is_cancelled_already(carbonext: Rest):
    shop, order = carbonext.shop, await placed(carbonext)
    await fail_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=UUID(order["id"])))
    assert await carbonext.post(f"/orders/{order['id']}/cancel", None) == {**order, "status": "Cancelled"}
    assert await carbonext.post("/orders/cancel", {"ordersIds": [order["id"]]}) is True


async def test_an_order_of_another_account_is_answered_like_an_unknown_one(carbonext: Rest):
    order = await placed(carbonext)
    stranger = await carbonext.new_key(account=await carbonext.shop.another_account())
    paths = [f"/orders/{name}/cancel" for name in (order["id"], "f8e48b36-b0e4-41eb-bbe5-0cc1bdfc5be2", "x")]

    noes = [await refused(carbonext, 404, path, key=stranger) for path in paths]

    assert len({json.dumps({**no, "traceId": ""}) for no in noes}) == 1
    assert (await carbonext.get("/orders", key=stranger))["items"] == []


async def test_many_orders_are_cancelled_together(carbonext: Rest):
    first, second = await placed(carbonext), await placed(carbonext, vcuAmount=0.02)
    await carbonext.post(f"/orders/{second['id']}/cancel", None)
    ids = [first["id"], second["id"], first["id"].upper()]

    assert await carbonext.post("/orders/cancel", {"ordersIds": ids}) is True
    assert await carbonext.post("/orders/cancel", {"OrdersIds": ids}) is True

    assert {order["status"] for order in (await carbonext.get("/orders"))["items"]} == {"Cancelled"}


async def test_if_one_order_cannot_be_cancelled_none_is(carbonext: Rest):
    good, billed = await placed(carbonext), await placed(carbonext)
    await bill(carbonext, billed)
    other = await carbonext.shop.another_account(currency="BRL")
    anothers = await carbonext.post("/orders", BODY, key=await carbonext.new_key(account=other))
    before = await carbonext.shop.everything()

    for spoiler in (billed["id"], anothers["id"], "14a60138-d078-4f1d-b72a-87f0820b7ccb", "x"):
        for ids in ([good["id"], spoiler], [spoiler, good["id"]]):
            assert await carbonext.post("/orders/cancel", {"ordersIds": ids}) is False
            assert await carbonext.shop.everything() == before


async def test_a_list_of_orders_to_cancel_that_is_malformed_is_400(carbonext: Rest):
    for ids in ([], ["x"] * 101, "x", [1], None):
        await refused(carbonext, 400, "/orders/cancel", {"ordersIds": ids})


async def test_a_suspended_account_is_403(carbonext: Rest):
    order = await placed(carbonext)
    await suspend_account(carbonext.shop.resources, carbonext.shop.account.id)
    for path, body in (("/orders", BODY), (f"/orders/{order['id']}/cancel", None)):
        assert (await refused(carbonext, 403, path, body))["type"] == f"{ADDRESS}/problems#account-suspended"


async def test_an_order_of_another_api_has_the_same_mass_and_money(carbonext: Rest):
    order = await carbonext.shop.place(make_order_request(12_070, currency="BRL"))
    (shown,) = (await carbonext.get("/orders"))["items"]
    assert (shown["vcuAmount"], shown["totalPrice"]) == (order.mass_g / 1_000_000, order.total_cost_minor / 100)
