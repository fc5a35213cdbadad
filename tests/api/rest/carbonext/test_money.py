"""Prices by amount, balances in VCU, invoices; and every no of HTTP as a problem.

Seen to fail when: the tier begins above its minimum; the balance is rounded up; another account's invoice is found; a
no of the request limits is said in another contract's words.
"""

import re
from typing import Any
from uuid import UUID

from service.domain.amounts import Money
from service.domain.api_keys import Scope
from service.domain.listing import OrderRef
from service.operations.bill_orders import bill_orders
from service.operations.record_payment import record_payment
from service.operations.settle_invoice import settle_invoice
from service.storage.database import Database
from tests.api.rest.client import ADDRESS, Rest, open_rest
from tests.shop import open_shop

NOTHING = {"balance": 0, "credit": 0, "debt": 0, "futureDebt": 0, "type": "VCU"}


async def test_a_price_falls_from_twenty_tonnes_on(carbonext: Rest):
    for query, price, currency in (
        ("", 77, "BRL"),
        ("?vcu-amount=19.999999", 77, "BRL"),
        ("?vcu-amount=20", 71.5, "BRL"),
        ("?target-currency=usd", 14, "USD"),
        ("?vcu-amount=19.999999&target-currency=USD", 14, "USD"),
        ("?Vcu-Amount=20&Target-Currency=USD", 13, "USD"),
    ):
        assert await carbonext.get(f"/prices{query}") == {"vcuPrice": price, "currency": currency}, query


async def test_the_price_of_an_amount_of_zero_is_400(carbonext: Rest):
    for query in ("vcu-amount=0", "vcu-amount=-1", "vcu-amount=x", "vcu-amount=NaN", "vcu-amount=1e9999999",
                  "target-currency=EUR", "target-currency="):  # fmt: skip
        assert (await carbonext.ask("GET", f"/prices?{query}")).status_code == 400, query


async def test_a_balance_is_shown_as_the_tonnes_that_it_buys(carbonext: Rest):
    shop = carbonext.shop
    for minor, currency in ((10_000, "BRL"), (13, "USD")):
        await record_payment(shop.resources, shop.caller, shop.account.id, currency, Money(minor, currency))

    told = await carbonext.get("/customers/balance?startDate=2026-01-01&endDate=2026-01-31")

    assert told == {
        "startDate": "2026-01-01",
        "endDate": "2026-01-31",
        "balancesByCurrency": [
            {"currency": "BRL", "vcuBalance": {**NOTHING, "balance": 1.298701, "credit": 1.298701}},
            {"currency": "USD", "vcuBalance": {**NOTHING, "balance": 0.009285, "credit": 0.009285}},
        ],
    }
    reader = await carbonext.new_key(Scope.ORDERS_READ)
    assert (await carbonext.ask("GET", "/customers/balance", key=reader)).status_code == 403, (
        "prices are not its to see"
    )
    older = await carbonext.get("/invoices/balance?startPeriod=2026-01-01&endPeriod=2026-01-31")
    assert older == told
    assert (await carbonext.ask("GET", "/customers/balance?startDate=01/02/2026")).status_code == 400


async def test_no_balance_buys_nothing(carbonext: Rest):
    told = await carbonext.get("/customers/balance")
    assert [each["vcuBalance"] for each in told["balancesByCurrency"]] == [NOTHING, NOTHING]


