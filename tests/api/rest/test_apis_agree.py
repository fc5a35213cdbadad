"""One order, every api: whichever api it came through, all that can show it show the same mass, money and state.

carbon-engine has no currency field, so it shows only orders in riyals; what Carbonext creates is never in riyals.

Seen to fail when: a api shows the cost without commission; a failed order is Refunded at Carbonext because it was
paid; Lune calls an order paid that waits for credits; carbon-engine shows an order in another currency; a change of
metadata is not stored.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from service.domain.amounts import MassUnit, Money, mass_text, money_text
from service.domain.billing import owed_minor
from service.domain.listing import OrderRef
from service.domain.order import Order, OrderStatus, PaymentStatus
from service.operations.bill_orders import bill_orders
from service.operations.cancel_orders import cancel_orders
from service.operations.fail_order import fail_order
from service.operations.issue_certificates import issue_certificates
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.retire_orders import retire_order
from service.operations.settle_invoice import settle_invoice
from service.storage.database import Database
from tests.api.rest.client import ADDRESS, Rest, contract_named, open_rest
from tests.makers import TONNE_G, make_batch, make_price, store
from tests.shop import Shop, open_shop

SMALL_KG, LARGE_KG = 123, 1_000_000


@dataclass
class AllApis:
    """Every api of one service, and one account that uses them all."""

    shop: Shop
    lune: Rest
    carbon_engine: Rest
    carbonext: Rest

    async def of_another_account(self) -> "AllApis":
        """The same for a customer without a past: with its balance, carbon-engine would pay its next order."""
        account = await self.shop.another_account(currency="SAR")
        shop, key = replace(self.shop, account=account), await self.lune.new_key(account=account)
        return AllApis(
            shop, *(replace(api, shop=shop, key=key) for api in (self.lune, self.carbon_engine, self.carbonext))
        )

    async def graphql(self, query: str, **variables: Any) -> Any:
        answer = await self.lune.http.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {self.lune.key}"},
        )
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]


@pytest.fixture
async def apis(balanced: Database, database_url: str) -> AsyncIterator[AllApis]:
    shop = await open_shop(balanced, currency="SAR")
    more = make_batch(shop.forest_project, 100 * TONNE_G, vintage=2022)
    await store(balanced, make_price(shop.ocean, "600", "SAR"), more)
    async with open_rest("lune", shop, database_url, query_points_a_minute=10**9) as lune:
        others = (Rest(contract_named(name), shop, lune.http, lune.key) for name in ("carbon-engine", "carbonext"))
        yield AllApis(shop, lune, *others)


async def place_by_graphql(apis: AllApis, mass_kg: int) -> UUID:
    told = await apis.graphql(
        """mutation Place($amount: Decimal!, $key: String!) {
          createOrderByMass(input: {mass: {amount: $amount, unit: KILOGRAM}, idempotencyKey: $key}) {
            userErrors { message }
          }
        }""",
        amount=str(mass_kg),
        key=str(apis.shop.resources.new_id()),
    )
    assert told["createOrderByMass"]["userErrors"] == []
    (listed,) = (await apis.lune.get("/orders"))["data"]
    return UUID(listed["id"])


async def place_by_lune(apis: AllApis, mass_kg: int) -> UUID:
    order = await apis.lune.post("/orders/by-mass", {"mass": {"amount": str(mass_kg), "unit": "kg"}})
    return UUID(order["id"])


async def place_by_carbon_engine(apis: AllApis, mass_kg: int) -> UUID:
    answer = await apis.carbon_engine.ask("POST", "/orders", {"amount_kg": mass_kg})
    assert answer.status_code == 201
    return UUID(answer.json()[0]["_id"])


async def place_by_carbonext(apis: AllApis, mass_kg: int) -> UUID:
    order = await apis.carbonext.post("/orders", {"vcuAmount": mass_kg / 1_000, "targetCurrency": "USD"})
    return UUID(order["id"])


async def pay(shop: Shop, order: Order) -> None:
    amount = Money(owed_minor(order), order.currency)
    reference, ref = f"for {order.id}", OrderRef(id=order.id)
    await record_payment(shop.resources, shop.caller, shop.account.id, reference, amount, ref)


async def bill(shop: Shop, order: Order) -> None:
    await bill_orders(shop.resources, shop.caller, shop.account.id, str(order.id), [OrderRef(id=order.id)])


async def settle(shop: Shop, order: Order) -> None:
    refs = [OrderRef(id=order.id)]
    billed = await bill_orders(shop.resources, shop.caller, shop.account.id, str(order.id), refs)
    assert billed.invoice is not None
    await settle_invoice(shop.resources, shop.caller, shop.account.id, billed.invoice.id)


async def cancel(shop: Shop, order: Order) -> None:
    await cancel_orders(shop.resources, shop.caller, [OrderRef(id=order.id)])


async def fail(shop: Shop, order: Order) -> None:
    await fail_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=order.id))


async def refund(shop: Shop, order: Order) -> None:
    await refund_order(shop.resources, shop.caller, shop.account.id, OrderRef(id=order.id))


async def retire(shop: Shop, order: Order) -> None:
    await retire_order(shop.resources, shop.account.id, order.id, keep=1, actor="test")


async def complete(shop: Shop, order: Order) -> None:
    await retire_order(shop.resources, shop.account.id, order.id, keep=0, actor="test")
    await issue_certificates(shop.resources, public_address=ADDRESS)


@dataclass
class Case:
    """What happens to an order, how it then stands with us, and what Lune, carbon-engine and Carbonext call that."""

    verbs: tuple[Callable[[Shop, Order], Awaitable[None]], ...]
    stands: tuple[OrderStatus, PaymentStatus]
    shown: tuple[str, str, str]
    mass_kg: int = SMALL_KG


S, P = OrderStatus, PaymentStatus
CASES = [
    Case((), (S.FULFILLED, P.ISSUED), ("placed", "fulfilled", "Issued")),
    Case((bill,), (S.FULFILLED, P.BILLED), ("placed", "fulfilled", "Billed")),
    Case((pay,), (S.FULFILLED, P.PAID), ("paid", "fulfilled", "Paid")),
    Case((settle,), (S.FULFILLED, P.PAID), ("paid", "fulfilled", "Paid")),
    Case((pay, refund), (S.FULFILLED, P.REFUNDED), ("placed", "fulfilled", "Refunded")),
    Case((pay, retire), (S.RETIRING, P.PAID), ("retiring", "fulfilled", "Paid")),
    Case((pay, complete), (S.COMPLETE, P.PAID), ("complete", "fulfilled", "Paid")),
    Case((cancel,), (S.CANCELLED, P.ISSUED), ("cancelled", "cancelled", "Cancelled")),
    Case((bill, cancel), (S.CANCELLED, P.BILLED), ("cancelled", "cancelled", "Cancelled")),
    Case((pay, cancel), (S.CANCELLED, P.REFUNDED), ("cancelled", "cancelled", "Refunded")),
    Case((fail,), (S.FAILED, P.ISSUED), ("failed", "cancelled", "Cancelled")),
    Case((pay, fail), (S.FAILED, P.REFUNDED), ("failed", "cancelled", "Cancelled")),
    # Last, because whoever comes after an order that waits has to wait too.
    Case((), (S.PLACED, P.ISSUED), ("placed", "placed", "Issued"), LARGE_KG),
    Case((bill,), (S.PLACED, P.BILLED), ("placed", "placed", "Billed"), LARGE_KG),
    Case((pay,), (S.PLACED, P.PAID), ("placed", "placed", "Paid"), LARGE_KG),
]

PLACED_BY = {
    "graphql": place_by_graphql,
    "lune": place_by_lune,
    "carbon-engine": place_by_carbon_engine,
    "carbonext": place_by_carbonext,
}


async def drive(apis: AllApis, place: Callable[[AllApis, int], Awaitable[UUID]], case: Case) -> Order:
    """The order as it stands after all that."""
    order_id = await place(apis, case.mass_kg)
    for verb in case.verbs:
        await verb(apis.shop, await order_of(apis, order_id))
    order = await order_of(apis, order_id)
    assert (order.status, order.payment_status) == case.stands
    assert order.mass_g == case.mass_kg * 1_000
    return order


async def order_of(apis: AllApis, order_id: UUID) -> Order:
    order = await apis.shop.order(order_id)
    assert order is not None
    return order


@pytest.mark.parametrize("name", PLACED_BY)
async def test_every_api_shows_the_same_mass_money_and_state(apis: AllApis, name: str) -> None:
    for case in CASES:
        own = await apis.of_another_account()
        order = await drive(own, PLACED_BY[name], case)

        await assert_shown_by_graphql(own, order)
        await assert_shown_by_lune(own, order, case)
        await assert_shown_by_carbon_engine(own, order, case)
        await assert_shown_by_carbonext(own, order, case)


async def test_every_api_shows_the_texts_that_graphql_changed(apis: AllApis) -> None:
    order_id = await place_by_carbon_engine(apis, SMALL_KG)
    texts = {"customer": "Ann", "description": "Trip", "metadata": {"metaData": "trip 8", "cost centre": "12"}}
    told = await apis.graphql(
        """mutation Change($order: OrderRefInput!, $customer: String, $description: String, $metadata: Metadata) {
          updateOrder(input: {order: $order, customer: $customer, description: $description, metadata: $metadata}) {
            order { customer description metadata timeline { type } } userErrors { code }
          }
        }""",
        order={"number": (await order_of(apis, order_id)).number.lower()},
        **texts,
    )
    types = [{"type": "order.placed"}, {"type": "order.fulfilled"}, {"type": "order.updated"}]
    assert told["updateOrder"] == {"order": {**texts, "timeline": types}, "userErrors": []}

    shown = (await apis.carbon_engine.ask("GET", f"/orders/{order_id.hex}")).json()
    assert (shown["customer"], shown["description"]) == ("Ann", "Trip")
    assert (await apis.lune.get(f"/orders/{order_id.hex}"))["metadata"] == texts["metadata"]
    (listed,) = (await apis.carbonext.get("/orders?page=1&page-size=100"))["items"]
    assert listed["metaData"] == "trip 8"


async def assert_shown_by_graphql(apis: AllApis, order: Order) -> None:
    told = await apis.graphql(
        """query Look($number: String!) {
          order(by: {number: $number}) {
            status paymentStatus mass { grams } totalCost { minorUnits currency }
          }
          orders { totalCount }
        }""",
        number=order.number,
    )
    assert told["orders"]["totalCount"] == 1
    assert told["order"] == {
        "status": order.status.value,
        "paymentStatus": order.payment_status.value,
        "mass": {"grams": str(order.mass_g)},
        "totalCost": {"minorUnits": str(order.total_cost_minor), "currency": order.currency},
    }


async def assert_shown_by_lune(apis: AllApis, order: Order, case: Case) -> None:
    shown = await apis.lune.get(f"/orders/{order.id.hex}")
    assert (await apis.lune.get("/orders"))["data"] == [shown]
    assert (shown["status"], shown["currency"]) == (case.shown[0], order.currency), case
    assert shown["quantity"] == mass_text(order.mass_g, MassUnit.TONNE)
    assert shown["total_cost"] == money_text(order.total_cost_minor, order.currency)
    waits = any(bundle["insufficient_available_quantity"] for bundle in shown["bundles"])
    assert waits is (order.status is OrderStatus.PLACED), case


async def assert_shown_by_carbon_engine(apis: AllApis, order: Order, case: Case) -> None:
    answer = await apis.carbon_engine.ask("GET", f"/orders/{order.id.hex}")
    listed = await apis.carbon_engine.get("/orders")
    if order.currency != "SAR":
        assert (answer.status_code, listed) == (404, [])
        return
    shown = answer.json()
    assert listed == [shown]
    assert (shown["state"], shown["amount_kg"]) == (case.shown[1], case.mass_kg), case
    assert shown["creditsPurchased"] == float(mass_text(order.fulfilled_g, MassUnit.KILOGRAM))
    assert shown["price_sar_halalas"] == order.total_cost_minor
    assert shown["invoice"]["amountDueSarHalalas"] == owed_minor(order)


async def assert_shown_by_carbonext(apis: AllApis, order: Order, case: Case) -> None:
    (shown,) = (await apis.carbonext.get("/orders?page=1&page-size=100"))["items"]
    assert shown["id"] == str(order.id)
    assert (shown["status"], shown["targetCurrency"]) == (case.shown[2], order.currency), case
    assert Decimal(str(shown["vcuAmount"])) == Decimal(mass_text(order.mass_g, MassUnit.TONNE))
    assert Decimal(str(shown["totalPrice"])) == Decimal(money_text(order.total_cost_minor, order.currency))
