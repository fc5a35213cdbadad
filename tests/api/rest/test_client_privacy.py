"""A client account's own key over the REST contracts: 403 for its parent's money, and its balance only by permission.

Seen to fail when: a reader of balances or invoices does not ask for the parent's key; carbon-engine applies a balance
that the client may not use.
"""

import pytest

from service.domain.amounts import Money
from service.domain.listing import OrderRef
from service.operations.bill_orders import bill_orders
from service.operations.manage_clients import create_client, update_client
from service.operations.record_payment import record_payment
from service.operations.steps.issue_key import CUSTOMER_SCOPES
from service.storage.database import Database
from tests.api.rest.client import ADDRESS, Rest, open_rest
from tests.makers import make_command, make_price, store
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(balanced: Database) -> Shop:
    """A parent that has prepaid 1,000.00 in three currencies."""
    shop = await open_shop(balanced, commission_hundredths=0)
    await store(
        balanced,
        *(make_price(bundle, "77", "BRL") for bundle in (shop.forest, shop.ocean)),
        make_price(shop.ocean, "600", "SAR"),
    )
    for currency in ("USD", "BRL", "SAR"):
        await record_payment(shop.resources, shop.caller, shop.account.id, currency, Money(100_000, currency))
    return shop


async def own_key(rest: Rest, currency: str, *, may_use_balance: bool = False) -> str:
    shop = rest.shop
    client = await create_client(
        shop.resources, shop.caller, name="Client", currency=currency, may_use_balance=may_use_balance
    )
    return await rest.new_key(*CUSTOMER_SCOPES, account=client)


async def prepaid(shop: Shop, currency: str) -> int:
    (row,) = await shop.database.reader.fetch("SELECT amount_minor FROM balances WHERE currency = $1", currency)
    return int(row["amount_minor"])


async def test_carbonext_answers_403_for_balance_and_invoices(shop: Shop, database_url: str):
    order = await shop.place()
    bill = await bill_orders(shop.resources, shop.caller, shop.account.id, "b", [OrderRef(id=order.id)])
    async with open_rest("carbonext", shop, database_url) as rest:
        key = await own_key(rest, "BRL")
        for path in (
            *("/customers/balance", "/customers/balance?startDate=2026-01-01", "/invoices/balance"),
            *("/invoices", "/invoices?page-size=1", f"/invoices/{bill.invoice.id}", "/invoices/none"),
        ):
            answer = await rest.ask("GET", path, key=key)
            assert (answer.status_code, answer.json()["type"]) == (403, f"{ADDRESS}/problems#forbidden"), path
            assert (await rest.ask("GET", path)).status_code == (404 if path == "/invoices/none" else 200), path


async def test_carbonext_lists_a_clients_own_orders(shop: Shop, database_url: str):
    await shop.place()
    async with open_rest("carbonext", shop, database_url) as rest:
        key = await own_key(rest, "BRL")
        made = await rest.post("/orders", {"vcuAmount": 0.5, "targetCurrency": "BRL"}, key=key)
        listed = await rest.get("/orders", key=key)

    assert [each["id"] for each in listed["items"]] == [made["id"]]


async def test_carbonext_pays_with_the_balance_if_the_parent_permits_it(shop: Shop, database_url: str):
    body = {"vcuAmount": 0.5, "targetCurrency": "BRL", "payWithBalance": True}
    async with open_rest("carbonext", shop, database_url) as rest:
        key, trusted = await own_key(rest, "BRL"), await own_key(rest, "BRL", may_use_balance=True)
        before = await shop.everything()

        refused = await rest.ask("POST", "/orders", body, key=key)

        assert (refused.status_code, refused.json()["type"]) == (409, f"{ADDRESS}/problems#insufficient-balance")
        assert await shop.everything() == before
        assert (await rest.post("/orders", body, key=trusted))["status"] == "Paid"
        assert (await rest.post("/orders", body))["status"] == "Paid"
        assert await prepaid(shop, "BRL") == 100_000 - 2 * 3_850


async def test_carbon_engine_applies_the_balance_if_the_parent_permits_it(shop: Shop, database_url: str):
    async with open_rest("carbon-engine", shop, database_url) as rest:
        for may_use_balance, applied, due in ((False, 0, 953), (True, 953, 0)):
            key = await own_key(rest, "SAR", may_use_balance=may_use_balance)
            (order,) = (await rest.ask("POST", "/orders", {"amount_kg": 123}, key=key)).json()
            assert order["invoice"]["balanceAppliedSarHalalas"] == applied
            assert order["invoice"]["amountDueSarHalalas"] == due
            assert await prepaid(shop, "SAR") == 100_000 - applied


async def test_carbon_engine_replays_after_the_permission_was_taken(shop: Shop, database_url: str):
    async with open_rest("carbon-engine", shop, database_url) as rest:
        client = await create_client(shop.resources, shop.caller, name="C", currency="SAR", may_use_balance=True)
        key = await rest.new_key(*CUSTOMER_SCOPES, account=client)
        headers = {"idempotency-key": "once"}
        first = await rest.ask("POST", "/orders", {"amount_kg": 123}, key=key, headers=headers)
        await update_client(shop.resources, shop.caller, client.id, {"may_use_balance": False})
        again = await rest.ask("POST", "/orders", {"amount_kg": 123}, key=key, headers=headers)

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"


async def test_lune_shows_a_client_only_its_own_orders(shop: Shop, database_url: str):
    (siblings,) = await shop.place_all(
        make_command(await create_client(shop.resources, shop.caller, name="Sibling", currency="USD"))
    )
    parents = await shop.place()
    async with open_rest("lune", shop, database_url) as rest:
        key = await own_key(rest, "USD")
        for order in (siblings.order, parents):
            assert (await rest.ask("GET", f"/orders/{order.id.hex}", key=key)).status_code == 404
            path = f"/orders/by-idempotency-key/{order.idempotency_key}"
            assert (await rest.ask("GET", path, key=key)).status_code == 404
        assert (await rest.get("/orders", key=key))["data"] == []
        selected = await rest.ask("GET", "/accounts/me", key=key, headers={"lune-account": shop.account.id.hex})
        assert selected.status_code == 400