async def test_invoices_are_listed_before_and_after_they_are_paid(carbonext: Rest):
    shop = carbonext.shop
    order = await carbonext.post("/orders", {"vcuAmount": 2, "targetCurrency": "BRL"})
    refs = [OrderRef(id=UUID(order["id"]))]
    billed = await bill_orders(shop.resources, shop.caller, shop.account.id, "march", refs)
    assert billed.invoice is not None

    (pending,) = await carbonext.get("/invoices")

    seconds = "%d/%m/%Y %H:%M:%S"
    assert pending == {
        "id": str(billed.invoice.id),
        "status": "Pending",
        "totalVcuAmount": 2,
        "totalPrice": 154,
        "currency": "BRL",
        "customerId": str(shop.account.id),
        "createdAt": billed.invoice.created_at.strftime(seconds),
        "paidAt": None,
        "dueDate": billed.invoice.due_at.strftime(seconds),
    }
    assert (await carbonext.get("/orders"))["items"][0]["status"] == "Billed"
    settled = await settle_invoice(shop.resources, shop.caller, shop.account.id, billed.invoice.id)
    assert settled.paid_at is not None
    paid = await carbonext.get(f"/invoices/{pending['id']}")
    assert paid == {**pending, "status": "Paid", "paidAt": settled.paid_at.strftime(seconds)}
    assert (await carbonext.get("/orders"))["items"][0]["status"] == "Paid"

    stranger = await carbonext.new_key(account=await shop.another_account())
    for name, key in ((pending["id"], stranger), (str(UUID(int=7)), None), ("x", None)):
        assert (await carbonext.ask("GET", f"/invoices/{name}", key=key)).status_code == 404


async def test_every_refusal_is_a_problem_detail(carbonext: Rest):
    async def no(status: int, method: str, path: str, **options: Any) -> Any:
        answer = await carbonext.ask(method, path, **options)
        problem = answer.json()
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), path
        assert (problem["status"], problem["traceId"]) == (status, answer.headers["x-request-id"])
        assert problem["type"].startswith(f"{ADDRESS}/problems#")
        return answer

    await no(400, "POST", "/orders", content=b"{")
    await no(400, "POST", "/orders", content=b"")
    await no(400, "POST", "/orders", content=b"\xff")
    await no(400, "POST", "/orders", content=b"vcuAmount=1&targetCurrency=BRL")
    await no(400, "POST", "/orders", content=b"[" * 50_000)
    for bearer in ("", "wrong", "co_live_x_y"):
        unknown = await no(401, "GET", "/orders", key=bearer)
        assert unknown.headers["www-authenticate"] == "Bearer"
    await no(404, "GET", "/nowhere")
    await no(404, "GET", "/connect/nowhere")
    for path, allowed in (
        ("/orders", "GET, POST"),
        ("/orders/cancel", "POST"),
        ("/orders/x/cancel", "POST"),
        ("/connect/token", "POST"),
        ("/prices", "GET"),
    ):
        wrong = await no(405, "DELETE", path)
        assert wrong.headers["allow"] == allowed
    await no(405, "GET", "/connect/token")
    await no(413, "POST", "/orders", content=b" " * 200_000)
    await no(413, "POST", "/connect/token", content=b" " * 200_000)


async def test_a_fault_is_a_problem_detail_without_its_cause(carbonext: Rest):
    await carbonext.shop.execute("ALTER TABLE orders RENAME TO mislaid")
    answer = await carbonext.ask("GET", "/orders")
    await carbonext.shop.execute("ALTER TABLE mislaid RENAME TO orders")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert (answer.json()["detail"], answer.json()["traceId"]) == ("Internal error", answer.headers["x-request-id"])


async def test_a_key_that_asks_too_often_is_429(database: Database, database_url: str):
    shop = await open_shop(database, currency="BRL")
    async with open_rest("carbonext", shop, database_url, carbonext_requests_per_s=1) as rest:
        answers = [await rest.ask("GET", "/permissions") for _ in range(4)]
    throttled = [answer for answer in answers if answer.status_code == 429]
    assert throttled
    # A second, or two where the window that refused had just begun.
    assert throttled[0].headers["retry-after"] in {"1", "2"}
    assert throttled[0].json()["title"] == "Too Many Requests"


async def test_dates_are_iso_where_the_service_is_set_so(carbonext: Rest, database_url: str):
    async with open_rest("carbonext", carbonext.shop, database_url, carbonext_iso_dates=True) as rest:
        order = await rest.post("/orders", {"vcuAmount": 1, "targetCurrency": "BRL"})
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", order["createdAt"])
